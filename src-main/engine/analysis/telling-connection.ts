/**
 * Which connection to show to a person who has chosen nothing yet. The first packet of a recording is mostly an ARP request or a
 * multicast report: its picture has two columns and tells nothing of the network.
 */
import type { TellingConnection } from "../../../src-shared/contract/joined";
import type { Connection, JoinResult } from "../../../src-shared/reconstruct/result";
import type { PacketOf } from "./join-answers";

/** Looked at, from the table's first row on: 20 µs each. */
const MOST_LOOKED_AT = 1000;

/** `order`: rows of the table of connections. null: none that is answered, or crosses more than one point. */
export function tellingConnection(join: JoinResult, order: Uint32Array, packetOf: PacketOf): TellingConnection | null {
  let best: Connection | undefined;
  let most = 0;
  for (const index of order.subarray(0, MOST_LOOKED_AT)) {
    const connection = join.connection(index);
    const score = tells(connection);
    if (score <= most) continue;
    most = score;
    best = connection;
  }
  const [journey] = best ? join.journeys(best.index) : [];
  const row = journey?.sightings[0];
  if (!best || !journey || row === undefined) return null;
  const packet = packetOf(join.sightings.file(row), join.sightings.frameNumber(row));
  return packet < 0 ? null : { connection: best.id, journey: journey.index, packet, what: what(best) };
}

/** 0: no more than its packets do. What was answered before what was not, then Services, then tunnels; the first of equals. */
function tells(connection: Connection): number {
  const { path, returnPath, bytesFromServer, translations, service, encapsulations, protocol } = connection;
  if (path.length < 2) return 0;
  const isAnswered = returnPath.length > 0 || bytesFromServer > 0;
  const isService = service !== null || translations.some(({ kind }) => kind === "dnat");
  return (
    (isAnswered ? 1000 : 0) +
    (isService ? 400 : 0) +
    (encapsulations.length > 0 ? 200 : 0) +
    (protocol === "tcp" ? 100 : 0) +
    (translations.length > 0 ? 50 : 0) +
    (path.length > 3 ? 2 : 1)
  );
}

function what({ service, translations, encapsulations, locality, protocol, requested }: Connection): string {
  const where = locality === "cross-node" ? " across nodes" : locality === "same-node" ? " on one node" : "";
  const to = service ?? requested?.ip ?? null;
  if (service !== null || (to !== null && translations.some(({ kind }) => kind === "dnat")))
    return `a call to the Service ${to}${where}`;
  if (encapsulations.length > 0) return `a connection through a tunnel${where}`;
  if (translations.length > 0) return `a connection whose address is translated`;
  return `${protocol === "icmp" || protocol === "icmpv6" ? "a ping" : "a connection"}${where}`;
}
