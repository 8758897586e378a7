/** `hopscope journeys`: the packets of one connection, hop by hop; without one, how every sighting was accounted for. */
import { connectionJson, pointJson } from "../../engine/join/connection-json";
import type { JoinResult, Journey } from "../../../src-shared/reconstruct/result";
import { endpointText } from "../../../src-shared/model/endpoint-text";
import { print } from "./output";
import { connectionIndex, type JoinedRunOptions, readJoined } from "./joined-run";

export interface JourneysOptions extends JoinedRunOptions {
  readonly connection: string | undefined;
  readonly json: boolean;
}

export async function runJourneys(options: JourneysOptions): Promise<number> {
  const { joined, exitCode } = await readJoined(options);
  if (!joined) return exitCode;
  const { result } = joined;
  if (options.connection === undefined) {
    print(options.json ? `${JSON.stringify(summaryJson(result), null, 1)}\n` : summaryText(result));
    return exitCode;
  }
  const index = connectionIndex(result, options.connection);
  const journeys = result.journeys(index);
  if (options.json) {
    const c = result.connection(index);
    print(
      `${JSON.stringify({
        version: 1,
        points: result.points.map(pointJson),
        clocks: result.clocks,
        connection: connectionJson(result, c),
        journeys: journeys.map((j) => journeyJson(result, j)),
        complaints: result.complaints(index).map((row) => sightingJson(result, row, null)),
      })}\n`,
    );
    return exitCode;
  }
  print(`${journeys.map((j) => journeyText(result, j)).join("\n")}`);
  return exitCode;
}

function summaryJson(result: JoinResult): object {
  return { version: 1, points: result.points.map(pointJson), clocks: result.clocks, accounting: result.accounting };
}

function summaryText(result: JoinResult): string {
  const a = result.accounting;
  const lines = [
    `packets\t${a.packets}`,
    ...Object.entries(a.withoutNetworkLayer)
      .filter(([, n]) => n > 0)
      .map(([why, n]) => `  without a sighting: ${why}\t${n}`),
    `sightings\t${a.sightings}`,
    `  joined with others\t${a.joined}`,
    ...Object.entries(a.alone)
      .filter(([, n]) => n > 0)
      .map(([why, n]) => `  alone: ${why}\t${n}`),
    `  outer headers of tunnels\t${a.carriers}`,
    `  quoted by ICMP errors, tied to a connection\t${a.quotedTied}`,
    `  quoted by ICMP errors, tied to none\t${a.quotedUntied}`,
    "clocks",
    ...result.clocks.map(
      (c) =>
        `  ${c.file}\t${c.seconds.toFixed(9)} s${c.errorSeconds === null ? "" : ` ± ${c.errorSeconds.toFixed(9)} s`}\t${c.driftPpm.toFixed(3)} ppm\t${c.source}`,
    ),
  ];
  return `${lines.join("\n")}\n`;
}

interface SightingJson {
  readonly point: string;
  readonly file: string;
  readonly number: number;
  readonly time: string;
  /** Seconds since the sighting before, on the reference clock. */
  readonly sincePrevious: number | null;
  readonly src: { readonly ip: string; readonly port: number };
  readonly dst: { readonly ip: string; readonly port: number };
  readonly ttl: number;
  readonly ipId: number;
  readonly length: number;
  readonly tunnel: { readonly kind: string; readonly vni: number | null; readonly port: number | null } | null;
  /** What this hop changed: "dst 10.0.0.1:80 > 10.0.1.2:8080", "ttl 64 > 63", "into vxlan". */
  readonly changes: readonly string[];
}

function timeText(result: JoinResult, row: number): string {
  return `${result.sightings.seconds(row)}.${String(result.sightings.nanoseconds(row)).padStart(9, "0")}`;
}

function sightingJson(result: JoinResult, row: number, before: number | null): SightingJson {
  const s = result.sightings;
  const point = result.points[s.point(row)];
  return {
    point: point?.id ?? "?",
    file: point?.file ?? "?",
    number: s.frameNumber(row),
    time: timeText(result, row),
    sincePrevious: before === null ? null : (s.alignedNs(row) - s.alignedNs(before)) / 1e9,
    src: { ip: s.source(row), port: s.sourcePort(row) },
    dst: { ip: s.destination(row), port: s.destinationPort(row) },
    ttl: s.ttl(row),
    ipId: s.identification(row),
    length: s.ipLength(row),
    tunnel: s.tunnel(row),
    changes: before === null ? [] : changes(result, before, row),
  };
}

function changes(result: JoinResult, before: number, row: number): string[] {
  const s = result.sightings;
  const list: string[] = [];
  const end = (ip: string, port: number): string => endpointText({ ip, port });
  const src = [end(s.source(before), s.sourcePort(before)), end(s.source(row), s.sourcePort(row))];
  const dst = [end(s.destination(before), s.destinationPort(before)), end(s.destination(row), s.destinationPort(row))];
  if (src[0] !== src[1]) list.push(`source ${src.join(" > ")}`);
  if (dst[0] !== dst[1]) list.push(`destination ${dst.join(" > ")}`);
  if (s.ttl(before) !== s.ttl(row)) list.push(`ttl ${s.ttl(before)} > ${s.ttl(row)}`);
  const was = s.tunnel(before);
  const is = s.tunnel(row);
  if (!was && is) list.push(`into ${is.kind}${is.vni === null ? "" : ` ${is.vni}`}`);
  if (was && !is) list.push(`out of ${was.kind}${was.vni === null ? "" : ` ${was.vni}`}`);
  if (s.payloadLength(before) !== s.payloadLength(row))
    list.push(`payload ${s.payloadLength(before)} > ${s.payloadLength(row)} bytes`);
  return list;
}

function journeyJson(result: JoinResult, j: Journey): object {
  const id = (p: number): string | null => (p < 0 ? null : (result.points[p]?.id ?? null));
  return {
    index: j.index,
    direction: j.direction,
    points: j.points.map(id),
    sightings: j.sightings.map((row, i) => sightingJson(result, row, i === 0 ? null : (j.sightings[i - 1] ?? null))),
    payload: j.payloadLength,
    retransmissionOf: j.retransmissionOf < 0 ? null : j.retransmissionOf,
    missingAt: id(j.missingAt),
    lastSeen: id(j.lastSeen),
    duplicates: j.duplicates,
    evidence: j.evidence,
  };
}

const FLAG_LETTERS = ["F", "S", "R", "P", "A", "U", "E", "C"];

function journeyText(result: JoinResult, j: Journey): string {
  const s = result.sightings;
  const first = j.sightings[0];
  if (first === undefined) return "";
  const flags = s.tcpFlags(first);
  const letters = FLAG_LETTERS.filter((_, bit) => flags & (1 << bit)).join("");
  const notes = [
    letters && `flags ${letters} seq ${s.tcpSeq(first)} ack ${s.tcpAck(first)}`,
    `${j.payloadLength} bytes`,
    j.retransmissionOf >= 0 && `sent again (first: ${j.retransmissionOf})`,
    j.missingAt >= 0 &&
      `last seen at ${result.points[j.lastSeen]?.id ?? "?"}, missing at ${result.points[j.missingAt]?.id ?? "?"}`,
    j.duplicates > 0 && `${j.duplicates} more than the path explains`,
    j.evidence.length > 0 && `by ${j.evidence.join(" ")}`,
  ].filter(Boolean);
  const lines = j.sightings.map((row, i) => {
    const before = i === 0 ? null : (j.sightings[i - 1] ?? null);
    const json = sightingJson(result, row, before);
    const since = json.sincePrevious === null ? "" : `+${(json.sincePrevious * 1e6).toFixed(1)} us`;
    return `  ${json.point}\tframe ${json.number}\t${json.time}\t${since}\t${endpointText(json.src)} > ${endpointText(json.dst)}\tttl ${json.ttl} id ${json.ipId}\t${json.changes.join(", ")}`;
  });
  return `${j.index} ${j.direction}: ${notes.join(", ")}\n${lines.join("\n")}\n`;
}
