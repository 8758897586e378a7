/** Flows as Zeek's conn.log (tab-separated, with Zeek's header lines), the Community ID as the last column. */
import { TextWriter } from "../../../src-shared/base/text-writer";
import type { KernelHandle } from "../decode/pipeline";
import { writeCommunityId } from "../flows/community-id";
import { type FlowTable, PROTOCOL_NAMES } from "../flows/flow-table";
import { NO_ROW } from "../kernel/assembly/abi";

const FIELDS: readonly (readonly [name: string, type: string])[] = [
  ["ts", "time"],
  ["uid", "string"],
  ["id.orig_h", "addr"],
  ["id.orig_p", "port"],
  ["id.resp_h", "addr"],
  ["id.resp_p", "port"],
  ["proto", "enum"],
  ["service", "string"],
  ["duration", "interval"],
  ["orig_bytes", "count"],
  ["resp_bytes", "count"],
  ["conn_state", "string"],
  ["local_orig", "bool"],
  ["local_resp", "bool"],
  ["missed_bytes", "count"],
  ["history", "string"],
  ["orig_pkts", "count"],
  ["orig_ip_bytes", "count"],
  ["resp_pkts", "count"],
  ["resp_ip_bytes", "count"],
  ["tunnel_parents", "set[string]"],
  ["community_id", "string"],
];

const ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
const FLUSH_AT = 1 << 18;

/** The same flow of the same capture has the same uid: it is made of what identifies the flow (FNV-1a, 64 bits in two halves). */
function uid(table: FlowTable, row: number): string {
  table.seek(row);
  let a = 0x811c9dc5;
  let b = 0x9747b28c;
  const take = (v: number): void => {
    a = Math.imul(a ^ v, 0x01000193) >>> 0;
    b = Math.imul(b ^ ((v << 7) | (v >>> 25)), 0x01000193) >>> 0;
  };
  const text = `${table.addressText(0)} ${table.port(0)} ${table.addressText(1)} ${table.port(1)} ${table.protocol} ${table.depth} ${table.vni} ${table.firstSeconds} ${table.firstNanoseconds}`;
  for (let i = 0; i < text.length; i++) take(text.charCodeAt(i));
  let out = "C";
  for (let word of [a, b, Math.imul(a, b) >>> 0]) {
    for (let i = 0; i < 6; i++) {
      out += ALPHABET[word % 62] as string;
      word = Math.floor(word / 62);
    }
  }
  return out.slice(0, 18);
}

/** Writes one line for the best-seen row of each flow. */
export function writeConnLog(handle: KernelHandle, table: FlowTable, write: (bytes: Uint8Array) => void): void {
  const out = new TextWriter(FLUSH_AT * 2);
  const bytes = handle.memory.bytes();
  const groups = table.groups();
  out.ascii("#separator \\x09\n#set_separator\t,\n#empty_field\t(empty)\n#unset_field\t-\n#path\tconn\n");
  out.ascii(`#fields\t${FIELDS.map(([name]) => name).join("\t")}\n`);
  out.ascii(`#types\t${FIELDS.map(([, type]) => type).join("\t")}\n`);
  const flush = (): void => {
    write(out.bytes());
    out.clear();
  };
  for (const row of groups.best) {
    const parent = table.seek(row).carrierRow;
    const parentUid =
      parent === NO_ROW ? "(empty)" : uid(table, groups.best[groups.flowOf[parent] as number] as number);
    const own = uid(table, row);
    table.seek(row);
    const time = (s: number, ns: number): void => {
      // Zeek writes microseconds.
      out.uint(Math.max(s, 0));
      out.byte(46);
      out.padded(Math.floor(ns / 1000), 6);
      out.byte(9);
    };
    const count = (n: number): void => {
      out.uint(n);
      out.byte(9);
    };
    const text = (s: string): void => {
      out.ascii(s);
      out.byte(9);
    };
    time(table.firstSeconds, table.firstNanoseconds);
    text(own);
    text(table.addressText(0));
    count(table.port(0));
    text(table.addressText(1));
    count(table.port(1));
    const protocol = table.protocol;
    text(
      protocol === 58
        ? "icmp"
        : protocol === 6 || protocol === 17 || protocol === 1
          ? (PROTOCOL_NAMES.get(protocol) as string)
          : "unknown_transport",
    );
    text("-");
    let s = table.lastSeconds - table.firstSeconds;
    let ns = table.lastNanoseconds - table.firstNanoseconds;
    if (ns < 0) {
      s--;
      ns += 1e9;
    }
    if (table.packets(0) + table.packets(1) > 1) time(s, ns);
    else text("-");
    count(table.payload(0));
    count(table.payload(1));
    text(table.connState);
    text("-");
    text("-");
    count(0);
    text(table.history || "-");
    count(table.packets(0));
    count(table.ipBytes(0));
    count(table.packets(1));
    count(table.ipBytes(1));
    text(parentUid);
    writeCommunityId(out, bytes, handle.kernel.communityIdOf(row));
    out.byte(10);
    if (out.length > FLUSH_AT) flush();
  }
  flush();
}
