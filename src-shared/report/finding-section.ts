/** A finding as a section of a report: what, why it is believed, what speaks against it, what to check next. */
import type { Finding } from "../model/finding";
import type { ReportSection } from "./report";

export function findingSection(finding: Finding): ReportSection {
  const list = (title: string, items: readonly string[]): [string, string][] =>
    items.map((item, i) => [i === 0 ? title : "", item]);
  const packets = finding.packets.map(({ file, number }) => `${file} ${number}`);
  const more = finding.packetCount - finding.packets.length;
  return {
    title: finding.title,
    text: "",
    byline: finding.inference ? "An inference: what happened behind the packets is not seen" : "",
    tags: [finding.severity, finding.kind],
    blocks: [
      {
        kind: "table",
        caption: "Finding",
        columns: [{ label: "What" }, { label: "Value" }],
        rows: [
          ...list("What happened", [finding.text]),
          ...list("Where", finding.where.length > 0 ? [finding.where.join(", ")] : []),
          ...list("Because", finding.evidence),
          ...list("May be", finding.fits),
          ...list("Ruled out", finding.ruledOut),
          ...list("Check next", finding.check),
          ...list("Packets", packets.length > 0 ? [packets.join(", ") + (more > 0 ? ` and ${more} more` : "")] : []),
        ],
      },
    ],
  };
}
