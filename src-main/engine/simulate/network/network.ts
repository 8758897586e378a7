/** The whole network: makes namespaces and devices, and runs the clock. `createNetwork` is where everything begins. */
import type {
  BridgeDevice,
  BridgeOptions,
  Device,
  DeviceAt,
  IpipOptions,
  Link,
  LinkProperties,
  Namespace,
  NamespaceOptions,
  TunDevice,
  VxlanDevice,
  VxlanOptions,
} from "./api/namespaces";
import type { Network, NetworkOptions, RandomStream, ScheduledAction } from "./api/network";
import { BridgeImpl } from "./devices/bridge";
import { DummyDevice } from "./devices/local-devices";
import { IpipDevice, TunImpl, VxlanImpl } from "./devices/tunnels";
import { connectNics, NicDevice, VethDevice } from "./devices/wire";
import { NamespaceImpl } from "./namespace";
import { World } from "./world";

const DEFAULT_START_NS = 1_767_225_600_000_000_000n;

export function createNetwork(options: NetworkOptions): Network {
  return new NetworkImpl(options);
}

class NetworkImpl implements Network {
  readonly #world: World;
  readonly #namespaces: NamespaceImpl[] = [];

  constructor(options: NetworkOptions) {
    if (!Number.isSafeInteger(options.seed)) throw new RangeError(`a seed is a whole number, not ${options.seed}`);
    this.#world = new World(options.seed, options.startTimeNs ?? DEFAULT_START_NS, options.offload === true);
  }

  get nowNs(): number {
    return this.#world.nowNs;
  }
  get startTimeNs(): bigint {
    return this.#world.startTimeNs;
  }
  get nextEventNs(): number {
    return this.#world.queue.nextNs;
  }
  get onDrop(): Network["onDrop"] {
    return this.#world.onDrop;
  }
  set onDrop(value: Network["onDrop"]) {
    this.#world.onDrop = value;
  }
  get onTap(): Network["onTap"] {
    return this.#world.onTap;
  }
  set onTap(value: Network["onTap"]) {
    this.#world.onTap = value;
  }
  get onOriginate(): Network["onOriginate"] {
    return this.#world.onOriginate;
  }
  set onOriginate(value: Network["onOriginate"]) {
    this.#world.onOriginate = value;
  }
  get onDeliver(): Network["onDeliver"] {
    return this.#world.onDeliver;
  }
  set onDeliver(value: Network["onDeliver"]) {
    this.#world.onDeliver = value;
  }

  random(concern: string): RandomStream {
    return this.#world.random(`user ${concern}`);
  }

  schedule(atNs: number, action: () => void): ScheduledAction {
    const planned = { action: action as (() => void) | undefined };
    this.#world.queue.schedule(atNs, runPlanned, planned);
    return {
      cancel: () => {
        planned.action = undefined;
      },
    };
  }

  run(untilNs: number): void {
    const { queue } = this.#world;
    while (queue.nextNs <= untilNs) queue.runNext();
    if (untilNs > queue.nowNs && untilNs !== Infinity) queue.nowNs = untilNs;
  }

  step(limitNs = Infinity): boolean {
    const { queue } = this.#world;
    if (queue.nextNs > limitNs || queue.nextNs === Infinity) return false;
    queue.runNext();
    return true;
  }

  namespace(name: string, options: NamespaceOptions = {}): Namespace {
    if (this.#namespaces.some((other) => other.name === name))
      throw new RangeError(`there is a namespace ${name} already`);
    const namespace = new NamespaceImpl(this.#world, name, options);
    this.#namespaces.push(namespace);
    return namespace;
  }

  get namespaces(): readonly Namespace[] {
    return this.#namespaces;
  }

  removeNamespace(namespace: Namespace): void {
    const at = this.#namespaces.findIndex((other) => other === namespace);
    if (at < 0) throw new RangeError(`${namespace.name} is no namespace of this network`);
    this.#namespaces.splice(at, 1)[0]?.remove();
  }

  #stackOf({ namespace }: DeviceAt): NamespaceImpl {
    const found = this.#namespaces.find((other) => other === namespace);
    if (found === undefined) throw new RangeError(`${namespace.name} is no namespace of this network`);
    return found;
  }

  veth(a: DeviceAt, b: DeviceAt): readonly [a: Device, b: Device] {
    const one = new VethDevice(this.#stackOf(a), a);
    const other = new VethDevice(this.#stackOf(b), b);
    VethDevice.pair(one, other);
    return [one, other];
  }

  link(a: DeviceAt, b: DeviceAt, properties: LinkProperties = {}): Link {
    return connectNics(this.#world, new NicDevice(this.#stackOf(a), a), new NicDevice(this.#stackOf(b), b), properties);
  }

  bridge(at: DeviceAt, options: BridgeOptions = {}): BridgeDevice {
    return new BridgeImpl(this.#stackOf(at), at, options);
  }
  vxlan(at: DeviceAt, options: VxlanOptions): VxlanDevice {
    return new VxlanImpl(this.#stackOf(at), at, options);
  }
  ipip(at: DeviceAt, options: IpipOptions): Device {
    return new IpipDevice(this.#stackOf(at), at, options);
  }
  tun(at: DeviceAt): TunDevice {
    return new TunImpl(this.#stackOf(at), at);
  }
  dummy(at: DeviceAt): Device {
    return new DummyDevice(this.#stackOf(at), at);
  }
}

function runPlanned(planned: { readonly action: (() => void) | undefined }): void {
  planned.action?.();
}
