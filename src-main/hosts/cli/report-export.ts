/**
 * `hopscope export FILE... --to X.html`: a report of what the captures show: files, findings, connections; with --connection that
 * one hop by hop, with -Y the packets that match. Made by the same functions as the window's reports.
 */
import { oneLine } from "../../../src-shared/base/text";
import { TextWriter } from "../../../src-shared/base/text-writer";
import { EMPTY_CLUSTER } from "../../../src-shared/model/cluster";
import type { Finding } from "../../../src-shared/model/finding";
import { connectionBlocks, connectionTitle, connectionsBlock } from "../../../src-shared/report/connection-blocks";
import { findingSection } from "../../../src-shared/report/finding-section";
import { packetsBlock } from "../../../src-shared/report/packets-block";
import type { ReportBlock, ReportFile, ReportSection } from "../../../src-shared/report/report";
import { reportHtml } from "../../../src-shared/report/report-html";
import { timeText } from "../../../src-shared/report/report-times";
import { connectionJourneys } from "../../engine/analysis/join-answers";
import { dropsOfPoints } from "../../engine/findings/capture-drops";
import { findFindings } from "../../engine/findings/find";
import { PacketObserver } from "../../engine/findings/observer";
import { connectionJson } from "../../engine/join/connection-json";
import type { JoinedResult } from "../../engine/join/join-result";
import { StreamedPast } from "../../engine/packets/packet-past";
import { summarise } from "../../engine/packets/summary";
import { CaptureCounter } from "../../engine/session/capture-summary";
import { contentHash } from "../../engine/workspace-file/content-hash";
import { appVersion } from "../shared/app-root";
import { connectionIndex, type JoinedRunOptions, readJoined } from "./joined-run";
import { readCaptures } from "./run";
import type { PacketSelection } from "./selection";

/** Nobody reads more rows on paper; the exports for programs have them all. */
const MOST_CONNECTIONS = 500;
const MOST_PACKETS = 2000;
const MOST_FINDINGS = 100;

export interface ReportOptions extends JoinedRunOptions {
  readonly filter: string | undefined;
  /** Only this connection's. */
  readonly connection: string | undefined;
}

export async function writeReport(
  options: ReportOptions,
  selection: PacketSelection,
  write: (bytes: Uint8Array) => void,
): Promise<number> {
  const counter = new CaptureCounter();
  const observer = new PacketObserver();
  const { joined, exitCode } = await readJoined({
    ...options,
    observe: (batch, run) => {
      counter.take(batch, run.workspace.files[batch.file]?.format === "pcapng");
      observer.observe(batch);
    },
  });
  if (!joined) return exitCode;
  const { result, run } = joined;
  const sections: ReportSection[] = [];
  if (options.connection !== undefined) sections.push(connectionSection(result, options.connection));
  if (selection.filter) sections.push(await packetsSection(options, selection));
  const { findings } = findFindings({
    join: result,
    cluster: joined.cluster ?? EMPTY_CLUSTER,
    observer,
    told: [],
    drops: dropsOfPoints(run.workspace),
  });
  const connection = options.connection;
  const shown = findings.filter(
    (finding: Finding) => connection === undefined || finding.connections.includes(connection),
  );
  sections.push(overviewSection(result, connection, shown.length));
  sections.push(...shown.slice(0, MOST_FINDINGS).map(findingSection));
  const files = counter.summary(run.workspace).files.map((file, i): ReportFile => ({
    name: run.workspace.files[i]?.label ?? file.file,
    bytes: file.fileBytes,
    packets: file.packets,
    hash: hashOf(file.file),
    firstTime: file.firstTime ?? null,
    lastTime: file.lastTime ?? null,
  }));
  const names = files.map(({ name }) => name);
  const title = names.length > 3 ? `${names.slice(0, 2).join(", ")} and ${names.length - 2} more` : names.join(", ");
  const html = reportHtml({
    title: oneLine(title),
    author: "",
    createdMs: Date.now(),
    // As everything the command prints.
    zone: "utc",
    application: `Hopscope ${appVersion()}`,
    introduction: "",
    sections,
    files,
  });
  write(new TextEncoder().encode(html));
  return exitCode;
}

function connectionSection(result: JoinedResult, id: string): ReportSection {
  const index = connectionIndex(result, id);
  const data = connectionJourneys(result, index, () => -1);
  const blocks = connectionBlocks(data, data.journeys);
  return { title: connectionTitle(data.connection), text: "", byline: "", tags: [], blocks };
}

function overviewSection(result: JoinedResult, connection: string | undefined, findings: number): ReportSection {
  const index = connection === undefined ? -1 : result.find(connection);
  const count = index >= 0 ? 1 : Math.min(result.connectionCount, MOST_CONNECTIONS);
  const shown = Array.from({ length: count }, (_, i) =>
    connectionJson(result, result.connection(index >= 0 ? index : i)),
  );
  const blocks: ReportBlock[] = [connectionsBlock(shown, index >= 0 ? 1 : result.connectionCount)];
  const clocks = result.clocks.filter(({ source }) => source !== "reference");
  if (clocks.length > 0)
    blocks.push({
      kind: "table",
      caption: "Clocks of the files",
      columns: [{ label: "File" }, { label: "Seconds to add", numeric: true }, { label: "Known by" }],
      rows: clocks.map((c) => [
        c.file,
        `${c.seconds.toFixed(6)}${c.errorSeconds === null ? "" : ` ± ${c.errorSeconds.toFixed(6)}`}`,
        c.source === "estimated" ? `estimated from ${c.pairs} packets` : c.source,
      ]),
    });
  const text =
    findings === 0
      ? "No findings."
      : findings > MOST_FINDINGS
        ? `${findings} findings; the first ${MOST_FINDINGS} follow.`
        : "";
  return { title: "What the captures show", text, byline: "", tags: [], blocks };
}

/** Reads the files once more: rows as `hopscope packets` prints them. */
async function packetsSection(options: ReportOptions, selection: PacketSelection): Promise<ReportSection> {
  const rows: string[][] = [];
  const cell = new TextWriter(32);
  const past = new StreamedPast(true);
  let matching = 0;
  await readCaptures({ ...options, flows: "point-streams", quiet: true }, (batch, run) => {
    past.observe(batch);
    const keep = selection.of(batch, run.context);
    for (let i = 0; i < batch.packetCount; i++) {
      if (keep && !keep[i]) continue;
      if (matching++ >= MOST_PACKETS) continue;
      const point = run.workspace.points[batch.point[i] as number];
      const summary = summarise(batch, i, point, past);
      cell.clear();
      if (batch.hasTime(i)) cell.time(batch.seconds(i), batch.nanoseconds(i));
      rows.push([
        String(batch.numberBefore + i + 1),
        run.workspace.pointId(batch.point[i] as number),
        cell.toString() === "" ? "" : timeText(cell.toString()),
        summary.source,
        summary.destination,
        summary.protocol,
        String(batch.length[i]),
        oneLine(summary.info),
      ]);
    }
    return true;
  });
  return {
    title: "Packets",
    text: "",
    byline: "",
    tags: [],
    blocks: [
      { kind: "filter", filter: options.filter ?? "" },
      packetsBlock(
        "Packets that match",
        rows,
        matching > rows.length ? `The first ${rows.length} of ${matching} packets.` : undefined,
      ),
    ],
  };
}

function hashOf(path: string): string | null {
  try {
    return contentHash(path);
  } catch {
    // Standard input has no file behind it.
    return null;
  }
}
