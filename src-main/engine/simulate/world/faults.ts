/**
 * How things break: each fault changes the network or the cluster from `at` on, and undoes it at `until`. A fault without a
 * target takes the first that fits, so that it can be thrown into any scenario (`--fault loss`, `--fault slow-link=80`).
 */
import type { LinkProperties } from "../network/api/namespaces";
import type { FaultSpec } from "../scenario/fault-schema";
import { type Change, duplicateAddress, otherWayBack, routingLoop } from "./address-faults";
import { linkProperties } from "./build-world";
import type { Controller } from "./controller";
import { FaultError } from "./fault-catalogue";
import { FaultTargets, needWire } from "./fault-targets";
import { nsOf } from "./time";
import { type Card, podAddresses, type World } from "./world";

/** ICMP type 3 is all of "unreachable": firewalls that drop ICMP make no difference either. */
const TOO_BIG = [
  { protocol: "icmpv6", icmpType: 2 },
  { protocol: "icmp", icmpType: 3 },
] as const;

/** Extra lines that `stale-conntrack` puts into a node's connection-tracking output are made where lines are written. */
export interface ActiveFaults {
  readonly staleConntrack: Set<string>;
}

export class Faults {
  readonly active: ActiveFaults = { staleConntrack: new Set() };

  private readonly targets: FaultTargets;

  constructor(
    private readonly world: World,
    private readonly controller: Controller,
  ) {
    this.targets = new FaultTargets(world);
  }

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
  #change(spec: FaultSpec): Change {
    switch (spec.kind) {
      case "loss":
        return this.#wire(spec.on, { loss: spec.share ?? 0.1 });
      case "duplicate":
        return this.#wire(spec.on, { duplication: spec.share ?? 0.1 });
      case "slow-link":
        return this.#wire(spec.on, { delayNs: (spec.delayMs ?? 40) * 1e6 });
      case "small-mtu": {
        const card = this.targets.card(spec.on);
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
      case "drop-too-big": {
        const { namespace } = this.targets.router(spec.machine);
        return () => {
          const rules = (["FORWARD", "INPUT"] as const).flatMap((hook) =>
            TOO_BIG.map((message) =>
              namespace.netfilter.insert("filter", hook, 0, {
                ...message,
                target: { kind: "drop" },
                comment: "fault: nobody is told that a packet is too big",
              }),
            ),
          );
          return () => {
            for (const rule of rules) rule.remove();
          };
        };
      }
      case "masquerade-all": {
        const node = this.targets.node(spec.node);
        return () => {
          const rule = node.machine.namespace.netfilter.insert("nat", "POSTROUTING", 0, {
            source: node.cluster.podRange6
              ? [node.cluster.podRange.text, node.cluster.podRange6.text]
              : node.cluster.podRange.text,
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
        const pod = this.targets.pod(spec.pod, spec.cluster);
        return () => {
          const rule = pod.node.machine.namespace.netfilter.insert("filter", "FORWARD", 0, {
            destination: podAddresses(pod),
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
        const pod = this.targets.pod(spec.pod, spec.cluster);
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
        const { cluster, service } = this.targets.service(spec.service, spec.cluster);
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
        const { cluster, service } = this.targets.service(spec.service, spec.cluster);
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
        const pod = this.targets.pod(spec.pod, spec.cluster);
        return () => {
          for (const server of pod.servers) server.close();
          return () => {
            // A program that ended does not start again by itself.
          };
        };
      }
      case "broken-checksum": {
        const node = this.targets.node(spec.node);
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
        const machine = this.targets.translator(spec.machine);
        return () => {
          machine.namespace.conntrack.flush();
          return () => {
            // Forgotten is forgotten.
          };
        };
      }
      case "conntrack-clash": {
        const node = this.targets.node(spec.node);
        return () => {
          node.machine.namespace.conntrack.resolveClashes = false;
          return () => {
            node.machine.namespace.conntrack.resolveClashes = true;
          };
        };
      }
      case "stale-conntrack": {
        const node = this.targets.node(spec.node);
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
        return duplicateAddress(this.world, spec.machine);
      case "slow-server": {
        const pod = this.targets.pod(spec.pod, spec.cluster);
        return () => {
          pod.answerDelayNs = (spec.delayMs ?? 3000) * 1e6;
          return () => {
            pod.answerDelayNs = undefined;
          };
        };
      }
      case "routing-loop":
        return routingLoop(this.world);
      case "other-way-back":
        return otherWayBack(this.world);
    }
  }

  /** Sets properties of the wire at a card, and what the scenario says of it back again. */
  #wire(on: string | undefined, properties: LinkProperties): Change {
    const card = this.targets.card(on);
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
  #smallMtu(card: Card, mtu: number): Change {
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

  #dnsLoss(count: number): Change {
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
}
