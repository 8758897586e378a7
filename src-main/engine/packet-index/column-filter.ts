/**
 * Answers filters from the packet index, without reading the file again.
 *
 * The filter's tree is cut where its kind of answer changes:
 *
 * ```
 * ip.addr == 10.0.0.1 && !vxlan && tcp.len > 0
 *     and ─┬─ paths   ip.addr == 10.0.0.1 and not vxlan    evaluated once a path, then one look-up a packet
 *          └─ rows    tcp.len > 0                          evaluated on the columns of a segment
 * ```
 * Both parts run the same evaluator over the same kind of columns as a pass over the file does, so the answers are the same. A
 * filter that needs a field the index does not keep has none here.
 */
import {
  LAYER_ARP,
  LAYER_CISCO_HDLC,
  LAYER_ETHERNET,
  LAYER_GENEVE,
  LAYER_GRE,
  LAYER_ICMP,
  LAYER_ICMPV6,
  LAYER_IPV4,
  LAYER_IPV6,
  LAYER_MPLS,
  LAYER_SCTP,
  LAYER_SLL,
  LAYER_SLL2,
  LAYER_TCP,
  LAYER_UDP,
  LAYER_VLAN,
  LAYER_VXLAN,
  LAYER_WIREGUARD,
} from "../../../src-shared/model/layer-kind";
import {
  type ValueColumn,
  appendString,
  appendValue,
  clearValueColumn,
  createValueColumn,
} from "../../../src-shared/tables/value-column";
import { collectNotes, isAnnotationField } from "../fields/annotation-fields";
import { FieldColumns } from "../fields/field-columns";
import { findField } from "../fields/registry";
import type { Filter } from "../filter/compile";
import { Evaluator } from "../filter/evaluate";
import type { ColumnProvider } from "../filter/field-registry";
import type { Intervals, TestPlan, TimeInterval, ValuePlan } from "../filter/plan";
import {
  ANALYSIS_DUPLICATE_ACK,
  ANALYSIS_FAST_RETRANSMISSION,
  ANALYSIS_KEEP_ALIVE,
  ANALYSIS_LOST_SEGMENT,
  ANALYSIS_OUT_OF_ORDER,
  ANALYSIS_RETRANSMISSION,
  ANALYSIS_SPURIOUS_RETRANSMISSION,
  ANALYSIS_WINDOW_FULL,
  ANALYSIS_WINDOW_UPDATE,
  ANALYSIS_ZERO_WINDOW,
  PACKET_NO_TIME,
  ROW_HAS_COMMENT,
  ROW_PACKET_SHIFT,
  TCP_HAS_LENGTH,
  TCP_HAS_SEQ,
  TCP_HAS_STREAM,
  TCP_READABLE,
} from "../kernel/assembly/abi";
import { type Batch, timeSeconds } from "../kernel/batch";
import type { PacketNotes } from "../notes/packet-notes";
import type { Workspace } from "../session/workspace";
import { type Facts, readBits } from "./facts";
import { type IndexSegment, type PacketIndex, SEGMENT_ROWS } from "./packet-index";
import { type LayerKinds, layerKinds } from "./paths";

const NO_TIME = PACKET_NO_TIME << ROW_PACKET_SHIFT;

/** Protocols whose layers paths keep: whether a packet has them, not their bytes. */
const PATH_PROTOCOLS: ReadonlySet<string> = new Set(
  "eth sll vlan mpls arp ip ipv6 icmp icmpv6 udp tcp sctp vxlan geneve gre wg".split(" "),
);
/** Layers that the fields of a protocol are read from. */
const PROTOCOL_KINDS: Readonly<Record<string, readonly number[]>> = {
  eth: [LAYER_ETHERNET],
  sll: [LAYER_SLL, LAYER_SLL2],
  vlan: [LAYER_VLAN],
  mpls: [LAYER_MPLS],
  // What Cisco calls ARP on serial lines is told by the layer before.
  arp: [LAYER_ARP, LAYER_CISCO_HDLC],
  // ip.version is a field of both.
  ip: [LAYER_IPV4, LAYER_IPV6],
  ipv6: [LAYER_IPV6],
  icmp: [LAYER_ICMP],
  icmpv6: [LAYER_ICMPV6],
  udp: [LAYER_UDP],
  tcp: [LAYER_TCP],
  sctp: [LAYER_SCTP],
  vxlan: [LAYER_VXLAN],
  geneve: [LAYER_GENEVE],
  gre: [LAYER_GRE],
  wg: [LAYER_WIREGUARD],
};
/** Fields whose bytes paths keep as they are. */
const PATH_FIELDS: ReadonlySet<string> = new Set(
  [
    "eth.src eth.dst eth.addr eth.type sll.pkttype sll.etype vlan.id vlan.priority",
    "arp.opcode arp.src.hw_mac arp.src.proto_ipv4 arp.dst.hw_mac arp.dst.proto_ipv4",
    "ip.version ip.hdr_len ip.dsfield.dscp ip.flags.df ip.flags.mf ip.ttl ip.proto ip.src ip.dst ip.addr",
    "ipv6.flow ipv6.nxt ipv6.hlim ipv6.src ipv6.dst ipv6.addr",
    "icmp.type icmp.code icmp.ident icmpv6.type icmpv6.code",
    "udp.srcport udp.dstport udp.port udp.stream tcp.srcport tcp.dstport tcp.port",
    "sctp.srcport sctp.dstport sctp.port",
    "vxlan.flags vxlan.vni geneve.proto_type geneve.vni gre.proto gre.key",
    "frame.interface_id frame.interface_name",
  ].flatMap((line) => line.split(" ")),
);
/** Told by the capture point, not by bytes. */
const INTERFACE_FIELDS: ReadonlySet<string> = new Set(["frame.interface_id", "frame.interface_name"]);

const RETRANSMISSIONS = ANALYSIS_RETRANSMISSION | ANALYSIS_FAST_RETRANSMISSION | ANALYSIS_SPURIOUS_RETRANSMISSION;
/** Flags of tcp.analysis.*, and how often they stand in a packet. */
const ANALYSIS_FIELDS: ReadonlyMap<string, readonly [mask: number, times: number]> = new Map([
  ["tcp.analysis.retransmission", [RETRANSMISSIONS, 1]],
  ["tcp.analysis.fast_retransmission", [ANALYSIS_FAST_RETRANSMISSION, 1]],
  ["tcp.analysis.spurious_retransmission", [ANALYSIS_SPURIOUS_RETRANSMISSION, 1]],
  ["tcp.analysis.out_of_order", [ANALYSIS_OUT_OF_ORDER, 1]],
  ["tcp.analysis.lost_segment", [ANALYSIS_LOST_SEGMENT, 1]],
  ["tcp.analysis.duplicate_ack", [ANALYSIS_DUPLICATE_ACK, 2]],
  ["tcp.analysis.zero_window", [ANALYSIS_ZERO_WINDOW, 1]],
  ["tcp.analysis.keep_alive", [ANALYSIS_KEEP_ALIVE, 1]],
  ["tcp.analysis.window_full", [ANALYSIS_WINDOW_FULL, 1]],
  ["tcp.analysis.window_update", [ANALYSIS_WINDOW_UPDATE, 1]],
]);

/** Whether the index keeps the field itself. */
export function isIndexed(name: string): boolean {
  return PATH_FIELDS.has(name) || PATH_PROTOCOLS.has(name) || isRowField(name) || isAnnotationField(name);
}

/** A number of the index: there where `tcp & mask` has all of its bits (mask 0: always). */
interface RowNumber {
  readonly column: (segment: IndexSegment) => ArrayLike<number>;
  readonly mask: number;
  readonly and?: number;
  readonly shift?: number;
  /** Greater values count as this. */
  readonly most?: number;
}

const ROW_NUMBERS: ReadonlyMap<string, RowNumber> = new Map([
  ["frame.len", { column: (s) => s.length, mask: 0, most: 0x7fffffff }],
  ["frame.cap_len", { column: (s) => s.captured, mask: 0 }],
  ["tcp.stream", { column: (s) => s.stream, mask: TCP_HAS_STREAM, shift: 1 }],
  ["tcp.seq", { column: (s) => s.seq, mask: TCP_HAS_SEQ }],
  ["tcp.ack", { column: (s) => s.ack, mask: TCP_READABLE }],
  ["tcp.window_size", { column: (s) => s.window, mask: TCP_READABLE }],
  ["tcp.len", { column: (s) => s.segment, mask: TCP_HAS_LENGTH | TCP_HAS_STREAM }],
  ["tcp.flags", { column: (s) => s.tcp, mask: TCP_READABLE, and: 0xfff }],
  // "tcp.flags.syn == 1" over 12 M packets: 6.5 s when the file was read for it.
  ...["fin", "syn", "reset", "push", "ack", "urg", "ece", "cwr", "ae"].map((name, bit): [string, RowNumber] => [
    `tcp.flags.${name}`,
    { column: (s) => s.tcp, mask: TCP_READABLE, and: 1 << bit, shift: bit },
  ]),
]);

function isRowField(name: string): boolean {
  return (
    ROW_NUMBERS.has(name) ||
    ANALYSIS_FIELDS.has(name) ||
    name === "frame.number" ||
    name === "frame.time_epoch" ||
    name === "frame"
  );
}

type Node =
  | { readonly type: "everything" }
  | { readonly type: "and" | "or" | "xor"; readonly operands: readonly Node[] }
  | { readonly type: "not"; readonly operand: Node }
  | { readonly type: "paths"; readonly matches: PathMatches }
  | { readonly type: "rows"; readonly evaluator: Evaluator }
  /** One number of each packet that is there, in one interval or outside: no column of values need be made. */
  | {
      readonly type: "number";
      readonly number: RowNumber;
      readonly low: number;
      readonly high: number;
      readonly want: boolean;
    }
  /** tcp.flags & 2 and the like. */
  | { readonly type: "bits"; readonly number: RowNumber; readonly bits: number }
  | { readonly type: "time"; readonly interval: TimeInterval; readonly want: boolean }
  | { readonly type: "analysis"; readonly mask: number }
  | { readonly type: "comment" }
  /** What a pass over the files has found out. */
  | { readonly type: "fact"; readonly bits: Uint8Array };

export interface FilteredCaptures {
  readonly index: PacketIndex;
  readonly workspace: Workspace;
  readonly facts?: Facts;
  readonly notes?: PacketNotes;
}

/** A filter over the index of some captures. Packets may still be appended to it. */
export class ColumnFilter {
  private readonly rows: RowColumns;
  private readonly bitmaps: Uint8Array[] = [];

  private constructor(
    private readonly root: Node,
    captures: FilteredCaptures,
    private readonly paths: readonly PathMatches[],
  ) {
    this.rows = new RowColumns(captures);
  }

  /** Undefined if the filter needs something that the index does not keep. */
  static of(filter: Filter, captures: FilteredCaptures): ColumnFilter | undefined {
    const builder = new Builder(filter.fields, captures);
    const root = builder.node(filter.plan);
    return root && new ColumnFilter(root, captures, builder.paths);
  }

  /** Sets `out[row]` to 1 or 0 for rows 0 … `count` - 1 of segment `segment`. */
  evaluate(segment: number, count: number, out: Uint8Array): void {
    for (const p of this.paths) p.update();
    this.rows.begin(segment, count);
    this.test(this.root, segment, count, out, 0);
  }

  private test(node: Node, segment: number, count: number, out: Uint8Array, depth: number): void {
    const s = this.rows.segment;
    switch (node.type) {
      case "everything":
        out.fill(1, 0, count);
        return;
      case "paths": {
        const { path } = s;
        const { matches } = node.matches;
        for (let i = 0; i < count; i++) out[i] = matches[path[i] as number] as number;
        return;
      }
      case "rows":
        node.evaluator.evaluate(this.rows, out);
        return;
      case "number":
        testNumber(s, node.number, node.low, node.high, node.want, count, out);
        return;
      case "bits": {
        const column = node.number.column(s);
        const { tcp } = s;
        const { mask } = node.number;
        for (let i = 0; i < count; i++)
          out[i] = ((tcp[i] as number) & mask) === mask && (column[i] as number) & node.bits ? 1 : 0;
        return;
      }
      case "time":
        testTime(s, node.interval, node.want, count, out);
        return;
      case "analysis": {
        const { analysis, tcp } = s;
        for (let i = 0; i < count; i++)
          out[i] = (analysis[i] as number) & node.mask && (tcp[i] as number) & TCP_READABLE ? 1 : 0;
        return;
      }
      case "fact":
        readBits(node.bits, segment * SEGMENT_ROWS, count, out);
        return;
      case "comment": {
        const { flags } = s;
        for (let i = 0; i < count; i++) out[i] = (flags[i] as number) & ROW_HAS_COMMENT ? 1 : 0;
        return;
      }
      case "not":
        this.test(node.operand, segment, count, out, depth);
        for (let i = 0; i < count; i++) out[i] = (out[i] as number) ^ 1;
        return;
      case "and":
      case "or":
      case "xor": {
        const [first, ...rest] = node.operands;
        this.test(first as Node, segment, count, out, depth);
        const other = (this.bitmaps[depth] ??= new Uint8Array(SEGMENT_ROWS));
        for (const operand of rest) {
          this.test(operand, segment, count, other, depth + 1);
          if (node.type === "and") for (let i = 0; i < count; i++) out[i] = (out[i] as number) & (other[i] as number);
          else if (node.type === "or")
            for (let i = 0; i < count; i++) out[i] = (out[i] as number) | (other[i] as number);
          else for (let i = 0; i < count; i++) out[i] = (out[i] as number) ^ (other[i] as number);
        }
      }
    }
  }
}

function testNumber(
  s: IndexSegment,
  number: RowNumber,
  low: number,
  high: number,
  want: boolean,
  count: number,
  out: Uint8Array,
): void {
  const column = number.column(s) as Uint32Array;
  const { tcp } = s;
  const { mask } = number;
  const and = number.and ?? 0xffffffff;
  const shift = number.shift ?? 0;
  const most = number.most ?? 0xffffffff;
  for (let i = 0; i < count; i++) {
    const x = Math.min((((column[i] as number) & and) >>> 0) >>> shift, most);
    out[i] = ((tcp[i] as number) & mask) === mask && (x >= low && x <= high) === want ? 1 : 0;
  }
}

function testTime(s: IndexSegment, interval: TimeInterval, want: boolean, count: number, out: Uint8Array): void {
  const { time, flags } = s;
  const { lowSeconds, lowNanoseconds, highSeconds, highNanoseconds } = interval;
  for (let i = 0; i < count; i++) {
    const seconds = timeSeconds(time, i);
    const nanoseconds = (time[i * 2] as number) & 0x3fffffff;
    const inside =
      (seconds > lowSeconds || (seconds === lowSeconds && nanoseconds >= lowNanoseconds)) &&
      (seconds < highSeconds || (seconds === highSeconds && nanoseconds <= highNanoseconds));
    out[i] = inside === want && !((flags[i] as number) & NO_TIME) ? 1 : 0;
  }
}

/** Turns a plan into nodes. */
class Builder {
  readonly paths: PathMatches[] = [];

  constructor(
    private readonly fields: readonly string[],
    private readonly captures: FilteredCaptures,
  ) {}

  node(plan: TestPlan): Node | undefined {
    if (plan.type === "everything") return plan;
    if (this.isOfPaths(plan)) {
      const matches = new PathMatches(plan, this.fields, this.captures);
      this.paths.push(matches);
      return { type: "paths", matches };
    }
    switch (plan.type) {
      case "not": {
        const operand = this.node(plan.operand);
        return operand && { type: "not", operand };
      }
      case "and":
      case "or":
      case "xor": {
        // All that paths decide is one look-up.
        const ofPaths = plan.operands.filter((o) => this.isOfPaths(o));
        const others = plan.operands.filter((o) => !this.isOfPaths(o));
        const merged: TestPlan[] = ofPaths.length > 1 ? [{ type: plan.type, operands: ofPaths }] : ofPaths;
        const operands: Node[] = [];
        for (const o of [...merged, ...others]) {
          const node = this.node(o);
          if (!node) return undefined;
          operands.push(node);
        }
        return { type: plan.type, operands };
      }
      default:
        return this.leaf(plan);
    }
  }

  private leaf(plan: TestPlan): Node | undefined {
    if (plan.type === "exists" && !plan.filled && plan.value.type === "field") {
      const name = this.fields[plan.value.field] as string;
      if (name === "frame.comment") return { type: "comment" };
      const flag = ANALYSIS_FIELDS.get(name);
      if (flag) return { type: "analysis", mask: flag[0] };
      const bits = this.captures.facts?.field(name);
      if (bits) return { type: "fact", bits };
    }
    if (plan.type === "intervals" && plan.value.type === "field") {
      const number = ROW_NUMBERS.get(this.fields[plan.value.field] as string);
      const single = number && singleInterval(plan.intervals);
      if (number && single) return { type: "number", number, ...single, want: plan.want };
      const { intervals } = plan;
      const isTime = this.fields[plan.value.field] === "frame.time_epoch";
      if (isTime && intervals.domain === "time" && intervals.items.length === 1)
        return { type: "time", interval: intervals.items[0] as TimeInterval, want: plan.want };
    }
    const bits = plan.type === "nonzero" && this.maskedNumber(plan.value);
    if (bits) return bits;
    let known = true;
    visitValues(plan, (value, bare) => {
      if (value.type !== "field") return;
      const name = this.fields[value.field] as string;
      if (isAnnotationField(name)) known &&= this.captures.notes?.knowsComments(this.captures.index.count) ?? false;
      else if (isRowField(name)) known &&= bare || findField(name)?.isProtocol !== true;
      else known &&= PATH_FIELDS.has(name) && !INTERFACE_FIELDS.has(name);
    });
    return known ? { type: "rows", evaluator: new Evaluator(plan, this.fields) } : undefined;
  }

  private maskedNumber(value: ValuePlan): Node | undefined {
    if (value.type !== "arithmetic" || value.op !== "&" || value.left.type !== "field") return undefined;
    const number = ROW_NUMBERS.get(this.fields[value.left.field] as string);
    if (!number || value.right.type !== "constant" || number.shift !== undefined) return undefined;
    const bits = value.right.column.numbers[0] as number;
    return bits <= (number.and ?? 0x7fffffff) ? { type: "bits", number, bits } : undefined;
  }

  /** Every field in it is one that a path decides, and of protocols only whether they are there. */
  private isOfPaths(plan: TestPlan): boolean {
    let all = true;
    let any = false;
    visitValues(plan, (value, bare) => {
      if (value.type !== "field") return;
      any = true;
      const name = this.fields[value.field] as string;
      all &&= PATH_FIELDS.has(name) || (bare && PATH_PROTOCOLS.has(name));
    });
    return all && any;
  }
}

function singleInterval(intervals: Intervals): { readonly low: number; readonly high: number } | undefined {
  if (intervals.domain !== "number" || intervals.lows.length !== 1) return undefined;
  return { low: intervals.lows[0] as number, high: intervals.highs[0] as number };
}

/** Visits every value of a plan; `bare`: only whether it is there, or how often, is asked. */
function visitValues(plan: TestPlan, visit: (value: ValuePlan, bare: boolean) => void): void {
  switch (plan.type) {
    case "everything":
      return;
    case "and":
    case "or":
    case "xor":
      for (const o of plan.operands) visitValues(o, visit);
      return;
    case "not":
      visitValues(plan.operand, visit);
      return;
    case "exists":
      visitValue(plan.value, !plan.filled, visit);
      return;
    case "nonzero":
    case "intervals":
    case "contains-bytes":
    case "contains-text":
    case "matches":
      visitValue(plan.value, false, visit);
      return;
    case "pairs":
    case "contains-pairs":
      visitValue(plan.left, false, visit);
      visitValue(plan.right, false, visit);
      return;
    case "between":
      visitValue(plan.value, false, visit);
      visitValue(plan.low, false, visit);
      visitValue(plan.high, false, visit);
      return;
  }
}

function visitValue(plan: ValuePlan, bare: boolean, visit: (value: ValuePlan, bare: boolean) => void): void {
  visit(plan, bare);
  switch (plan.type) {
    case "field":
    case "constant":
      return;
    case "layer":
      visitValue(plan.value, bare, visit);
      return;
    case "count":
      visitValue(plan.value, true, visit);
      return;
    case "arithmetic":
      visitValue(plan.left, false, visit);
      visitValue(plan.right, false, visit);
      return;
    case "extreme":
      for (const v of plan.values) visitValue(v, false, visit);
      return;
    case "slice":
    case "negative":
    case "absolute":
    case "length":
    case "upper":
    case "lower":
    case "text":
      visitValue(plan.value, false, visit);
      return;
  }
}

/** One byte a path: whether the packets that have it match. */
class PathMatches {
  matches = new Uint8Array(1024);
  private readonly kinds: LayerKinds;
  private known = 0;
  private readonly evaluator: Evaluator;
  private readonly columns: PathColumns;

  constructor(
    plan: TestPlan,
    fields: readonly string[],
    private readonly captures: FilteredCaptures,
  ) {
    this.evaluator = new Evaluator(plan, fields);
    this.columns = new PathColumns(captures);
    const used = new Set<string>();
    visitValues(plan, (value) => {
      if (value.type === "field") used.add(fields[value.field] as string);
    });
    this.kinds = layerKinds([...used].flatMap((name) => PROTOCOL_KINDS[findField(name)?.protocol ?? ""] ?? []));
  }

  /** Evaluates paths that came since the last call. */
  update(): void {
    const { paths } = this.captures.index;
    if (this.known === paths.count) return;
    if (this.matches.length < paths.count) {
      const bigger = new Uint8Array(Math.max(paths.count, this.matches.length * 2));
      bigger.set(this.matches.subarray(0, this.known));
      this.matches = bigger;
    }
    paths.forEachBatch(
      (batch, first) => {
        this.columns.begin(batch);
        this.evaluator.evaluate(this.columns, this.matches.subarray(first, first + batch.packetCount));
      },
      this.known,
      this.kinds,
    );
    this.known = paths.count;
  }
}

/** Columns of a batch of paths. */
class PathColumns implements ColumnProvider {
  private readonly fields: FieldColumns;
  private batch: Batch | undefined;
  private readonly interfaces = new Map<string, ValueColumn>();

  private readonly workspace: Workspace;

  constructor({ workspace, index }: FilteredCaptures) {
    this.workspace = workspace;
    this.fields = new FieldColumns(index.paths.context(workspace));
  }

  begin(batch: Batch): void {
    this.batch = batch;
    this.fields.begin(batch);
  }

  get packetCount(): number {
    return this.batch?.packetCount ?? 0;
  }

  column(name: string): ValueColumn {
    return INTERFACE_FIELDS.has(name) ? this.interfaceColumn(name) : this.fields.column(name);
  }

  /** As frame-fields.ts tells them, but a batch of paths is of all files. */
  private interfaceColumn(name: string): ValueColumn {
    const batch = this.batch as Batch;
    let column = this.interfaces.get(name);
    if (!column) {
      column = createValueColumn(name === "frame.interface_id" ? "uint" : "string", batch.bytes);
      this.interfaces.set(name, column);
    }
    clearValueColumn(column);
    const { files, points, pointFiles } = this.workspace;
    for (let i = 0; i < batch.packetCount; i++) {
      const number = batch.point[i] as number;
      const point = points[number];
      if (!point || files[pointFiles[number] as number]?.format !== "pcapng" || batch.isCustomBlock(i)) continue;
      if (column.kind === "uint") appendValue(column, i, 1, point.numberInSection);
      else appendString(column, i, 1, point.name ?? point.description ?? "unknown");
    }
    return column;
  }
}

/** Columns of values of one segment, for tests that no shorter way answers. */
class RowColumns implements ColumnProvider {
  packetCount = 0;
  private current: IndexSegment | undefined;
  private firstId = 0;
  private readonly columns = new Map<string, ValueColumn>();
  private readonly fresh = new Set<string>();
  private readonly expanded = new Map<string, PathValues>();

  constructor(private readonly captures: FilteredCaptures) {}

  get segment(): IndexSegment {
    if (!this.current) throw new Error("no segment");
    return this.current;
  }

  begin(segment: number, count: number): void {
    this.current = this.captures.index.segments[segment];
    this.firstId = segment * SEGMENT_ROWS;
    this.packetCount = count;
    this.fresh.clear();
  }

  column(name: string): ValueColumn {
    const field = findField(name);
    if (!field) throw new Error(`no field ${name}`);
    let column = this.columns.get(name);
    if (!column) {
      column = createValueColumn(field.kind, this.captures.index.paths.bytes(), SEGMENT_ROWS);
      this.columns.set(name, column);
    }
    if (!this.fresh.has(name)) {
      clearValueColumn(column);
      this.fill(name, column);
      this.fresh.add(name);
    }
    return column;
  }

  private fill(name: string, out: ValueColumn): void {
    const s = this.segment;
    const n = this.packetCount;
    const number = ROW_NUMBERS.get(name);
    const flag = ANALYSIS_FIELDS.get(name);
    if (number) {
      const column = number.column(s);
      const and = number.and ?? 0xffffffff;
      const shift = number.shift ?? 0;
      const most = number.most ?? 0xffffffff;
      for (let i = 0; i < n; i++)
        if (((s.tcp[i] as number) & number.mask) === number.mask)
          appendValue(out, i, 1, Math.min((((column[i] as number) & and) >>> 0) >>> shift, most));
    } else if (flag) {
      const [mask, times] = flag;
      for (let i = 0; i < n; i++) {
        if (!((s.analysis[i] as number) & mask) || !((s.tcp[i] as number) & TCP_READABLE)) continue;
        for (let t = 0; t < times; t++) appendValue(out, i, 1, 1);
      }
    } else if (name === "frame.number") {
      const { index } = this.captures;
      // Numbers count through a file: look the file up where it changes only.
      let first = 0;
      let end = -1;
      for (let i = 0; i < n; i++) {
        const id = this.firstId + i;
        if (id >= end) {
          [first, end] = index.rangeOf(index.fileOf(id));
        }
        appendValue(out, i, 1, id - first + 1);
      }
    } else if (name === "frame.time_epoch") {
      for (let i = 0; i < n; i++) {
        if ((s.flags[i] as number) & NO_TIME) continue;
        appendValue(out, i, 1, timeSeconds(s.time, i), (s.time[i * 2] as number) & 0x3fffffff);
      }
    } else if (name === "frame") {
      // Only whether it is there is asked.
      for (let i = 0; i < n; i++) appendValue(out, i, 1, 0, 1);
    } else if (isAnnotationField(name)) {
      if (this.captures.notes) collectNotes(name, this.captures.notes, this.firstId, this.firstId + n, out);
    } else this.expand(name, out);
  }

  /** A field that paths decide, beside one that they do not. */
  private expand(name: string, out: ValueColumn): void {
    let values = this.expanded.get(name);
    if (!values) {
      values = new PathValues(name, this.captures);
      this.expanded.set(name, values);
    }
    values.update();
    out.bytes = this.captures.index.paths.bytes();
    const { path } = this.segment;
    for (let i = 0; i < this.packetCount; i++) values.append(path[i] as number, i, out);
  }
}

/** The values of one field for every path. */
class PathValues {
  private known = 0;
  private readonly columns: PathColumns;
  /** Where the values of path n begin; one more at the end. */
  private readonly starts: number[] = [0];
  private readonly layers: number[] = [];
  private readonly numbers: number[] = [];
  private readonly lengths: number[] = [];

  constructor(
    private readonly name: string,
    private readonly captures: FilteredCaptures,
  ) {
    this.columns = new PathColumns(captures);
  }

  update(): void {
    const { paths } = this.captures.index;
    if (this.known === paths.count) return;
    paths.forEachBatch((batch) => {
      this.columns.begin(batch);
      const column = this.columns.column(this.name);
      let at = 0;
      for (let i = 0; i < batch.packetCount; i++) {
        for (; at < column.count && column.packet[at] === i; at++) {
          this.layers.push(column.layer[at] as number);
          this.numbers.push(column.numbers[at] as number);
          this.lengths.push(column.lengths[at] as number);
        }
        this.starts.push(this.numbers.length);
      }
    }, this.known);
    this.known = paths.count;
  }

  append(path: number, packet: number, out: ValueColumn): void {
    const end = this.starts[path + 1] as number;
    for (let i = this.starts[path] as number; i < end; i++)
      appendValue(out, packet, this.layers[i] as number, this.numbers[i] as number, this.lengths[i]);
  }
}
