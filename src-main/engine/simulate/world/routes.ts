/** Routes of machines: to everywhere, and those a scenario tells. */
import type { NetworkSpec } from "../scenario/schema";
import { ipv4Range, isInRange } from "./addresses";
import { ipv6Range } from "./ipv6-ranges";
import type { Machine, World } from "./world";

/** The route to everywhere: through the gateway told, else the router of the first network. */
export function addDefaultRoute(world: World, machine: Machine, told: string | undefined): void {
  for (const card of machine.cards) {
    if (card.address === undefined) continue;
    const gateway = told ?? routerOf(world, card.network, machine.name);
    const spec = world.scenario.networks?.[card.network];
    if (gateway === undefined || !spec || !isInRange(ipv4Range(spec.subnet), gateway)) continue;
    machine.namespace.addRoute({ prefix: "0.0.0.0/0", device: card.device, gateway });
    return;
  }
}

/** The same for IPv6. */
export function addDefaultRoute6(world: World, machine: Machine, told: string | undefined): void {
  for (const card of machine.cards) {
    const gateway = told ?? routerOf(world, card.network, machine.name, "addresses6");
    const subnet = world.scenario.networks?.[card.network]?.subnet6;
    if (card.address6 === undefined || gateway === undefined || subnet === undefined) continue;
    if (!isInRange(ipv6Range(subnet), gateway)) continue;
    machine.namespace.addRoute({ prefix: "::/0", device: card.device, gateway });
    return;
  }
}

export function addRoutes(
  world: World,
  machine: Machine,
  routes: readonly { readonly to: string; readonly via: string }[],
): void {
  for (const { to, via } of routes) {
    const card = machine.cards.find((c) => {
      const spec = world.scenario.networks?.[c.network];
      return spec !== undefined && isInSubnets(spec, via);
    });
    if (!card) throw new RangeError(`${machine.name}: the gateway ${via} is on none of its networks`);
    machine.namespace.addRoute({ prefix: to, device: card.device, gateway: via });
  }
}

function isInSubnets({ subnet, subnet6 }: NetworkSpec, address: string): boolean {
  return isInRange(ipv4Range(subnet), address) || (subnet6 !== undefined && isInRange(ipv6Range(subnet6), address));
}

function routerOf(
  world: World,
  network: string,
  except: string,
  family: "addresses" | "addresses6" = "addresses",
): string | undefined {
  for (const [name, spec] of Object.entries(world.scenario.machines ?? {}))
    if (spec.router === true && name !== except && spec[family]?.[network] !== undefined) {
      // A router does not send everything to one that is behind it: its own outside is where it translates to.
      const own = world.scenario.machines?.[except];
      if (own?.router === true && own.masqueradeTo !== network) continue;
      return spec[family]?.[network];
    }
  return undefined;
}
