/** The result of joining as everybody else reads it: builds connections and journeys on demand from the columns. */
import type { Cluster } from "../../../src-shared/model/cluster";
import type {
  Accounting,
  ClockOffset,
  Connection,
  Encapsulation,
  Endpoint,
  Journey,
  JoinResult,
  PlacedEndpoint,
  Point,
  Sightings,
  Topology,
  Translation,
} from "../../../src-shared/reconstruct/result";
import type { KernelHandle } from "../decode/pipeline";
import { FlowTable } from "../flows/flow-table";
import type { ApplicationMessages } from "./application-messages";
import { kindOf, localityOf } from "./classify";
import { type ConnectionTable, type FoundCarrier, NO_PORT } from "./connection-table";
import { encapsulationKind, hasNetworkIdentifier } from "./encapsulation";
import { evidenceNames } from "./evidence";
import { FLOW_ACTIVE, FLOW_CARRIER, FLOW_QUOTED } from "./flow-matching";
import { samePacket } from "./same-packet";
import type { Joined } from "./join";
import type { JoinedPackets } from "./packet-matching";
import { RecordedSpans } from "./recorded-spans";
import { findQuotedNat, type QuotedNat } from "./quoted-nat";
import { Relations } from "./related";
import type { PlacedHost } from "./related-source";
import { SightingRows } from "./sighting-rows";
import { PROTOCOL_TCP, type SightingColumns, W_LENGTH, W_SEQ } from "./sighting-columns";
import type { NetworkTopology, Place } from "./topology";
import { findWireguardCarriers } from "./wireguard-carriers";

const PROTOCOLS: ReadonlyMap<number, Connection["protocol"]> = new Map([
  [1, "icmp"],
  [6, "tcp"],
  [17, "udp"],
  [58, "icmpv6"],
  [132, "sctp"],
]);

/** Addresses kept as texts: a scan has millions. */
const MOST_TEXTS = 1 << 18;
const NO_TRANSLATIONS: readonly Translation[] = [];
const NO_QUOTED_NAT: QuotedNat = { translations: new Map(), rows: new Map() };
/** What is close together on one clock may be stamped in any order: taps of several devices, batches of a driver. */
const LEAST_CLOCK_ERROR_NS = 1e6;

export interface JoinResultInput {
  readonly handle: KernelHandle;
  readonly columns: SightingColumns;
  readonly joined: Joined;
  readonly topology: NetworkTopology;
  readonly cluster: Cluster | undefined;
  readonly messages: ApplicationMessages;
  readonly fileOfPoint: readonly number[];
  /** First packet of each file, as an index over the workspace. */
  readonly firstPacketOfFile: readonly number[];
  readonly packets: number;
  readonly unseen: Readonly<Record<string, number>>;
}

export class JoinedResult implements JoinResult {
  readonly points: readonly Point[];
  readonly clocks: readonly ClockOffset[];
  readonly topology: Topology;
  readonly sightings: Sightings;
  readonly baseSeconds: number;
  readonly connectionCount: number;
  /** Rows of the table in order of first time. */
  private readonly order: Uint32Array;
  private readonly positionOf: Uint32Array;
  private readonly ids: string[];
  private readonly flowTable: FlowTable;
  private readonly quotedFlows: number[] = [];
  private readonly encapsulationLists: (readonly Encapsulation[])[] = [];

  constructor(private readonly input: JoinResultInput) {
    const { columns, joined, topology } = input;
    this.points = topology.points;
    this.topology = topology;
    this.clocks = joined.clocks.offsets;
    this.baseSeconds = columns.baseSeconds;
    this.connectionCount = this.table.count;
    this.flowTable = new FlowTable(input.handle);
    const { firstNs, firstRow } = this.table;
    this.order = Uint32Array.from({ length: this.connectionCount }, (_, c) => c);
    this.order.sort(
      (a, b) => (firstNs[a] as number) - (firstNs[b] as number) || (firstRow[a] as number) - (firstRow[b] as number),
    );
    this.positionOf = new Uint32Array(this.connectionCount);
    this.order.forEach((c, i) => {
      this.positionOf[c] = i;
    });
    this.ids = this.makeIds();
    this.sightings = new SightingRows(columns, joined, input, this.positionOf);
    for (let f = 0; f < columns.flowCount; f++) if (joined.match.kind[f] === FLOW_QUOTED) this.quotedFlows.push(f);
  }

  /** Packets of the workspace before each file's first. */
  get firstPacketOfFile(): readonly number[] {
    return this.input.firstPacketOfFile;
  }

  private get table(): ConnectionTable {
    return this.input.joined.table;
  }

  private readonly texts = [new Map<number, string>(), new Map<number, string>()] as const;

  /** One string for one address: what is looked up by it then finds its hash there already, 0.3 µs less each time. */
  private text(address: number, v6: boolean): string {
    const known = this.texts[v6 ? 1 : 0];
    let text = known.get(address);
    if (text === undefined) {
      if (known.size >= MOST_TEXTS) known.clear();
      known.set(address, (text = this.input.columns.addressText(address, v6)));
    }
    return text;
  }

  private v6(c: number): boolean {
    return this.input.columns.v6(this.table.root[c] as number);
  }

  /** Protocol and ends, and a count where these are equal: nothing of files, points or times. */
  private makeIds(): string[] {
    const { table } = this;
    const { columns } = this.input;
    const seen = new Map<string, number>();
    const ids = new Array<string>(this.connectionCount);
    const hash = new Hash();
    for (let i = 0; i < this.connectionCount; i++) {
      const c = this.order[i] as number;
      const v6 = this.v6(c);
      hash.begin(columns.protocol(table.root[c] as number) * 2 + (v6 ? 1 : 0));
      for (const [addresses, ports] of [
        [table.clientAddress, table.clientPort],
        [table.requestedAddress, table.requestedPort],
        [table.serverAddress, table.serverPort],
        [table.seenAsAddress, table.seenAsPort],
      ] as const) {
        hash.add(ports[c] as number);
        if (ports[c] === NO_PORT) continue;
        // Interned numbers of IPv6 addresses depend on the order of files: their bytes do not.
        const address = addresses[c] as number;
        if (v6)
          for (let k = 0; k < 16; k += 4) hash.add(columns.words[(columns.address6At(address) + k) >>> 2] as number);
        else hash.add(address);
      }
      const key = hash.text();
      const n = (seen.get(key) ?? 0) + 1;
      seen.set(key, n);
      if (n > 1) hash.add(n);
      ids[i] = n > 1 ? hash.text() : key;
    }
    return ids;
  }

  /** Position of the connection with this id, -1 if there is none. */
  find(id: string): number {
    return this.ids.indexOf(id);
  }

  connectionId(index: number): string {
    return this.ids[index] ?? "";
  }

  connection(index: number): Connection {
    return (this.relations ??= this.relate()).complete(this.bare(index));
  }

  isTranslated(index: number): boolean {
    const c = this.order[index] as number;
    return this.table.changes[c] !== 0 || this.quotedNat.translations.has(c);
  }

  private relations: Relations | undefined;

  /** Looks for connections that belong together: once, when the first one is asked for. */
  private relate(): Relations {
    const { table } = this;
    const end = (index: number, addresses: Uint32Array, ports: Uint32Array): PlacedHost => {
      const c = this.order[index] as number;
      const ip = this.text(addresses[c] as number, this.v6(c));
      const atMs = this.input.columns.seconds(table.firstRow[c] as number) * 1000;
      const place = this.input.topology.placeAt(ip, atMs);
      return { ...placed({ ip, port: ports[c] as number }, place), network: place?.network ?? null };
    };
    const errors = this.clocks.map((c) => c.errorSeconds ?? 0).sort((a, b) => b - a);
    return new Relations(
      {
        sightings: this.sightings,
        messages: this.input.messages,
        connectionCount: this.connectionCount,
        clockErrorNs: LEAST_CLOCK_ERROR_NS + ((errors[0] ?? 0) + (errors[1] ?? 0)) * 1e9,
        bare: (index) => this.bare(index),
        client: (index) => end(index, table.clientAddress, table.clientPort),
        server: (index) => end(index, table.serverAddress, table.serverPort),
        askedAddress: (index) => {
          const c = this.order[index] as number;
          const asked = table.requestedPort[c] !== NO_PORT;
          return this.text((asked ? table.requestedAddress : table.serverAddress)[c] as number, this.v6(c));
        },
        firstNs: (index) => table.firstNs[this.order[index] as number] as number,
      },
      this.input.cluster,
    );
  }

  private foundQuotedNat: QuotedNat | undefined;

  /** Looked for when the first connection is asked for: it needs the points' roles. */
  private get quotedNat(): QuotedNat {
    return (this.foundQuotedNat ??=
      this.quotedFlows.length === 0
        ? NO_QUOTED_NAT
        : findQuotedNat(this.input.columns, this.input.joined, (point) => {
            const role = this.points[point]?.role;
            return role === "pod-nic" || role === "host-veth";
          }));
  }

  /** The connection as its packets show it. */
  private bare(index: number): Connection {
    const { table } = this;
    const { columns, joined, topology, cluster } = this.input;
    const c = this.order[index] as number;
    const root = table.root[c] as number;
    const v6 = this.v6(c);
    const protocolNumber = columns.protocol(root);
    const protocol = PROTOCOLS.get(protocolNumber) ?? "other";
    const end = (a: Uint32Array, p: Uint32Array): Endpoint | null =>
      p[c] === NO_PORT ? null : { ip: this.text(a[c] as number, v6), port: p[c] as number };
    let client = end(table.clientAddress, table.clientPort) ?? { ip: "", port: 0 };
    let requested = end(table.requestedAddress, table.requestedPort);
    let server = end(table.serverAddress, table.serverPort) ?? requested ?? { ip: "", port: 0 };
    const quoted = this.quotedNat.translations.get(c) ?? [];
    for (const t of quoted) {
      const from = { ip: this.text(t.fromAddress, v6), port: t.fromPort };
      const to = { ip: this.text(t.toAddress, v6), port: t.toPort };
      if (t.kind === "dnat" && sameEnd(server, from)) server = to;
      if (t.kind === "dnat" && requested && sameEnd(requested, to)) requested = from;
      if (t.kind === "snat" && sameEnd(client, to)) client = from;
    }
    const seenAs = end(table.seenAsAddress, table.seenAsPort);
    const firstRow = table.firstRow[c] as number;
    const atMs = columns.seconds(firstRow) * 1000 + columns.nanoseconds(firstRow) / 1e6;
    const clientPlace = topology.placeAt(client.ip, atMs);
    const serverPlace = topology.placeAt(server.ip, atMs);
    const requestedPlace = requested ? topology.placeAt(requested.ip, atMs) : null;
    const path = table.paths[table.path[c] as number] ?? [];
    const returnPath = table.paths[table.returnPath[c] as number] ?? [];
    const seen = table.translations[table.changes[c] as number] ?? [];
    const found = quoted.length === 0 ? seen : [...seen, ...quoted];
    const translations =
      found.length === 0
        ? NO_TRANSLATIONS
        : found.map((t): Translation => {
            const before = t.before === null ? undefined : this.points[t.before];
            const after = t.after === null ? undefined : this.points[t.after];
            return {
              kind: t.kind,
              from: { ip: this.text(t.fromAddress, v6), port: t.fromPort },
              to: { ip: this.text(t.toAddress, v6), port: t.toPort },
              between: [t.before, t.after],
              node: before && after && before.machine === after.machine ? before.node : null,
              evidence: t.evidence,
              packets: t.packets,
            };
          });
    const translated = translations.some((t) => t.kind === "dnat");
    const toldProtocol = protocol === "udp" || protocol === "sctp" ? protocol : "tcp";
    const match = requested ? cluster?.serviceAt(requested.ip, requested.port, toldProtocol, atMs) : null;
    let service = match ? `${match.service.meta.namespace}/${match.service.meta.name}` : null;
    const requestHidden = requested === null && translations.some((t) => t.kind === "snat");
    const inferred: string[] = [];
    if (requestHidden && cluster) {
      const names = new Set(
        cluster.servicesBehind(server.ip, server.port, toldProtocol, atMs).map((e) => e.serviceName),
      );
      const [only] = names;
      if (names.size === 1 && only !== undefined) {
        service = only;
        inferred.push("service");
      }
    }
    const kind = kindOf({
      client: clientPlace,
      server: serverPlace,
      requested: requestedPlace,
      translated: translated || (match !== null && match !== undefined),
      requestHidden,
      sameAddress: client.ip !== "" && client.ip === server.ip && !translated && translations.length === 0,
      group: isGroup(server.ip) || isGroup(client.ip),
      knowsInside: this.input.topology.knowsInside,
    });
    if (clientPlace?.source !== "told" || serverPlace?.source !== "told") inferred.unshift("node", "pod", "kind");
    if (translated && !match && !inferred.includes("service")) inferred.push("service");
    if (table.directionInferred[c]) inferred.push("direction");
    return {
      id: this.ids[index] as string,
      index,
      protocol,
      protocolNumber,
      kind,
      locality: localityOf(clientPlace, serverPlace, this.input.topology.knowsInside),
      hairpin: client.ip !== "" && client.ip === server.ip && translated,
      client: placed(client, clientPlace),
      requested,
      server: placed(server, serverPlace),
      seenByServerAs: this.serverSideShown(path, returnPath, client, serverPlace) ? seenAs : null,
      service,
      translations,
      encapsulations: this.carriersOf(c),
      path,
      returnPath,
      otherPaths: table.otherPaths[c] as number,
      firstSighting: firstRow,
      lastSighting: table.lastRow[c] as number,
      firstTime: this.timeText(firstRow),
      lastTime: this.timeText(table.lastRow[c] as number),
      sightings: table.sightings[c] as number,
      distinct: table.distinct[c] as number,
      missing: this.missingOf(index, c),
      retransmissions: table.retransmissions[c] as number,
      bytesFromClient: table.bytesFromClient[c] as number,
      bytesFromServer: table.bytesFromServer[c] as number,
      state: this.stateOf(c),
      ambiguous: table.ambiguous[c] === 1,
      alternatives: this.alternatives(c),
      inferred,
      evidence: evidenceNames(joined.match.sets.evidence(root)),
      related: [],
    };
  }

  /**
   * The server's own view is shown where a point of its machine, or of its pod, saw what it answers or gets. A pod that does not
   * answer has seen only what got to its own veth or card.
   */
  private serverSideShown(
    path: readonly number[],
    returnPath: readonly number[],
    client: Endpoint,
    server: Place | null,
  ): boolean {
    const at = returnPath[0] ?? path[path.length - 1];
    const point = at === undefined ? undefined : this.points[at];
    if (!point) return false;
    const ofPod = point.role === "pod-nic" || point.role === "host-veth" || point.role === "loopback";
    if (returnPath.length === 0) {
      if (server?.network === "pod" && !ofPod) return false;
      // It did not get beyond the client's own wire.
      if (ofPod && path.length <= 2 && point.podAddress === client.ip) return false;
    }
    if (server && server.machine >= 0) return server.machine === point.machine;
    return ofPod;
  }

  private alternatives(c: number): number[] {
    if (this.table.ambiguous[c] !== 1) return [];
    const { match, connectionOfFlow } = this.input.joined;
    const out = new Set<number>();
    for (const group of match.ambiguous) {
      const own = group.map((f) => connectionOfFlow[match.sets.root(f)] as number);
      if (own.includes(c))
        for (const other of own) if (other !== c && other >= 0) out.add(this.positionOf[other] as number);
    }
    return [...out].sort((a, b) => a - b);
  }

  private carriersOf(c: number): readonly Encapsulation[] {
    const opaque = this.wireguard.get(c);
    return opaque ? [this.encapsulation(opaque)] : this.encapsulationsOf(this.table.carriers[c] as number);
  }

  private foundWireguard: ReadonlyMap<number, FoundCarrier> | undefined;

  /** Looked for when the first connection is asked for: it needs the points' roles. */
  private get wireguard(): ReadonlyMap<number, FoundCarrier> {
    if (this.foundWireguard) return this.foundWireguard;
    const { columns, joined, messages } = this.input;
    if (messages.wireguard.length === 0) return (this.foundWireguard = new Map());
    const packets = new Set(messages.wireguard.array());
    const rows: number[] = [];
    for (let row = 0; row < columns.count; row++)
      if (packets.has(this.sightings.packet(row)) && !this.sightings.quoted(row) && !this.sightings.carries(row))
        rows.push(row);
    return (this.foundWireguard = findWireguardCarriers({
      columns,
      joined,
      rows,
      isTunnelDevice: (point) => this.points[point]?.role === "tunnel-device",
      machineOf: (point) => this.points[point]?.machine ?? -1,
    }));
  }

  /** Lists of carriers are few: one object each. */
  private encapsulationsOf(list: number): readonly Encapsulation[] {
    return (this.encapsulationLists[list] ??= (this.table.carrierLists[list] ?? []).map((e) => this.encapsulation(e)));
  }

  private encapsulation(c: FoundCarrier): Encapsulation {
    const kind = encapsulationKind(c.kind, c.inner6, c.outer6);
    return {
      kind,
      vni: hasNetworkIdentifier(kind) ? c.vni : null,
      port: c.port < 0 ? null : c.port,
      outer: { src: this.text(c.source, c.outer6), dst: this.text(c.destination, c.outer6) },
    };
  }

  private timeText(row: number): string {
    const { columns } = this.input;
    return `${columns.seconds(row)}.${String(columns.nanoseconds(row)).padStart(9, "0")}`;
  }

  /** Zeek's state at the point that saw most of the connection. */
  private stateOf(c: number): string {
    const { table } = this;
    let best = -1;
    let most = -1;
    for (let i = table.flowStart[c] as number; i < (table.flowStart[c + 1] as number); i++) {
      const f = table.flows[i] as number;
      this.flowTable.seek(f);
      const packets = this.flowTable.packets(0) + this.flowTable.packets(1);
      if (packets > most) {
        most = packets;
        best = f;
      }
    }
    return best < 0 ? "OTH" : this.flowTable.seek(best).connState;
  }

  journeys(index: number): readonly Journey[] {
    const { table } = this;
    const { columns, joined } = this.input;
    const c = this.order[index] as number;
    const protocol = columns.protocol(table.root[c] as number);
    const packets = joined.facts.join(c);
    const list: {
      readonly journey: Omit<Journey, "index" | "retransmissionOf">;
      readonly row: number;
      readonly ns: number;
    }[] = [];
    const add = (one: JoinedPackets, direction: Journey["direction"], path: readonly number[]): void => {
      const last = path[path.length - 1];
      for (let j = 0; j < one.count; j++) {
        const rows = Array.from(one.rows.subarray(one.start[j], one.start[j + 1]));
        const first = rows[0] as number;
        const points = joined.facts.pointsOf(one, j);
        let bits = 0;
        for (let i = 1; i < rows.length; i++)
          bits |= samePacket(columns, rows[i - 1] as number, rows[i] as number, protocol);
        const lastSeen = joined.pointOfFlow[columns.flow(rows[rows.length - 1] as number)] as number;
        const whole = last === undefined || points.includes(last) || joined.facts.coveredAt(one, last, first);
        const missingAt = whole ? -1 : this.missingAt(path, lastSeen, joined.matcher.alignedNs(first));
        const expected = new Map<number, number>();
        for (const p of path) expected.set(p, (expected.get(p) ?? 0) + 1);
        let duplicates = 0;
        for (const [p, n] of countPoints(points)) duplicates += Math.max(0, n - Math.max(1, expected.get(p) ?? 1));
        list.push({
          journey: {
            direction,
            sightings: rows,
            points,
            missingAt,
            lastSeen,
            duplicates,
            payloadLength: columns.word(first, W_LENGTH) >>> 8,
            evidence: evidenceNames(bits),
          },
          row: first,
          ns: joined.matcher.alignedNs(first),
        });
      }
    };
    add(packets.toServer, "to-server", table.paths[table.path[c] as number] ?? []);
    add(packets.toClient, "to-client", table.paths[table.returnPath[c] as number] ?? []);
    list.sort((a, b) => a.ns - b.ns || a.row - b.row);
    const sent = new Map<string, number>();
    return list.map(({ journey, row }, i) => {
      let retransmissionOf = -1;
      const flags = columns.word(row, W_LENGTH) & 255;
      if (protocol === PROTOCOL_TCP && (journey.payloadLength > 0 || flags & 3)) {
        const key = `${journey.direction} ${columns.word(row, W_SEQ)}`;
        const before = sent.get(key);
        if (before === undefined) sent.set(key, i);
        else retransmissionOf = before;
      }
      return { ...journey, index: i, retransmissionOf };
    });
  }

  /** The first point behind the last one seen that was recorded then; -1: none was. */
  private missingAt(path: readonly number[], lastSeen: number, atNs: number): number {
    const behind = path.slice(path.lastIndexOf(lastSeen) + 1);
    return (behind.length > 0 ? behind : path.slice(-1)).find((p) => this.recorded.has(p, atNs)) ?? -1;
  }

  private spans: RecordedSpans | undefined;
  private get recorded(): RecordedSpans {
    const { columns, joined, fileOfPoint } = this.input;
    return (this.spans ??= new RecordedSpans(columns, joined, fileOfPoint));
  }

  /** Packets that were not seen where they were to be expected, and where there was a recording then. */
  private missingOf(index: number, c: number): number {
    const { table } = this;
    const counted = table.missing[c] as number;
    if (counted === 0) return 0;
    const firstNs = table.firstNs[c] as number;
    const lastNs = this.input.joined.matcher.alignedNs(table.lastRow[c] as number);
    const points = [table.path, table.returnPath].flatMap((list) => table.paths[list[c] as number] ?? []);
    if (points.every((p) => this.recorded.has(p, firstNs) && this.recorded.has(p, lastNs))) return counted;
    return this.journeys(index).filter((j) => j.missingAt >= 0).length;
  }

  complaints(index: number): readonly number[] {
    const { columns, joined } = this.input;
    const c = this.order[index] as number;
    const { table } = this;
    const tuples = new Set<number>();
    for (let i = table.flowStart[c] as number; i < (table.flowStart[c + 1] as number); i++)
      tuples.add(joined.match.tuple[table.flows[i] as number] as number);
    const rows: number[] = [];
    for (const f of this.quotedFlows) {
      if (!tuples.has(joined.match.tuple[f] as number)) continue;
      for (let i = columns.start[f] as number; i < (columns.start[f + 1] as number); i++)
        rows.push(columns.order[i] as number);
    }
    rows.push(...(this.quotedNat.rows.get(c) ?? []));
    return rows;
  }

  get accounting(): Accounting {
    const { columns, joined, packets, unseen } = this.input;
    const { kind, tuple } = joined.match;
    const tuples = new Set<number>();
    for (let f = 0; f < columns.flowCount; f++) if (kind[f] === FLOW_ACTIVE) tuples.add(tuple[f] as number);
    let carriers = 0;
    let quotedTied = 0;
    let quotedUntied = 0;
    let inConnections = 0;
    for (let f = 0; f < columns.flowCount; f++) {
      const n = (columns.start[f + 1] as number) - (columns.start[f] as number);
      if (kind[f] === FLOW_CARRIER) carriers += n;
      else if (kind[f] === FLOW_QUOTED) {
        if (tuples.has(tuple[f] as number)) quotedTied += n;
        else quotedUntied += n;
      } else inConnections += n;
    }
    for (const rows of this.quotedNat.rows.values()) {
      quotedTied += rows.length;
      quotedUntied -= rows.length;
    }
    let single = 0;
    let unmatched = 0;
    let ambiguous = 0;
    for (let c = 0; c < this.table.count; c++) {
      const n = this.table.alone[c] as number;
      if (n === 0) continue;
      if (this.table.ambiguous[c]) ambiguous += n;
      else if (
        (this.table.path[c] ? (this.table.paths[this.table.path[c] as number] ?? []).length : 0) < 2 &&
        n === this.table.sightings[c]
      )
        single += n;
      else unmatched += n;
    }
    return {
      packets,
      withoutNetworkLayer: unseen,
      sightings: columns.count,
      joined: inConnections - single - unmatched - ambiguous,
      alone: {
        "its conversation was seen at one point only": single,
        "no other point saw this packet": unmatched,
        "several joins are equally good": ambiguous,
      },
      carriers,
      quotedTied,
      quotedUntied,
    };
  }
}

function sameEnd(a: Endpoint, b: Endpoint): boolean {
  return a.ip === b.ip && a.port === b.port;
}

function placed(e: Endpoint, p: Place | null): PlacedEndpoint {
  return { ip: e.ip, port: e.port, pod: p ? p.pod : null, node: p ? p.node : null };
}

function countPoints(points: readonly number[]): Map<number, number> {
  const counts = new Map<number, number>();
  for (const p of points) counts.set(p, (counts.get(p) ?? 0) + 1);
  return counts;
}

function isGroup(ip: string): boolean {
  if (ip.includes(":")) return ip.startsWith("ff");
  const first = Number.parseInt(ip, 10);
  return (first >= 224 && first < 240) || ip === "255.255.255.255";
}

/** 48 bits of two hashes of the same numbers, as hex. */
class Hash {
  private a = 0;
  private b = 0;

  begin(value: number): void {
    this.a = 0x811c9dc5;
    this.b = 0x01000193;
    this.add(value);
  }
  add(value: number): void {
    this.a = Math.imul(this.a ^ value, 0x9e3779b1);
    this.a ^= this.a >>> 15;
    this.b = Math.imul(this.b ^ value, 0x85ebca6b);
    this.b ^= this.b >>> 13;
  }
  text(): string {
    return (this.a >>> 0).toString(16).padStart(8, "0") + ((this.b >>> 8) & 0xffff).toString(16).padStart(4, "0");
  }
}
