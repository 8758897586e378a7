/**
 * A simulated network for tests, every device recorded: what was seen, as lines a person can read, and as a pcapng file for tshark.
 */
import { createNetwork } from "../../src-main/engine/simulate/network/network";
import type { Device, TapDirection } from "../../src-main/engine/simulate/network/api/namespaces";
import type { Drop, Network } from "../../src-main/engine/simulate/network/api/network";
import { LINKTYPE_ETHERNET, LINKTYPE_RAW } from "../../src-shared/model/link-type";
import { PcapngWriter } from "../../src-shared/wire/write/pcapng";
import { NANOSECONDS } from "../../src-shared/wire/write/capture-time";
import { formatIpv4, formatMac } from "../../src-shared/model/address";

export const MS = 1e6;
export const SECOND = 1e9;

export interface SeenFrame {
  readonly device: Device;
  readonly timeNs: number;
  readonly bytes: Uint8Array;
  readonly direction: TapDirection;
  readonly journey: number;
}

export interface RecordedNetwork {
  readonly network: Network;
  readonly frames: SeenFrame[];
  readonly drops: (Omit<Drop, "bytes"> & { readonly where: string })[];
  /** Switches recording on for every device there is. */
  recordAll(): void;
  run(ns: number): void;
  /** What a device saw, without ARP unless asked for: "out 10.0.0.1 > 10.0.0.2 icmp 8 ttl 64". */
  lines(device: Device, options?: { readonly arp?: boolean; readonly times?: boolean }): string[];
  /** Where a packet was seen, in order: "pod eth0 10.0.0.1 > 10.0.0.2 …". */
  path(journey: number): string[];
  pcapng(): Uint8Array;
}

export function recordedNetwork(seed = 1, options: { readonly offload?: boolean } = {}): RecordedNetwork {
  const network = createNetwork({ seed, ...options });
  const frames: SeenFrame[] = [];
  const drops: (Omit<Drop, "bytes"> & { where: string })[] = [];
  network.onTap = (device, timeNs, bytes, direction, journey) => {
    frames.push({ device, timeNs, bytes: bytes.slice(), direction, journey });
  };
  network.onDrop = ({ bytes: _, ...drop }) => {
    drops.push({ ...drop, where: `${drop.namespace.name} ${drop.device?.name ?? "-"} ${drop.reason}` });
  };
  return {
    network,
    frames,
    drops,
    recordAll: () => {
      for (const namespace of network.namespaces) for (const device of namespace.devices) device.captured = true;
    },
    run: (ns) => {
      network.run(network.nowNs + ns);
    },
    lines: (device, { arp = false, times = false } = {}) =>
      frames
        .filter((frame) => frame.device === device)
        .map((frame) => `${times ? `${(frame.timeNs / MS).toFixed(3)} ` : ""}${frame.direction} ${frameText(frame)}`)
        .filter((line) => arp || !line.includes(" arp ")),
    path: (journey) =>
      frames
        .filter((frame) => frame.journey === journey)
        .map((frame) => `${frame.device.namespace.name} ${frame.device.name} ${frameText(frame)}`),
    pcapng: () => pcapngOf(network, frames),
  };
}

export function pcapngOf(network: Network, frames: readonly SeenFrame[]): Uint8Array {
  const chunks: Uint8Array[] = [];
  const writer = new PcapngWriter((chunk) => {
    chunks.push(chunk.slice());
  });
  writer.beginSection();
  const interfaces = new Map<Device, number>();
  for (const { device } of frames)
    if (!interfaces.has(device))
      interfaces.set(
        device,
        writer.addInterface({
          linkType: device.linkType === "ethernet" ? LINKTYPE_ETHERNET : LINKTYPE_RAW,
          name: device.name,
          description: `namespace ${device.namespace.name}`,
          resolution: NANOSECONDS,
        }),
      );
  for (const { device, timeNs, bytes } of frames) {
    const unixNs = network.startTimeNs + BigInt(timeNs);
    const time = { seconds: Number(unixNs / 1_000_000_000n), nanoseconds: Number(unixNs % 1_000_000_000n) };
    writer.packet({ interfaceId: interfaces.get(device) ?? 0, time, bytes });
  }
  writer.flush();
  return Uint8Array.from(Buffer.concat(chunks));
}

export function frameText({ device, bytes }: { readonly device: Device; readonly bytes: Uint8Array }): string {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (device.linkType === "raw-ip") return ipText(view, 0);
  if (view.getUint16(12) === 0x0806) {
    const sender = formatIpv4(view.getUint32(28));
    const target = formatIpv4(view.getUint32(38));
    return view.getUint16(20) === 1
      ? `arp who-has ${target} tell ${sender} to ${formatMac(bytes, 0)}`
      : `arp ${sender} is-at ${formatMac(bytes, 22)}`;
  }
  return ipText(view, 14);
}

const TCP_FLAGS = ["F", "S", "R", "P", "A"];

function ipText(view: DataView, ip: number): string {
  const protocol = view.getUint8(ip + 9);
  const at = ip + (view.getUint8(ip) & 15) * 4;
  const end = ip + view.getUint16(ip + 2);
  const source = formatIpv4(view.getUint32(ip + 12));
  const destination = formatIpv4(view.getUint32(ip + 16));
  const ttl = `ttl ${view.getUint8(ip + 8)}`;
  const fragment = view.getUint16(ip + 6);
  if ((fragment & 0x3fff) !== 0)
    return `${source} > ${destination} fragment ${(fragment & 0x1fff) * 8}+${end - at} ${ttl}`;
  if (protocol === 1) return `${source} > ${destination} icmp ${view.getUint8(at)}/${view.getUint8(at + 1)} ${ttl}`;
  if (protocol === 4) return `[${source} > ${destination} ${ttl}] ${ipText(view, at)}`;
  const ports = `${source}:${view.getUint16(at)} > ${destination}:${view.getUint16(at + 2)}`;
  if (protocol === 17) {
    const inner = innerOf(view, at + 8, end);
    return inner === undefined ? `${ports} udp ${end - at - 8} ${ttl}` : `[${ports} udp ${ttl}] ${inner}`;
  }
  const flags = TCP_FLAGS.filter((_, bit) => (view.getUint8(at + 13) & (1 << bit)) !== 0).join("");
  return `${ports} tcp ${flags} ${end - at - (view.getUint8(at + 12) >> 4) * 4} ${ttl}`;
}

/** VXLAN on any port, or a datagram as it is. */
function innerOf(view: DataView, at: number, end: number): string | undefined {
  if (end - at >= 42 && view.getUint32(at) === 0x08000000 && view.getUint16(at + 20) === 0x0800)
    return `vni ${view.getUint32(at + 4) >> 8} ${ipText(view, at + 22)}`;
  if (end - at >= 28 && view.getUint8(at) === 0x45 && view.getUint16(at + 2) === end - at) return ipText(view, at);
  return undefined;
}
