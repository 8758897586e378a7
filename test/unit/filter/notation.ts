/**
 * Packets as text, and the columns a filter sees of them.
 *
 * ```
 * eth.src=02:00:00:00:00:01 ip ip ip.src=10.0.0.1,10.244.1.2 tcp.port=47004+80 http.host="web shop"
 * ```
 *
 * One line a packet. "," goes on to the next layer of the protocol, "+" is another value in the same one; a name alone is a
 * protocol or a flag, as often as it is written.
 */
import { decodeUtf8 } from "../../../src-shared/base/text";
import {
  type ValueColumn,
  type ValueKind,
  appendString,
  appendValue,
  createValueColumn,
} from "../../../src-shared/tables/value-column";
import { compileFilter } from "../../../src-main/engine/filter/compile";
import type { ColumnProvider, FieldRegistry, FilterField } from "../../../src-main/engine/filter/field-registry";

const FIELDS: Readonly<Record<string, ValueKind>> = {
  frame: "bytes",
  "frame.number": "uint",
  "frame.len": "uint",
  "frame.time_epoch": "time",
  "frame.time_delta": "time",
  "frame.comment": "string",
  eth: "none",
  "eth.src": "mac",
  "eth.dst": "mac",
  "eth.addr": "mac",
  arp: "none",
  "arp.src.proto_ipv4": "ipv4",
  ip: "none",
  "ip.src": "ipv4",
  "ip.dst": "ipv4",
  "ip.addr": "ipv4",
  "ip.ttl": "uint",
  "ip.flags.df": "bool",
  ipv6: "none",
  "ipv6.src": "ipv6",
  "ipv6.dst": "ipv6",
  udp: "none",
  tcp: "none",
  "tcp.port": "uint",
  "tcp.srcport": "uint",
  "tcp.dstport": "uint",
  "tcp.flags": "uint",
  "tcp.seq_raw": "uint",
  "tcp.options": "bytes",
  "tcp.analysis.retransmission": "none",
  vxlan: "none",
  "vxlan.vni": "uint",
  http: "none",
  "http.host": "string",
  "http.request.method": "string",
  "k8s.src.pod": "string",
};

const BITS: Readonly<Record<string, number>> = { "ip.ttl": 8, "tcp.port": 16, "tcp.srcport": 16, "tcp.dstport": 16 };

export const REGISTRY: FieldRegistry = {
  find(name): FilterField | undefined {
    const kind = Object.hasOwn(FIELDS, name) ? FIELDS[name] : undefined;
    if (!kind) return undefined;
    const bits = BITS[name];
    const field = { name, kind, protocol: name.split(".")[0] ?? "" };
    return bits === undefined ? field : { ...field, bits };
  },
  names: () => Object.keys(FIELDS),
};

export interface Packets extends ColumnProvider {
  /** Names asked for, in order. */
  readonly asked: string[];
}

export function packets(notation: string): Packets {
  const lines = notation
    .split("\n")
    .map((line) => line.trim())
    .filter((line) => line !== "");
  const memory: number[] = [];
  const columns = new Map(
    Object.entries(FIELDS).map(([name, kind]) => [name, createValueColumn(kind, new Uint8Array(0), 1)]),
  );
  lines.forEach((line, packet) => {
    for (const [, name, text] of line.matchAll(/([\w.]+)(?:=((?:"[^"]*"|\S)*))?/g)) {
      const column = columns.get(name ?? "");
      if (!column) throw new Error(`no field ${name ?? ""} in: ${line}`);
      if (text === undefined) appendValue(column, packet, presentSoFar(column, packet) + 1, 1);
      else
        splitOutsideQuotes(text, ",").forEach((layer, i) => {
          for (const value of splitOutsideQuotes(layer, "+"))
            if (value !== "") append(column, packet, i + 1, value, memory);
        });
    }
  });
  const bytes = Uint8Array.from(memory);
  for (const column of columns.values()) column.bytes = bytes;
  const asked: string[] = [];
  return {
    packetCount: lines.length,
    asked,
    column(name) {
      asked.push(name);
      const column = columns.get(name);
      if (!column) throw new Error(`asked for ${name}`);
      return column;
    },
  };
}

function presentSoFar(column: ValueColumn, packet: number): number {
  return column.count > 0 && column.packet[column.count - 1] === packet
    ? (column.layer[column.count - 1] as number)
    : 0;
}

function splitOutsideQuotes(text: string, separator: string): string[] {
  return (
    text.match(new RegExp(`(?:"[^"]*"|[^"${separator}])+|(?<=^|[${separator}])(?=[${separator}]|$)`, "g")) ?? []
  ).slice();
}

function append(column: ValueColumn, packet: number, layer: number, value: string, memory: number[]): void {
  const at = memory.length;
  switch (column.kind) {
    case "uint":
    case "bool":
    case "none":
      appendValue(column, packet, layer, Number(value));
      return;
    case "time": {
      const negative = value.startsWith("-");
      const [whole, fraction = ""] = value.replace("-", "").split(".");
      const seconds = Number(whole);
      const nanoseconds = Number(fraction.padEnd(9, "0"));
      if (!negative) appendValue(column, packet, layer, seconds, nanoseconds);
      else if (nanoseconds) appendValue(column, packet, layer, -seconds - 1, 1e9 - nanoseconds);
      else appendValue(column, packet, layer, -seconds, 0);
      return;
    }
    case "ipv4":
      appendValue(
        column,
        packet,
        layer,
        value.split(".").reduce((sum, part) => sum * 256 + Number(part), 0),
      );
      return;
    case "ipv6": {
      const [head = "", tail] = value.split("::");
      const words = (half: string | undefined): string[] => (half ? half.split(":") : []);
      const zeros = 8 - words(head).length - words(tail).length;
      const all = [...words(head), ...Array.from({ length: zeros }, () => "0"), ...words(tail)];
      memory.push(...all.flatMap((word) => [parseInt(word, 16) >> 8, parseInt(word, 16) & 255]));
      appendValue(column, packet, layer, at, 16);
      return;
    }
    case "mac":
    case "bytes": {
      memory.push(
        ...value
          .replaceAll('"', "")
          .split(":")
          .filter(Boolean)
          .map((pair) => parseInt(pair, 16)),
      );
      appendValue(column, packet, layer, at, memory.length - at);
      return;
    }
    case "string": {
      // As the decoders make it: whatever the bytes, a string.
      const bytes = new TextEncoder().encode(value.replaceAll('"', ""));
      appendString(column, packet, layer, decodeUtf8(bytes, 0, bytes.length));
      return;
    }
  }
}

/** Numbers, from 1, of the packets a filter lets through; the way two evaluations and the count agree is checked too. */
export function matching(source: string, data: ColumnProvider): number[] {
  const filter = compileFilter(source, REGISTRY);
  const first = new Uint8Array(data.packetCount + 1).fill(7);
  const count = filter.evaluate(data, first);
  const again = new Uint8Array(data.packetCount);
  if (filter.evaluate(data, again) !== count) throw new Error("another count the second time");
  if (first[data.packetCount] !== 7) throw new Error("wrote behind the last packet");
  const found: number[] = [];
  again.forEach((bit, packet) => {
    if (bit !== first[packet] || bit > 1)
      throw new Error(`packet ${packet + 1}: ${bit} the second time, ${first[packet] ?? ""} the first`);
    if (bit) found.push(packet + 1);
  });
  if (found.length !== count) throw new Error(`${count} counted, ${found.length} set`);
  return found;
}
