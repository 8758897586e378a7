/** What a fault breaks: by the name that was given, else the first that fits. Throws FaultError that says what there is. */
import type { Link } from "../network/api/namespaces";
import type { TargetSpec } from "../scenario/schema";
import { FaultError } from "./fault-catalogue";
import { fullName } from "./names";
import {
  type Card,
  type ClusterState,
  findPod,
  findService,
  type Machine,
  type Node,
  type Pod,
  type ServiceState,
  type World,
} from "./world";

export class FaultTargets {
  constructor(private readonly world: World) {}

  card(on: string | undefined): Card {
    const [name, device] = (on ?? "").split("/");
    const machines: readonly Machine[] =
      on === undefined
        ? [...this.world.machines.values()].sort((a, b) => Number(b.kind === "node") - Number(a.kind === "node"))
        : [...this.world.machines.values()].filter((m) => m.name === name);
    for (const machine of machines) {
      if (on === undefined && machine.kind === "switch") continue;
      const card = machine.cards.find((c) => c.wire && (device === undefined || c.device.name === device));
      if (card) return card;
    }
    throw new FaultError(`no wire at ${on ?? "any machine"}; there are: ${this.#cardNames().join(" ")}`);
  }

  #cardNames(): readonly string[] {
    return [...this.world.machines.values()].flatMap((m) =>
      m.cards.filter((c) => c.wire).map((c) => `${m.name}/${c.device.name}`),
    );
  }

  node(name: string | undefined): Node {
    const nodes = [...this.world.clusters.values()].flatMap((c) => [...c.nodes.values()]);
    const node = name === undefined ? nodes[0] : nodes.find((n) => n.name === name);
    if (!node)
      throw new FaultError(
        `no node is named ${name ?? "anything"}; there are: ${nodes.map((n) => n.name).join(" ") || "none"}`,
      );
    return node;
  }

  /** The pod named, else the first that serves something: one that traffic asks, if it asks any. */
  pod(name: string | undefined, cluster: string | undefined): Pod {
    const serving = this.world.allPods.filter((p) => !p.gone && p.servers.length > 0);
    const pod =
      name === undefined
        ? (serving.find((p) => this.#isAsked(p)) ?? serving[0])
        : findPod(this.world, fullName(name), cluster);
    if (!pod)
      throw new FaultError(
        name === undefined
          ? "no pod of this scenario serves anything"
          : `no pod is named ${name}; there are: ${this.world.allPods.map((p) => p.name).join(" ") || "none"}`,
      );
    return pod;
  }

  service(
    name: string | undefined,
    cluster: string | undefined,
  ): { readonly cluster: ClusterState; readonly service: ServiceState } {
    if (name !== undefined) {
      const found = findService(this.world, fullName(name), cluster);
      if (found) return found;
    }
    const all = [...this.world.clusters.values()].flatMap((c) =>
      [...c.services.values()].map((service) => ({ cluster: c, service })),
    );
    const leading = all.filter(({ service }) => service.endpoints.length > 0 && service.clusterIp !== undefined);
    const found =
      name === undefined
        ? (leading.find(({ service }) => this.#traffic().some((to) => asksService(to, service))) ?? leading[0])
        : undefined;
    if (!found)
      throw new FaultError(
        `no Service is named ${name ?? "anything"}; there are: ${all.map((s) => s.service.name).join(" ") || "none"}`,
      );
    return found;
  }

  /** By itself, or as one of a Service's. */
  #isAsked(pod: Pod): boolean {
    const services = [...pod.cluster.services.values()].filter((s) => s.endpoints.includes(pod));
    return this.#traffic().some(
      (to) =>
        (to.pod !== undefined && fullName(to.pod) === pod.name) || services.some((service) => asksService(to, service)),
    );
  }

  /** What the scenario's traffic asks. */
  #traffic(): readonly TargetSpec[] {
    return (this.world.scenario.traffic ?? []).flatMap((spec) => ("to" in spec ? [spec.to] : []));
  }

  /** The machine named, else the first that routes, else the first node. */
  router(name: string | undefined): Machine {
    const machines = [...this.world.machines.values()];
    const routing = machines.filter((m) => m.kind === "router" || m.kind === "node");
    const found =
      name === undefined
        ? (routing.find((m) => m.kind === "router") ?? routing[0])
        : machines.find((m) => m.name === name);
    if (!found)
      throw new FaultError(
        `no machine is named ${name ?? "anything"}; there are: ${machines.map((m) => m.name).join(" ") || "none"}`,
      );
    return found;
  }

  /** A machine that translates for others. */
  translator(name: string | undefined): Machine {
    const machines = [...this.world.machines.values()];
    const found = machines.find((m) => (name === undefined ? m.spec?.masqueradeTo !== undefined : m.name === name));
    if (!found)
      throw new FaultError(
        `fault forget-connections: no machine translates${name === undefined ? "" : ` under the name ${name}`}`,
      );
    return found;
  }
}

/** By its name, or by DNS's: "web", "web.default", "web.default.svc.cluster.local". */
function asksService(to: TargetSpec, { name }: ServiceState): boolean {
  if (to.service !== undefined) return fullName(to.service) === name;
  if (to.name === undefined) return false;
  const [namespace, own] = name.split("/");
  const [first, second = namespace] = to.name.split(".");
  return first === own && second === namespace;
}

export function needWire(card: Card): NonNullable<Card["wire"]> & { readonly link: Link } {
  if (!card.wire) throw new FaultError(`${card.device.name} is on no wire`);
  return card.wire;
}
