/**
 * Where a simulation is recorded: devices, as capture points with the names that recordings bear.
 *
 * ```
 * if_name         eth0
 * if_description  network namespace web-a, pod default/web-a        a pod's card
 *                 network namespace n1, pod default/web-a           the node's end of its veth
 *                 network namespace n1                              everything else of a machine
 * ```
 */
import { LINKTYPE_ETHERNET, LINKTYPE_RAW } from "../../../../src-shared/model/link-type";
import type { Device } from "../network/api/namespaces";
import type { Network } from "../network/api/network";
import type { Pod, World } from "../world/world";

export interface CapturePoint {
  /** From 0, in the order they appeared. */
  readonly index: number;
  readonly device: Device;
  readonly namespace: string;
  readonly interface: string;
  readonly linkType: number;
  /** "default/web-a" for the two ends of a pod's veth. */
  readonly pod: string | null;
  readonly description: string;
}

/** What takes a recording. */
export interface CaptureSink {
  /** A new point; before any of its packets. */
  point(point: CapturePoint): void;
  /** Times (nanoseconds from the start) only grow. `bytes` are valid during the call. */
  packet(point: CapturePoint, timeNs: number, bytes: Uint8Array, journey: number): void;
}

export class CapturePoints {
  readonly points: CapturePoint[] = [];
  /** Called for every recorded packet, after the sink. */
  onPacket: ((point: CapturePoint, timeNs: number, bytes: Uint8Array, journey: number) => void) | undefined;
  packets = 0;
  readonly #of = new Map<Device, CapturePoint>();
  #lastNs = -1;

  constructor(
    private readonly world: World,
    private readonly sink: CaptureSink,
  ) {}

  /** All points of the start, and the tap. */
  start(network: Network): void {
    for (const machine of this.world.machines.values()) {
      if (machine.kind === "switch" && !this.#isWanted(machine.name)) continue;
      // Veths come with their pods, so that they bear the pods' names.
      for (const device of machine.namespace.devices) if (device.kind !== "veth") this.#add(device, null);
    }
    for (const pod of this.world.allPods) this.addPod(pod);
    network.onTap = (device, timeNs, bytes, _direction, journey) => {
      const point = this.#of.get(device);
      if (!point) return;
      // Strictly growing: which of two points saw a packet first is always told by its time.
      this.#lastNs = Math.max(Math.round(timeNs), this.#lastNs + 1);
      this.packets++;
      this.sink.packet(point, this.#lastNs, bytes, journey);
      this.onPacket?.(point, this.#lastNs, bytes, journey);
    };
  }

  addPod(pod: Pod): void {
    this.#add(pod.hostDevice, pod);
    for (const device of pod.namespace.devices) this.#add(device, pod);
  }

  #add(device: Device, pod: Pod | null): void {
    if (this.#of.has(device)) return;
    const { name } = device.namespace;
    const isLoopback = device.kind === "loopback";
    if (isLoopback && !this.#wantsLoopback(name)) return;
    if (!this.#isWanted(name) && !this.#isWanted(`${name}/${device.name}`)) return;
    const point: CapturePoint = {
      index: this.points.length,
      device,
      namespace: name,
      interface: device.name,
      linkType: device.linkType === "raw-ip" ? LINKTYPE_RAW : LINKTYPE_ETHERNET,
      pod: pod?.name ?? null,
      description: pod ? `network namespace ${name}, pod ${pod.name}` : `network namespace ${name}`,
    };
    device.captured = true;
    this.#of.set(device, point);
    this.points.push(point);
    this.sink.point(point);
  }

  #isWanted(name: string): boolean {
    const wanted = this.world.scenario.capture?.points ?? "all";
    return wanted === "all" ? !name.startsWith("switch-") : wanted.includes(name);
  }

  /** Loopback is recorded where the scenario's traffic uses it, or where it says so. */
  #wantsLoopback(namespace: string): boolean {
    const { capture, traffic } = this.world.scenario;
    if (capture?.loopback !== undefined) return capture.loopback;
    return (traffic ?? []).some((t) => {
      if (!("to" in t)) return false;
      const from = t.from.pod ?? t.from.node ?? t.from.machine ?? "";
      const own = t.to.loopback === true || (t.to.pod !== undefined && t.to.pod === t.from.pod);
      return own && from.slice(from.indexOf("/") + 1) === namespace;
    });
  }
}
