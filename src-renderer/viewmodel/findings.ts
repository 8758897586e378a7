/** How findings and rules are named, ordered and counted. Severities are Wireshark's. */
import { addToGroup } from "../../src-shared/base/grouping";
import type { RuleVerdict } from "../../src-shared/model/model-rule";
import type { Finding, PacketReference } from "../../src-shared/model/finding";

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
