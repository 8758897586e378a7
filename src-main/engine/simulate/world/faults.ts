/**
 * What breaks, and how: each fault changes the network or the cluster from `at` on, and undoes it at `until`. A fault without a
 * target takes the first that fits, so that it can be thrown into any scenario (`--fault loss`, `--fault slow-link=80`).
 */
import type { FindingKind } from "../../../../src-shared/model/finding";
import type { Link, LinkProperties } from "../network/api";
import type { FaultKind, FaultSpec, Scenario } from "../scenario/schema";
import { FAULT_KINDS } from "../scenario/schema";
import { linkProperties } from "./build-world";
import type { Controller } from "./controller";
import { fullName } from "./names";
import { nsOf } from "./time";
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

/** A fault cannot be applied here: says what is missing. */
export class FaultError extends Error {
  override readonly name = "FaultError";
}

export interface FaultInfo {
  readonly kind: FaultKind;
  readonly title: string;
  /** The parameter that `--fault KIND=VALUE` sets; undefined: none. */
  readonly parameter: string | undefined;
  /** Findings that a recording of it shows. */
  readonly findings: readonly FindingKind[];
}

export const FAULTS: Readonly<Record<FaultKind, Omit<FaultInfo, "kind">>> = {
  loss: { title: "a wire loses frames", parameter: "share", findings: ["lost-between"] },
  duplicate: { title: "a wire delivers frames twice", parameter: "share", findings: ["duplicate-delivery"] },
  "slow-link": { title: "a wire is slow", parameter: "delayMs", findings: ["slow-hop"] },
  "small-mtu": {
    title: "large packets vanish on the way, nobody says so",
    parameter: "mtu",
    findings: ["mtu-blackhole"],
  },
  "masquerade-all": {
    title: "a node masquerades traffic inside the cluster",
    parameter: "node",
    findings: ["snat-hides-client"],
  },
  drop: { title: "a rule drops what a pod is sent", parameter: "pod", findings: ["policy-silence"] },
  "deny-policy": { title: "a NetworkPolicy lets nobody in", parameter: "pod", findings: ["policy-silence"] },
  "no-endpoints": { title: "no pod behind a Service is ready", parameter: "service", findings: ["no-endpoint"] },
  "stale-endpoint": { title: "a Service leads to a pod that is gone", parameter: "service", findings: ["no-endpoint"] },
  "closed-port": { title: "a pod's program does not listen", parameter: "pod", findings: ["no-endpoint"] },
  "broken-checksum": {
    title: "VXLAN's outer checksum is wrong",
    parameter: "node",
    findings: ["broken-outer-checksum"],
  },
  "forget-connections": {
    title: "a NAT forgets its connections: a port is used again while the server remembers it",
    parameter: "machine",
    findings: ["port-reuse"],
  },
  "conntrack-clash": {
    title: "two first packets of a UDP port race for one entry of connection tracking",
    parameter: "node",
    findings: ["conntrack-clash"],
  },
  "stale-conntrack": {
    title: "connection tracking's output is of another moment",
    parameter: "node",
    findings: ["conntrack-differs"],
  },
  "dns-loss": { title: "DNS questions are lost, the resolver waits", parameter: "count", findings: ["dns-stall"] },
  "duplicate-address": { title: "two machines have one address", parameter: "machine", findings: ["arp-conflict"] },
  "slow-server": { title: "a pod thinks long before it answers", parameter: "delayMs", findings: ["slow-answer"] },
  "routing-loop": { title: "two machines route to each other", parameter: undefined, findings: ["ttl"] },
  "other-way-back": {
    title: "answers take another way than questions",
    parameter: undefined,
    findings: ["asymmetric-path"],
  },
};

/** "loss", "loss=0.2", "no-endpoints=shop/web" to a fault. Throws FaultError with what was expected. */
export function parseFault(text: string): FaultSpec {
  const at = text.indexOf("=");
  const kind = FAULT_KINDS.find((k) => k === (at < 0 ? text : text.slice(0, at)));
  if (kind === undefined) throw new FaultError(`no fault is named ${text}; there are: ${FAULT_KINDS.join(" ")}`);
  if (at < 0) return { kind };
  const { parameter } = FAULTS[kind];
  const value = text.slice(at + 1);
  if (parameter === undefined) throw new FaultError(`fault ${kind} has no parameter`);
  const isNumber = ["share", "delayMs", "mtu", "count"].includes(parameter);
  if (isNumber && (value === "" || !Number.isFinite(Number(value))))
    throw new FaultError(`--fault ${text}: expected a number for ${parameter}`);
  return { kind, [parameter]: isNumber ? Number(value) : value };
}

/** Extra lines that `stale-conntrack` puts into a node's connection-tracking output are made where lines are written. */
export interface ActiveFaults {
  readonly staleConntrack: Set<string>;
}

export class Faults {
  readonly active: ActiveFaults = { staleConntrack: new Set() };

  constructor(
    private readonly world: World,
    private readonly controller: Controller,
  ) {}

  /** Schedules it. Throws FaultError if the scenario has nothing it could break. */
  add(spec: FaultSpec, fromNs: number): void {
    const { network } = this.world;
    const change = this.#change(spec);
    const begin = (): void => {
      const undo = change();
      if (spec.until !== undefined) network.schedule(fromNs + nsOf(spec.until), undo);
    };
    if ((spec.at ?? 0) <= 0 && fromNs <= network.nowNs) begin();
    else network.schedule(fromNs + nsOf(spec.at ?? 0), begin);
  }

  /** What to do when it begins; that returns what undoes it. Targets are found now, so that mistakes are told at once. */
  #change(spec: FaultSpec): () => () => void {
    const { world } = this;
    switch (spec.kind) {
      case "loss":
        return this.#wire(spec.on, { loss: spec.share ?? 0.1 });
      case "duplicate":
        return this.#wire(spec.on, { duplication: spec.share ?? 0.1 });
      case "slow-link":
        return this.#wire(spec.on, { delayNs: (spec.delayMs ?? 40) * 1e6 });
      case "small-mtu": {
        const card = this.#card(spec.on);
        const mtu = spec.mtu ?? 1400;
        if (spec.silent === false) return this.#smallMtu(card, mtu);
        // Nobody tells: the frames are just not there behind the wire.
        return () => {
          const wire = needWire(card);
          const tooLong = (frame: Uint8Array): boolean => frame.length > mtu + 14;
          for (const direction of ["a-to-b", "b-to-a"] as const) wire.link.filter(direction, tooLong);
          return () => {
            for (const direction of ["a-to-b", "b-to-a"] as const) wire.link.filter(direction, undefined);
          };
        };
      }
      case "masquerade-all": {
        const node = this.#node(spec.node);
        return () => {
          const rule = node.machine.namespace.netfilter.insert("nat", "POSTROUTING", 0, {
            source: node.cluster.podRange.text,
            not: { outDevice: node.bridge.name },
            target: { kind: "masquerade" },
            comment: "fault: everything is masqueraded",
          });
          return () => {
            rule.remove();
          };
        };
      }
      case "drop": {
        const pod = this.#pod(spec.pod, spec.cluster);
        return () => {
          const rule = pod.node.machine.namespace.netfilter.insert("filter", "FORWARD", 0, {
            destination: pod.address,
            protocol: "tcp",
            ...(spec.port !== undefined && { destinationPort: spec.port }),
            target: { kind: "drop" },
            comment: "fault: drop",
          });
          return () => {
            rule.remove();
          };
        };
      }
      case "deny-policy": {
        const pod = this.#pod(spec.pod, spec.cluster);
        return () => {
          const name = `${pod.name.slice(0, pod.name.indexOf("/"))}/deny-all`;
          pod.cluster.policies.set(name, { pods: pod.spec.labels ?? {}, ingress: [] });
          this.controller.policiesChanged(pod.cluster);
          return () => {
            pod.cluster.policies.delete(name);
            this.controller.policiesChanged(pod.cluster);
          };
        };
      }
      case "no-endpoints": {
        const { cluster, service } = this.#service(spec.service, spec.cluster);
        return () => {
          const pods = service.endpoints.filter((pod) => pod.ready);
          for (const pod of pods) pod.ready = false;
          this.controller.changedAtOnce(cluster);
          return () => {
            for (const pod of pods) pod.ready = true;
            this.controller.changed(cluster);
          };
        };
      }
      case "stale-endpoint": {
        const { cluster, service } = this.#service(spec.service, spec.cluster);
        return () => {
          service.frozen = true;
          for (const pod of [...service.endpoints]) this.controller.removeSilently(pod);
          return () => {
            service.frozen = false;
            this.controller.changed(cluster);
          };
        };
      }
      case "closed-port": {
        const pod = this.#pod(spec.pod, spec.cluster);
        return () => {
          for (const server of pod.servers) server.close();
          return () => {
            // A program that ended does not start again by itself.
          };
        };
      }
      case "broken-checksum": {
        const node = this.#node(spec.node);
        const vxlan = node.tunnel?.vxlan;
        if (!vxlan) throw new FaultError(`fault broken-checksum: node ${node.name} has no VXLAN device`);
        return () => {
          const before = vxlan.outerChecksum;
          vxlan.outerChecksum = "broken";
          return () => {
            vxlan.outerChecksum = before;
          };
        };
      }
      case "forget-connections": {
        const machine = this.#translator(spec.machine);
        return () => {
          machine.namespace.conntrack.flush();
          return () => {
            // Forgotten is forgotten.
          };
        };
      }
      case "conntrack-clash": {
        const node = this.#node(spec.node);
        return () => {
          node.machine.namespace.conntrack.resolveClashes = false;
          return () => {
            node.machine.namespace.conntrack.resolveClashes = true;
          };
        };
      }
      case "stale-conntrack": {
        const node = this.#node(spec.node);
        return () => {
          this.active.staleConntrack.add(node.name);
          return () => {
            this.active.staleConntrack.delete(node.name);
          };
        };
      }
      case "dns-loss":
        return this.#dnsLoss(spec.count ?? 1);
      case "duplicate-address":
        return this.#duplicateAddress(spec.machine);
      case "slow-server": {
        const pod = this.#pod(spec.pod, spec.cluster);
        return () => {
          pod.answerDelayNs = (spec.delayMs ?? 3000) * 1e6;
          return () => {
            pod.answerDelayNs = undefined;
          };
        };
      }
      case "routing-loop":
        return this.#routingLoop();
      case "other-way-back":
        return this.#otherWayBack(world);
    }
  }

  /** Sets properties of the wire at a card, and what the scenario says of it back again. */
  #wire(on: string | undefined, properties: LinkProperties): () => () => void {
    const card = this.#card(on);
    return () => {
      const wire = needWire(card);
      wire.link.set(properties);
      const spec = this.world.scenario.networks?.[card.network];
      return () => {
        wire.link.set({ loss: 0, duplication: 0, delayNs: 50_000, ...(spec && linkProperties(spec)) });
      };
    };
  }

  /** Both ends of the wire have the smaller MTU: who routes there says so with ICMP. */
  #smallMtu(card: Card, mtu: number): () => () => void {
    return () => {
      const { link } = needWire(card);
      const before = [link.a.mtu, link.b.mtu] as const;
      link.a.mtu = mtu;
      link.b.mtu = mtu;
      return () => {
        [link.a.mtu, link.b.mtu] = before;
      };
    };
  }

  #dnsLoss(count: number): () => () => void {
    const cluster = [...this.world.clusters.values()].find((c) => c.dnsAddress !== undefined);
    const namespaces = cluster
      ? [...cluster.nodes.values()].map((node) => node.machine.namespace)
      : [...this.world.machines.values()].filter((m) => m.spec?.dns !== undefined).map((m) => m.namespace);
    if (namespaces.length === 0) throw new FaultError("fault dns-loss: nobody answers DNS in this scenario");
    return () => {
      let left = count;
      const rules = namespaces.map((namespace) =>
        namespace.netfilter.insert("filter", cluster ? "FORWARD" : "INPUT", 0, {
          protocol: "udp",
          destinationPort: 53,
          target: { kind: "drop" },
          comment: "fault: DNS is lost",
        }),
      );
      // The rule goes when it has taken its count: looked for often enough that a resolver's next try is spared.
      const look = (): void => {
        left = count - rules.reduce((sum, rule) => sum + rule.packets, 0);
        if (left > 0) timer = this.world.network.schedule(this.world.network.nowNs + 100e6, look);
        else for (const rule of rules) rule.remove();
      };
      let timer = this.world.network.schedule(this.world.network.nowNs + 100e6, look);
      return () => {
        timer.cancel();
        for (const rule of rules) rule.remove();
      };
    };
  }

  /** Another machine of the same network takes the address, too, and answers for it. */
  #duplicateAddress(name: string | undefined): () => () => void {
    for (const pod of this.world.allPods) {
      const twin = this.world.allPods.find((p) => p !== pod && p.node === pod.node && !p.gone);
      if (name !== undefined && fullName(name) !== pod.name) continue;
      if (!twin || pod.gone) continue;
      return () => {
        const prefix = `${pod.address}/32`;
        twin.device.addAddress(prefix);
        twin.device.announce(pod.address);
        pod.device.announce(pod.address);
        const again = this.world.network.schedule(this.world.network.nowNs + 500e6, () => {
          twin.device.announce(pod.address);
        });
        return () => {
          again.cancel();
          twin.device.removeAddress(prefix);
        };
      };
    }
    const machines = [...this.world.machines.values()];
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
          this.world.network.schedule(this.world.network.nowNs + 500e6, () => {
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
  #routingLoop(): () => () => void {
    const nodes = [...this.world.clusters.values()].flatMap((c) => [...c.nodes.values()]);
    const [first, second] = nodes;
    const shared =
      first &&
      second &&
      first.machine.cards.find((card) => second.machine.cards.some((c) => c.network === card.network));
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
  #otherWayBack(world: World): () => () => void {
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

  // ---- targets

  #card(on: string | undefined): Card {
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

  #node(name: string | undefined): Node {
    const nodes = [...this.world.clusters.values()].flatMap((c) => [...c.nodes.values()]);
    const node = name === undefined ? nodes[0] : nodes.find((n) => n.name === name);
    if (!node)
      throw new FaultError(
        `no node is named ${name ?? "anything"}; there are: ${nodes.map((n) => n.name).join(" ") || "none"}`,
      );
    return node;
  }

  /** The pod named, else the first that serves something. */
  #pod(name: string | undefined, cluster: string | undefined): Pod {
    const pod =
      name === undefined
        ? this.world.allPods.find((p) => !p.gone && p.servers.length > 0)
        : findPod(this.world, fullName(name), cluster);
    if (!pod)
      throw new FaultError(
        `no pod is named ${name ?? "anything"}; there are: ${this.world.allPods.map((p) => p.name).join(" ") || "none"}`,
      );
    return pod;
  }

  #service(
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
    const found =
      name === undefined
        ? all.find(({ service }) => service.endpoints.length > 0 && service.clusterIp !== undefined)
        : undefined;
    if (!found)
      throw new FaultError(
        `no Service is named ${name ?? "anything"}; there are: ${all.map((s) => s.service.name).join(" ") || "none"}`,
      );
    return found;
  }

  /** A machine that translates for others. */
  #translator(name: string | undefined): Machine {
    const machines = [...this.world.machines.values()];
    const found = machines.find((m) => (name === undefined ? m.spec?.masqueradeTo !== undefined : m.name === name));
    if (!found)
      throw new FaultError(
        `fault forget-connections: no machine translates${name === undefined ? "" : ` under the name ${name}`}`,
      );
    return found;
  }
}

function needWire(card: Card): NonNullable<Card["wire"]> & { readonly link: Link } {
  if (!card.wire) throw new FaultError(`${card.device.name} is on no wire`);
  return card.wire;
}

/** Findings that a scenario's faults are to show. */
export function expectedFindings(scenario: Scenario): readonly FindingKind[] {
  const kinds = new Set<FindingKind>();
  for (const fault of scenario.faults ?? []) {
    if (fault.kind === "small-mtu" && fault.silent === false) kinds.add("path-mtu");
    else for (const kind of FAULTS[fault.kind].findings) kinds.add(kind);
  }
  return [...kinds].sort();
}
