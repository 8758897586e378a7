/** TCP connections that never came about: what was sent, what came back instead. Shared by the families that explain them. */
import type { Connection, Journey } from "../../../src-shared/reconstruct/result";
import { type FindingContext, firstRow, TCP_ACK, TCP_RST, TCP_SYN } from "./context";

export interface Complaint {
  /** Row of the quoted header, and of the ICMP packet's own network layer. */
  readonly quoted: number;
  readonly row: number;
  /** ICMP type << 8 | code, or ICMPv6's. */
  readonly typeCode: number;
  readonly version: 4 | 6;
  /** Who complains. */
  readonly from: string;
}

export interface Attempt {
  /** The SYN and its repetitions, in order of time. */
  readonly syns: readonly Journey[];
  /** RST from the server's side. */
  readonly resets: readonly Journey[];
  readonly complaints: readonly Complaint[];
  /** Capture point where the SYNs got furthest. */
  readonly lastSeen: number;
}

/** Null if it is no TCP connection that was asked for, or if the server took it. */
export function failedAttempt(
  context: FindingContext,
  connection: Connection,
  journeys: readonly Journey[],
): Attempt | null {
  if (connection.protocol !== "tcp") return null;
  const syns: Journey[] = [];
  const resets: Journey[] = [];
  for (const journey of journeys) {
    const flags = context.join.sightings.tcpFlags(firstRow(journey));
    if (journey.direction === "to-server") {
      if ((flags & (TCP_SYN | TCP_ACK)) === TCP_SYN) syns.push(journey);
      // It went on: answers were there, the files just do not show them.
      else if (!(flags & TCP_RST)) return null;
    } else if (flags & TCP_RST) resets.push(journey);
    else return null;
  }
  const furthest = syns.reduce<Journey | undefined>(
    (best, j) => (best && best.points.length >= j.points.length ? best : j),
    undefined,
  );
  if (!furthest) return null;
  return { syns, resets, complaints: complaintsOf(context, connection), lastSeen: furthest.lastSeen };
}

/** ICMP errors about packets of a connection. */
export function complaintsOf(context: FindingContext, connection: Connection): readonly Complaint[] {
  const { sightings } = context.join;
  return context.join.complaints(connection.index).flatMap((quoted) => {
    // Rows follow the packet's layers: the ICMP packet's own network layer is the row before what it quotes.
    const row = quoted - 1;
    if (row < 0 || sightings.packet(row) !== sightings.packet(quoted) || sightings.quoted(row)) return [];
    return [
      {
        quoted,
        row,
        typeCode: sightings.icmpTypeCode(row),
        version: sightings.ipVersion(row),
        from: sightings.source(row),
      },
    ];
  });
}

/** "0, 1.0 and 3.0 s" after the first. */
export function timesText(context: FindingContext, journeys: readonly Journey[]): string {
  const [first] = journeys;
  if (!first) return "";
  const start = context.startNs(first);
  const times = journeys.map((j) => ((context.startNs(j) - start) / 1e9).toFixed(1).replace(/^0\.0$/, "0"));
  return `${times.length > 1 ? `${times.slice(0, -1).join(", ")} and ` : ""}${times.at(-1) ?? ""} s`;
}

export function rowsOf(journeys: readonly Journey[]): number[] {
  return journeys.flatMap((j) => [...j.sightings]);
}
