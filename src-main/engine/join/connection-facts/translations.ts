/** Changes of address or port along the journeys of a connection. */
import { EVIDENCE_ACK } from "../../kernel/assembly/abi";
import type { FoundTranslation } from "../connection-table";
import { evidenceNames } from "../evidence";
import { samePacket } from "../same-packet";
import type { SightingColumns } from "../sighting-columns";
import type { DirectionFacts } from "./direction-facts";
import { type End, type PacketEnds, holds } from "./packet-ends";

/**
 * Changes of source and of destination along a journey. A value that was left and comes back (copies a bridge makes between
 * two of NAT's steps) is no further change.
 */
export function findTranslations(
  columns: SightingColumns,
  ends: PacketEnds,
  pointOfFlow: Int32Array,
  protocol: number,
  there: DirectionFacts,
  back: DirectionFacts,
): FoundTranslation[] {
  const out: FoundTranslation[] = [];
  const packets = there.journeys + back.journeys;
  const walk = (rows: readonly number[], isBack: boolean): void => {
    for (const side of [1, 0]) {
      // Towards the client the server is the source, and what was changed is changed back.
      const which = isBack ? side ^ 1 : side;
      const clientSide = side === 0;
      const values: End[] = [];
      let previous = -1;
      for (const row of rows) {
        const address = ends.address(row, which);
        const port = ends.port(row, which, clientSide);
        const last = values[values.length - 1];
        if (!holds(values, address, port)) {
          const end = { address, port };
          values.push(end);
          if (last) {
            const [from, to] = isBack ? [end, last] : [last, end];
            const [x, y] = isBack ? [row, previous] : [previous, row];
            add(side, from, to, x, y);
          }
        }
        previous = row;
      }
    }
  };
  const add = (side: number, from: End, to: End, before: number, after: number, bits?: number): void => {
    const icmp = columns.isIcmp(columns.flow(after));
    const kind = side === 1 ? "dnat" : icmp && from.address === to.address ? "icmp-id" : "snat";
    // Turned round it is a copy that a bridge made late (packet-ends.ts).
    if (out.some((t) => t.kind === kind && (isOf(t, from, to) || isOf(t, to, from)))) return;
    out.push({
      kind,
      fromAddress: from.address,
      fromPort: from.port,
      toAddress: to.address,
      toPort: to.port,
      before: pointOfFlow[columns.flow(before)] as number,
      after: pointOfFlow[columns.flow(after)] as number,
      evidence: evidenceNames(bits ?? samePacket(columns, before, after, protocol)),
      packets,
    });
  };
  walk(there.exemplary, false);
  walk(back.exemplary, true);
  if (ends.isTranslatedBack(there.exemplary, back.exemplary)) {
    const [answer, sent] = [back.exemplary[0] as number, there.exemplary[0] as number];
    const end = (row: number, which: number): End => ({
      address: ends.address(row, which),
      port: ends.port(row, which, true),
    });
    add(0, end(answer, 1), end(sent, 0), answer, sent, EVIDENCE_ACK);
  }
  return out;
}

function isOf(t: FoundTranslation, from: End, to: End): boolean {
  return (
    t.fromAddress === from.address && t.fromPort === from.port && t.toAddress === to.address && t.toPort === to.port
  );
}
