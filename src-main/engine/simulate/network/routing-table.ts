/**
 * Which way a destination lies: own addresses first, then connected subnets and routes by longest prefix, then lowest metric. Answers are
 * kept by destination until an address, a link or a route changes.
 */
import type { Route } from "./api/namespaces";
import { BROADCAST_IP, contains, ipNumber, ipText, parsePrefix, prefixText, type Prefix } from "./addresses";
import { isIpv6 } from "./ipv6-addresses";
import {
  type NetDevice,
  type Path,
  ROUTE_BLACKHOLE,
  ROUTE_BROADCAST,
  ROUTE_LOCAL,
  ROUTE_UNICAST,
  ROUTE_UNREACHABLE,
} from "./parts";

interface Entry {
  readonly prefix: Prefix;
  readonly device: NetDevice;
  readonly gateway: number;
  readonly source: number;
  readonly metric: number;
  readonly mtu: number;
  readonly kind: number;
  readonly route: Route | undefined;
}

const LOOPBACK_PREFIX = parsePrefix("127.0.0.0/8");
const KINDS: Readonly<Record<NonNullable<Route["type"]>, number>> = {
  unicast: ROUTE_UNICAST,
  unreachable: ROUTE_UNREACHABLE,
  blackhole: ROUTE_BLACKHOLE,
  local: ROUTE_LOCAL,
};

export class RoutingTable {
  readonly #devices: readonly NetDevice[];
  #routes: Entry[] = [];
  #sorted: readonly Entry[] | undefined = undefined;
  #local = new Set<number>();
  #broadcast = new Map<number, NetDevice>();
  readonly #cache = new Map<number, Path | undefined>();

  /** `devices`: the namespace's, as they are at any time; the first is loopback. */
  constructor(devices: readonly NetDevice[]) {
    this.#devices = devices;
  }

  changed(): void {
    this.#sorted = undefined;
    this.#cache.clear();
  }

  add(route: Route, device: NetDevice): void {
    const prefix = parsePrefix(route.prefix);
    const gateway = route.gateway === undefined ? 0 : ipNumber(route.gateway);
    if (gateway !== 0 && route.onlink !== true) {
      const path = this.find(gateway);
      if (path?.kind !== ROUTE_UNICAST || path.gateway !== 0 || path.device !== device)
        throw new RangeError(
          `route ${route.prefix}: the gateway ${ipText(gateway)} is not on a subnet of ${device.name}; say onlink if it is meant`,
        );
    }
    this.#routes.push({
      prefix,
      device,
      gateway,
      source: route.source === undefined ? 0 : ipNumber(route.source),
      metric: route.metric ?? 0,
      mtu: route.mtu ?? 0,
      kind: KINDS[route.type ?? "unicast"],
      route: { ...route, prefix: prefixText(prefix) },
    });
    this.changed();
  }

  remove(wanted: Partial<Route> & { readonly prefix: string }): number {
    const text = prefixText(parsePrefix(wanted.prefix));
    const before = this.#routes.length;
    this.#routes = this.#routes.filter(
      ({ route }) =>
        route?.prefix !== text ||
        (wanted.gateway !== undefined && route.gateway !== wanted.gateway) ||
        (wanted.device !== undefined && route.device !== wanted.device),
    );
    this.changed();
    return before - this.#routes.length;
  }

  removeDevice(device: NetDevice): void {
    this.#routes = this.#routes.filter((entry) => entry.device !== device);
    this.changed();
  }

  get routes(): readonly Route[] {
    return this.#entries().flatMap(({ route, prefix, device }) =>
      route === undefined ? [{ prefix: prefixText(prefix), device }] : [route],
    );
  }

  isLocal(address: number): boolean {
    this.#entries();
    return this.#local.has(address) || contains(LOOPBACK_PREFIX, address);
  }

  find(destination: number): Path | undefined {
    const cached = this.#cache.get(destination);
    if (cached !== undefined || this.#cache.has(destination)) return cached;
    // Scans of many addresses must not fill memory.
    if (this.#cache.size > 50_000) this.#cache.clear();
    const path = this.#search(destination);
    this.#cache.set(destination, path);
    return path;
  }

  #search(destination: number): Path | undefined {
    const entries = this.#entries();
    const loopback = this.#devices[0] as NetDevice;
    if (this.isLocal(destination))
      return { kind: ROUTE_LOCAL, device: loopback, gateway: 0, source: destination, mtu: 0 };
    const broadcastOn = this.#broadcast.get(destination);
    if (broadcastOn !== undefined)
      return {
        kind: ROUTE_BROADCAST,
        device: broadcastOn,
        gateway: 0,
        source: sourceOn(broadcastOn, destination),
        mtu: 0,
      };
    if (destination === BROADCAST_IP) {
      const device = this.#devices.find((other) => other !== loopback && other.up) ?? loopback;
      return { kind: ROUTE_BROADCAST, device, gateway: 0, source: firstAddress(device, destination), mtu: 0 };
    }
    for (const entry of entries) {
      if (!entry.device.up || !contains(entry.prefix, destination)) continue;
      const { kind, device, gateway, mtu } = entry;
      const source = entry.source !== 0 ? entry.source : this.#sourceFor(device, gateway === 0 ? destination : gateway);
      return { kind, device, gateway, source, mtu };
    }
    return undefined;
  }

  /** A device without an address borrows one of another device, as the kernel does. */
  #sourceFor(device: NetDevice, towards: number): number {
    const own = sourceOn(device, towards);
    if (own !== 0) return own;
    for (const other of this.#devices.slice(1)) {
      const address = other.up ? firstAddress(other, towards) : 0;
      if (address !== 0) return address;
    }
    return 0;
  }

  #entries(): readonly Entry[] {
    if (this.#sorted !== undefined) return this.#sorted;
    this.#local = new Set();
    this.#broadcast = new Map();
    const connected: Entry[] = [];
    for (const device of this.#devices)
      for (const { address, prefix, broadcast } of device.addressList) {
        this.#local.add(address);
        if (!device.up || device === this.#devices[0]) continue;
        if (broadcast !== 0) this.#broadcast.set(broadcast, device);
        if (prefix.length < (prefix.isIpv6 ? 128 : 32))
          connected.push({
            prefix,
            device,
            gateway: 0,
            source: address,
            metric: 0,
            mtu: 0,
            kind: ROUTE_UNICAST,
            route: undefined,
          });
      }
    // Sorting is stable: among equals the connected ones, then the older ones.
    this.#sorted = [...connected, ...this.#routes].sort(
      (a, b) => b.prefix.length - a.prefix.length || a.metric - b.metric,
    );
    return this.#sorted;
  }
}

function sourceOn(device: NetDevice, towards: number): number {
  for (const own of device.addressList) if (contains(own.prefix, towards)) return own.address;
  return firstAddress(device, towards);
}

/** The device's first address of the family of `towards`, 0 if it has none. */
export function firstAddress(device: NetDevice, towards: number): number {
  return device.addressList.find((own) => isIpv6(own.address) === isIpv6(towards))?.address ?? 0;
}
