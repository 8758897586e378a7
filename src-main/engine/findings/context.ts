/** What every family of findings looks at, and how a finding is put together. */
import { oneLine } from "../../../src-shared/base/text";
import type { AtMs, Cluster } from "../../../src-shared/model/cluster";
import {
  type Finding,
  MAX_FINDING_CONNECTIONS,
  MAX_FINDING_PACKETS,
  type PacketReference,
} from "../../../src-shared/model/finding";
import type { ToldTranslation } from "../../../src-shared/model/told-translation";
import { endpointText } from "../../../src-shared/model/endpoint-text";
import type { Connection, JoinResult, Journey, Point } from "../../../src-shared/reconstruct/result";
import type { AddressQuestion } from "./address-questions";
import type { PacketObserver } from "./observer";

export interface FindingInput {
  readonly join: JoinResult;
  readonly cluster: Cluster;
  /** Entries of imported conntrack output. */
  readonly told: readonly ToldTranslation[];
  /** Saw every batch of the same reading. */
  readonly observer: PacketObserver;
  /** Packets the captures say they lost, by capture point; null: they do not say. */
  readonly drops: readonly (number | null)[];
}

/** One family: sees every connection once, then says what it found. */
export interface FindingFamily {
  /**
   * `claimed` holds journeys (by index) that an earlier family already explains, and takes those this one explains. Families
   * run from the most specific cause to the most general.
   */
  visit?(connection: Connection, journeys: readonly Journey[], claimed: Set<number>): void;
  finish(): readonly Finding[];
}

/** A finding before its lists are cut to what is shown. */
export interface FindingDraft extends Omit<
  Finding,
  "packets" | "packetCount" | "connections" | "connectionCount" | "id"
> {
  /** What the finding is about, behind its kind: "n1.pcapng#0>n2.pcapng#1". */
  readonly about: string;
  /** Rows of sightings. */
  readonly rows: readonly number[];
  /** Packets that are no sightings (ARP), by index over the workspace. */
  readonly otherPackets?: readonly PacketReference[];
  readonly connections: readonly Connection[];
}

/** A kernel asks for so long before it gives up, and remembers that for as long (Linux: three times, a second apart). */
const ASKING_NS = 3e9;

/** Addresses that nobody has and somebody has a use for. */
const MOST_IN_VAIN = 256;

/** Share of a point's packets whose headers may be cut. */
const MOST_CUT = 0.01;

export class FindingContext {
  readonly join: JoinResult;
  readonly cluster: Cluster;
  readonly told: readonly ToldTranslation[];
  readonly observer: PacketObserver;
  /** First and last sighting of every file on the reference clock: its points were recorded by one program. */
  readonly #firstNs: Float64Array;
  readonly #lastNs: Float64Array;
  #lastHeard: Map<string, number> | undefined;
  #inVain: readonly AddressQuestion[] | undefined;

  constructor(private readonly input: FindingInput) {
    this.join = input.join;
    this.cluster = input.cluster;
    this.told = input.told;
    this.observer = input.observer;
    const { sightings, points } = this.join;
    const files = Math.max(0, ...points.map((p) => p.fileIndex + 1));
    this.#firstNs = new Float64Array(files).fill(Infinity);
    this.#lastNs = new Float64Array(files).fill(-Infinity);
    const fileOf = points.map((p) => p.fileIndex);
    for (let row = 0; row < sightings.count; row++) {
      const file = fileOf[sightings.point(row)] as number;
      const at = sightings.alignedNs(row);
      if (at < (this.#firstNs[file] as number)) this.#firstNs[file] = at;
      if (at > (this.#lastNs[file] as number)) this.#lastNs[file] = at;
    }
  }

  point(index: number): Point {
    const point = this.join.points[index];
    if (!point) throw new RangeError(`no capture point ${index}`);
    return point;
  }

  pointId(index: number): string {
    return this.join.points[index]?.id ?? "?";
  }

  /** "eth0 of n1"; where several points are called that, or its interface has no name, with its id: "eth0 of n1 (n1.pcapng#0)". */
  pointText(index: number): string {
    const { id, interface: name } = this.point(index);
    const text = this.#placeOf(index);
    const isClear =
      name !== null && this.join.points.every((_, other) => other === index || this.#placeOf(other) !== text);
    return isClear ? text : `${text} (${id})`;
  }

  #placeOf(index: number): string {
    const { interface: name, node, pod } = this.point(index);
    const where = pod ?? node;
    return `${name ?? "interface"}${where === null ? "" : ` of ${where}`}`;
  }

  /** Time on the reference clock. */
  ns(row: number): number {
    return this.join.sightings.alignedNs(row);
  }

  /** Time of the journey's first sighting, reference clock. */
  startNs(journey: Journey): number {
    return this.ns(firstRow(journey));
  }

  /** For look-ups in the cluster. */
  atMs(connection: Connection): AtMs {
    const ms = Number(connection.firstTime) * 1000;
    return Number.isFinite(ms) ? ms : null;
  }

  /**
   * Whether the point's file has packets from before and after that time, and enough of each: only then an absence there means anything.
   * A snap length that ends in front of what tunnels carry hides it.
   */
  wasRecording(point: number, atNs: number): boolean {
    if ((this.observer.cutPackets.get(point) ?? 0) > this.point(point).packets * MOST_CUT) return false;
    const file = this.point(point).fileIndex;
    return (this.#firstNs[file] ?? Infinity) <= atNs && (this.#lastNs[file] ?? -Infinity) > atNs;
  }

  /** Whether a packet from `address` was seen anywhere after that time. The first call looks at every sighting (0.5 µs each). */
  heardFrom(address: string, afterNs: number): boolean {
    if (!this.#lastHeard) {
      this.#lastHeard = new Map();
      const { sightings } = this.join;
      for (let row = 0; row < sightings.count; row++) {
        if (sightings.quoted(row)) continue;
        const source = sightings.source(row);
        const at = sightings.alignedNs(row);
        if (at > (this.#lastHeard.get(source) ?? -Infinity)) this.#lastHeard.set(source, at);
      }
    }
    return (this.#lastHeard.get(address) ?? -Infinity) > afterNs;
  }

  /**
   * Questions who has an address that were asked again and not answered while packets were sent to it, between the two times (reference
   * clock). None where the address sent a packet meanwhile or later: whoever sends is there, whatever its neighbours ask.
   */
  unanswered(address: string, firstNs: number, lastNs: number): readonly AddressQuestion[] {
    const questions = this.observer.unanswered(address).filter((q) => this.#isAskedDuring(q, firstNs, lastNs));
    // Who was heard is looked up only where it matters: the first time costs a look at every sighting.
    return questions.length > 0 && this.heardFrom(address, firstNs) ? [] : questions;
  }

  /** Addresses that nobody has and that a machine asked for, again and again, at that time (reference clock): what it sent there waits in vain. */
  askedInVain(machine: number, atNs: number): readonly AddressQuestion[] {
    this.#inVain ??= [...this.observer.allUnanswered()];
    // Who asks for so many scans, and waits for none of them.
    if (this.#inVain.length > MOST_IN_VAIN) return [];
    return this.#inVain.filter(
      (q) =>
        this.point(q.point).machine === machine &&
        this.#isAskedDuring(q, atNs, atNs) &&
        !this.heardFrom(q.address, atNs),
    );
  }

  #isAskedDuring(q: AddressQuestion, firstNs: number, lastNs: number): boolean {
    const file = this.point(q.point).fileIndex;
    const clock = this.join.clocks.find((c) => c.fileIndex === file);
    const toReferenceNs = (this.observer.baseSeconds - this.join.baseSeconds + (clock?.seconds ?? 0)) * 1e9;
    return q.firstAgainNs + toReferenceNs <= lastNs + ASKING_NS && q.lastAgainNs + toReferenceNs >= firstNs - ASKING_NS;
  }

  /** Packets the capture says it lost at a point; null: it does not say. */
  dropsAt(point: number): number | null {
    return this.input.drops[point] ?? null;
  }

  /** Whether two points share a clock. */
  sameClock(a: number, b: number): boolean {
    return this.point(a).machine === this.point(b).machine || this.point(a).fileIndex === this.point(b).fileIndex;
  }

  /** Error of a time difference between two points, nanoseconds; Infinity if nothing ties their clocks. */
  clockErrorNs(a: number, b: number): number {
    if (this.point(a).fileIndex === this.point(b).fileIndex) return 0;
    const error = (point: number): number => {
      const clock = this.join.clocks.find((c) => c.fileIndex === this.point(point).fileIndex);
      return clock?.errorSeconds === null || clock === undefined ? Infinity : clock.errorSeconds * 1e9;
    };
    return error(a) + error(b);
  }

  reference(row: number): PacketReference {
    const { sightings } = this.join;
    return {
      packet: sightings.packet(row),
      file: this.point(sightings.point(row)).file,
      number: sightings.frameNumber(row),
    };
  }

  /** A packet that is no sighting (ARP), by index over the workspace. */
  otherPacket(point: number, packet: number): PacketReference {
    const { file, fileIndex } = this.point(point);
    return { packet, file, number: this.observer.frameNumber(fileIndex, packet) };
  }

  finding(draft: FindingDraft): Finding {
    const { about, rows, otherPackets, connections, ...rest } = draft;
    const packets = new Map<number, PacketReference>();
    for (const reference of otherPackets ?? []) packets.set(reference.packet, reference);
    for (const row of rows) {
      if (packets.size >= MAX_FINDING_PACKETS) break;
      const reference = this.reference(row);
      packets.set(reference.packet, reference);
    }
    const count = new Set(rows.map((row) => this.join.sightings.packet(row)));
    for (const reference of otherPackets ?? []) count.add(reference.packet);
    const ids = [...new Set(connections.map((c) => c.id))];
    const safe = (texts: readonly string[]): string[] => [...new Set(texts.map(oneLine))];
    return {
      ...rest,
      id: oneLine(`${rest.kind}:${about}`),
      title: oneLine(rest.title),
      text: oneLine(rest.text),
      where: safe(rest.where),
      evidence: safe(rest.evidence),
      fits: safe(rest.fits),
      ruledOut: safe(rest.ruledOut),
      check: safe(rest.check),
      packets: [...packets.values()].slice(0, MAX_FINDING_PACKETS).sort((a, b) => a.packet - b.packet),
      packetCount: count.size,
      connections: ids.slice(0, MAX_FINDING_CONNECTIONS),
      connectionCount: ids.length,
    };
  }
}

export function firstRow(journey: Journey): number {
  return journey.sightings[0] as number;
}

/** Every point of it saw it once. */
export function isSeenOnce({ sightings, points }: Journey): boolean {
  if (sightings.length !== points.length) return false;
  for (let i = 1; i < points.length; i++) if (points.indexOf(points[i] as number) !== i) return false;
  return true;
}

export function lastRow(journey: Journey): number {
  return journey.sightings.at(-1) as number;
}

/** Index of the journey that first sent what this one sends (itself, unless it is a retransmission). */
export function rootOf(journeys: readonly Journey[], journey: Journey): number {
  let at = journey;
  for (let steps = 0; at.retransmissionOf >= 0 && steps < journeys.length; steps++) {
    const before = journeys[at.retransmissionOf];
    if (!before) break;
    at = before;
  }
  return at.index;
}

/** The journeys that sent the same data, first the original; only those sent more than once. */
export function repeatedSends(journeys: readonly Journey[]): ReadonlyMap<number, readonly Journey[]> {
  const groups = new Map<number, Journey[]>();
  for (const journey of journeys) {
    if (journey.retransmissionOf < 0) continue;
    const root = rootOf(journeys, journey);
    const group = groups.get(root);
    if (group) group.push(journey);
    else groups.set(root, [journeys[root] ?? journey, journey]);
  }
  return groups;
}

export const TCP_FIN = 1;
export const TCP_SYN = 2;
export const TCP_RST = 4;
export const TCP_ACK = 16;

/** The pod's name, else the address and port. */
export function placeText(endpoint: {
  readonly ip: string;
  readonly port: number;
  readonly pod: string | null;
}): string {
  return endpoint.pod === null ? endpointText(endpoint) : `${endpoint.pod} (${endpointText(endpoint)})`;
}

/** The pod's name and address, else the address: of connections from several ports. */
export function hostText({ ip, pod }: { readonly ip: string; readonly pod: string | null }): string {
  return pod === null ? ip : `${pod} (${ip})`;
}

/** "1 packet", "3 packets" */
export function count(n: number, word: string): string {
  return `${n} ${word}${n === 1 ? "" : "s"}`;
}

/** "12 µs", "3.4 ms", "5.0 s" */
export function durationText(ns: number): string {
  if (ns < 1e6) return `${Math.round(ns / 1e3)} µs`;
  if (ns < 1e9) return `${(ns / 1e6).toFixed(ns < 1e7 ? 1 : 0)} ms`;
  return `${(ns / 1e9).toFixed(1)} s`;
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[sorted.length >> 1] ?? 0;
}

/** The value of a map, made on first use. */
export function upsert<K, V>(map: Map<K, V>, key: K, make: () => V): V {
  const known = map.get(key);
  if (known !== undefined) return known;
  const made = make();
  map.set(key, made);
  return made;
}
