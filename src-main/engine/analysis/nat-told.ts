/**
 * What machines' connection tracking told, an entry each: the lines NEW, UPDATE, DESTROY of one translation are one entry. And how
 * it compares with the entries that the packets show.
 *
 * ```
 * packets   n1: A → S, answered B → A          told   n1: A → S, answered B → A        equal
 * packets   n1: A → S, answered B → A          told   n1: A → S, answered C → A        differs: C, not B
 * packets   n1: A → S, answered B → A          told   nothing                          packets only
 *                                              told   n1: N → S, answered B → P        told only: nothing was recorded before the NAT
 * ```
 * A file of conntrack does not name its machine. It is taken to be of the machine whose entries it tells; entries of other
 * machines with the same original tuple (a router before the node, say) are then not held against this one.
 */
import { addToGroup } from "../../../src-shared/base/grouping";
import { baseName } from "../../../src-shared/base/file-name";
import { endpointText } from "../../../src-shared/model/endpoint-text";
import type { NatVerdict } from "../../../src-shared/contract/nat";
import {
  SAME_TIME_SECONDS,
  toldChanges,
  type ToldTranslation,
  type ToldTuple,
} from "../../../src-shared/model/told-translation";
import { toldUses, usesAt } from "../../../src-shared/model/told-uses";
import type { Endpoint } from "../../../src-shared/reconstruct/result";
import { type NatEntry, type NatTupleEnds, sameEnd } from "./nat-entries";

/** One entry of a machine's table, of all its lines. */
export interface ToldEntry {
  readonly file: string;
  /** Of its first line. */
  readonly line: number;
  readonly protocol: ToldTranslation["protocol"];
  readonly original: NatTupleEnds;
  readonly reply: NatTupleEnds;
  readonly kinds: readonly ("dnat" | "snat")[];
  /** The last one told. */
  readonly state: string | null;
  readonly flags: readonly string[];
  /** Seconds since the epoch; null: the lines bear no time. */
  readonly firstSeconds: number | null;
  readonly lastSeconds: number | null;
  /** Between which it was there (told-uses.ts): the same ports are used again. */
  readonly from: number;
  readonly to: number;
}

export interface Compared {
  readonly verdict: NatVerdict;
  /** In sentences; "": there is nothing to say. */
  readonly text: string;
  readonly told: ToldEntry | null;
}

/** Entries of all lines: each use of an original tuple is one. */
export function toldEntries(lines: readonly ToldTranslation[]): readonly ToldEntry[] {
  return toldUses(lines).map(({ told, lines: own, from, to }) => {
    const last = own[own.length - 1] ?? told;
    const times = own.flatMap(({ time }) => (time === null ? [] : [Number(time)]));
    // What goes away is told without its flags.
    const flagged = own.findLast(({ event, flags }) => flags.length > 0 || event !== "destroy") ?? last;
    return {
      file: told.file,
      line: told.line,
      protocol: told.protocol,
      original: ends(told.original),
      reply: ends(told.reply),
      kinds: toldChanges(told).map((change) => change.kind),
      state: own.findLast(({ state }) => state !== null)?.state ?? null,
      flags: flagged.flags,
      firstSeconds: times[0] ?? null,
      lastSeconds: times[times.length - 1] ?? null,
      from,
      to,
    };
  });
}

function ends(t: ToldTuple): NatTupleEnds {
  return {
    source: { ip: t.source, port: t.sourcePort },
    destination: { ip: t.destination, port: t.destinationPort },
  };
}

export interface Comparison {
  /** By entry. */
  readonly verdicts: readonly Compared[];
  readonly toldOnly: readonly ToldEntry[];
  /** Machine that a file is of, by the file; a file that agrees with nothing has none. */
  readonly machineOf: ReadonlyMap<string, string>;
}

/** Verdicts by entry, and what was told that no packet shows: translations only. */
export function compareTold(entries: readonly NatEntry[], told: readonly ToldEntry[]): Comparison {
  const none: Compared = { verdict: "none", text: "No output of conntrack was imported.", told: null };
  if (told.length === 0) return { verdicts: entries.map(() => none), toldOnly: [], machineOf: new Map() };
  const byOriginal = index(told, (t) => pairKey(t.protocol, t.original));
  const byReply = index(told, (t) => pairKey(t.protocol, t.reply));
  const matched = new Set<ToldEntry>();
  const machines = new Map<string, Map<string, number>>();
  // First those that agree: they say which machine a file is of.
  const equal = entries.map((entry) => {
    const same = atSameTime(entry, byOriginal.get(pairKey(entry.protocol, entry.original))).find((t) =>
      sameTuple(t.reply, entry.reply),
    );
    if (!same) return null;
    matched.add(same);
    if (entry.node !== null) count(machines, same.file, entry.node);
    return same;
  });
  const machineOf = new Map([...machines].map(([file, votes]) => [file, mostOf(votes)]));
  const verdicts = entries.map((entry, at): Compared => {
    const same = equal[at];
    if (same)
      return {
        verdict: "equal",
        text: "",
        told: same,
      };
    const fits = (t: ToldEntry): boolean => {
      const machine = machineOf.get(t.file);
      return !matched.has(t) && (machine === undefined || entry.node === null || machine === entry.node);
    };
    const other =
      atSameTime(entry, byOriginal.get(pairKey(entry.protocol, entry.original))).find(fits) ??
      atSameTime(entry, byReply.get(pairKey(entry.protocol, entry.reply))).find((t) => t.kinds.length > 0 && fits(t));
    if (other) {
      matched.add(other);
      // The packets before a node's own DNAT are never on a wire: there is nothing they could contradict.
      if (sameTuple(other.reply, entry.reply) && entry.translations.every((t) => t.kind !== "dnat"))
        return {
          verdict: "equal",
          text: `A DNAT of ${endpointText(other.original.destination)} is told besides: no packet was recorded before it (${place(other)}).`,
          told: other,
        };
      return { verdict: "differs", text: `${differences(entry, other)} (${place(other)}).`, told: other };
    }
    const own = [...machineOf].filter(([, machine]) => machine === entry.node).map(([file]) => baseName(file));
    return {
      verdict: "packets-only",
      text:
        own.length > 0
          ? `${own.join(", ")} has no entry for it within ${SAME_TIME_SECONDS} s: it was listed before or after, or tells only part of the table.`
          : `No imported file is of ${entry.node ?? "this machine"}.`,
      told: null,
    };
  });
  return { verdicts, toldOnly: told.filter((t) => t.kinds.length > 0 && !matched.has(t)), machineOf };
}

function differences(entry: NatEntry, told: ToldEntry): string {
  const parts: string[] = [];
  const compare = (what: string, tells: Endpoint, shows: Endpoint): void => {
    if (!sameEnd(tells, shows)) parts.push(`${what} is ${endpointText(tells)}, in the packets ${endpointText(shows)}`);
  };
  compare("original source", told.original.source, entry.original.source);
  compare("original destination", told.original.destination, entry.original.destination);
  compare("reply source", told.reply.source, entry.reply.source);
  compare("reply destination", told.reply.destination, entry.reply.destination);
  const nothing = told.kinds.length === 0 ? "Connection tracking tells no translation: its " : "Its ";
  return nothing + parts.join("; its ");
}

function place(told: ToldEntry): string {
  return `${baseName(told.file)} line ${told.line}`;
}

function sameTuple(a: NatTupleEnds, b: NatTupleEnds): boolean {
  return sameEnd(a.source, b.source) && sameEnd(a.destination, b.destination);
}

function pairKey(protocol: string, { source, destination }: NatTupleEnds): string {
  return `${protocol} ${endpointText(source)} ${endpointText(destination)}`;
}

/** Of entries with the same ports those whose use may be the connection's, of each file the nearest first. */
function atSameTime(entry: NatEntry, told: readonly ToldEntry[] = []): readonly ToldEntry[] {
  const { firstSeconds, lastSeconds } = entry;
  const [first, ...others] = told;
  if (others.every(({ file }) => file === first?.file)) return usesAt(told, firstSeconds, lastSeconds);
  const byFile = new Map<string, ToldEntry[]>();
  for (const one of told) addToGroup(byFile, one.file, one);
  return [...byFile.values()].flatMap((own) => usesAt(own, firstSeconds, lastSeconds));
}

function index(told: readonly ToldEntry[], key: (t: ToldEntry) => string): ReadonlyMap<string, readonly ToldEntry[]> {
  const map = new Map<string, ToldEntry[]>();
  for (const t of told) {
    addToGroup(map, key(t), t);
  }
  return map;
}

function count(into: Map<string, Map<string, number>>, file: string, machine: string): void {
  const votes = into.get(file) ?? new Map<string, number>();
  into.set(file, votes.set(machine, (votes.get(machine) ?? 0) + 1));
}

function mostOf(votes: ReadonlyMap<string, number>): string {
  return [...votes].reduce((best, one) => (one[1] > best[1] ? one : best), ["", 0] as const)[0];
}
