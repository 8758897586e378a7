/**
 * Values that a person can point at, with the filter each stands for: what every "Apply as filter" outside of lists begins with.
 *
 * ```
 * "10.1.0.5:4000 was lost before 10.96.0.1"   ip.addr == 10.1.0.5        ip.addr == 10.96.0.1
 * point n1.pcapng#2                           point.id == "n1.pcapng#2"
 * ```
 * A name that joining told of a packet (its pods, its Service, its machine) is asked for by the joining's own fields; any other name
 * is no filter: what it stands for is, its address.
 */
import type { PointState, TimeValue } from "../../src-shared/contract/results";
import {
  addressFilter,
  endpointFilter,
  packetFilter,
  portFilter,
  textLiteral,
  timeLiteral,
} from "../../src-shared/model/filter-text";
import { endpointText } from "../../src-shared/model/endpoint-text";

export interface FilterValue {
  /** What it is: "Endpoint". */
  readonly label: string;
  /** As it is shown and copied. */
  readonly text: string;
  /** Null: nothing can be asked for by it. */
  readonly filter: string | null;
}

/** Longer filters are of no use to anyone. */
const MOST_TOGETHER = 64;

/** Any of several; null: none, or too many for one filter. */
export function anyOf(filters: readonly (string | null)[]): string | null {
  const known = [...new Set(filters.filter((filter) => filter !== null))];
  if (known.length > MOST_TOGETHER) return null;
  if (known.length < 2) return known[0] ?? null;
  return known.map((filter) => (/[&|]/.test(filter) ? `(${filter})` : filter)).join(" || ");
}

export function addressValue(label: string, address: string, text = address): FilterValue {
  return { label, text, filter: addressFilter(address) };
}

/** `protocol` as joining names it: "tcp". */
export function endpointValue(
  label: string,
  endpoint: { readonly ip: string; readonly port: number },
  protocol: string,
  text = endpointText(endpoint),
): FilterValue {
  return { label, text, filter: endpointFilter(endpoint, protocol) };
}

/** Packets of a capture point, whichever file it is in. */
export function pointValue({ id, name }: Pick<PointState, "id" | "name">): FilterValue {
  return { label: "Capture point", text: name, filter: `point.id == ${textLiteral(id)}` };
}

/** Packets of all capture points of a role. `text`: as it is shown. */
export function roleValue(role: PointState["role"], text: string): FilterValue {
  return { label: "Role", text, filter: `point.role == ${textLiteral(role)}` };
}

/** A connection of the joining, through every translation and tunnel. */
export function connectionFilter(id: string): string {
  return `connection.id == ${textLiteral(id)}`;
}

export function connectionValue(id: string, text = id): FilterValue {
  return { label: "Connection", text, filter: connectionFilter(id) };
}

/** Packets that the pod sent or was sent. `pod` as joining names it: "namespace/name". */
export function podValue(pod: string): FilterValue {
  const name = textLiteral(pod);
  return { label: "Pod", text: pod, filter: `k8s.src.pod == ${name} || k8s.dst.pod == ${name}` };
}

export function serviceNameValue(service: string): FilterValue {
  return { label: "Service", text: service, filter: `k8s.service == ${textLiteral(service)}` };
}

/** Packets captured on a machine. */
export function machineValue(machine: string): FilterValue {
  return { label: "Machine", text: machine, filter: `k8s.node == ${textLiteral(machine)}` };
}

/** Packets of connections with such a translation: "dnat" "snat" "icmp-id". */
export function natKindValue(kind: string): FilterValue {
  return { label: "Translation", text: kind.toUpperCase(), filter: `nat.kind == ${textLiteral(kind)}` };
}

/** A time as it was captured: the packets of that very moment. `text`: as it is shown. */
export function timeValue(time: TimeValue, text = timeLiteral(time)): FilterValue {
  return { label: "Time", text, filter: `frame.time_epoch == ${timeLiteral(time)}` };
}

/** One packet: its number in its file, and a capture point of that file. */
export function numberedPacketValue(number: number, pointId: string, text: string): FilterValue {
  return { label: "Packet", text, filter: packetFilter(number, pointId) };
}

/** "10.0.0.1:80", "[fd00::1]:80" or an address alone, of a protocol: as endpointText() writes it. */
export function endpointTextValue(label: string, text: string, protocol: string): FilterValue {
  const [, bracketed, plain, port] = /^(?:\[([^\]]+)\]|([^:]+)):(\d+)$/.exec(text) ?? [];
  const ip = bracketed ?? plain ?? text;
  return { ...endpointValue(label, { ip, port: Number(port ?? 0) }, protocol), text };
}

export function portValue(label: string, protocol: string, port: number): FilterValue {
  return { label, text: String(port), filter: portFilter(protocol, port) };
}

/** Each filter once, what has none left out: for a menu of everything at one place. */
export function distinctValues(values: readonly FilterValue[]): readonly FilterValue[] {
  const byFilter = new Map<string, FilterValue>();
  for (const value of values)
    if (value.filter !== null && !byFilter.has(value.filter)) byFilter.set(value.filter, value);
  return [...byFilter.values()];
}

const ADDRESSES =
  /(?<![\w.:])(?:(?:[\da-f]{2}:){5}[\da-f]{2}|\d{1,3}(?:\.\d{1,3}){3}|(?:[\da-f]{0,4}:){2,7}[\da-f]{0,4})(?![\w]|\.\d)/gi;

/** The addresses in a sentence, each once, in its order. */
export function valuesInText(text: string): readonly FilterValue[] {
  const found = new Map<string, FilterValue>();
  for (const [address] of text.matchAll(ADDRESSES)) {
    const value = addressValue("Address", address);
    if (value.filter !== null && isAddress(address) && !found.has(address)) found.set(address, value);
  }
  return [...found.values()];
}

/** Of what looks like one: bytes up to 255, a "::" or all eight parts. */
function isAddress(text: string): boolean {
  if (!text.includes(":")) return text.split(".").every((byte) => Number(byte) <= 255);
  return (
    /^([\da-f]{2}:){5}[\da-f]{2}$/i.test(text) || text.split(":").length === 8 || /[\da-f]::|::[\da-f]/i.test(text)
  );
}
