/** Changes of address or port along the journeys of a connection. */
import { EVIDENCE_ACK } from "../../kernel/assembly/abi";
import type { FoundTranslation } from "../connection-table";
import { evidenceNames } from "../evidence";
import { samePacket } from "../same-packet";
import type { SightingColumns } from "../sighting-columns";
import type { DirectionFacts } from "./direction-facts";
import { type End, type EndList, addressOf, portOf } from "./end-list";
import type { PacketEnds } from "./packet-ends";

const NO_TRANSLATIONS: readonly FoundTranslation[] = [];

/**
 * Changes of source and of destination along the journeys that `ends` has read, each kind in hop order. A value that was left and comes back is no
 * further change where a bridge's copy shows it, and is one where it was routed since (end-list.ts).
 */
export function findTranslations(
  columns: SightingColumns,
  ends: PacketEnds,
  pointOfFlow: Int32Array,
  protocol: number,
  there: DirectionFacts,
  back: DirectionFacts,
): readonly FoundTranslation[] {
  const { sources, targets, backSources, backTargets } = ends;
  const isTranslatedBack = ends.isTranslatedBack(there.exemplary, back.exemplary);
  const isUnchanged = sources.count < 2 && targets.count < 2 && backSources.count < 2 && backTargets.count < 2;
  if (isUnchanged && !isTranslatedBack) return NO_TRANSLATIONS;
  const out: FoundTranslation[] = [];
  const packets = there.journeys + back.journeys;
  const add = (
    isTarget: boolean,
    from: End,
    to: End,
    before: number,
    after: number,
    isTurned: boolean,
    bits?: number,
  ): void => {
    const icmp = columns.isIcmp(columns.flow(after));
    const kind = isTarget ? "dnat" : icmp && from.address === to.address ? "icmp-id" : "snat";
    // Turned round it is a copy that a bridge made late (packet-ends.ts), but where one packet shows both.
    if (out.some((t) => t.kind === kind && (isOf(t, from, to) || (!isTurned && isOf(t, to, from))))) return;
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
  const addChanges = (list: EndList, isTarget: boolean): void => {
    for (let i = 1; i < list.count; i++)
      add(isTarget, list.end(i - 1), list.end(i), list.rowBefore(i), list.row(i), list.isTurned(i));
  };
  // Towards the client the server is the source, and what was changed is changed back.
  const addChangesBack = (list: EndList, isTarget: boolean): void => {
    for (let i = list.count - 1; i > 0; i--)
      add(isTarget, list.end(i), list.end(i - 1), list.row(i), list.rowBefore(i), list.isTurned(i));
  };
  addChanges(targets, true);
  addChanges(sources, false);
  addChangesBack(backSources, true);
  addChangesBack(backTargets, false);
  if (isTranslatedBack) {
    const [answer, sent] = [back.exemplary[0] as number, there.exemplary[0] as number];
    const end = (row: number, which: number): End => ({
      address: addressOf(columns, row, which),
      port: portOf(columns, row, which, true),
    });
    add(false, end(answer, 1), end(sent, 0), answer, sent, false, EVIDENCE_ACK);
  }
  return out;
}

function isOf(t: FoundTranslation, from: End, to: End): boolean {
  return (
    t.fromAddress === from.address && t.fromPort === from.port && t.toAddress === to.address && t.toPort === to.port
  );
}
