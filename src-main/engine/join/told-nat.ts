/**
 * What connection tracking tells of a connection that its packets do not show: what was translated before its first sighting.
 *
 * ```
 * a node's own call          entry   N:41354 → S:8000          what the node's program asked for
 *                            reply   P:5678  → T:41354         what an answer looks like
 * first device that sees it          T:41354 → P:5678          the reply turned round: client is N, requested is S
 * ```
 * A machine translates its own calls before any device sees them, and so does one whose file is missing. The entry belongs to the connection
 * if its reply is what answers look like behind all that the packets show before. Packets that were seen where they came from (a pod's
 * own wire) contradict such an entry: then they are believed, and the finding conntrack-differs tells.
 *
 * Several machines may have translated one after the other. One machine translates a packet once: what its file tells of the address and port that it
 * gave away itself is another call, which only uses the same port (a node's own call, and a pod's that the node masquerades).
 */
import { addToGroup } from "../../../src-shared/base/grouping";
import { endpointText } from "../../../src-shared/model/endpoint-text";
import { toldChanges, type ToldTranslation } from "../../../src-shared/model/told-translation";
import { type ToldUse, toldUses, usesAt } from "../../../src-shared/model/told-uses";
import type { Connection, Endpoint, Point, Translation } from "../../../src-shared/reconstruct/result";

/** What is to be put in front of what the packets show. */
export interface ToldFront {
  readonly client: Endpoint;
  readonly requested: Endpoint | null;
  /** In the order they happened; evidence "conntrack", behind each is the first capture point. */
  readonly translations: readonly Translation[];
  /** Which of these two the packets do not show. */
  readonly facts: readonly ("client" | "requested")[];
}

/** Machines that translate one after the other before the first capture point. */
const MOST_STEPS = 4;

export class ToldNat {
  readonly #byReply = new Map<string, ToldUse[]>();

  constructor(
    told: readonly ToldTranslation[],
    private readonly points: readonly Point[],
    /** Node that has this address, at a time; null: none, or it is not known. */
    private readonly nodeOf: (ip: string, atMs: number) => string | null,
  ) {
    for (const use of toldUses(told)) {
      const line = use.told;
      if (toldChanges(line).length === 0) continue;
      const { source, sourcePort, destination, destinationPort } = line.reply;
      const client = { ip: destination, port: destinationPort };
      addToGroup(this.#byReply, key(line.protocol, client, { ip: source, port: sourcePort }), use);
    }
  }

  /** Undefined: nothing is told that the packets do not show. `shown`: the connection as its packets show it. */
  front(shown: Connection): ToldFront | undefined {
    if (this.#byReply.size === 0 || seenWhereSent(shown, this.points)) return undefined;
    let client: Endpoint = shown.client;
    let { requested } = shown;
    const translations: Translation[] = [];
    let behind: ToldTranslation | undefined;
    for (let step = 0; step < MOST_STEPS; step++) {
      const told = this.#entry(shown, client, requested ?? shown.server, behind);
      if (!told) break;
      behind = told;
      const ahead: Translation[] = [];
      let before = client;
      const node = this.#machineOf(told, shown);
      for (const { kind, from, to } of toldChanges(told)) {
        if (kind === "dnat") {
          requested = from;
        } else if (isEnd(to, client)) {
          before = from;
        } else continue;
        const between = [null, shown.path[0] ?? null] as const;
        ahead.push({ kind, from, to, between, node, evidence: ["conntrack"], packets: 0 });
      }
      client = before;
      translations.unshift(...ahead);
    }
    if (translations.length === 0) return undefined;
    return {
      client,
      requested,
      translations,
      facts: [
        ...(isEnd(client, shown.client) ? [] : (["client"] as const)),
        ...(requested && shown.requested && isEnd(requested, shown.requested) ? [] : (["requested"] as const)),
      ],
    };
  }

  /**
   * Files of conntrack do not name their machine: it is the one whose address takes the client's place, or the one that was asked, or the one
   * that called, where its own device is the first that saw the packets.
   */
  #machineOf(told: ToldTranslation, shown: Connection): string | null {
    const atMs = Number(shown.firstTime) * 1000;
    const { original, reply } = told;
    if (original.source !== reply.destination) return this.nodeOf(reply.destination, atMs);
    const asked = this.nodeOf(original.destination, atMs);
    if (asked !== null) return asked;
    const first = shown.path[0] === undefined ? undefined : this.points[shown.path[0]];
    const caller = this.nodeOf(original.source, atMs);
    return first && first.node === caller ? caller : null;
  }

  /**
   * The entry whose reply answers look like before `client` and `server` were translated further, by `behind` if that is known. Where it is not, the
   * source may have been seen translated already: an answer that crosses a bridge shows the client, and never what it asked for.
   */
  #entry(
    shown: Connection,
    client: Endpoint,
    server: Endpoint,
    behind: ToldTranslation | undefined,
  ): ToldTranslation | undefined {
    const own = this.#near(shown, key(shown.protocol, client, server), behind);
    if (own || behind || shown.requested !== null) return own;
    for (const t of shown.translations)
      if (t.kind === "snat" && isEnd(t.from, client)) {
        const known = this.#near(shown, key(shown.protocol, t.to, server));
        const source = known && toldChanges(known).find((change) => change.kind === "snat");
        if (source && isEnd(source.from, client)) return known;
      }
    return undefined;
  }

  /** Of several uses of the same ports the one at its time; none, if two that were asked differently are as near. */
  #near(shown: Connection, tuple: string, behind?: ToldTranslation): ToldTranslation | undefined {
    const uses = this.#byReply.get(tuple) ?? [];
    const [nearest, ...others] = usesAt(
      behind ? uses.filter(({ told }) => !isOneMachine(told, behind)) : uses,
      Number(shown.firstTime),
      Number(shown.lastTime),
    ).map((use) => use.told);
    const asked = ({ original }: ToldTranslation): string =>
      `${original.source} ${original.sourcePort} ${original.destination} ${original.destinationPort}`;
    return nearest && others.some((other) => asked(other) !== asked(nearest)) ? undefined : nearest;
  }
}

/** Its packets were seen before any machine could have translated them: on the wire, or at the bridge, of the pod that sent them. */
export function seenWhereSent(connection: Connection, points: readonly Point[]): boolean {
  const at = connection.path[0];
  const first = at === undefined ? undefined : points[at];
  if (!first) return false;
  if (first.role === "pod-nic" || first.role === "host-veth") return first.podAddress === connection.client.ip;
  return first.role === "bridge" && connection.client.pod !== null && connection.client.node === first.node;
}

/** Of one machine's table; zones are tables of their own, and a packet may cross several. */
function isOneMachine(a: ToldTranslation, b: ToldTranslation): boolean {
  return a.file === b.file && a.zone === b.zone;
}

function isEnd(a: Endpoint, b: Endpoint): boolean {
  return a.ip === b.ip && a.port === b.port;
}

function key(protocol: string, client: Endpoint, server: Endpoint): string {
  return `${protocol} ${endpointText(client)} ${endpointText(server)}`;
}
