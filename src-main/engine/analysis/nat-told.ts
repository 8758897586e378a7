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
import { toldChanges, type ToldTranslation, type ToldTuple } from "../../../src-shared/model/told-translation";
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
}

export interface Compared {
  readonly verdict: NatVerdict;
  /** In sentences; "": there is nothing to say. */
  readonly text: string;
  readonly told: ToldEntry | null;
}

/** Lines of one translation, until it is destroyed or begun anew. */
export function toldEntries(lines: readonly ToldTranslation[]): readonly ToldEntry[] {
  const open = new Map<string, { entry: ToldEntry; at: number }>();
  const entries: ToldEntry[] = [];
  for (const line of lines) {
    const key = `${line.file} ${String(line.zone)} ${line.protocolNumber} ${tupleText(line.original)} ${tupleText(line.reply)}`;
    const time = line.time === null ? null : Number(line.time);
    const known = line.event === "new" ? undefined : open.get(key);
    if (known) {
      known.entry = {
        ...known.entry,
        state: line.state ?? known.entry.state,
        flags: line.flags.length > 0 || line.event !== "destroy" ? line.flags : known.entry.flags,
        lastSeconds: time ?? known.entry.lastSeconds,
      };
      entries[known.at] = known.entry;
    } else {
      const entry: ToldEntry = {
        file: line.file,
        line: line.line,
        protocol: line.protocol,
        original: ends(line.original),
        reply: ends(line.reply),
        kinds: toldChanges(line).map((change) => change.kind),
        state: line.state,
        flags: line.flags,
        firstSeconds: time,
        lastSeconds: time,
      };
      open.set(key, { entry, at: entries.length });
      entries.push(entry);
    }
    if (line.event === "destroy") open.delete(key);
  }
  return entries;
}

function tupleText(t: ToldTuple): string {
  return `${t.source} ${t.sourcePort} ${t.destination} ${t.destinationPort}`;
}

function ends(t: ToldTuple): NatTupleEnds {
  return {
    source: { ip: t.source, port: t.sourcePort },
    destination: { ip: t.destination, port: t.destinationPort },
  };
}

/** Entries older or younger than the connection by more are of another use of the same ports (as in conntrack-differs.ts). */
const SAME_TIME_SECONDS = 30;

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
    const same = (byOriginal.get(pairKey(entry.protocol, entry.original)) ?? []).find(
      (t) => atSameTime(entry, t) && sameTuple(t.reply, entry.reply),
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
      return (
        !matched.has(t) &&
        atSameTime(entry, t) &&
        (machine === undefined || entry.node === null || machine === entry.node)
      );
    };
    const other =
      (byOriginal.get(pairKey(entry.protocol, entry.original)) ?? []).find(fits) ??
      (byReply.get(pairKey(entry.protocol, entry.reply)) ?? []).find((t) => t.kinds.length > 0 && fits(t));
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

function atSameTime(entry: NatEntry, told: ToldEntry): boolean {
  if (told.firstSeconds === null || told.lastSeconds === null) return true;
  return (
    told.firstSeconds <= entry.lastSeconds + SAME_TIME_SECONDS &&
    told.lastSeconds >= entry.firstSeconds - SAME_TIME_SECONDS
  );
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
