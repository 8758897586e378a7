/**
 * What other connections show of a hop while one connection's packets vanish on it: whether size decides, or everything is lost.
 *
 * ```
 * this one      1500 bytes ──x   1500 bytes ──x   1500 bytes ──x
 * another one        60 bytes ─►      1500 bytes ─►                size does not decide
 *                    60 bytes ──x      60 bytes ──x                nothing gets through any more
 *                    60 bytes ─►      900 bytes ─►                 the hop works for what is small
 * ```
 */
import type { Journey } from "../../../src-shared/reconstruct/result";
import { type FindingContext, firstRow, repeatedSends } from "./context";

export interface VanishingHop {
  /** Last point the packets are seen at, and the next one of their path. */
  readonly from: number;
  readonly to: number;
  /** Bytes of the smallest packet that vanished. */
  readonly smallestLost: number;
  /** When the first one vanished, reference clock. */
  readonly startNs: number;
  /** Address they go to, as seen at `from`. */
  readonly destination: string;
}

export interface HopEvidence {
  /** Packets of at least that size, and smaller ones, that passed after the first one vanished. */
  largePassed: number;
  smallPassed: number;
  /** Smaller ones to the same address that vanished there too, and were missed. */
  smallLost: number;
}

/** Connections looked at before and after one, by first time: those that run beside it. */
const NEIGHBOURS = 200;
/** Packets of other connections looked at in one recording, so that many stuck connections among long ones do not take for ever. */
const MOST_JOURNEYS = 1_000_000;

/** The connections around another one, nearest first, as long as there is something left to spend. */
export class Neighbours {
  #looked = 0;

  constructor(private readonly context: FindingContext) {}

  /** The journeys of one connection after the other; the connection itself comes first, always. */
  *around(connection: number): Generator<readonly Journey[]> {
    const { join } = this.context;
    yield join.journeys(connection);
    for (let distance = 1; distance <= NEIGHBOURS; distance++)
      for (const other of [connection - distance, connection + distance]) {
        if (other < 0 || other >= join.connectionCount) continue;
        if (this.#looked >= MOST_JOURNEYS) return;
        const journeys = join.journeys(other);
        this.#looked += journeys.length;
        yield journeys;
      }
  }

  evidenceAt(connection: number, hop: VanishingHop): HopEvidence {
    const evidence: HopEvidence = { largePassed: 0, smallPassed: 0, smallLost: 0 };
    for (const journeys of this.around(connection)) weigh(this.context, journeys, hop, evidence);
    return evidence;
  }
}

function weigh(context: FindingContext, journeys: readonly Journey[], hop: VanishingHop, evidence: HopEvidence): void {
  const { sightings } = context.join;
  let repeated: Set<number> | undefined;
  for (const journey of journeys) {
    const at = journey.points.indexOf(hop.from);
    if (at < 0 || context.startNs(journey) <= hop.startNs) continue;
    const passed = journey.points.lastIndexOf(hop.to) > at;
    if (!passed && journey.lastSeen !== hop.from) continue;
    const size = sizeAt(context, journey, passed ? hop.to : hop.from);
    if (passed) {
      if (isAsLarge(size, hop.smallestLost)) evidence.largePassed++;
      else if (size < hop.smallestLost) evidence.smallPassed++;
    } else if (
      size < hop.smallestLost &&
      sightings.destination(rowAt(context, journey, hop.from)) === hop.destination
    ) {
      repeated ??= repeatedJourneys(journeys);
      if (repeated.has(journey.index)) evidence.smallLost++;
    }
  }
}

/**
 * A packet of `size` bytes shows that one of `lost` bytes fits. One that is much larger may be several small ones that segmentation
 * offload merged.
 */
export function isAsLarge(size: number, lost: number): boolean {
  return size >= lost && size <= lost * 1.1;
}

/** No Ethernet frame without jumbo frames carries more. */
const ETHERNET_MTU = 1500;

/**
 * What may be a super-packet of segmentation offload where `lost` bytes vanish: whole on a veth or behind a NIC that merges, it is several
 * small packets on a wire, and where it is whole no link's MTU was asked.
 */
export function isSuperPacket(size: number, lost: number): boolean {
  return size > ETHERNET_MTU && size > lost && !isAsLarge(size, lost);
}

/** `largest`: bytes of the largest one that passed. */
export function superPacketsText(largest: number): string {
  return `packets of up to ${largest} bytes passed, but they are super-packets of segmentation offload: they do not say what one packet on a link may have`;
}

/** Indices of the journeys that send what another one sends, too. */
export function repeatedJourneys(journeys: readonly Journey[]): Set<number> {
  return new Set([...repeatedSends(journeys).values()].flatMap((sends) => sends.map((j) => j.index)));
}

/** The largest packet a journey is at a point; a super-packet of segmentation offload is several behind it. Fragments do not count. */
export function sizeAt(context: FindingContext, journey: Journey, point: number): number {
  const { sightings } = context.join;
  let size = 0;
  for (const row of journey.sightings)
    if (sightings.point(row) === point && !sightings.fragment(row)) size = Math.max(size, sightings.ipLength(row));
  return size;
}

function rowAt(context: FindingContext, journey: Journey, point: number): number {
  return journey.sightings.find((row) => context.join.sightings.point(row) === point) ?? firstRow(journey);
}
