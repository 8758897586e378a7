/** How findings and rules are named, ordered and counted. Severities are Wireshark's. */
import { addToGroup } from "../../src-shared/base/grouping";
import type { RuleVerdict } from "../../src-shared/model/model-rule";
import type { Finding, PacketReference } from "../../src-shared/model/finding";
import type { PointState, WorkspaceState } from "../../src-shared/contract/results";
import {
  anyOf,
  connectionFilter,
  distinctValues,
  type FilterValue,
  machineValue,
  podValue,
  pointValue,
  valuesInText,
} from "./filter-value";

type NamedPoint = Pick<PointState, "id" | "name"> & Partial<Pick<PointState, "node" | "pod">>;

export const SEVERITIES = {
  error: { label: "Error", icon: "error", rank: 0 },
  warn: { label: "Warning", icon: "warning", rank: 1 },
  note: { label: "Note", icon: "info", rank: 2 },
  chat: { label: "Chat", icon: "info", rank: 3 },
} as const satisfies Readonly<Record<Finding["severity"], unknown>>;

export const VERDICTS = {
  held: { label: "Held", icon: "ok" },
  broken: { label: "Broken", icon: "error" },
  "no-evidence": { label: "No evidence", icon: "minus" },
} as const satisfies Readonly<Record<RuleVerdict["verdict"], unknown>>;

/** The gravest first; among equals the order they came in (that of time). */
export function sortFindings(findings: readonly Finding[]): readonly Finding[] {
  return findings
    .map((finding, at) => ({ finding, at }))
    .sort((a, b) => SEVERITIES[a.finding.severity].rank - SEVERITIES[b.finding.severity].rank || a.at - b.at)
    .map(({ finding }) => finding);
}

/** "2 errors, 1 note" */
export function countSeverities(findings: readonly Finding[]): string {
  return (Object.keys(SEVERITIES) as Finding["severity"][])
    .map((severity) => {
      const count = findings.filter((finding) => finding.severity === severity).length;
      return count === 0 ? "" : `${count} ${SEVERITIES[severity].label.toLowerCase()}${count === 1 ? "" : "s"}`;
    })
    .filter(Boolean)
    .join(", ");
}

export interface PacketsOfFile {
  readonly file: string;
  readonly packets: readonly PacketReference[];
}

/** By file in the order they come, each file's by number. */
export function byFile(packets: readonly PacketReference[]): readonly PacketsOfFile[] {
  const files = new Map<string, PacketReference[]>();
  for (const packet of packets) {
    addToGroup(files, packet.file, packet);
  }
  return [...files].map(([file, list]) => ({ file, packets: list.sort((a, b) => a.number - b.number) }));
}

/** "conntrack -L # on n1" → the command, and where to run it: "on n1"; null: anywhere. */
export function checkStep(line: string): { readonly command: string; readonly where: string | null } {
  const at = line.lastIndexOf(" # ");
  return at < 0 ? { command: line, where: null } : { command: line.slice(0, at), where: line.slice(at + 3) };
}

/** Where it is, in its order: capture points, machines and pods have a filter, any other name none. */
export function placeValues({ where }: Pick<Finding, "where">, points: readonly NamedPoint[]): readonly FilterValue[] {
  return where.map((place) => {
    const point = points.find(({ id }) => id === place);
    if (point) return pointValue(point);
    if (points.some(({ node }) => node === place)) return machineValue(place);
    return points.some(({ pod }) => pod === place) ? podValue(place) : { label: "Place", text: place, filter: null };
  });
}

/** All that it is about: its connections, its packets' places, the addresses it speaks of. */
export function findingValues(finding: Finding, points: readonly NamedPoint[]): readonly FilterValue[] {
  const { connections, title, text, evidence } = finding;
  const all = anyOf(connections.map(connectionFilter));
  return [
    ...(all === null
      ? []
      : [
          {
            label: connections.length === 1 ? "Connection" : "Its connections",
            text: connections.join(", "),
            filter: all,
          },
        ]),
    ...placeValues(finding, points).filter(({ filter }) => filter !== null),
    ...valuesInText([title, text, ...evidence].join("\n")).slice(0, MOST_ADDRESSES),
  ];
}

/** A rule's connections that speak against it and for it, as far as they are listed; the addresses of its text. */
export function ruleValues({ evidenceAgainst, evidenceFor, text }: RuleVerdict): readonly FilterValue[] {
  const sides = [
    { label: "Against it", list: evidenceAgainst },
    { label: "For it", list: evidenceFor },
  ];
  return distinctValues([
    ...sides.map(({ label, list }): FilterValue => {
      const connections = [...new Set(list.map(({ connection }) => connection))];
      return { label, text: connections.join(", "), filter: anyOf(connections.map(connectionFilter)) };
    }),
    ...valuesInText([text, ...[...evidenceAgainst, ...evidenceFor].map((one) => one.text)].join("\n")).slice(
      0,
      MOST_ADDRESSES,
    ),
  ]);
}

/** All packets of a file, by its capture points; null where no file of the name is open. */
export function fileValue(name: string, { files, points }: Pick<WorkspaceState, "files" | "points">): FilterValue {
  const here = files.filter((one) => one.name === name);
  const own = points.filter((point) => here.some((one) => one.file === point.file));
  return { label: "File", text: name, filter: anyOf(own.map((point) => pointValue(point).filter)) };
}

const MOST_ADDRESSES = 12;

/** Its number counts in its file: where several are open, the file's capture points go with it. */
export function packetValue(
  { file, number }: PacketReference,
  { files, points }: Pick<WorkspaceState, "files" | "points">,
): FilterValue {
  const text = `${file} #${number}`;
  const filter = `frame.number == ${number}`;
  if (files.length < 2) return { label: "Packet", text, filter };
  const places = fileValue(file, { files, points }).filter;
  return { label: "Packet", text, filter: places === null ? filter : `${filter} && (${places})` };
}
