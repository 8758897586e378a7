/**
 * Connections that notes are about, found again when other captures are open with them, or another build joins them: an id is made
 * of a connection's ends, and these are other ones when a capture shows more of the translations.
 *
 * ```
 * note ─► packets it was tied to, still here ─► the connection these belong to        (its own ends first: a packet may carry two)
 *      └► none of them here ─► same protocol, client and what it addressed, at that time: the only one, else none
 * ```
 */
import type { ConnectionAnchor } from "../../../src-shared/annotations/annotation";
import { CONNECTION_PACKETS } from "../../../src-shared/annotations/annotation";
import type { PacketId } from "../../../src-shared/contract/results";
import type { Connection, JoinResult } from "../../../src-shared/reconstruct/result";
import type { PacketOf } from "./join-answers";

/** Packets of a connection that are looked through for files that saw it. */
const FIRST_JOURNEYS = 200;
/** Clocks that are compared anew with other captures move a connection's first time by no more. */
const TIME_ERROR_SECONDS = 1;

/** The first packet in each file, in order of time. */
export function firstPackets(join: JoinResult, index: number, packetOf: PacketOf): PacketId[] {
  const byFile = new Map<number, PacketId>();
  for (const { sightings } of join.journeys(index).slice(0, FIRST_JOURNEYS))
    for (const row of sightings) {
      const file = join.sightings.file(row);
      if (!byFile.has(file)) byFile.set(file, packetOf(file, join.sightings.frameNumber(row)));
    }
  return [...byFile.values()].filter((packet) => packet >= 0).slice(0, CONNECTION_PACKETS);
}

export class ConnectionFinder {
  private byEnds: Map<string, number[]> | undefined;

  /** @param rowsOf sightings of a packet, outermost first */
  constructor(
    private readonly join: JoinResult,
    private readonly rowsOf: (packet: PacketId) => readonly number[],
  ) {}

  /** Id of the connection; null: not here, or several fit. `packets`: those of the anchor by their ids, -1 not here. */
  find(anchor: ConnectionAnchor, packets: readonly PacketId[]): string | null {
    const { join } = this;
    for (const packet of packets) {
      if (packet < 0) continue;
      const carried = this.rowsOf(packet)
        .map((row) => join.sightings.connection(row))
        .filter((index) => index >= 0);
      const index = carried.find((one) => endsOf(join.connection(one)) === endsOf(anchor)) ?? carried.at(-1);
      if (index !== undefined && join.connection(index).protocol === anchor.protocol) return join.connectionId(index);
    }
    return this.atThatTime(anchor);
  }

  private atThatTime(anchor: ConnectionAnchor): string | null {
    const { join } = this;
    this.byEnds ??= this.collectEnds();
    const time = Number(anchor.firstTime);
    const fitting = (this.byEnds.get(endsOf(anchor)) ?? []).filter((index) => {
      const { firstTime, lastTime } = join.connection(index);
      return time >= Number(firstTime) - TIME_ERROR_SECONDS && time <= Number(lastTime) + TIME_ERROR_SECONDS;
    });
    const same = fitting.filter((index) => Math.abs(Number(join.connection(index).firstTime) - time) < 1e-6);
    const [only, ...others] = same.length > 0 ? same : fitting;
    return only === undefined || others.length > 0 ? null : join.connectionId(only);
  }

  private collectEnds(): Map<string, number[]> {
    const byEnds = new Map<string, number[]>();
    for (let index = 0; index < this.join.connectionCount; index++) {
      const ends = endsOf(this.join.connection(index));
      const others = byEnds.get(ends);
      if (others) others.push(index);
      else byEnds.set(ends, [index]);
    }
    return byEnds;
  }
}

/** Who asked whom: the same for an anchor and for the connection it was made of. */
function endsOf(of: ConnectionAnchor | Connection): string {
  const server = ("requested" in of ? of.requested : null) ?? of.server;
  return `${of.protocol} ${of.client.ip} ${of.client.port} ${server.ip} ${server.port}`;
}
