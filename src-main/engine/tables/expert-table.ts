/** Expert notes over all packets: what the TCP analysis found, headers that could not be read, by number of packets. */
import type { Cell } from "../../../src-shared/contract/results";
import { textLiteral } from "../../../src-shared/model/filter-text";
import { TCP_NOTES } from "../fields/tcp-notes";
import {
  ROW_STOP_MASK,
  STOP_CAPTURE,
  STOP_DEPTH,
  STOP_HEADER,
  STOP_LENGTH,
  STOP_LINK_TYPE,
  TCP_HAS_STREAM,
  TCP_READABLE,
} from "../kernel/assembly/abi";
import { findField } from "../fields/registry";
import { type PacketIndex, SEGMENT_MASK, SEGMENT_SHIFT } from "../packet-index/packet-index";
import { type TableSource, column } from "./table";

/** What it takes of the workspace, to say where a packet is. */
export interface ExpertPlaces {
  readonly files: readonly { readonly label: string }[];
  pointId(point: number): string;
}

interface Note {
  readonly severity: "Chat" | "Note" | "Warning" | "Error";
  readonly group: string;
  readonly protocol: string;
  readonly text: string;
  readonly filter: string | null;
  packets: number;
  first: number;
}

const SEVERITY = { chat: "Chat", note: "Note", warn: "Warning", error: "Error" } as const;
const ORDER = ["Chat", "Note", "Warning", "Error"];
const AT_ONCE = 1 << 18;

const STOPS: readonly (readonly [reason: number, severity: Note["severity"], text: string])[] = [
  [STOP_CAPTURE, "Note", "Packet size limited during capture"],
  [STOP_LENGTH, "Error", "A length field ends inside a header"],
  [STOP_HEADER, "Error", "A header contradicts itself"],
  [STOP_DEPTH, "Warning", "Nested too deeply"],
  [STOP_LINK_TYPE, "Note", "Link type that is not decoded"],
];

const FLAG_NOTES: readonly (readonly [
  mask: number,
  value: number,
  severity: Note["severity"],
  text: string,
  filter: string,
])[] = [
  [18, 2, "Chat", "Connection establish request (SYN)", "tcp.flags.syn == 1 && tcp.flags.ack == 0"],
  [18, 18, "Chat", "Connection establish acknowledge (SYN+ACK)", "tcp.flags.syn == 1 && tcp.flags.ack == 1"],
  [1, 1, "Chat", "Connection finish (FIN)", "tcp.flags.fin == 1"],
  [4, 4, "Warning", "Connection reset (RST)", "tcp.flags.reset == 1"],
];

export async function expertTable(
  index: PacketIndex,
  workspace: ExpertPlaces,
  selection: { readonly from: number; readonly to: number } | { readonly ids: ArrayLike<number> },
  skipPoint: (point: number) => boolean,
  breathe: () => Promise<void>,
): Promise<TableSource> {
  // Analysis bits, TCP flags and stop reasons are few: count their values, then take them apart.
  const analysis = new Float64Array(1 << 16);
  const analysisFirst = new Float64Array(1 << 16).fill(-1);
  const flags = new Float64Array(512);
  const flagsFirst = new Float64Array(512).fill(-1);
  const stops = new Float64Array(16);
  const stopsFirst = new Float64Array(16).fill(-1);
  const { paths } = index;
  const points = paths.pointColumn();
  const skip = new Uint8Array(paths.count);
  for (let path = 0; path < skip.length; path++) skip[path] = skipPoint(points[path] as number) ? 1 : 0;
  const add = (counts: Float64Array, firsts: Float64Array, value: number, id: number): void => {
    counts[value] = (counts[value] as number) + 1;
    if ((firsts[value] as number) < 0) firsts[value] = id;
  };
  const take = (id: number): void => {
    const s = index.segments[id >>> SEGMENT_SHIFT];
    const row = id & SEGMENT_MASK;
    if (!s || skip[s.path[row] as number]) return;
    add(stops, stopsFirst, (s.flags[row] as number) & ROW_STOP_MASK, id);
    const tcp = s.tcp[row] as number;
    if (!(tcp & TCP_READABLE)) return;
    add(flags, flagsFirst, tcp & 511, id);
    if (tcp & TCP_HAS_STREAM) add(analysis, analysisFirst, s.analysis[row] as number, id);
  };
  if ("ids" in selection) {
    for (let i = 0; i < selection.ids.length; i++) {
      take(selection.ids[i] as number);
      if (i % AT_ONCE === AT_ONCE - 1) await breathe();
    }
  } else {
    for (let id = selection.from; id < selection.to; id++) {
      take(id);
      if (id % AT_ONCE === AT_ONCE - 1) await breathe();
    }
  }

  const notes: Note[] = [];
  const collect = (
    note: Omit<Note, "packets" | "first">,
    counts: Float64Array,
    firsts: Float64Array,
    has: (value: number) => boolean,
  ): void => {
    let packets = 0;
    let first = Infinity;
    for (let value = 0; value < counts.length; value++) {
      if ((counts[value] as number) === 0 || !has(value)) continue;
      packets += counts[value] as number;
      first = Math.min(first, firsts[value] as number);
    }
    if (packets > 0) notes.push({ ...note, packets, first });
  };
  for (const n of TCP_NOTES) {
    const filter = findField(n.field) ? n.field : null;
    collect(
      { severity: SEVERITY[n.severity], group: "Sequence", protocol: "TCP", text: n.text, filter },
      analysis,
      analysisFirst,
      (v) => (v & n.mask) !== 0,
    );
  }
  for (const [mask, value, severity, text, filter] of FLAG_NOTES)
    collect(
      { severity, group: "Sequence", protocol: "TCP", text, filter },
      flags,
      flagsFirst,
      (v) => (v & mask) === value,
    );
  for (const [reason, severity, text] of STOPS)
    collect(
      { severity, group: "Malformed", protocol: "Frame", text, filter: null },
      stops,
      stopsFirst,
      (v) => v === reason,
    );
  notes.sort((a, b) => ORDER.indexOf(b.severity) - ORDER.indexOf(a.severity) || b.packets - a.packets);

  // Numbers count in each file anew: where there are several, the number alone says nothing.
  const several = workspace.files.length > 1;
  const firstOf = ({ first }: Note): Cell =>
    several ? `${workspace.files[index.fileOf(first)]?.label ?? "?"} #${index.number(first)}` : index.number(first);
  const columns = [
    column("severity", "Severity", "severity", "Error, Warning, Note, Chat"),
    column("summary", "Summary", "text", "What was found"),
    column("group", "Group", "text", "Sort of finding"),
    column("protocol", "Protocol", "text", "Whose"),
    column("packets", "Packets", "number", "How many packets"),
    several
      ? column("first", "First packet", "text", "File of the first one, and its number there")
      : column("first", "First packet", "identifier", "Number of the first one"),
  ];
  return {
    columns,
    rows: notes.length,
    cell(row, at): Cell {
      const n = notes[row] as Note;
      return [n.severity, n.text, n.group, n.protocol, n.packets, firstOf(n)][at] as Cell;
    },
    sortKey(row, at) {
      const n = notes[row] as Note;
      return at === 0 ? ORDER.indexOf(n.severity) : at === 4 ? n.packets : at === 5 ? n.first : NaN;
    },
    cellFilter(row, at) {
      const { filter, protocol, first } = notes[row] as Note;
      if (at === 1) return filter;
      if (at === 3) return protocol === "TCP" ? "tcp" : null;
      if (at !== 5) return null;
      const point = `point.id == ${textLiteral(workspace.pointId(index.pointOf(first)))}`;
      return `frame.number == ${index.number(first)}${several ? ` && ${point}` : ""}`;
    },
    key: (row) => `${(notes[row] as Note).protocol}:${(notes[row] as Note).text}`,
    filter: (row) => (notes[row] as Note).filter,
  };
}
