/** The journeys of a connection's packets, and which of them did not arrive. */
import type { Journey } from "../../../../src-shared/reconstruct/result";
import { evidenceNames } from "../evidence";
import type { JoinedPackets } from "../packet-matching";
import { RecordedSpans } from "../recorded-spans";
import { samePacket } from "../same-packet";
import { PROTOCOL_TCP, W_LENGTH, W_SEQ } from "../sighting-columns";
import type { JoinResultInput } from "./join-result-input";

interface Made {
  readonly ns: number;
  readonly journey: { -readonly [K in keyof Journey]: Journey[K] };
}

export class ConnectionJourneys {
  /** Of the connection asked for last: a window asks for one page by page, and for each packet that is selected. */
  private last: { readonly c: number; readonly journeys: readonly Journey[] } | undefined;

  constructor(private readonly input: JoinResultInput) {}

  /** Journeys of the connection in row `c` of the table, in order of time. */
  of(c: number): readonly Journey[] {
    if (this.last?.c !== c) this.last = { c, journeys: this.build(c) };
    return this.last.journeys;
  }

  private build(c: number): readonly Journey[] {
    const { columns, joined } = this.input;
    const { table } = joined;
    const protocol = columns.protocol(table.root[c] as number);
    const packets = joined.facts.join(c);
    const list: Made[] = [];
    this.add(list, packets.toServer, "to-server", table.paths[table.path[c] as number] ?? [], protocol);
    this.add(list, packets.toClient, "to-client", table.paths[table.returnPath[c] as number] ?? [], protocol);
    list.sort((a, b) => a.ns - b.ns || (a.journey.sightings[0] as number) - (b.journey.sightings[0] as number));
    /** First journey of a sequence number, by direction. */
    const sent = { "to-server": new Map<number, number>(), "to-client": new Map<number, number>() };
    return list.map(({ journey }, i) => {
      journey.index = i;
      const row = journey.sightings[0] as number;
      if (protocol === PROTOCOL_TCP && (journey.payloadLength > 0 || columns.word(row, W_LENGTH) & 3)) {
        const seq = columns.word(row, W_SEQ);
        const before = sent[journey.direction].get(seq);
        if (before === undefined) sent[journey.direction].set(seq, i);
        else journey.retransmissionOf = before;
      }
      return journey;
    });
  }

  private add(
    list: Made[],
    packets: JoinedPackets,
    direction: Journey["direction"],
    path: readonly number[],
    protocol: number,
  ): void {
    const { columns, joined } = this.input;
    const { directions } = joined.facts;
    const last = path[path.length - 1];
    const covered = last === undefined ? undefined : directions.bytesAt(packets, last);
    for (let j = 0; j < packets.count; j++) {
      const rows: number[] = [];
      let bits = 0;
      for (let i = packets.start[j] as number; i < (packets.start[j + 1] as number); i++) {
        const row = packets.rows[i] as number;
        if (rows.length > 0) bits |= samePacket(columns, packets.rows[i - 1] as number, row, protocol);
        rows.push(row);
      }
      const first = rows[0] as number;
      const ns = joined.matcher.alignedNs(first);
      const points = directions.pointsOf(packets, j);
      const lastSeen = joined.pointOfFlow[columns.flow(rows[rows.length - 1] as number)] as number;
      const whole = last === undefined || points.includes(last) || covered?.has(columns.word(first, W_SEQ));
      list.push({
        ns,
        journey: {
          index: -1,
          direction,
          sightings: rows,
          points,
          retransmissionOf: -1,
          missingAt: whole ? -1 : this.missingAt(path, lastSeen, ns),
          lastSeen,
          duplicates: duplicatesOf(points, path),
          payloadLength: columns.word(first, W_LENGTH) >>> 8,
          evidence: evidenceNames(bits),
        },
      });
    }
  }

  /** The first point behind the last one seen that was recorded then; -1: none was, or it went beside the path and arrived elsewhere. */
  private missingAt(path: readonly number[], lastSeen: number, atNs: number): number {
    const at = path.lastIndexOf(lastSeen);
    if (at < 0) return -1;
    const behind = path.slice(at + 1);
    return (behind.length > 0 ? behind : path.slice(-1)).find((p) => this.recorded.has(p, atNs)) ?? -1;
  }

  private spans: RecordedSpans | undefined;
  private get recorded(): RecordedSpans {
    const { columns, joined, fileOfPoint } = this.input;
    return (this.spans ??= new RecordedSpans(columns, joined, fileOfPoint));
  }

  /** Packets that were not seen where they were to be expected, and where there was a recording then. */
  missingOf(c: number): number {
    const { table } = this.input.joined;
    const counted = table.missing[c] as number;
    if (counted === 0) return 0;
    const firstNs = table.firstNs[c] as number;
    const lastNs = this.input.joined.matcher.alignedNs(table.lastRow[c] as number);
    const points = [table.path, table.returnPath].flatMap((list) => table.paths[list[c] as number] ?? []);
    if (points.every((p) => this.recorded.has(p, firstNs) && this.recorded.has(p, lastNs))) return counted;
    return this.of(c).filter((j) => j.missingAt >= 0).length;
  }
}

/** Points that saw the packet more often than the path goes through them. */
function duplicatesOf(points: readonly number[], path: readonly number[]): number {
  let duplicates = 0;
  for (let i = 1; i < points.length; i++) {
    const p = points[i] as number;
    // The n-th time at a point, counted back from here.
    let times = 1;
    for (let k = 0; k < i; k++) if (points[k] === p) times++;
    if (times > 1 && times > timesIn(path, p)) duplicates++;
  }
  return duplicates;
}

function timesIn(path: readonly number[], point: number): number {
  let times = 0;
  for (const p of path) if (p === point) times++;
  return times;
}
