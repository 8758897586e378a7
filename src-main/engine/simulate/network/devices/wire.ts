/** Devices with another end: veth pairs, and NICs with a wire between them that has delay, loss and a rate. */
import type { DeviceAt, Link, LinkProperties } from "../api/namespaces";
import type { Packet } from "../packet";
import type { NetStack } from "../parts";
import type { Random } from "../random";
import type { World } from "../world";
import { BaseDevice } from "./base-device";
import { splitSegments } from "../segmentation";

/** From one end of a veth to the other: two queues of the same machine. */
const VETH_NS = 350;
const VETH_JITTER_NS = 350;

export class VethDevice extends BaseDevice {
  readonly kind = "veth";
  #peer: VethDevice | undefined = undefined;
  #lastArrivalNs = 0;

  constructor(stack: NetStack, at: DeviceAt) {
    super(stack, at, 1500);
  }

  static pair(a: VethDevice, b: VethDevice): void {
    a.#peer = b;
    b.#peer = a;
  }

  protected send(packet: Packet): void {
    const peer = this.#peer;
    if (peer === undefined) {
      this.drop(packet, "link-down");
      return;
    }
    packet.scrub();
    const { queue } = this.world;
    const atNs = queue.nowNs + VETH_NS + this.random.integer(VETH_JITTER_NS);
    this.#lastArrivalNs = atNs > this.#lastArrivalNs ? atNs : this.#lastArrivalNs + 1;
    queue.schedule(this.#lastArrivalNs, peer.#arrive, packet);
  }

  readonly #arrive = (packet: Packet): void => {
    this.arrive(packet);
  };

  override remove(): void {
    super.remove();
    if (this.#peer !== undefined) this.#peer.#peer = undefined;
    this.#peer = undefined;
  }
}

type Matcher = (frame: Uint8Array) => boolean;

/** One direction of a wire. */
class Lane {
  readonly #world: World;
  readonly #random: Random;
  readonly #to: NicDevice;
  readonly #properties: Required<LinkProperties> & { reorderGiven: boolean; spikeGiven: boolean } = {
    delayNs: 50_000,
    jitterNs: 5_000,
    loss: 0,
    duplication: 0,
    reordering: 0,
    reorderDelayNs: 0,
    spikes: 0,
    spikeNs: 0,
    rateBps: Infinity,
    queueFrames: 1000,
    up: true,
    reorderGiven: false,
    spikeGiven: false,
  };
  #wireFreeNs = 0;
  #lastArrivalNs = 0;
  #dropCount = 0;
  #dropMatches: Matcher | undefined = undefined;
  #filter: Matcher | undefined = undefined;

  constructor(world: World, name: string, to: NicDevice) {
    this.#world = world;
    this.#random = world.random(`link ${name}`);
    this.#to = to;
  }

  set(properties: LinkProperties): void {
    for (const name of ["loss", "duplication", "reordering", "spikes"] as const) {
      const value = properties[name];
      if (value !== undefined && !(value >= 0 && value <= 1))
        throw new RangeError(`link: ${name} is a probability from 0 to 1, not ${value}`);
    }
    Object.assign(this.#properties, properties);
    if (properties.reorderDelayNs !== undefined) this.#properties.reorderGiven = true;
    if (properties.spikeNs !== undefined) this.#properties.spikeGiven = true;
  }

  dropNext(count: number, matches: Matcher | undefined): void {
    this.#dropCount = count;
    this.#dropMatches = matches;
  }

  filter(drops: Matcher | undefined): void {
    this.#filter = drops;
  }

  carry(packet: Packet, from: NicDevice): void {
    const properties = this.#properties;
    const { queue } = this.#world;
    if (!properties.up) {
      from.lose(packet, "link-down");
      return;
    }
    if (this.#isLost(packet)) {
      from.lose(packet, "loss");
      return;
    }
    let departsNs = queue.nowNs;
    if (properties.rateBps !== Infinity) {
      // Preamble, check sequence and gap are on the wire too: 24 bytes.
      const frameNs = ((packet.length + 24) * 8e9) / properties.rateBps;
      const waitsNs = Math.max(0, this.#wireFreeNs - queue.nowNs);
      if (waitsNs > frameNs * properties.queueFrames) {
        from.lose(packet, "queue-full");
        return;
      }
      this.#wireFreeNs = departsNs = Math.ceil(queue.nowNs + waitsNs + frameNs);
    }
    const jitterNs = properties.jitterNs > 0 ? this.#random.integer(properties.jitterNs) : 0;
    let atNs = departsNs + properties.delayNs + jitterNs;
    if (properties.spikes > 0 && this.#random.next() < properties.spikes)
      atNs += properties.spikeGiven ? properties.spikeNs : 20 * properties.delayNs;
    if (properties.reordering > 0 && this.#random.next() < properties.reordering) {
      // It does not hold up those behind it.
      atNs += properties.reorderGiven ? properties.reorderDelayNs : 3 * properties.delayNs;
    } else {
      if (atNs <= this.#lastArrivalNs) atNs = this.#lastArrivalNs + 1;
      this.#lastArrivalNs = atNs;
    }
    if (properties.duplication > 0 && this.#random.next() < properties.duplication)
      queue.schedule(atNs + 1000, this.#to.arriveByWire, packet.copyOnWire());
    queue.schedule(atNs, this.#to.arriveByWire, packet);
  }

  #isLost(packet: Packet): boolean {
    if (this.#filter?.(packet.view()) === true) return true;
    if (this.#dropCount > 0 && (this.#dropMatches === undefined || this.#dropMatches(packet.view()))) {
      this.#dropCount--;
      return true;
    }
    return this.#properties.loss > 0 && this.#random.next() < this.#properties.loss;
  }
}

export class NicDevice extends BaseDevice {
  readonly kind = "nic";
  lane: Lane | undefined = undefined;

  constructor(stack: NetStack, at: DeviceAt) {
    super(stack, at, 1500);
  }

  protected send(packet: Packet): void {
    packet.scrub();
    // What the tap saw as one packet the NIC cuts into frames, and finishes their checksums (offload).
    if (packet.segmentBytes > 0 || packet.partialChecksum)
      for (const frame of splitSegments(packet)) this.lane?.carry(frame, this);
    else this.lane?.carry(packet, this);
  }

  lose(packet: Packet, reason: "loss" | "link-down" | "queue-full"): void {
    this.drop(packet, reason);
  }

  readonly arriveByWire = (packet: Packet): void => {
    this.arrive(packet);
  };

  override remove(): void {
    super.remove();
    this.lane?.set({ up: false });
  }
}

export function connectNics(world: World, a: NicDevice, b: NicDevice, properties: LinkProperties): Link {
  const name = `${a.stack.name} ${a.name} - ${b.stack.name} ${b.name}`;
  const there = new Lane(world, `${name} there`, b);
  const back = new Lane(world, `${name} back`, a);
  a.lane = there;
  b.lane = back;
  there.set(properties);
  back.set(properties);
  const lane = (direction: "a-to-b" | "b-to-a"): Lane => (direction === "a-to-b" ? there : back);
  return {
    a,
    b,
    set: (changed, direction) => {
      if (direction !== "b-to-a") there.set(changed);
      if (direction !== "a-to-b") back.set(changed);
    },
    dropNext: (count, direction, matches) => {
      lane(direction).dropNext(count, matches);
    },
    filter: (direction, drops) => {
      lane(direction).filter(drops);
    },
  };
}
