/**
 * Who asks whom, when: runs a scenario's traffic. Every occurrence finds its ends anew, because pods come and go.
 */
import type { Namespace, SocketError } from "../network/api/namespaces";
import type { Network } from "../network/api/network";
import type { OriginSpec, TargetSpec, TrafficSpec } from "../scenario/schema";
import { baseOf, fullName } from "../world/names";
import { nsOf } from "../world/time";
import {
  askedKey,
  clusterIpOf,
  clusterIps,
  type Family,
  findNode,
  findPod,
  findService,
  type Pod,
  podAddress,
  type World,
} from "../world/world";
import { askDhcp } from "./dhcp";
import { callHttp } from "./http";
import { fill } from "./payload";
import { machineResolver, podResolver } from "./programs";
import { resolve, type ResolverConfig } from "./resolver";

const DEFAULT_EVERY_SECONDS = 0.2;
const HTTP_PORT = 80;
const ECHO_SIZE = 56;

/** What became of one occurrence, for listeners (tests, the live window). */
export interface TrafficOutcome {
  readonly timeNs: number;
  readonly traffic: TrafficSpec;
  readonly outcome: "answered" | "no-origin" | "no-name" | SocketError;
}

interface Origin {
  readonly namespace: Namespace;
  readonly name: string;
  readonly pod: Pod | undefined;
  readonly resolver: ResolverConfig | undefined;
}

export class Traffic {
  onOutcome: ((outcome: TrafficOutcome) => void) | undefined;
  /** One `ping` process for all echoes of one line of traffic: one identifier, sequence numbers 1, 2, 3 … */
  readonly #pings = new Map<TrafficSpec, { readonly namespace: Namespace; readonly send: () => void }>();

  constructor(
    private readonly world: World,
    private readonly endNs: number,
  ) {}

  private get network(): Network {
    return this.world.network;
  }

  /** Schedules all occurrences, counted from `fromNs`. */
  start(spec: TrafficSpec, fromNs: number): void {
    const everyNs = nsOf(spec.every ?? DEFAULT_EVERY_SECONDS);
    const firstNs = fromNs + nsOf(spec.at ?? 0);
    const times = spec.times ?? 1;
    let n = 0;
    const next = (): void => {
      this.#once(spec);
      n++;
      const atNs = firstNs + n * everyNs;
      if (times === "always" ? atNs < this.endNs : n < times) this.network.schedule(atNs, next);
    };
    this.network.schedule(firstNs, next);
  }

  #say(traffic: TrafficSpec, outcome: TrafficOutcome["outcome"]): void {
    this.onOutcome?.({ timeNs: this.network.nowNs, traffic, outcome });
  }

  #once(spec: TrafficSpec): void {
    const origin = this.#origin(spec.from);
    if (!origin) {
      this.#say(spec, "no-origin");
      return;
    }
    if (spec.kind === "dns") {
      this.#lookUp(spec, origin, spec.name, undefined, () => {
        this.#say(spec, "answered");
      });
      return;
    }
    if (spec.kind === "dhcp") {
      const device = origin.namespace.devices.find((d) => d.kind === "nic" || d.kind === "veth");
      if (device)
        askDhcp(this.network, device, origin.name, () => {
          this.#say(spec, "answered");
        });
      return;
    }
    const { to } = spec;
    if (to.name !== undefined)
      this.#lookUp(spec, origin, to.name, to.family, (address) => {
        const service = serviceWithoutAddress(this.world, to.name ?? "");
        if (service !== undefined)
          this.world.askedByName.set(askedKey(origin.namespace.name, address, this.#port(to)), service);
        this.#ask(spec, origin, address);
      });
    else {
      const address = this.#address(to, origin);
      if (address === undefined) this.#say(spec, "no-name");
      else this.#ask(spec, origin, address);
    }
  }

  #lookUp(
    spec: TrafficSpec,
    origin: Origin,
    name: string,
    family: Family | undefined,
    then: (address: string) => void,
  ): void {
    if (!origin.resolver) {
      this.#say(spec, "no-name");
      return;
    }
    resolve(this.network, origin.namespace, origin.resolver, name, (addresses) => {
      // Without a wish, as C libraries order private addresses (RFC 6724): IPv4 first.
      const address = addresses.find((a) => family === undefined || a.includes(":") === (family === "IPv6"));
      if (address === undefined || origin.namespace.removed) this.#say(spec, "no-name");
      else then(address);
    });
  }

  #ask(spec: Exclude<TrafficSpec, { kind: "dns" | "dhcp" }>, origin: Origin, address: string): void {
    const { namespace } = origin;
    if (namespace.removed) return;
    const port = this.#port(spec.to);
    const onDone = (error: SocketError | undefined): void => {
      this.#say(spec, error ?? "answered");
    };
    switch (spec.kind) {
      case "http":
        callHttp({
          namespace,
          address,
          port,
          host: spec.host ?? hostName(spec.to, address, port),
          method: spec.method ?? ((spec.sendSize ?? 0) > 0 ? "POST" : "GET"),
          path: pathWithSize(spec.path ?? "/", spec.size),
          sendSize: spec.sendSize ?? 0,
          requests: spec.requests ?? 1,
          ...(spec.sourcePort !== undefined && { fromPort: spec.sourcePort }),
          ...(spec.keepOpen === true && { keepOpen: true }),
          onDone,
        });
        break;
      case "tcp":
        namespace.tcpConnect({
          to: { address, port },
          ...(spec.sourcePort !== undefined && { fromPort: spec.sourcePort }),
          onOpen: (connection) => {
            connection.write(fill(origin.name, spec.sendSize ?? 64));
          },
          onData: (_, connection) => {
            if (spec.keepOpen !== true && connection.state === "ESTABLISHED") connection.end();
          },
          onEnd: (connection) => {
            connection.end();
          },
          onClose: (error) => {
            onDone(error);
          },
        });
        break;
      case "udp": {
        const socket = namespace.udp({
          ...(spec.sourcePort !== undefined && { port: spec.sourcePort }),
          onDatagram: () => {
            socket.close();
            onDone(undefined);
          },
          onError: (error) => {
            socket.close();
            onDone(error);
          },
        });
        socket.send(fill(origin.name, spec.size ?? 32), { address, port });
        break;
      }
      case "ping":
        this.#ping(spec, namespace, address);
        break;
    }
  }

  #ping(spec: Extract<TrafficSpec, { kind: "ping" }>, namespace: Namespace, address: string): void {
    const known = this.#pings.get(spec);
    if (known && known.namespace === namespace) {
      known.send();
      return;
    }
    const socket = namespace.ping({
      to: address,
      ...(spec.ttl !== undefined && { ttl: spec.ttl }),
      onReply: () => {
        this.#say(spec, "answered");
      },
      onError: (error) => {
        this.#say(spec, error);
      },
    });
    let sequence = 1;
    const send = (): void => {
      socket.send(sequence++, spec.size ?? ECHO_SIZE);
    };
    this.#pings.set(spec, { namespace, send });
    send();
  }

  #origin(spec: OriginSpec): Origin | undefined {
    if (spec.pod !== undefined) {
      const pod = findPod(this.world, fullName(spec.pod), spec.cluster);
      return pod && { namespace: pod.namespace, name: pod.sandbox, pod, resolver: podResolver(pod) };
    }
    const machine = this.world.machines.get(spec.node ?? spec.machine ?? "");
    return (
      machine && {
        namespace: machine.namespace,
        name: machine.name,
        pod: undefined,
        resolver: machineResolver(machine),
      }
    );
  }

  #address(to: TargetSpec, origin: Origin): string | undefined {
    const family = to.family ?? "IPv4";
    const isIpv6 = family === "IPv6";
    if (to.loopback === true) return isIpv6 ? "::1" : "127.0.0.1";
    if (to.address !== undefined) return to.address;
    if (to.pod !== undefined) {
      const pod = findPod(this.world, fullName(to.pod), to.cluster);
      return pod && podAddress(pod, family);
    }
    if (to.node !== undefined) {
      const node = findNode(this.world, to.node);
      return isIpv6 ? node?.six?.address : node?.address;
    }
    if (to.machine !== undefined)
      return this.world.machines
        .get(to.machine)
        ?.cards.map((c) => (isIpv6 ? c.address6 : c.address))
        .find((address) => address !== undefined);
    if (to.service === undefined) return undefined;
    const found = findService(this.world, fullName(to.service), to.cluster ?? origin.pod?.cluster.name);
    if (!found) return undefined;
    if (to.family !== undefined) return clusterIpOf(found.service, family);
    // From outside a Service is known by its load balancer's address.
    const outside = origin.pod === undefined && !findNode(this.world, origin.namespace.name);
    const [clusterIp] = clusterIps(found.service);
    return outside ? (found.service.loadBalancerIp ?? clusterIp) : clusterIp;
  }

  #port(to: TargetSpec): number {
    if (to.port !== undefined) return to.port;
    const found = to.service === undefined ? undefined : findService(this.world, fullName(to.service), to.cluster);
    return found?.service.ports[0]?.port ?? HTTP_PORT;
  }
}

/** The headless or ExternalName Service that a full name is of. */
function serviceWithoutAddress(world: World, name: string): string | undefined {
  for (const cluster of world.clusters.values())
    for (const service of cluster.services.values()) {
      const [namespace = "", own = ""] = service.name.split("/");
      const full = `${own}.${namespace}.svc.${cluster.domain}`;
      if (clusterIps(service).length === 0 && (name === full || name.endsWith(`.${full}`))) return service.name;
    }
  return undefined;
}

function hostName(to: TargetSpec, address: string, port: number): string {
  const name = to.name ?? (to.service === undefined ? urlHost(address) : baseOf(fullName(to.service)));
  return port === HTTP_PORT ? name : `${name}:${port}`;
}

/** An IPv6 address stands in brackets (RFC 3986 section 3.2.2). */
function urlHost(address: string): string {
  return address.includes(":") ? `[${address}]` : address;
}

function pathWithSize(path: string, size: number | undefined): string {
  return size === undefined ? path : `${path}${path.includes("?") ? "&" : "?"}size=${size}`;
}
