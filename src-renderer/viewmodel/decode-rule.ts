/** What "Decode as" proposes: a rule for the selected packet's innermost port, else an example. */
import type { DecodeAs, DetailNode } from "../../src-shared/contract/results";

export const EXAMPLE: DecodeAs = { what: "udp.port", value: 8472, as: "vxlan" };

/** @param tree one node a header, outermost first. Of two ports the smaller one: the other is a client's, most of the time. */
export function firstRule(tree: readonly DetailNode[]): DecodeAs {
  const header = tree.findLast(({ field }) => field === "udp" || field === "tcp");
  if (!header?.field) return EXAMPLE;
  const ports = header.children
    .filter(({ field }) => field === `${header.field}.srcport` || field === `${header.field}.dstport`)
    .map(({ literal }) => Number(literal))
    .filter((port) => Number.isInteger(port) && port > 0);
  if (ports.length === 0) return EXAMPLE;
  const value = Math.min(...ports);
  return header.field === "udp" ? { what: "udp.port", value, as: "vxlan" } : { what: "tcp.port", value, as: "http" };
}
