/**
 * From chosen notes to a report: each note becomes a section with what it is about: its packets as a table, its journey as a
 * picture and hop by hop, the filter that shows the same.
 */
import type { Annotation } from "../../src-shared/annotations/annotation";
import type { TimeZone } from "../../src-shared/base/time-zone";
import { SUBJECT_NAMES, subjectText } from "../../src-shared/annotations/note-text";
import type { ConnectionJourneys, JourneyInfo } from "../../src-shared/contract/join";
import type { PacketId } from "../../src-shared/contract/results";
import { connectionBlocks, hopsBlock, journeyPictureBlock } from "../../src-shared/report/connection-blocks";
import { packetsBlock } from "../../src-shared/report/packets-block";
import type { Report, ReportBlock, ReportFile, ReportSection, TableBlock } from "../../src-shared/report/report";
import { namedZone, timeText } from "../../src-shared/report/report-times";
import { notes } from "../annotations/notes.svelte";
import { call } from "../bridge/engine";
import { timeZone } from "../state/settings.svelte";
import { workspace } from "../state/workspace.svelte";
import { pageAround } from "../viewmodel/journey-pages";

export interface ReportRequest {
  readonly title: string;
  readonly author: string;
  readonly introduction: string;
  /** Notes in the order of the story. */
  readonly notes: readonly Annotation[];
  readonly signal: AbortSignal;
}

const COLUMNS = ["number", "source", "destination", "protocol", "length", "info"];
/** Journeys of a connection's section; the rest is found with the filter. */
const MOST_JOURNEYS = 12;

/** Rejected with a ContractError; a note whose place is not found is told without packets. */
export async function buildReport(request: ReportRequest): Promise<Report> {
  const { title, author, introduction, signal } = request;
  // The zone the window shows times in.
  const zone = namedZone(timeZone.value);
  const view = await call("packets.open", { filter: "", sort: [], ignored: [] }, { signal });
  try {
    const sections: ReportSection[] = [];
    for (const note of request.notes) sections.push(await sectionOf(note, view.view, zone, signal));
    return {
      title: title.trim() || "Report",
      author: author.trim(),
      createdMs: Date.now(),
      zone,
      application: `Hopscope ${workspace.app?.version ?? ""}`.trim(),
      introduction,
      sections,
      files: reportFiles(),
    };
  } finally {
    call("packets.close", { view: view.view }).catch(() => undefined);
  }
}

function reportFiles(): ReportFile[] {
  return workspace.state.files.map(({ file, name, bytes, packets }) => ({
    name,
    bytes,
    packets,
    hash: notes.hashOf(file),
    firstTime: null,
    lastTime: null,
  }));
}

async function sectionOf(note: Annotation, view: number, zone: TimeZone, signal: AbortSignal): Promise<ReportSection> {
  const blocks: ReportBlock[] = [];
  const packets = notes.placeOf(note.id).packets.filter((packet) => packet >= 0);
  const points: number[] = [];
  if (packets.length > 0) blocks.push(await citedPackets(packets, view, zone, signal, points));
  blocks.push(...(await joinedBlocks(note, packets, zone, signal)));
  const filter = filterOf(note, points[0]);
  if (filter !== null) blocks.push({ kind: "filter", filter });
  for (const reply of notes.repliesTo(note.id))
    if (!reply.deleted) blocks.push({ kind: "text", text: `**${reply.createdBy || "Reply"}:** ${reply.text}` });
  const when = timeText(String(Math.floor(note.createdMs / 1000)), zone);
  return {
    title: titleOf(note.subject, zone),
    text: note.text,
    byline: [note.createdBy, when === "" || zone !== "utc" ? when : `${when} UTC`]
      .filter((part) => part !== "")
      .join(", "),
    tags: note.tags,
    blocks,
  };
}

function titleOf(subject: Annotation["subject"], zone: TimeZone): string {
  if (subject.kind === "time") return `${SUBJECT_NAMES.time} ${timeText(subject.at, zone)}`;
  if (subject.kind === "time-range")
    return `${SUBJECT_NAMES["time-range"]} ${timeText(subject.from, zone)} – ${timeText(subject.to, zone)}`;
  return subjectText(subject);
}

/** The cited packets as the list shows them; their capture points are added to `points`. */
async function citedPackets(
  packets: readonly PacketId[],
  view: number,
  zone: TimeZone,
  signal: AbortSignal,
  points: number[],
): Promise<TableBlock> {
  const rows: string[][] = [];
  for (const packet of packets) {
    const { row } = await call("packets.locate", { view, packet }, { signal });
    if (row < 0) continue;
    const answer = await call("packets.rows", { view, from: row, count: 1, columns: COLUMNS }, { signal });
    const [found] = answer.rows;
    if (!found) continue;
    points.push(found.point);
    const [number = "", source = "", destination = "", protocol = "", length = "", info = ""] = found.cells;
    const time = timeText(`${found.time[0]}.${String(found.time[1]).padStart(9, "0")}`, zone);
    rows.push([number, pointName(found.point), time, source, destination, protocol, length, info]);
  }
  return packetsBlock(rows.length === 1 ? "The packet" : "The packets", rows);
}

function pointName(point: number): string {
  const state = workspace.point(point);
  if (!state) return "";
  const file = workspace.state.files.length > 1 ? (workspace.file(state.file)?.name ?? "") : "";
  return `${file} ${state.name}`.trim();
}

/** What joining knows of the note's connection or journey. */
async function joinedBlocks(
  note: Annotation,
  packets: readonly PacketId[],
  zone: TimeZone,
  signal: AbortSignal,
): Promise<ReportBlock[]> {
  const { subject } = note;
  try {
    const [packet] = packets;
    const place = packet === undefined ? null : await call("join.ofPacket", { packet }, { signal });
    const id = "connection" in subject ? await notes.connectionOf(note) : (place?.connection ?? null);
    if (id === null) return [];
    const from = subject.kind === "connection" ? 0 : pageAround(place?.journey ?? 0);
    const data = await call("join.journeys", { connection: id, from }, { signal });
    if (subject.kind === "connection") return connectionBlocks(data, data.journeys.slice(0, MOST_JOURNEYS), zone);
    const journey = data.journeys.find(({ index }) => index === place?.journey);
    return journey && journey.sightings.length > 1 ? journeyBlocks(data, journey) : [];
  } catch (error) {
    if (signal.aborted) throw error;
    // The connection is not there with the captures that are open: the note still has its words.
    return [];
  }
}

function journeyBlocks(data: ConnectionJourneys, journey: JourneyInfo): ReportBlock[] {
  return [journeyPictureBlock(data, journey), hopsBlock(data, [journey])];
}

/** Numbers count in each file anew: the interface tells the packet from its namesakes. */
function ofInterface(point: number): string {
  const name = workspace.point(point)?.capturedName;
  return workspace.state.files.length < 2 || (name ?? null) === null
    ? ""
    : ` && frame.interface_name == ${JSON.stringify(name)}`;
}

/** What to type to see the same; null: nothing says it. */
function filterOf({ subject }: Annotation, point: number | undefined): string | null {
  switch (subject.kind) {
    case "flow":
      return subject.filter;
    case "connection":
    case "journey":
    case "hop": {
      const { client, server, protocol } = subject.connection;
      const address = (ip: string): string => `${ip.includes(":") ? "ipv6" : "ip"}.addr == ${ip}`;
      const port = protocol === "tcp" || protocol === "udp" ? ` && ${protocol}.port == ${client.port}` : "";
      return server.ip === "" ? null : `${address(client.ip)}${port}`;
    }
    case "time-range":
      return `frame.time_epoch >= ${subject.from} && frame.time_epoch <= ${subject.to}`;
    case "packet":
    case "field":
      return point === undefined ? null : `frame.number == ${subject.packet.ordinal}${ofInterface(point)}`;
    default:
      return null;
  }
}
