/** `hopscope connections`: every end-to-end conversation through every translation and tunnel. */
import { oneLine } from "../../../src-shared/base/text";
import { connectionJson, pointJson } from "../../engine/join/connection-json";
import { endpointText } from "../../../src-shared/reconstruct/endpoint-text";
import type { Connection, Endpoint, JoinResult, PlacedEndpoint } from "../../../src-shared/reconstruct/result";
import { print } from "./output";
import { type JoinedRunOptions, readJoined } from "./joined-run";

export interface ConnectionsOptions extends JoinedRunOptions {
  readonly json: boolean;
}

/** Characters gathered before they are written. */
const CHUNK = 1 << 18;

export async function runConnections(options: ConnectionsOptions): Promise<number> {
  const { joined, exitCode } = await readJoined(options);
  if (!joined) return exitCode;
  let text = "";
  const put = (more: string): void => {
    text += more;
    if (text.length >= CHUNK) {
      print(text);
      text = "";
    }
  };
  if (options.json) putJson(joined.result, put);
  else putText(joined.result, put);
  if (text) print(text);
  return exitCode;
}

function putJson(result: JoinResult, put: (text: string) => void): void {
  put('{"version":1,\n"points":[');
  result.points.forEach((p, i) => put(`${i ? "," : ""}\n${JSON.stringify(pointJson(p))}`));
  put('\n],\n"connections":[');
  for (let i = 0; i < result.connectionCount; i++)
    put(`${i ? "," : ""}\n${JSON.stringify(connectionJson(result, result.connection(i)))}`);
  put(`\n],\n"clocks":${JSON.stringify(result.clocks)},\n"accounting":${JSON.stringify(result.accounting)}}\n`);
}

const CONNECTION_COLUMNS = [
  "id",
  "time",
  "protocol",
  "kind",
  "locality",
  "client",
  "requested",
  "server",
  "seen as",
  "service",
  "tunnels",
  "packets",
  "missing",
  "retransmitted",
  "bytes out",
  "bytes back",
  "state",
  "path",
  "notes",
] as const;

function putText(result: JoinResult, put: (text: string) => void): void {
  put(`${CONNECTION_COLUMNS.join("\t")}\n`);
  for (let i = 0; i < result.connectionCount; i++) put(`${connectionCells(result, result.connection(i)).join("\t")}\n`);
}

function askedText(e: Endpoint | null): string {
  return e ? endpointText(e) : "-";
}

function placedText(e: PlacedEndpoint): string {
  const where = e.pod ?? e.node;
  return where === null ? endpointText(e) : `${endpointText(e)} (${oneLine(where)})`;
}

function connectionCells(result: JoinResult, c: Connection): string[] {
  const notes: string[] = [];
  if (c.hairpin) notes.push("hairpin");
  if (c.ambiguous) notes.push(`ambiguous: as good is ${c.alternatives.map((i) => result.connection(i).id).join(", ")}`);
  if (c.otherPaths > 0) notes.push(`${c.otherPaths} packets went otherwise`);
  if (c.inferred.length > 0) notes.push(`inferred: ${c.inferred.join(", ")}`);
  const tunnels = c.encapsulations.map(
    (e) =>
      `${e.kind}${e.vni === null ? "" : `/${e.vni}`}${e.port === null ? "" : `:${e.port}`} ${e.outer.src}>${e.outer.dst}`,
  );
  return [
    c.id,
    c.firstTime,
    c.protocol === "other" ? String(c.protocolNumber) : c.protocol,
    c.kind,
    c.locality,
    placedText(c.client),
    askedText(c.requested),
    placedText(c.server),
    askedText(c.seenByServerAs),
    c.service === null ? "-" : oneLine(c.service),
    tunnels.join(", ") || "-",
    String(c.distinct),
    String(c.missing),
    String(c.retransmissions),
    String(c.bytesFromClient),
    String(c.bytesFromServer),
    c.state,
    oneLine(c.path.map((p) => result.points[p]?.id ?? "?").join(" ")),
    notes.join("; ") || "-",
  ];
}
