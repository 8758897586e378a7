/**
 * What was asked and not answered: TCP connections that never came about, UDP and pings that nobody answers. What was sent, what came
 * back instead. Shared by the families that explain them.
 */
import type { Connection, Journey } from "../../../src-shared/reconstruct/result";
import { type FindingContext, firstRow, TCP_ACK, TCP_RST, TCP_SYN } from "./context";
import { isEchoRequest } from "./echo";

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
  /** The SYN and its repetitions, in order of time; of UDP and pings each packet. */
  readonly syns: readonly Journey[];
  /** RST from the server's side. */
  readonly resets: readonly Journey[];
  readonly complaints: readonly Complaint[];
  /** Capture point where they got furthest. */
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
  if (syns.length === 0) return null;
  return { syns, resets, complaints: complaintsOf(context, connection), lastSeen: furthest(syns) };
}

/** Null if it is neither UDP nor a ping, or if the server sent anything. Whether UDP wanted an answer is not told by its packets. */
export function unansweredQuestion(
  context: FindingContext,
  connection: Connection,
  journeys: readonly Journey[],
): Attempt | null {
  const { sightings } = context.join;
  const { protocol } = connection;
  if (protocol !== "udp" && !isEchoRequest(context.join, connection)) return null;
  if (journeys.length === 0 || journeys.some((j) => j.direction === "to-client")) return null;
  // A closed socket complains about an answer that comes too late: that is no answer to what was asked.
  const asked = new Set(rowsOf(journeys).map((row) => `${sightings.source(row)}>${sightings.destination(row)}`));
  const complaints = complaintsOf(context, connection).filter(({ quoted }) =>
    asked.has(`${sightings.source(quoted)}>${sightings.destination(quoted)}`),
  );
  return { syns: journeys, resets: [], complaints, lastSeen: furthest(journeys) };
}

/** Last point of the journey that got furthest. `journeys` are not empty. */
export function furthest(journeys: readonly Journey[]): number {
  return journeys.reduce((best, j) => (best.points.length >= j.points.length ? best : j)).lastSeen;
}

/** What is sent, in a sentence. */
export function sentText({ protocol }: Connection): string {
  return protocol === "tcp" ? "SYNs" : protocol === "udp" ? "UDP packets" : "pings";
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
