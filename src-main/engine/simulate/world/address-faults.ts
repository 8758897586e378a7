/** Faults of addresses and routes: an address that two have, machines that route to each other, answers that take another way. */
import { FaultError } from "./fault-catalogue";
import { fullName } from "./names";
import type { World } from "./world";

/** Makes it happen; returns what undoes it. */
export type Change = () => () => void;

/** Another machine of the same network takes the address, too, and answers for it. */
export function duplicateAddress(world: World, name: string | undefined): Change {
  for (const pod of world.allPods) {
    const twin = world.allPods.find((p) => p !== pod && p.node === pod.node && !p.gone);
    if (name !== undefined && fullName(name) !== pod.name) continue;
    if (!twin || pod.gone) continue;
    return () => {
      const prefix = `${pod.address}/32`;
      twin.device.addAddress(prefix);
      twin.device.announce(pod.address);
      pod.device.announce(pod.address);
      const again = world.network.schedule(world.network.nowNs + 500e6, () => {
        twin.device.announce(pod.address);
      });
      return () => {
        again.cancel();
        twin.device.removeAddress(prefix);
      };
    };
  }
  const machines = [...world.machines.values()];
  for (const machine of machines)
    for (const card of machine.cards) {
      if ((name !== undefined && machine.name !== name) || card.address === undefined || machine.kind === "router")
        continue;
      const twin = machines
        .filter((m) => m !== machine && m.kind === "host")
        .flatMap((m) => m.cards)
        .find((c) => c.network === card.network);
      const { address } = card;
      if (!twin) continue;
      return () => {
        twin.device.addAddress(`${address}/32`);
        twin.device.announce(address);
        card.device.announce(address);
        world.network.schedule(world.network.nowNs + 500e6, () => {
          twin.device.announce(address);
        });
        return () => {
          twin.device.removeAddress(`${address}/32`);
        };
      };
    }
  throw new FaultError("fault duplicate-address: needs two pods of one node, or two hosts of one network");
}

/** A node that no longer has a pod range sends it back to where it came from. */
export function routingLoop(world: World): Change {
  const nodes = [...world.clusters.values()].flatMap((c) => [...c.nodes.values()]);
  const [first, second] = nodes;
  const shared =
    first && second && first.machine.cards.find((card) => second.machine.cards.some((c) => c.network === card.network));
  if (!first || !second || !shared) throw new FaultError("fault routing-loop: needs two nodes on one network");
  const back = second.machine.cards.find((c) => c.network === shared.network);
  return () => {
    // More specific than the bridge's own route: two halves.
    const halves = [0, 1].map((i) => {
      const size = second.podRange.size / 2;
      const base = second.podRange.first + i * size;
      return `${[24, 16, 8, 0].map((shift) => (base >>> shift) & 255).join(".")}/${second.podRange.prefixLength + 1}`;
    });
    for (const prefix of halves)
      if (back) second.machine.namespace.addRoute({ prefix, device: back.device, gateway: first.address });
    return () => {
      for (const prefix of halves) second.machine.namespace.removeRoute({ prefix });
    };
  };
}

/** Answers leave by another network that both nodes are on. */
export function otherWayBack(world: World): Change {
  const nodes = [...world.clusters.values()].flatMap((c) => [...c.nodes.values()]);
  for (const server of nodes)
    for (const client of nodes) {
      if (client === server || client.cluster !== server.cluster) continue;
      const shared = server.machine.cards.filter((card) =>
        client.machine.cards.some((c) => c.network === card.network),
      );
      const [usual, other] = shared;
      const gateway = other && client.machine.cards.find((c) => c.network === other.network)?.address;
      if (!usual || !other || gateway === undefined || server === nodes[0]) continue;
      return () => {
        const prefix = client.podRange.text;
        server.machine.namespace.removeRoute({ prefix });
        server.machine.namespace.addRoute({ prefix, device: other.device, gateway });
        return () => {
          server.machine.namespace.removeRoute({ prefix });
          const back = client.machine.cards.find((c) => c.network === usual.network)?.address;
          if (back !== undefined) server.machine.namespace.addRoute({ prefix, device: usual.device, gateway: back });
        };
      };
    }
  throw new FaultError("fault other-way-back: needs two nodes that share two networks");
}
