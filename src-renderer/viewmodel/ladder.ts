/**
 * The ladder: time downwards, capture points across, one arrow a packet through all its hops.
 *
 * ```
 *        client-a#0     n1#3       n1#0        n2#0      web-b#0
 *  0.000    │──────────▶│──────────▶│══════════▶│─────────▶│   SYN            ══ inside a tunnel
 *  0.041    │◀──────────│◀──────────│◀══════════│◀─────────│   SYN, ACK
 *  1.002    │──────────▶│─ ─ ✕      │           │          │   lost: last seen at n1#3
 * ```
 * Rows have the same height: a gap in time is written between them, it does not stretch the picture.
 */
import type { ConnectionJourneys, EndpointJson, JourneyInfo, SightingInfo } from "../../src-shared/contract/join";
import { formatDuration } from "./quantity";

export interface LadderColumn {
  readonly point: number;
  readonly name: string;
  readonly subtitle: string;
}

export interface LadderStep {
  /** Columns it goes between. */
  readonly from: number;
  readonly to: number;
  /** Nanoseconds the hop took. */
  readonly hopNs: number;
  readonly tunnel: boolean;
  /** "DNAT" "SNAT" "DNAT undone" …; null: addresses stayed. */
  readonly translation: string | null;
}

export interface LadderRow {
  readonly journey: number;
  readonly time: string;
  readonly label: string;
  readonly toServer: boolean;
  readonly steps: readonly LadderStep[];
  /** Where it was seen: columns. */
  readonly seenAt: readonly number[];
  readonly retransmission: boolean;
  /** Column it was last seen at and the one it was to be expected at; null: nothing is missing. */
  readonly lost: { readonly lastSeen: number; readonly expected: number } | null;
  readonly duplicates: number;
  /** Written above the row: what part begins ("handshake"), or how long nothing was seen. */
  readonly heading: string | null;
  readonly phase: LadderPhase;
  /** Rows that are folded into this one, itself counted; 0: it stands for itself. */
  readonly folded: number;
}

export type LadderPhase = "handshake" | "data" | "teardown" | "other";

export interface Ladder {
  readonly columns: readonly LadderColumn[];
  readonly rows: readonly LadderRow[];
}

/** A pause worth telling. */
const PAUSE_NS = 200e6;

export function buildLadder(data: ConnectionJourneys): Ladder {
  const order = columnOrder(data);
  const columnOf = new Map(order.map((point, at) => [point, at]));
  const columns = order.map((point): LadderColumn => {
    const known = data.points.find((p) => p.point === point);
    return { point, name: known?.name ?? `point ${point}`, subtitle: known?.pod ?? known?.node ?? "" };
  });
  const isTcp = data.connection.protocol === "tcp";
  let phase: LadderPhase | null = null;
  // A page from the middle says nothing of the time before it.
  let lastNs = data.from > 0 ? (data.journeys[0]?.sinceStartNs ?? 0) : 0;
  const rows = data.journeys.map((journey): LadderRow => {
    const now = isTcp ? phaseOf(journey, phase) : "other";
    const pause = journey.sinceStartNs - lastNs;
    const begins = now !== phase && now !== "other";
    const heading = begins
      ? PHASE_NAMES[now]
      : pause > PAUSE_NS
        ? `${formatDuration(pause / 1e9)} without a packet`
        : null;
    phase = now;
    lastNs = journey.sinceStartNs;
    return {
      journey: journey.index,
      time: formatDuration(journey.sinceStartNs / 1e9),
      label: journey.label,
      toServer: journey.direction === "to-server",
      steps: stepsOf(journey, columnOf),
      seenAt: [...new Set(journey.points.flatMap((point) => columnOf.get(point) ?? []))],
      retransmission: journey.retransmissionOf >= 0,
      lost:
        journey.missingAt >= 0
          ? { lastSeen: columnOf.get(journey.lastSeen) ?? 0, expected: columnOf.get(journey.missingAt) ?? 0 }
          : null,
      duplicates: journey.duplicates,
      heading,
      phase: now,
      folded: 0,
    };
  });
  return { columns, rows };
}

const PHASE_NAMES: Readonly<Record<LadderPhase, string>> = {
  handshake: "Handshake",
  data: "Data",
  teardown: "Teardown",
  other: "",
};

/** `before`: the phase of the packet before; a bare acknowledgment belongs to the handshake or the teardown that it ends. */
function phaseOf(journey: JourneyInfo, before: LadderPhase | null): LadderPhase {
  if (/\bSYN\b/.test(journey.label)) return "handshake";
  if (/\b(FIN|RST)\b/.test(journey.label)) return "teardown";
  if (journey.payloadLength > 0) return "data";
  if (before === "teardown") return "teardown";
  return before === "handshake" && journey.direction === "to-server" ? "handshake" : "data";
}

/** Points from the client to the server: the path first, others where the journeys saw them. */
function columnOrder(data: ConnectionJourneys): readonly number[] {
  const byId = new Map(data.points.map((point) => [point.id, point.point]));
  const order: number[] = [];
  const add = (points: readonly number[]): void => {
    let after = -1;
    for (const point of points) {
      const at = order.indexOf(point);
      if (at >= 0) after = at;
      else order.splice(++after, 0, point);
    }
  };
  add(data.connection.path.flatMap((id) => byId.get(id) ?? []));
  add([...data.connection.returnPath].reverse().flatMap((id) => byId.get(id) ?? []));
  for (const journey of data.journeys)
    add(journey.direction === "to-server" ? journey.points : [...journey.points].reverse());
  return order;
}

function stepsOf(journey: JourneyInfo, columnOf: ReadonlyMap<number, number>): readonly LadderStep[] {
  const steps: LadderStep[] = [];
  for (let i = 1; i < journey.sightings.length; i++) {
    const a = journey.sightings[i - 1];
    const b = journey.sightings[i];
    if (!a || !b || a.point === b.point) continue;
    const names: string[] = [];
    const forward = journey.direction === "to-server";
    // An address that was left and comes back is a copy that a bridge made before NAT's step, no translation.
    const earlier = journey.sightings.slice(0, i);
    if (!earlier.some((one) => sameEnd(one.destination, b.destination))) names.push(forward ? "DNAT" : "SNAT undone");
    if (!earlier.some((one) => sameEnd(one.source, b.source))) names.push(forward ? "SNAT" : "DNAT undone");
    steps.push({
      from: columnOf.get(a.point) ?? 0,
      to: columnOf.get(b.point) ?? 0,
      hopNs: b.sinceFirstNs - a.sinceFirstNs,
      tunnel: b.tunnel !== null,
      translation: names.length > 0 ? names.join(" and ") : null,
    });
  }
  return steps;
}

function sameEnd(a: EndpointJson, b: EndpointJson): boolean {
  return a.ip === b.ip && a.port === b.port;
}

/** The packet as the point nearest to a column saw it. */
export function nearestSighting(
  { sightings }: JourneyInfo,
  { columns }: Ladder,
  column: number,
): SightingInfo | undefined {
  const away = ({ point }: SightingInfo): number => Math.abs(columns.findIndex((one) => one.point === point) - column);
  return [...sightings].sort((a, b) => away(a) - away(b))[0];
}

/**
 * Rows left when phases are folded: each run of a folded phase is one row that says how many it stands for. What was lost or sent
 * again always stands for itself.
 */
export function foldLadder(ladder: Ladder, folded: ReadonlySet<LadderPhase>): readonly LadderRow[] {
  const rows: LadderRow[] = [];
  for (const row of ladder.rows) {
    const last = rows.at(-1);
    if (!folded.has(row.phase) || row.lost !== null || row.retransmission) rows.push(row);
    else if (last && last.folded > 0 && last.phase === row.phase)
      rows[rows.length - 1] = { ...last, folded: last.folded + 1 };
    else rows.push({ ...row, folded: 1 });
  }
  return rows;
}

export function foldText(row: LadderRow): string {
  const name = PHASE_NAMES[row.phase] || "Packets";
  return `${name}: ${row.folded} ${row.folded === 1 ? "packet" : "packets"} folded`;
}

/** A row in one sentence, for screen readers and the line below the picture. */
export function describeRow(ladder: Ladder, row: LadderRow): string {
  if (row.folded > 0) return `${row.time}: ${foldText(row)}`;
  const name = (column: number): string => ladder.columns[column]?.name ?? "";
  const to = row.toServer ? "to the server" : "to the client";
  const lost = row.lost ? `, lost: last seen at ${name(row.lost.lastSeen)}` : "";
  const changes = row.steps.flatMap((step) =>
    step.translation ? [`, ${step.translation} before ${name(step.to)}`] : [],
  );
  const tunnel = row.steps.some((step) => step.tunnel) ? ", through a tunnel" : "";
  const again = row.retransmission ? ", sent again" : "";
  return `${row.time}: ${row.label} ${to}, seen at ${row.seenAt.length} points${changes.join("")}${tunnel}${again}${lost}`;
}
