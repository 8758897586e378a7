/** Builds connections as their own packets show them: without what belongs with them (related.ts). */
import type { PointRole } from "../../../../src-shared/model/point-role";
import { TRANSPORT_NAMES } from "../../../../src-shared/model/protocol-word";
import type {
  Connection,
  Encapsulation,
  Endpoint,
  Point,
  Translation,
} from "../../../../src-shared/reconstruct/result";
import { kindOf, localityOf } from "../classify";
import { CONN_STATES } from "../connection-facts/end-state";
import { type FoundCarrier, type FoundTranslation, NO_PORT } from "../connection-table";
import { encapsulationKind, hasNetworkIdentifier } from "../encapsulation";
import { evidenceNames } from "../evidence";
import { isBeyondCard } from "../machine-steps";
import type { QuotedTranslation } from "../quoted-nat";
import { W_ID } from "../sighting-columns";
import type { ToldFront, ToldNat } from "../told-nat";
import { type Place, placed } from "../topology/address-places";
import { INITIAL_TTLS, firstAt } from "../traffic-roles";
import type { AddressTexts } from "./address-texts";
import type { ConnectionJourneys } from "./connection-journeys";
import type { ConnectionOrder } from "./connection-order";
import type { IndirectFacts } from "./indirect-facts";
import type { JoinResultInput } from "./join-result-input";
import { toldNode } from "./told-node";

const NO_TRANSLATIONS: readonly Translation[] = [];
const NOTHING_TOLD: Connection["told"] = [];
/** Roles of points that are known to be no loopback device. */
const OTHER_DEVICES: ReadonlySet<PointRole> = new Set(["bridge", "host-veth", "pod-nic", "node-nic"]);

export class BareConnections {
  private readonly points: readonly Point[];
  private readonly encapsulationLists: (readonly Encapsulation[])[] = [];

  constructor(
    private readonly input: JoinResultInput,
    private readonly order: ConnectionOrder,
    private readonly texts: AddressTexts,
    private readonly indirect: IndirectFacts,
    private readonly journeys: ConnectionJourneys,
  ) {
    this.points = input.topology.points;
  }

  /** What connection tracking tells; undefined: nothing. */
  told: ToldNat | undefined;

  /** The connection as its packets show it, and what is told of what was before the first of them. */
  build(index: number): Connection {
    const shown = this.shown(index);
    const front = this.told?.front(shown);
    return front ? this.shown(index, front) : shown;
  }

  /** The connection as its packets show it, behind `front`. */
  shown(index: number, front?: ToldFront): Connection {
    const { columns, joined, topology, cluster } = this.input;
    const { table } = joined;
    const c = this.order.rows[index] as number;
    const v6 = table.v6[c] === 1;
    const protocolNumber = table.protocol[c] as number;
    const protocol = TRANSPORT_NAMES.get(protocolNumber) ?? "other";
    const end = (a: Uint32Array, p: Uint32Array): Endpoint | null =>
      p[c] === NO_PORT ? null : { ip: this.texts.text(a[c] as number, v6), port: p[c] as number };
    let client = end(table.clientAddress, table.clientPort) ?? { ip: "", port: 0 };
    let requested = end(table.requestedAddress, table.requestedPort);
    let server = end(table.serverAddress, table.serverPort) ?? requested ?? { ip: "", port: 0 };
    const quoted = this.indirect.quotedNat.translations.get(c) ?? [];
    for (const t of quoted) {
      const from = { ip: this.texts.text(t.fromAddress, v6), port: t.fromPort };
      const to = { ip: this.texts.text(t.toAddress, v6), port: t.toPort };
      if (t.kind === "dnat" && sameEnd(server, from)) server = to;
      if (t.kind === "dnat" && requested && sameEnd(requested, to)) requested = from;
      if (t.kind === "snat" && sameEnd(client, to)) client = from;
    }
    const shownClient = client;
    if (front) ({ client, requested } = front);
    const seenAs = end(table.seenAsAddress, table.seenAsPort);
    const firstRow = table.firstRow[c] as number;
    const atMs = columns.seconds(firstRow) * 1000 + columns.nanoseconds(firstRow) / 1e6;
    const path = table.paths[table.path[c] as number] ?? [];
    const returnPath = table.paths[table.returnPath[c] as number] ?? [];
    const clientPlace = this.placeOfEnd(client.ip, path[0] ?? returnPath[returnPath.length - 1], atMs);
    const serverPlace = this.placeOfEnd(server.ip, returnPath[0] ?? path[path.length - 1], atMs);
    const requestedPlace = requested ? topology.placeAt(requested.ip, atMs) : null;
    const seen = table.translations[table.changes[c] as number] ?? [];
    const found = quoted.length === 0 ? seen : [...seen, ...quoted];
    const shownTranslations =
      found.length === 0
        ? NO_TRANSLATIONS
        : found.map((t): Translation => {
            const before = t.before === null ? undefined : this.points[t.before];
            const after = t.after === null ? undefined : this.points[t.after];
            const from = { ip: this.texts.text(t.fromAddress, v6), port: t.fromPort };
            const to = { ip: this.texts.text(t.toAddress, v6), port: t.toPort };
            const shown = before && after && before.machine === after.machine ? before.node : this.undoneOn(t);
            return {
              kind: t.kind,
              from,
              to,
              between: [t.before, t.after],
              node: shown ?? toldNode({ kind: t.kind, from, to }, clientPlace, cluster, atMs),
              evidence: t.evidence,
              packets: t.packets,
            };
          });
    const translations = front ? [...front.translations, ...shownTranslations] : shownTranslations;
    const translated = translations.some((t) => t.kind === "dnat");
    const isOneAddress = client.ip !== "" && client.ip === server.ip && translations.length === 0;
    const isHiddenHairpin = isOneAddress && this.isTurnedRound(c, path, returnPath);
    if (isHiddenHairpin) requested = null;
    const toldProtocol = protocol === "udp" || protocol === "sctp" ? protocol : "tcp";
    const match = requested ? cluster?.serviceAt(requested.ip, requested.port, toldProtocol, atMs) : null;
    let service = match ? `${match.service.meta.namespace}/${match.service.meta.name}` : null;
    const requestHidden = isHiddenHairpin || (requested === null && translations.some((t) => t.kind === "snat"));
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
      sameAddress: isOneAddress && !isHiddenHairpin,
      group: isGroup(server.ip) || isGroup(client.ip),
      knowsInside: topology.knowsInside,
    });
    if (clientPlace?.source !== "told" || serverPlace?.source !== "told")
      inferred.unshift("node", ...(isPodTold(clientPlace) && isPodTold(serverPlace) ? [] : ["pod"]), "kind");
    if (translated && !match && !inferred.includes("service")) inferred.push("service");
    if (table.directionInferred[c]) inferred.push("direction");
    return {
      id: this.order.id(index),
      index,
      protocol,
      protocolNumber,
      kind,
      locality:
        kind === "container-to-container"
          ? "same-node"
          : localityOf(clientPlace, serverPlace, topology.knowsInside, () =>
              // Of one machine only: the other end's is not known.
              serverPlace?.machine === -1 && serverPlace.node === null
                ? isBeyondCard(this.points, { path, returnPath }, clientPlace?.machine ?? -1, true)
                : clientPlace?.machine === -1 &&
                  clientPlace.node === null &&
                  isBeyondCard(this.points, { path, returnPath }, serverPlace?.machine ?? -1, false),
            ),
      hairpin:
        isHiddenHairpin ||
        (client.ip !== "" && client.ip === server.ip && translated && clientPlace?.machine === serverPlace?.machine),
      client: placed(client, clientPlace),
      requested,
      server: placed(server, serverPlace),
      seenByServerAs:
        !isHiddenHairpin &&
        (this.serverSideShown(path, returnPath, shownClient, serverPlace) ||
          this.isNextToServer(c, returnPath, serverPlace))
          ? seenAs
          : null,
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
      missing: this.journeys.missingOf(c),
      retransmissions: table.retransmissions[c] as number,
      bytesFromClient: table.bytesFromClient[c] as number,
      bytesFromServer: table.bytesFromServer[c] as number,
      state: CONN_STATES[table.state[c] as number] ?? "OTH",
      ambiguous: table.ambiguous[c] === 1,
      alternatives: this.alternatives(c),
      inferred,
      told: front?.facts ?? NOTHING_TOLD,
      evidence: evidenceNames(table.evidence[c] as number),
      related: [],
    };
  }

  /**
   * What a machine sends to itself stays on its loopback device. Crossing another one both ways, it was sent to some other address: the
   * translations on both sides of that device are not shown.
   */
  private isTurnedRound(c: number, path: readonly number[], returnPath: readonly number[]): boolean {
    const { columns, joined } = this.input;
    const [first] = path;
    if (first === undefined || returnPath.length === 0) return false;
    const isOther = (p: number): boolean => OTHER_DEVICES.has(this.points[p]?.role ?? "unknown");
    if (!path.every(isOther) || !returnPath.every(isOther)) return false;
    const row = firstAt(columns, joined, c, first, true);
    // A capture of all interfaces has the loopback device's packets too.
    return row >= 0 && columns.macSeen(columns.flow(row), columns.direction(row)) === 1;
  }

  /** Node on which the error that quotes a translation was translated back. */
  private undoneOn(t: FoundTranslation | QuotedTranslation): string | null {
    if (!("undoneAt" in t)) return null;
    const pair = t.undoneAt.find(([a, b]) => this.points[a]?.machine === this.points[b]?.machine);
    return (pair && this.points[pair[0]]?.node) ?? null;
  }

  /** One address may be of pods on several machines (clusters that NAT joins, virtual networks): the one at whose wire the path ends. */
  private placeOfEnd(address: string, at: number | undefined, atMs: number): Place | null {
    const place = this.input.topology.placeAt(address, atMs);
    const point = at === undefined ? undefined : this.points[at];
    if (place?.network !== "pod" || place.source === "told" || place.told || place.machine < 0) return place;
    if (point?.podAddress !== address || point.machine === place.machine) return place;
    return { ...place, pod: point.pod, node: point.node, machine: point.machine };
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

  /**
   * In a recording that does not tell machines apart (merged, or all in one interface): no router, and so no NAT, is between the server and
   * where its answers were first seen, for they have all their hops left; and they were seen further on, so it is not the client's side.
   */
  private isNextToServer(c: number, returnPath: readonly number[], server: Place | null): boolean {
    const { columns, joined, topology } = this.input;
    const [first] = returnPath;
    const point = first === undefined ? undefined : this.points[first];
    if (first === undefined || !point || server?.network === "service") return false;
    if (point.node !== null && topology.machines[point.machine]?.points.length !== 1) return false;
    if ((joined.table.sightings[c] as number) < 2 * (joined.table.distinct[c] as number)) return false;
    const row = firstAt(columns, joined, c, first, false);
    // A capture of all interfaces may be of the machine that sends: what it translated before is not shown.
    if (row >= 0 && columns.sentHere(columns.flow(row), columns.direction(row))) return false;
    return row >= 0 && INITIAL_TTLS.has((columns.word(row, W_ID) >>> 8) & 255);
  }

  private alternatives(c: number): number[] {
    if (this.input.joined.table.ambiguous[c] !== 1) return [];
    const { match, connectionOfFlow } = this.input.joined;
    const out = new Set<number>();
    for (const group of match.ambiguous) {
      const own = group.map((f) => connectionOfFlow[match.sets.root(f)] as number);
      if (own.includes(c))
        for (const other of own) if (other !== c && other >= 0) out.add(this.order.positions[other] as number);
    }
    return [...out].sort((a, b) => a - b);
  }

  private carriersOf(c: number): readonly Encapsulation[] {
    const opaque = this.indirect.wireguard.get(c);
    return opaque ? [this.encapsulation(opaque)] : this.encapsulationsOf(this.input.joined.table.carriers[c] as number);
  }

  /** Lists of carriers are few: one object each. */
  private encapsulationsOf(list: number): readonly Encapsulation[] {
    return (this.encapsulationLists[list] ??= (this.input.joined.table.carrierLists[list] ?? []).map((e) =>
      this.encapsulation(e),
    ));
  }

  private encapsulation(c: FoundCarrier): Encapsulation {
    const kind = encapsulationKind(c.kind, c.inner6, c.outer6);
    return {
      kind,
      vni: hasNetworkIdentifier(kind) ? c.vni : null,
      port: c.port < 0 ? null : c.port,
      outer: { src: this.texts.text(c.source, c.outer6), dst: this.texts.text(c.destination, c.outer6) },
    };
  }

  private timeText(row: number): string {
    const { columns } = this.input;
    return `${columns.seconds(row)}.${String(1e9 + columns.nanoseconds(row)).slice(1)}`;
  }
}

/** Whether a file told what the pod is called, or that there is none. */
function isPodTold(place: Place | null): boolean {
  return place?.source === "told" || (place?.told?.pod ?? null) !== null;
}

function sameEnd(a: Endpoint, b: Endpoint): boolean {
  return a.ip === b.ip && a.port === b.port;
}

function isGroup(ip: string): boolean {
  if (ip.includes(":")) return ip.startsWith("ff");
  const first = Number.parseInt(ip, 10);
  return (first >= 224 && first < 240) || ip === "255.255.255.255";
}
