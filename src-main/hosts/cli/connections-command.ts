/** `hopscope connections`: every end-to-end conversation through every translation and tunnel. */
import { oneLine } from "../../../src-shared/base/text";
import { TextWriter } from "../../../src-shared/base/text-writer";
import { connectionJson, pointJson } from "../../engine/join/connection-json";
import { endpointText } from "../../../src-shared/model/endpoint-text";
import type {
  Connection,
  Encapsulation,
  Endpoint,
  JoinResult,
  PlacedEndpoint,
} from "../../../src-shared/reconstruct/result";
import { flush, flushSome } from "./output";
import { type JoinedRunOptions, readJoined } from "./joined-run";

export interface ConnectionsOptions extends JoinedRunOptions {
  readonly json: boolean;
}

export async function runConnections(options: ConnectionsOptions): Promise<number> {
  const { joined, exitCode } = await readJoined(options);
  if (!joined) return exitCode;
  const out = new TextWriter(1 << 19);
  if (options.json) putJson(joined.result, out);
  else new ConnectionLines(joined.result).put(out);
  flush(out);
  return exitCode;
}

function putJson(result: JoinResult, out: TextWriter): void {
  const put = (text: string): void => {
    out.text(text);
    flushSome(out);
  };
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

function askedText(e: Endpoint | null): string {
  return e ? endpointText(e) : "-";
}

function placedText(e: PlacedEndpoint): string {
  const where = e.pod ?? e.node;
  return where === null ? endpointText(e) : `${endpointText(e)} (${oneLine(where)})`;
}

function tunnelText(e: Encapsulation): string {
  const vni = e.vni === null ? "" : `/${e.vni}`;
  const port = e.port === null ? "" : `:${e.port}`;
  return `${e.kind}${vni}${port} ${e.outer.src}>${e.outer.dst}`;
}

const TAB = 9;
const LINE_END = 10;

/** A line a connection. Paths and tunnels are few lists that connections share: one text each. */
class ConnectionLines {
  private readonly paths = new Map<readonly number[], string>();
  private readonly tunnels = new Map<readonly Encapsulation[], string>();

  constructor(private readonly result: JoinResult) {}

  put(out: TextWriter): void {
    out.text(`${CONNECTION_COLUMNS.join("\t")}\n`);
    for (let i = 0; i < this.result.connectionCount; i++) {
      this.cells(this.result.connection(i)).forEach((cell, k) => {
        if (k > 0) out.byte(TAB);
        out.text(cell);
      });
      out.byte(LINE_END);
      flushSome(out);
    }
  }

  private pathText(path: readonly number[]): string {
    let text = this.paths.get(path);
    if (text === undefined) {
      text = oneLine(path.map((p) => this.result.points[p]?.id ?? "?").join(" "));
      this.paths.set(path, text);
    }
    return text;
  }

  private tunnelsText(list: readonly Encapsulation[]): string {
    let text = this.tunnels.get(list);
    if (text === undefined) this.tunnels.set(list, (text = list.map(tunnelText).join(", ") || "-"));
    return text;
  }

  private cells(c: Connection): string[] {
    const notes: string[] = [];
    if (c.hairpin) notes.push("hairpin");
    if (c.ambiguous)
      notes.push(`ambiguous: as good is ${c.alternatives.map((i) => this.result.connectionId(i)).join(", ")}`);
    if (c.otherPaths > 0) notes.push(`${c.otherPaths} packets went otherwise`);
    if (c.inferred.length > 0) notes.push(`inferred: ${c.inferred.join(", ")}`);
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
      this.tunnelsText(c.encapsulations),
      String(c.distinct),
      String(c.missing),
      String(c.retransmissions),
      String(c.bytesFromClient),
      String(c.bytesFromServer),
      c.state,
      this.pathText(c.path),
      notes.join("; ") || "-",
    ];
  }
}
