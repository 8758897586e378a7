/** `hopscope findings`: what is worth a person's attention, with the packets that show it and what to check next. */
import { oneLine } from "../../../src-shared/base/text";
import { EMPTY_CLUSTER } from "../../../src-shared/model/cluster";
import type { Finding } from "../../../src-shared/model/finding";
import { dropsOfPoints } from "../../engine/findings/capture-drops";
import { findFindings, type FindingResult } from "../../engine/findings/find";
import { PacketObserver } from "../../engine/findings/observer";
import { type JoinedRunOptions, readJoined } from "./joined-run";
import { print } from "./output";

export interface FindingsOptions extends JoinedRunOptions {
  readonly json: boolean;
}

export async function runFindings(options: FindingsOptions): Promise<number> {
  const observer = new PacketObserver();
  const { joined, exitCode } = await readJoined({ ...options, observe: (batch) => observer.observe(batch) });
  if (!joined) return exitCode;
  const found = findFindings({
    join: joined.result,
    cluster: joined.cluster ?? EMPTY_CLUSTER,
    told: joined.told,
    observer,
    drops: dropsOfPoints(joined.run.workspace),
  });
  // Output without entries was imported all the same: a machine that tracked no connection.
  const nothingTold = options.conntrack.length > 0 ? { agreed: 0, toldOnly: 0, connections: 0 } : null;
  const result = { ...found, conntrack: found.conntrack ?? nothingTold };
  print(options.json ? json(result) : text(result));
  return exitCode;
}

function json(result: FindingResult): string {
  return `${JSON.stringify({ version: 1, findings: result.findings, withheld: Object.fromEntries(result.withheld), conntrack: result.conntrack }, null, 1)}\n`;
}

function text({ findings, withheld, conntrack }: FindingResult): string {
  const lines: string[] = [];
  for (const finding of findings) lines.push(...findingLines(finding), "");
  for (const [kind, count] of withheld) lines.push(`${count} more of kind ${kind}`, "");
  if (findings.length === 0) lines.push("No findings.");
  if (conntrack)
    lines.push(
      `Connection tracking: ${conntrack.connections} connections have entries; ${conntrack.agreed} translations told are those seen, ${conntrack.toldOnly} are told only (not captured on both sides).`,
    );
  return `${lines.join("\n").trimEnd()}\n`;
}

function findingLines(f: Finding): string[] {
  const list = (label: string, items: readonly string[]): string[] =>
    items.map((item, i) => `  ${(i === 0 ? label : "").padEnd(11)}${item}`);
  const byFile = new Map<string, number[]>();
  for (const { file, number } of f.packets) {
    const numbers = byFile.get(file);
    if (numbers) numbers.push(number);
    else byFile.set(file, [number]);
  }
  const packets = [...byFile].map(([file, numbers]) => `${oneLine(file)}: ${numbers.sort((a, b) => a - b).join(", ")}`);
  const more = f.packetCount - f.packets.length;
  return [
    `${f.severity.toUpperCase()} ${f.title}`,
    ...list("what", [f.inference ? `${f.text} (an inference)` : f.text]),
    ...list("where", f.where.length ? [f.where.join(", ")] : []),
    ...list("because", f.evidence),
    ...list("may be", f.fits),
    ...list("ruled out", f.ruledOut),
    ...list("packets", [...packets, ...(more > 0 ? [`and ${more} more`] : [])]),
    ...list("connection", [
      ...f.connections.slice(0, 5),
      ...(f.connectionCount > 5 ? [`and ${f.connectionCount - 5} more`] : []),
    ]),
    ...list("check", f.check),
    `  ${"id".padEnd(11)}${f.id}`,
  ];
}
