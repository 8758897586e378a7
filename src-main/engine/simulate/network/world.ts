/** What all namespaces and devices of one simulation share: clock, events, random streams, packet numbers, observers. */
import type { Device, Namespace, Tap } from "./api/namespaces";
import type { DropReason, Drop, PacketObserver } from "./api/network";
import { EventQueue } from "./event-queue";
import type { Packet } from "./packet";
import { Random } from "./random";

export class World {
  readonly queue = new EventQueue();
  readonly seed: number;
  readonly startTimeNs: bigint;
  readonly offload: boolean;
  onDrop: ((drop: Drop) => void) | undefined = undefined;
  onTap: Tap | undefined = undefined;
  onOriginate: PacketObserver | undefined = undefined;
  onDeliver: PacketObserver | undefined = undefined;
  #journeys = 0;
  #devices = 0;

  constructor(seed: number, startTimeNs: bigint, offload: boolean) {
    this.seed = seed;
    this.startTimeNs = startTimeNs;
    this.offload = offload;
  }

  get nowNs(): number {
    return this.queue.nowNs;
  }

  random(concern: string): Random {
    return new Random(this.seed, concern);
  }

  nextDeviceIndex(): number {
    return ++this.#devices;
  }

  /** A new IP packet: numbers it and tells the observer. `packet.start` is at the IP header. */
  originate(packet: Packet, namespace: Namespace): void {
    packet.journey = ++this.#journeys;
    this.onOriginate?.(packet.journey, namespace, packet.view(), this.queue.nowNs);
  }

  drop(namespace: Namespace, device: Device | undefined, reason: DropReason, packet: Packet, detail?: string): void {
    if (this.onDrop === undefined) return;
    const { journey } = packet;
    this.onDrop({ timeNs: this.queue.nowNs, namespace, device, reason, detail, journey, bytes: packet.view() });
  }
}
