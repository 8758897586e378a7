/** The journeys of a connection's packets, and which of them did not arrive. */
import type { Journey } from "../../../../src-shared/reconstruct/result";
import { evidenceNames } from "../evidence";
import type { JoinedPackets } from "../packet-matching";
import { RecordedSpans } from "../recorded-spans";
import { samePacket } from "../same-packet";
import { PROTOCOL_TCP, W_LENGTH, W_SEQ } from "../sighting-columns";
import type { JoinResultInput } from "./join-result-input";

export class ConnectionJourneys {
  constructor(private readonly input: JoinResultInput) {}

  /** Journeys of the connection in row `c` of the table, in order of time. */
  of(c: number): readonly Journey[] {
    const { columns, joined } = this.input;
    const { table } = joined;
    const protocol = columns.protocol(table.root[c] as number);
    const packets = joined.facts.join(c);
    const list: {
      readonly journey: Omit<Journey, "index" | "retransmissionOf">;
      readonly row: number;
      readonly ns: number;
    }[] = [];
    const add = (one: JoinedPackets, direction: Journey["direction"], path: readonly number[]): void => {
      const last = path[path.length - 1];
      const covered = last === undefined ? undefined : joined.facts.directions.bytesAt(one, last);
      for (let j = 0; j < one.count; j++) {
        const rows = Array.from(one.rows.subarray(one.start[j], one.start[j + 1]));
        const first = rows[0] as number;
        const points = joined.facts.directions.pointsOf(one, j);
        let bits = 0;
        for (let i = 1; i < rows.length; i++)
          bits |= samePacket(columns, rows[i - 1] as number, rows[i] as number, protocol);
        const lastSeen = joined.pointOfFlow[columns.flow(rows[rows.length - 1] as number)] as number;
        const whole = last === undefined || points.includes(last) || covered?.has(columns.word(first, W_SEQ));
        const missingAt = whole ? -1 : this.missingAt(path, lastSeen, joined.matcher.alignedNs(first));
        const expected = new Map<number, number>();
        for (const p of path) expected.set(p, (expected.get(p) ?? 0) + 1);
        let duplicates = 0;
        for (const [p, n] of countPoints(points)) duplicates += Math.max(0, n - Math.max(1, expected.get(p) ?? 1));
        list.push({
          journey: {
            direction,
            sightings: rows,
            points,
            missingAt,
            lastSeen,
            duplicates,
            payloadLength: columns.word(first, W_LENGTH) >>> 8,
            evidence: evidenceNames(bits),
          },
          row: first,
          ns: joined.matcher.alignedNs(first),
        });
      }
    };
    add(packets.toServer, "to-server", table.paths[table.path[c] as number] ?? []);
    add(packets.toClient, "to-client", table.paths[table.returnPath[c] as number] ?? []);
    list.sort((a, b) => a.ns - b.ns || a.row - b.row);
    const sent = new Map<string, number>();
    return list.map(({ journey, row }, i) => {
      let retransmissionOf = -1;
      const flags = columns.word(row, W_LENGTH) & 255;
      if (protocol === PROTOCOL_TCP && (journey.payloadLength > 0 || flags & 3)) {
        const key = `${journey.direction} ${columns.word(row, W_SEQ)}`;
        const before = sent.get(key);
        if (before === undefined) sent.set(key, i);
        else retransmissionOf = before;
      }
      return { ...journey, index: i, retransmissionOf };
    });
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

function countPoints(points: readonly number[]): Map<number, number> {
  const counts = new Map<number, number>();
  for (const p of points) counts.set(p, (counts.get(p) ?? 0) + 1);
  return counts;
}
