/** The translations as a table of the window, and one of them in full: evidence in words, with the packets that show it. */
import { baseName } from "../../../src-shared/base/file-name";
import { endpointText } from "../../../src-shared/model/endpoint-text";
import { endpointFilter, protocolFilter, textLiteral } from "../../../src-shared/model/filter-text";
import type { NatEntryInfo, NatEvidence, NatTuple } from "../../../src-shared/contract/nat";
import type { Cell } from "../../../src-shared/contract/results";
import { protocolWord } from "../../../src-shared/model/protocol-word";
import type { ToldTranslation } from "../../../src-shared/model/told-translation";
import type { Endpoint, Evidence, JoinResult, Translation } from "../../../src-shared/reconstruct/result";
import { type TableSource, column } from "../tables/table";
import { connectionFilter } from "./connections-table";
import type { PacketOf } from "./join-answers";
import {
  type ConntrackState,
  conntrackState,
  type NatEntry,
  natEntries,
  type NatTupleEnds,
  packetsEachWay,
  sameEnd,
} from "./nat-entries";
import { type Compared, compareTold, type ToldEntry, toldEntries } from "./nat-told";

const COLUMNS = [
  column("node", "Machine", "text", "Node, router or gateway that translates; empty: not known"),
  column("protocol", "Protocol", "text", "Transport"),
  column("kind", "Kind", "text", "DNAT: the destination was changed; SNAT: the source; ICMP id: the identifier"),
  column("conntrack", "Conntrack", "text", "Compared with the imported output of conntrack"),
  column(
    "difference",
    "What differs",
    "text",
    "What connection tracking tells that the packets do not show, or the other way",
  ),
  column("source", "Original from", "address", "Who sent the first packet, as the machine received it"),
  column("destination", "Original to", "address", "Where it was sent to, as the machine received it"),
  column("reply-source", "Reply from", "address", "Who answers: the destination behind the translation"),
  column("reply-destination", "Reply to", "address", "Whom it answers: the source behind the translation"),
  column("start", "Start", "time", "First packet of the connection", "frame.time_epoch"),
  column("duration", "Seen for", "duration", "From the first packet to the last"),
  column("state", "State", "text", "Connection tracking's state after the last packet"),
  column("timeout", "Kept for", "duration", "Linux's default: so long after the last packet the entry is forgotten"),
  column("packets", "Packets", "number", "Packets in the original direction, each counted once"),
  column("replies", "Replies", "number", "Packets in the reply direction, each counted once"),
] as const;

/** There is something to compare with. */
const COMPARING = new Set(["conntrack", "difference"]);

const VERDICTS: Readonly<Record<Compared["verdict"], string | null>> = {
  none: null,
  equal: "equal",
  "packets-only": "only in packets",
  "told-only": "only told",
  differs: "differs",
};

const KIND_NAMES: Readonly<Record<string, string>> = { dnat: "DNAT", snat: "SNAT", "icmp-id": "ICMP id" };

interface Row {
  readonly entry: NatEntry | null;
  readonly compared: Compared;
}

/** All translations of a joined workspace, beside what imported connection tracking tells. */
export class NatTable implements TableSource {
  readonly columns: TableSource["columns"];
  private readonly list: readonly Row[];
  private readonly machineOf: ReadonlyMap<string, string>;
  private readonly counts = new Map<number, readonly [number, number]>();
  /** Connection of a tuple that was only told, by index; -1 none. */
  private readonly toldConnection = new Map<ToldEntry, number>();

  constructor(
    private readonly join: JoinResult,
    told: readonly ToldTranslation[],
    entries = allNatEntries(join),
  ) {
    const { verdicts, toldOnly, machineOf } = compareTold(entries, toldEntries(told));
    this.machineOf = machineOf;
    // Two empty columns would push the packets out of a window of 1920.
    this.columns = told.length > 0 ? COLUMNS : COLUMNS.filter(({ id }) => !COMPARING.has(id));
    this.list = [
      ...entries.map((entry, i): Row => ({ entry, compared: verdicts[i] as Compared })),
      ...toldOnly.map((one): Row => ({ entry: null, compared: this.onlyTold(one) })),
    ];
  }

  get rows(): number {
    return this.list.length;
  }

  private row(row: number): Row {
    return this.list[row] as Row;
  }

  private onlyTold(told: ToldEntry): Compared {
    const connection = this.connectionOf(told);
    return {
      verdict: "told-only",
      text:
        connection < 0
          ? "No packet of it was recorded."
          : "Its packets were recorded on one side of the translation only.",
      told,
    };
  }

  /** The connection whose packets are those before or behind a translation that only connection tracking tells. */
  private connectionOf(told: ToldEntry): number {
    const known = this.toldConnection.get(told);
    if (known !== undefined) return known;
    this.byEnds ??= this.indexEnds();
    const at =
      this.byEnds.get(
        `${told.protocol} ${endpointText(told.original.source)} ${endpointText(told.original.destination)}`,
      ) ??
      this.byEnds.get(`${told.protocol} ${endpointText(told.reply.destination)} ${endpointText(told.reply.source)}`) ??
      -1;
    this.toldConnection.set(told, at);
    return at;
  }

  private byEnds: Map<string, number> | undefined;

  private indexEnds(): Map<string, number> {
    const map = new Map<string, number>();
    for (let i = 0; i < this.join.connectionCount; i++) {
      const c = this.join.connection(i);
      for (const client of [c.client, c.seenByServerAs])
        for (const server of [c.requested, c.server])
          if (client && server) map.set(`${c.protocol} ${endpointText(client)} ${endpointText(server)}`, i);
    }
    return map;
  }

  private countsOf(connection: number): readonly [number, number] {
    let counts = this.counts.get(connection);
    if (!counts) this.counts.set(connection, (counts = packetsEachWay(this.join, connection)));
    return counts;
  }

  private toldNode(told: ToldEntry | null): string | null {
    return told ? (this.machineOf.get(told.file) ?? null) : null;
  }

  private stateOf(entry: NatEntry): ConntrackState | null {
    const { state } = this.join.connection(entry.connection);
    return conntrackState(entry.protocol, state, entry.protocol === "tcp" || this.countsOf(entry.connection)[1] > 0);
  }

  cell(row: number, at: number): Cell {
    const { entry, compared } = this.row(row);
    const tuples = entry ?? compared.told;
    if (!tuples) return null;
    switch (this.columns[at]?.id) {
      case "node":
        return entry ? entry.node : this.toldNode(compared.told);
      case "protocol":
        return protocolWord(tuples.protocol);
      case "kind":
        return kindText(entry ? entry.translations.map((t) => t.kind) : (compared.told?.kinds ?? []));
      case "source":
        return endpointText(tuples.original.source);
      case "destination":
        return endpointText(tuples.original.destination);
      case "reply-source":
        return endpointText(tuples.reply.source);
      case "reply-destination":
        return endpointText(tuples.reply.destination);
      case "start": {
        if (entry) {
          const { sightings } = this.join;
          const { firstSighting } = this.join.connection(entry.connection);
          return [sightings.seconds(firstSighting), sightings.nanoseconds(firstSighting)];
        }
        const seconds = compared.told?.firstSeconds ?? null;
        return seconds === null ? null : [Math.floor(seconds), Math.round((seconds % 1) * 1e9)];
      }
      case "duration": {
        if (entry) return entry.lastSeconds - entry.firstSeconds;
        const { firstSeconds, lastSeconds } = compared.told ?? { firstSeconds: null, lastSeconds: null };
        return firstSeconds === null || lastSeconds === null ? null : lastSeconds - firstSeconds;
      }
      case "state":
        return entry ? (this.stateOf(entry)?.name ?? null) : toldState(compared.told);
      case "timeout":
        return entry ? (this.stateOf(entry)?.timeoutSeconds ?? null) : null;
      case "packets":
        return entry ? this.countsOf(entry.connection)[0] : null;
      case "replies":
        return entry ? this.countsOf(entry.connection)[1] : null;
      case "conntrack":
        return VERDICTS[compared.verdict];
      case "difference":
        return compared.verdict === "none" || compared.text === "" ? null : compared.text;
      default:
        return null;
    }
  }

  cellFilter(row: number, at: number): string | null | undefined {
    const { entry, compared } = this.row(row);
    const tuples = entry ?? compared.told;
    if (!tuples) return null;
    switch (this.columns[at]?.id) {
      case "protocol":
        return protocolFilter(tuples.protocol);
      case "kind": {
        const kinds = entry ? entry.translations.map((t) => t.kind) : [];
        return [...new Set(kinds.map((kind) => `nat.kind == ${textLiteral(kind)}`))].join(" && ") || null;
      }
      // What connection tracking alone tells is in no packet.
      case "source":
        return entry && endpointFilter(tuples.original.source, tuples.protocol);
      case "destination":
        return entry && endpointFilter(tuples.original.destination, tuples.protocol);
      case "reply-source":
        return entry && endpointFilter(tuples.reply.source, tuples.protocol);
      case "reply-destination":
        return entry && endpointFilter(tuples.reply.destination, tuples.protocol);
      case "start":
        // Connection tracking's clock is no packet's.
        return entry ? undefined : null;
      default:
        return undefined;
    }
  }

  key(row: number): string {
    const { entry, compared } = this.row(row);
    return entry
      ? `${entry.connectionId}/${entry.step}`
      : `told:${baseName(compared.told?.file ?? "")}:${compared.told?.line ?? 0}`;
  }

  filter(row: number): string | null {
    const { entry, compared } = this.row(row);
    const connection = entry ? entry.connection : compared.told ? this.connectionOf(compared.told) : -1;
    return connection < 0 ? null : connectionFilter(this.join.connection(connection));
  }

  /** Null: there is no row of this key (any more). */
  info(key: string, packetOf: PacketOf): NatEntryInfo | null {
    const at = this.list.findIndex((_, row) => this.key(row) === key);
    if (at < 0) return null;
    const { entry, compared } = this.row(at);
    const { told } = compared;
    const tuples = entry ?? told;
    if (!tuples) return null;
    const index = entry ? entry.connection : told ? this.connectionOf(told) : -1;
    const state = entry && this.stateOf(entry);
    return {
      key,
      connection: index < 0 ? null : this.join.connection(index).id,
      protocol: tuples.protocol,
      kinds: entry ? entry.translations.map((t) => t.kind) : (told?.kinds ?? []),
      node: entry ? entry.node : this.toldNode(told),
      original: tuple(tuples.original),
      reply: tuple(tuples.reply),
      state: entry ? (state?.name ?? null) : toldState(told),
      timeoutSeconds: entry ? (state?.timeoutSeconds ?? null) : null,
      evidence: entry ? natEvidence(this.join, entry, packetOf) : [],
      verdict: compared.verdict,
      verdictText: compared.text,
      told: told && {
        file: baseName(told.file),
        line: told.line,
        original: tuple(told.original),
        reply: tuple(told.reply),
        state: told.state,
        flags: told.flags,
      },
    };
  }

  /** Rows of a verdict: "12 equal, 1 differs". */
  summary(): string {
    return (["equal", "differs", "packets-only", "told-only"] as const)
      .flatMap((verdict) => {
        const n = this.list.filter((row) => row.compared.verdict === verdict).length;
        return n === 0 ? [] : [`${n} ${VERDICTS[verdict] ?? ""}`];
      })
      .join(", ");
  }
}

function allNatEntries(join: JoinResult): readonly NatEntry[] {
  const entries: NatEntry[] = [];
  for (let i = 0; i < join.connectionCount; i++)
    if (join.isTranslated(i)) entries.push(...natEntries(join.connection(i)));
  return entries;
}

function toldState(told: ToldEntry | null): string | null {
  return told ? [told.state, ...told.flags].filter(Boolean).join(" ") || null : null;
}

/** "DNAT + SNAT"; the same kind twice is named once. */
function kindText(kinds: readonly string[]): string {
  return [...new Set(kinds.map((kind) => KIND_NAMES[kind] ?? kind))].join(" + ");
}

function tuple({ source, destination }: NatTupleEnds): NatTuple {
  return {
    source: { ip: source.ip, port: source.port },
    destination: { ip: destination.ip, port: destination.port },
  };
}

const SAME: Readonly<Record<Evidence, string>> = {
  "tcp-seq": "TCP sequence number",
  "tcp-ack": "TCP acknowledgment number",
  "tcp-timestamp": "TCP timestamp",
  payload: "payload",
  "ip-id": "IP identification",
  "dns-id": "DNS id and question",
  "icmp-seq": "ICMP sequence number",
  "byte-range": "bytes of the stream",
  "quoted-header": "header quoted by an ICMP error",
  "icmp-quote": "the translated header quoted by an ICMP error",
  "time-order": "place in time between others",
  conntrack: "entry of connection tracking",
};

/** One sentence a translation, with the packet before and the one behind it. */
function natEvidence(join: JoinResult, entry: NatEntry, packetOf: PacketOf): readonly NatEvidence[] {
  return entry.translations.map((translation): NatEvidence => {
    const pair = pairOf(join, entry.connection, translation);
    const s = join.sightings;
    const name = (point: number): string => join.points[point]?.interface ?? join.points[point]?.id ?? `point ${point}`;
    const side = translation.kind === "dnat" ? "to" : "from";
    const same = translation.evidence.map((one) => SAME[one]);
    const what = KIND_NAMES[translation.kind] ?? translation.kind;
    const first = pair
      ? `The same packet was seen ${side} ${endpointText(translation.from)} at ${name(s.point(pair[0]))} and ${side} ${endpointText(translation.to)} at ${name(s.point(pair[1]))}`
      : `${what} of ${endpointText(translation.from)} to ${endpointText(translation.to)}`;
    return {
      text: `${first}${same.length > 0 ? `: same ${listText(same)}` : ""}. ${translation.packets === 1 ? "1 packet shows" : `${translation.packets} packets show`} it.`,
      packets: (pair ?? []).map((row) => ({
        packet: packetOf(s.file(row), s.frameNumber(row)),
        number: s.frameNumber(row),
        point: name(s.point(row)),
        pointId: join.points[s.point(row)]?.id ?? "",
      })),
    };
  });
}

function listText(words: readonly string[]): string {
  return words.length < 2 ? words.join("") : `${words.slice(0, -1).join(", ")} and ${words.at(-1) ?? ""}`;
}

/** Two sightings of one packet, before and behind the translation, in hop order; null: the journeys show it on one side only. */
function pairOf(
  join: JoinResult,
  connection: number,
  { kind, from, to }: Translation,
): readonly [before: number, after: number] | null {
  const s = join.sightings;
  for (const journey of join.journeys(connection)) {
    const there = journey.direction === "to-server";
    // Towards the client the server's side is the source, and the change is undone.
    const end = (row: number): Endpoint =>
      (kind === "dnat") === there
        ? { ip: s.destination(row), port: s.destinationPort(row) }
        : { ip: s.source(row), port: s.sourcePort(row) };
    const is = (row: number, e: Endpoint): boolean => {
      const seen = end(row);
      // Echo: the identifier stands at both ends, the server's counts as none.
      return sameEnd(seen, e) || (e.port === 0 && seen.ip === e.ip);
    };
    for (let i = 1; i < journey.sightings.length; i++) {
      const a = journey.sightings[i - 1] as number;
      const b = journey.sightings[i] as number;
      if (there ? is(a, from) && is(b, to) : is(a, to) && is(b, from)) return there ? [a, b] : [b, a];
    }
  }
  return null;
}
