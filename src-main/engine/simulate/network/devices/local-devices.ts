/** Devices without another end: loopback, and dummy, which swallows what it is given. */
import type { DeviceAt } from "../api/namespaces";
import { ZERO_MAC, macText } from "../addresses";
import { ETHERNET_BYTES, type Packet } from "../packet";
import type { NetStack } from "../parts";
import { BaseDevice } from "./base-device";

const LOOPBACK_NS = 400;

/** Recorded once a frame: libpcap skips the outgoing copy of a loopback device. */
export class LoopbackDevice extends BaseDevice {
  readonly kind = "loopback";

  constructor(stack: NetStack) {
    super(
      stack,
      { namespace: stack, name: "lo", mac: macText(ZERO_MAC), mtu: 65536, addresses: ["127.0.0.1/8", "::1/128"] },
      65536,
    );
  }

  protected override see(packet: Packet, direction: "in" | "out"): void {
    if (direction === "in") super.see(packet, direction);
  }

  protected send(packet: Packet): void {
    // The mark and the tracking go through, as on Linux.
    this.world.queue.schedule(this.world.nowNs + LOOPBACK_NS, this.#arrive, packet);
  }

  readonly #arrive = (packet: Packet): void => {
    packet.buffer.fill(0, packet.start, packet.start + ETHERNET_BYTES - 2);
    this.arrive(packet);
  };
}

export class DummyDevice extends BaseDevice {
  readonly kind = "dummy";

  constructor(stack: NetStack, at: DeviceAt) {
    super(stack, at, 1500);
  }

  protected send(): void {
    // Gone.
  }
}
