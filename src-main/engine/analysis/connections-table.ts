/** The connections of the joining as a table of the window: who asked for what, who answered, what happened on the way. */
import type { Cell } from "../../../src-shared/contract/results";
import { endpointFilter, protocolFilter, textLiteral } from "../../../src-shared/model/filter-text";
import { protocolWord } from "../../../src-shared/model/protocol-word";
import { endpointText, nameWithPort } from "../../../src-shared/model/endpoint-text";
import type { Connection, Endpoint, JoinResult, PlacedEndpoint } from "../../../src-shared/reconstruct/result";
import { type TableSource, column } from "../tables/table";
import { tunnelValueFilter } from "../../../src-shared/reconstruct/tunnel-filter";

const COLUMNS = [
  column("client", "Client", "address", "Pod or address of who opened it"),
  column(
    "requested",
    "Asked for",
    "address",
    "Service or address the client sent to; empty: the files show it only behind a translation",
  ),
  column("server", "Answered by", "address", "Pod or address that answered"),
  column("seen-as", "Server saw", "address", "The client's address as the server saw it"),
  column("protocol", "Protocol", "text", "Transport"),
  column("kind", "Kind", "text", "Kind of traffic"),
  column("locality", "Where", "text", "Same node, across nodes, outside"),
  column("nat", "NAT", "text", "Translations on the way"),
  column("tunnel", "Tunnel", "text", "Encapsulation on the way"),
  column("points", "Points", "number", "Capture points on the way to the server"),
  column("packets", "Packets", "number", "Packets, each counted once"),
  column("missing", "Missing", "number", "Packets that were not seen where they were to be expected"),
  column("bytes", "Bytes", "bytes", "Payload, both ways"),
  column("start", "Start", "time", "First packet", "frame.time_epoch"),
  column("duration", "Duration", "duration", "From the first packet to the last"),
  column("state", "State", "text", "Zeek's connection state"),
] as const;

/**
 * 1 for each connection whose first packet went to a group, to all, or came from nobody: multicast (224.0.0.0/4, ff00::/8),
 * broadcast, unspecified. By its first sighting alone: building 100,000 connections takes 2 s.
 */
export function groupConnections(join: JoinResult): Uint8Array {
  const { sightings } = join;
  const seen = new Uint8Array(join.connectionCount);
  const toGroup = new Uint8Array(join.connectionCount);
  for (let row = 0; row < sightings.count; row++) {
    const connection = sightings.connection(row);
    if (connection < 0 || seen[connection] !== 0) continue;
    seen[connection] = 1;
    if (isGroup(sightings.destination(row)) || isGroup(sightings.source(row))) toGroup[connection] = 1;
  }
  return toGroup;
}

function isGroup(ip: string): boolean {
  if (ip.includes(":")) return ip === "::" || /^ff/i.test(ip);
  const first = Number.parseInt(ip, 10);
  return first === 0 || first >= 224;
}

export function connectionsTable(join: JoinResult): TableSource {
  // Sorting asks for the same connections again and again.
  const kept = new Map<number, Connection>();
  const get = (row: number): Connection => {
    let connection = kept.get(row);
    if (!connection) {
      connection = join.connection(row);
      if (kept.size > 50_000) kept.clear();
      kept.set(row, connection);
    }
    return connection;
  };
  return {
    columns: COLUMNS,
    rows: join.connectionCount,
    cell: (row, at) => cell(join, get(row), at),
    key: (row) => get(row).id,
    cellFilter: (row, at) => filterOfCell(get(row), at),
    filter: (row) => connectionFilter(get(row)),
  };
}

function cell(join: JoinResult, c: Connection, at: number): Cell {
  switch (COLUMNS[at]?.id) {
    case "client":
      return namedText(c.client);
    case "requested":
      return c.requested === null
        ? null
        : c.service === null
          ? endpointText(c.requested)
          : nameWithPort(c.service, c.requested.port);
    case "server":
      return namedText(c.server);
    case "seen-as":
      return c.seenByServerAs === null ? null : endpointText(c.seenByServerAs);
    case "protocol":
      return protocolWord(c.protocol);
    case "kind":
      return c.kind + (c.hairpin ? ", hairpin" : "");
    case "locality":
      return c.locality;
    case "nat":
      return natText(c) + (c.ambiguous ? " (ambiguous)" : "");
    case "tunnel":
      return [...new Set(c.encapsulations.map((e) => (e.vni === null ? e.kind : `${e.kind} ${e.vni}`)))].join(", ");
    case "points":
      return c.path.length;
    case "packets":
      return c.distinct;
    case "missing":
      return c.missing;
    case "bytes":
      return c.bytesFromClient + c.bytesFromServer;
    case "start":
      return [join.sightings.seconds(c.firstSighting), join.sightings.nanoseconds(c.firstSighting)];
    case "duration":
      return (join.sightings.alignedNs(c.lastSighting) - join.sightings.alignedNs(c.firstSighting)) / 1e9;
    case "state":
      return c.state;
    default:
      return null;
  }
}

/** Names stand for the address and port that have them. */
function filterOfCell(c: Connection, at: number): string | null | undefined {
  const end = (e: Endpoint | null): string | null => e && endpointFilter(e, c.protocol);
  switch (COLUMNS[at]?.id) {
    // What connection tracking alone tells is in no packet.
    case "client":
      return c.told.includes("client") ? null : end(c.client);
    case "requested":
      return c.told.includes("requested") ? null : end(c.requested);
    case "server":
      return end(c.server);
    case "seen-as":
      return end(c.seenByServerAs);
    case "protocol":
      return protocolFilter(c.protocol);
    case "kind":
      return `connection.kind == ${textLiteral(c.kind)}`;
    case "nat":
      return [...new Set(c.translations.map((t) => `nat.kind == ${textLiteral(t.kind)}`))].join(" && ") || null;
    case "tunnel":
      return [...new Set(c.encapsulations.flatMap((e) => tunnelValueFilter(e.kind, e.vni) ?? []))].join(" && ") || null;
    default:
      return undefined;
  }
}

/** By its pod, else as a capture names it, else by its address. */
function namedText(e: PlacedEndpoint): string {
  const name = e.pod ?? e.name ?? null;
  return name === null ? endpointText(e) : nameWithPort(name, e.port);
}

/** "DNAT + SNAT"; twice on the way, by the node and by the gateway: "SNAT ×2". */
function natText(c: Connection): string {
  const counts = new Map<string, number>();
  for (const { kind } of c.translations) counts.set(kind, (counts.get(kind) ?? 0) + 1);
  return [...counts].map(([kind, n]) => kind.toUpperCase() + (n > 1 ? ` ×${n}` : "")).join(" + ");
}

/** A display filter for the connection's packets at every point: each address it had on one side with each on the other. */
export function connectionFilter(c: Connection): string {
  const clients = distinct([
    c.client,
    ...(c.seenByServerAs ? [c.seenByServerAs] : []),
    ...c.translations.filter((t) => t.kind === "snat").flatMap((t) => [t.from, t.to]),
  ]);
  const servers = distinct([
    ...(c.requested ? [c.requested] : []),
    c.server,
    ...c.translations.filter((t) => t.kind === "dnat").flatMap((t) => [t.from, t.to]),
  ]);
  const side = (e: Endpoint): string => endpointFilter(e, c.protocol) ?? "";
  const protocol = c.protocol === "icmp" || c.protocol === "icmpv6" ? `${c.protocol} && ` : "";
  return clients.flatMap((a) => servers.map((b) => `(${protocol}${side(a)} && ${side(b)})`)).join(" || ");
}

function distinct(endpoints: readonly Endpoint[]): readonly Endpoint[] {
  const seen = new Map(endpoints.map((e) => [`${e.ip} ${e.port}`, e]));
  return [...seen.values()];
}
