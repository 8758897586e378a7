/**
 * Where time goes between two capture points: a hop that takes long always, or now and then very long.
 *
 * ```
 * X ──12 µs──► Y ──┬── 15 µs ──► Z
 *                  └─ 180 ms ──► Z        now and then: a queue, a paused machine, ARP that had to be asked first
 * ```
 * Between files the clock offset's error is taken off: what a clock may have made up is no delay. There and back together need no common
 * clock: whatever it is off by, the one way gains what the other loses.
 */
import type { Finding } from "../../../src-shared/model/finding";
import type { Connection, Journey } from "../../../src-shared/reconstruct/result";
import type { ArpWait } from "./arp-waits";
import { count, durationText, type FindingContext, type FindingFamily, median } from "./context";
import { onNode, shellWord } from "./shell";

interface Sample {
  readonly ns: number;
  readonly row: number;
  readonly connection: Connection;
}

interface Hop {
  readonly from: number;
  readonly to: number;
  seen: number;
  /** Delays, a sample of at most MAX_SAMPLES, and all long ones up to as many. */
  readonly delays: number[];
  readonly long: Sample[];
  /** The first packets, to show where nothing is said of single ones. */
  readonly first: Sample[];
}

const MAX_SAMPLES = 4096;
/** A hop inside a machine takes microseconds, one on a local network below a millisecond: always this long is worth a note. */
const SLOW_NS = 20e6;
const LONG_NS = 50e6;
/** How many times the usual delay of the hop a long one must be. */
const LONG_FACTOR = 20;
const LEAST_SAMPLES = 8;
const LEAST_LONG = 3;
const SHOWN = 8;
/** What was kept for an address goes out so soon after the answer; the first of it came so much before the question, at most. */
const RELEASED_NS = 2e6;

export function slowHops(context: FindingContext): FindingFamily {
  const hops = new Map<number, Hop>();
  const { sightings, points } = context.join;
  const take = (journey: Journey, connection: Connection): void => {
    const rows = journey.sightings;
    for (let i = 1; i < rows.length; i++) {
      const [a, b] = [rows[i - 1] as number, rows[i] as number];
      const [from, to] = [sightings.point(a), sightings.point(b)];
      if (from === to) continue;
      const ns = sightings.alignedNs(b) - sightings.alignedNs(a) - context.clockErrorNs(from, to);
      if (!(ns > -Infinity)) continue;
      const key = from * points.length + to;
      let hop = hops.get(key);
      if (!hop) hops.set(key, (hop = { from, to, seen: 0, delays: [], long: [], first: [] }));
      hop.seen++;
      if (hop.delays.length < MAX_SAMPLES) hop.delays.push(ns);
      else if (hop.seen % 16 === 0) hop.delays[(hop.seen >> 4) % MAX_SAMPLES] = ns;
      if (hop.first.length < SHOWN) hop.first.push({ ns, row: b, connection });
      if (ns >= SLOW_NS && hop.long.length < MAX_SAMPLES) hop.long.push({ ns, row: b, connection });
    }
  };
  return {
    visit(connection, journeys) {
      if (connection.ambiguous) return;
      // Segmentation offload merges pieces: their times are not a hop's. Only packets seen once at each point count.
      for (const journey of journeys) if (journey.sightings.length === journey.points.length) take(journey, connection);
    },
    finish: () =>
      [...hops.values()].flatMap((hop) => {
        if (hop.delays.length < LEAST_SAMPLES) return [];
        const usual = Math.max(0, median(hop.delays));
        const always = usual >= SLOW_NS;
        const long = hop.long.filter((s) => s.ns >= LONG_NS && s.ns >= usual * LONG_FACTOR);
        if (!always && long.length < LEAST_LONG)
          return thereAndBack(context, hop, hops.get(hop.to * points.length + hop.from));
        const shown = always ? hop.long : long;
        const waits = always ? [] : arpWaits(context, hop.to, shown);
        const [from, to] = [context.point(hop.from), context.point(hop.to)];
        const sameMachine = from.machine === to.machine;
        const worst = Math.max(...shown.map((s) => s.ns));
        return [
          context.finding({
            kind: "slow-hop",
            about: `${from.id}>${to.id}`,
            severity: always && !sameMachine ? "note" : "warn",
            title: always
              ? `Slow hop: ${durationText(usual)} from ${context.pointText(hop.from)} to ${context.pointText(hop.to)}`
              : `Packets held up to ${durationText(worst)} between ${context.pointText(hop.from)} and ${context.pointText(hop.to)}`,
            text: always
              ? `Half of ${hop.seen} packets take ${durationText(usual)} and more on this hop.`
              : `${long.length} of ${count(hop.seen, "packet")} take more than ${durationText(LONG_NS)} on this hop, which takes ${durationText(usual)} usually.`,
            inference: false,
            where: [from.id, to.id, ...[from.node, to.node].filter((n) => n !== null)],
            evidence: [
              `usual delay (median) ${durationText(usual)}, worst ${durationText(worst)}`,
              context.clockErrorNs(hop.from, hop.to) > 0
                ? `clocks differ by at most ${durationText(context.clockErrorNs(hop.from, hop.to))} more than was taken off`
                : "one clock: the times are comparable",
              ...waits.map(
                (w) =>
                  `ARP: who has ${w.address} was asked ${w.questions === 1 ? "once" : `${w.questions} times`} at ${context.pointText(w.point)}, answered ${durationText(w.answeredNs - w.askedNs)} after the first question`,
              ),
            ],
            fits:
              waits.length > 0
                ? waits.map(
                    (w) =>
                      `the machine had to ask for the address ${w.address} first (ARP) and kept the packets until it was told`,
                  )
                : sameMachine
                  ? ["the machine was busy or paused (CPU limit, softirq)", "a queue (traffic shaping) on the way out"]
                  : always
                    ? ["distance between the two, or a slow link"]
                    : ["a queue on the way (congestion)", "the next hop's address had to be asked for first (ARP)"],
            ruledOut: [
              "the server: the time passes between two capture points on the way",
              ...(waits.length > 0 ? ["a busy machine, a queue: what was held went out when the answer came"] : []),
            ],
            rows: shown.map((s) => s.row),
            otherPackets: waits.flatMap((w) => w.packets.map((packet) => context.otherPacket(w.point, packet))),
            connections: shown.map((s) => s.connection),
            check: [
              onNode(from.node, `tc -s qdisc show dev ${shellWord(from.interface ?? "lo")}`),
              onNode(from.node, "mpstat -P ALL 1 5"),
            ],
          }),
        ];
      }),
  };
}

/** Waits for ARP at the point where held packets were seen next, if each of these came during one and went out when it was over. */
function arpWaits(context: FindingContext, to: number, held: readonly Sample[]): readonly ArpWait[] {
  const { sightings } = context.join;
  const found = new Set<ArpWait>();
  for (const { ns, row } of held) {
    const out = (sightings.seconds(row) - context.observer.baseSeconds) * 1e9 + sightings.nanoseconds(row);
    const wait = context.observer.arp.waits
      .at(to)
      .find(
        ({ askedNs, answeredNs }) =>
          out >= answeredNs && out - answeredNs <= RELEASED_NS && out - ns >= askedNs - RELEASED_NS,
      );
    if (!wait) return [];
    found.add(wait);
  }
  return [...found];
}

/** A hop between two clocks that is slow both ways together, though either way may be the clocks' doing; told with its way from the lower point. */
function thereAndBack(context: FindingContext, hop: Hop, back: Hop | undefined): Finding[] {
  const error = context.clockErrorNs(hop.from, hop.to);
  if (!back || back.delays.length < LEAST_SAMPLES || hop.from > hop.to || error === 0) return [];
  const usual = median(hop.delays) + error + median(back.delays) + error;
  // One of the two is told by itself.
  if (usual < 2 * SLOW_NS || median(back.delays) >= SLOW_NS) return [];
  const [from, to] = [context.point(hop.from), context.point(hop.to)];
  const shown = [...hop.first, ...back.first];
  return [
    context.finding({
      kind: "slow-hop",
      about: `${from.id}<>${to.id}`,
      severity: "note",
      title: `Slow hop: ${durationText(usual)} there and back between ${context.pointText(hop.from)} and ${context.pointText(hop.to)}`,
      text: `${count(hop.seen, "packet")} there and ${back.seen} back take ${durationText(usual)} together, in the median.`,
      inference: false,
      where: [from.id, to.id, ...[from.node, to.node].filter((n) => n !== null)],
      evidence: [
        `usual delay (median) there and back ${durationText(usual)}`,
        `which way takes how much is not known: the clocks differ by up to ${durationText(error)} more than was taken off`,
      ],
      fits: ["distance between the two, or a slow link"],
      ruledOut: [
        "the clocks: what one way gains by them the other loses",
        "the server: the time passes between two capture points on the way",
      ],
      rows: shown.map((s) => s.row),
      connections: shown.map((s) => s.connection),
      check: [onNode(from.node, `tc -s qdisc show dev ${shellWord(from.interface ?? "lo")}`)],
    }),
  ];
}
