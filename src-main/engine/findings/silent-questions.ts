/**
 * UDP and pings to which nothing ever came back, gathered by who asks whom: each question has a port or a number of its own, so that what
 * one client meets is many connections. The families take from here what they explain.
 *
 * ```
 * ports 53598, 56569, 40456 of the client ──► server:5140        (nothing)        one group of three connections
 * ```
 * UDP need not be answered: whether somebody waits is known of pings, of DNS, and where the same address and port answers others.
 */
import { endpointText } from "../../../src-shared/model/endpoint-text";
import type { Connection, Journey } from "../../../src-shared/reconstruct/result";
import { type Attempt, furthest, unansweredQuestion } from "./attempts";
import { type FindingContext, firstRow, TCP_ACK, TCP_SYN, upsert } from "./context";
import { LEAST_HONEST_TTL } from "./ttl";

export interface QuestionGroup {
  readonly first: Connection;
  readonly connections: Connection[];
  /** Of all connections together. */
  readonly attempt: Attempt;
  /** Who asks so waits for an answer; null: it may be a protocol without any. */
  readonly asks: "ping" | "dns" | "answers others" | null;
  /** A family has explained it. */
  isExplained: boolean;
}

interface Gathered {
  readonly first: Connection;
  readonly silent: { readonly connection: Connection; readonly attempt: Attempt }[];
}

/** Questions that are kept: a flood of them must not cost memory. */
const MOST_KEPT = 1 << 16;

export class SilentQuestions {
  readonly #gathered = new Map<string, Gathered>();
  #kept = 0;
  /** Addresses and ports that answered, by protocol. */
  readonly #answering = new Set<string>();
  /** When the last question was sent that was answered, by who asked whom. */
  readonly #lastAnswered = new Map<string, number>();
  /** Points where answers were seen, and those where TCP goes on without. */
  readonly #twoWay = new Set<number>();
  readonly #oneWay = new Set<number>();
  #groups: readonly QuestionGroup[] | undefined;

  constructor(private readonly context: FindingContext) {}

  visit(connection: Connection, journeys: readonly Journey[]): void {
    const { protocol, client, server, requested } = connection;
    const answer = journeys.find((j) => j.direction === "to-client");
    for (const point of answer?.points ?? []) this.#twoWay.add(point);
    if (protocol === "tcp") {
      if (!answer && journeys.some((j) => !this.#isSyn(j))) this.#oneWay.add(journeys[0]?.points[0] ?? -1);
      return;
    }
    const pair = `${protocol} ${client.ip}>${endpointText(server)}`;
    if (answer) {
      for (const end of [server, requested]) if (end) this.#answering.add(`${protocol} ${endpointText(end)}`);
      this.#lastAnswered.set(pair, Math.max(this.#lastAnswered.get(pair) ?? -Infinity, Number(connection.firstTime)));
      return;
    }
    const attempt = unansweredQuestion(this.context, connection, journeys);
    if (!attempt || isForMany(server.ip) || this.#looksForTheWay(attempt)) return;
    if (this.#kept++ >= MOST_KEPT) return;
    upsert(this.#gathered, pair, (): Gathered => ({ first: connection, silent: [] })).silent.push({
      connection,
      attempt,
    });
  }

  /** To be called once all connections were visited: in the order of their first packets. */
  groups(): readonly QuestionGroup[] {
    this.#groups ??= [...this.#gathered].flatMap(([pair, { silent }]) => {
      // One that is answered later, or in between, was lost.
      const after = this.#lastAnswered.get(pair) ?? -Infinity;
      const last = silent.filter(({ connection }) => Number(connection.firstTime) > after);
      const [first] = last;
      if (!first) return [];
      const asked = last.flatMap((one) => one.attempt.syns);
      const asks = this.#asks(first.connection, asked);
      const attempt: Attempt = {
        syns: [...asked].sort((a, b) => this.context.startNs(a) - this.context.startNs(b)),
        resets: [],
        complaints: last.flatMap((one) => one.attempt.complaints),
        lastSeen: furthest(asked),
      };
      return [
        {
          first: first.connection,
          connections: last.map((one) => one.connection),
          attempt,
          asks,
          isExplained: false,
        },
      ];
    });
    return this.#groups;
  }

  /** Whether the capture shows no answers where the group was sent, although there are some: a tap of one direction. */
  isOneWay({ attempt }: QuestionGroup): boolean {
    const point = attempt.syns[0]?.points[0] ?? -1;
    return this.#oneWay.has(point) && !this.#twoWay.has(point);
  }

  #asks(connection: Connection, asked: readonly Journey[]): QuestionGroup["asks"] {
    const { join, observer } = this.context;
    if (connection.protocol !== "udp") return "ping";
    if (asked.some((j) => j.sightings.some((row) => observer.dns.isQuestion(join.sightings.packet(row))))) return "dns";
    const { server, requested } = connection;
    return [server, requested].some((end) => end && this.#answering.has(`udp ${endpointText(end)}`))
      ? "answers others"
      : null;
  }

  #isSyn(journey: Journey): boolean {
    return (this.context.join.sightings.tcpFlags(firstRow(journey)) & (TCP_SYN | TCP_ACK)) === TCP_SYN;
  }

  #looksForTheWay({ syns }: Attempt): boolean {
    return syns.some((j) => this.context.join.sightings.ttl(firstRow(j)) < LEAST_HONEST_TTL);
  }
}

/** Multicast or broadcast: who answers does so from an address of its own (RFC 1112 section 4, RFC 919, RFC 4291 section 2.7). */
function isForMany(ip: string): boolean {
  if (ip.includes(":")) return /^ff/i.test(ip);
  return Number(ip.slice(0, ip.indexOf("."))) >= 224 || ip.endsWith(".255");
}
