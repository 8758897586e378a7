/**
 * Ingress: a proxy ends one connection and starts another; nothing of the packets survives but the HTTP request.
 *
 * ```
 *  client ──GET shop.example /cart──► proxy ──GET shop.example /cart──► pod
 *     │ 12.000        ├ 12.001                  ├ 12.002    ├ 12.009
 *     └────── request and answer of the left one ───────────┘ enclose those of the right one
 * ```
 * Two requests are the same where the right one's sender is the left one's receiver, method, host and path agree (or a header
 * tells what they were before a rewrite), the times nest, and nothing contradicts: headers that proxies leave alone, the body,
 * the address it is forwarded for. An identifier that both carry decides. Several that fit equally well: ambiguous, all shown.
 * HTTP/1 in clear only: a proxy that takes TLS or sends HTTP/2 shows no request.
 */
import { firstIndex } from "../../../src-shared/base/search";
import type { Connection } from "../../../src-shared/reconstruct/result";
import { byConnection, hostOf, type PlacedHost, type RelatedSource } from "./related-source";

export interface IngressTie {
  readonly from: number;
  readonly to: number;
  /** "GET shop.example /cart" */
  readonly request: string;
  /** Requests that tie these two. */
  readonly requests: number;
  /** What agrees beyond method, host and path. */
  readonly evidence: readonly string[];
  readonly ambiguous: boolean;
}

interface Request {
  readonly connection: number;
  readonly sender: PlacedHost;
  /** Hosts that sent it and got it (hostOf). */
  readonly sentBy: string;
  readonly gotBy: string;
  readonly head: number;
  /** Raw sequence number of its first byte: the same wherever the request was seen. */
  readonly seq: number;
  firstNs: number;
  /** When the last sighting of its answer's head was; Infinity: no answer was seen. */
  answeredNs: number;
}

/** A proxy that has waited so long has told its client. */
const MOST_WAIT_NS = 60e9;
/** Requests alike that may be waiting at one proxy. */
const MOST_CANDIDATES = 256;
const NONE: readonly Request[] = [];

export function findIngressHops(source: RelatedSource): readonly IngressTie[] {
  const { http, texts } = source.messages;
  const requests = collectRequests(source);
  /** By the host that got them and their key, in order of time. */
  const waiting = new Map<string, Map<number, Request[]>>();
  for (const request of requests) {
    let byKey = waiting.get(request.gotBy);
    if (!byKey) waiting.set(request.gotBy, (byKey = new Map<number, Request[]>()));
    const key = http.key.at(request.head);
    const list = byKey.get(key);
    if (list) list.push(request);
    else byKey.set(key, [request]);
  }
  const ties = new Map<string, { -readonly [K in keyof IngressTie]: IngressTie[K] }>();
  for (const right of requests) {
    const byKey = waiting.get(right.sentBy);
    if (!byKey) continue;
    const keys = new Set([http.key.at(right.head), http.original.at(right.head)]);
    keys.delete(0);
    let fitting: { readonly left: Request; readonly evidence: readonly string[]; readonly decided: boolean }[] = [];
    for (const key of keys) {
      const lefts = byKey.get(key) ?? NONE;
      // Those that were sent before it, the latest first.
      let at = before(lefts, right.firstNs + source.clockErrorNs);
      for (let looked = 0; at >= 0 && looked < MOST_CANDIDATES; at--, looked++) {
        const left = lefts[at] as Request;
        if (right.firstNs - left.firstNs > MOST_WAIT_NS) break;
        const evidence = compare(source, left, right);
        if (evidence) fitting.push({ left, ...evidence });
      }
    }
    // What an identifier or a forwarding header names is no guess.
    if (fitting.some((f) => f.decided)) fitting = fitting.filter((f) => f.decided);
    for (const { left, evidence } of fitting) {
      const pair = `${left.connection} ${right.connection}`;
      const known = ties.get(pair);
      if (known) {
        known.requests++;
        known.ambiguous &&= fitting.length > 1;
        continue;
      }
      ties.set(pair, {
        from: left.connection,
        to: right.connection,
        request: texts.text(http.key.at(left.head)),
        requests: 1,
        evidence,
        ambiguous: fitting.length > 1,
      });
    }
  }
  return [...ties.values()];
}

/** Index of the last request that was sent at or before `ns`, -1 none. */
function before(requests: readonly Request[], ns: number): number {
  return firstIndex(requests.length, (index) => (requests[index] as Request).firstNs > ns) - 1;
}

/** Whether `right` is `left`, which its sender got before, passed on. Undefined: these are not the same request. */
function compare(
  source: RelatedSource,
  left: Request,
  right: Request,
): { readonly evidence: readonly string[]; readonly decided: boolean } | undefined {
  if (left.connection === right.connection) return undefined;
  const { http, texts } = source.messages;
  if (left.answeredNs + source.clockErrorNs < right.firstNs) return undefined;
  if (right.answeredNs !== Infinity && left.answeredNs + source.clockErrorNs < right.answeredNs) return undefined;
  // The same conversation told twice is no hop: a proxy asks for itself.
  if (left.sender.ip === right.sender.ip && left.sender.port === right.sender.port) return undefined;
  const evidence = ["request", "time-order"];
  let decided = false;
  for (const [column, name] of [
    [http.headers, "headers"],
    [http.body, "body"],
  ] as const) {
    const x = column.at(left.head);
    const y = column.at(right.head);
    if (x === 0 || y === 0) continue;
    if (x !== y) return undefined;
    evidence.push(name);
  }
  const identifier = http.identifier.at(right.head);
  const given = http.identifier.at(left.head);
  if (identifier !== 0 && identifier === given) {
    evidence.push("request identifier");
    decided = true;
  } else if (identifier !== 0 && given !== 0 && isTrace(texts.text(identifier)) && isTrace(texts.text(given)))
    return undefined;
  const forwardedFor = texts.text(http.forwardedFor.at(right.head));
  if (forwardedFor !== "") {
    const a = source.bare(left.connection);
    if (!names(forwardedFor, a)) return undefined;
    evidence.push("forwarded for its client");
    decided ||= http.forwardedFor.at(left.head) === 0 && forwardedPort(forwardedFor, a);
  }
  return { evidence, decided };
}

function isTrace(identifier: string): boolean {
  return identifier.startsWith("trace ");
}

/** The list of addresses names the client as the proxy saw it, or as it was. */
function names(list: string, c: Connection): boolean {
  const addresses = new Set(
    [c.client.ip, c.seenByServerAs?.ip, ...c.translations.filter((t) => t.kind === "snat").map((t) => t.to.ip)].filter(
      (ip) => ip !== undefined,
    ),
  );
  return list
    .toLowerCase()
    .split(/[\s,;]+/)
    .some((part) => {
      const text = part.replace(/^for=/, "").replace(/"/g, "");
      return (
        addresses.has(text) || addresses.has(text.replace(/^\[(.*)\](?::\d+)?$/, "$1").replace(/^([\d.]+):\d+$/, "$1"))
      );
    });
}

/** The list names the client's port too. */
function forwardedPort(list: string, c: Connection): boolean {
  return [c.client.port, c.seenByServerAs?.port].some((port) => port !== undefined && list.includes(`:${port}`));
}

/**
 * Every request once, however many points saw it, with the time of its answer; in order of time. Only of hosts that both
 * answer requests and send some: no other can be a proxy.
 */
function collectRequests(source: RelatedSource): Request[] {
  const { sightings, messages, connectionCount } = source;
  const { http } = messages;
  const { start, order, row: rowOf } = byConnection(source, http.packet);
  const asking = new Set<string>();
  const answering = new Set<string>();
  for (let c = 0; c < connectionCount; c++) {
    if (start[c] === start[c + 1]) continue;
    asking.add(hostOf(source.client(c)));
    answering.add(hostOf(source.server(c)));
  }
  /** Raw sequence number of each head's first byte. */
  const seqOf = new Uint32Array(http.count);
  const requests: Request[] = [];
  for (let connection = 0; connection < connectionCount; connection++) {
    const from = start[connection] as number;
    const to = start[connection + 1] as number;
    if (from === to) continue;
    const sender = source.client(connection);
    const sentBy = hostOf(sender);
    const gotBy = hostOf(source.server(connection));
    if (!answering.has(sentBy) && !asking.has(gotBy)) continue;
    const heads = order.subarray(from, to);
    for (const head of heads) seqOf[head] = sightings.tcpSeq(rowOf[head] as number) + http.offset.at(head);
    // Sequence numbers may pass through zero.
    const base = seqOf[heads[0] as number] as number;
    heads.sort((a, b) => (((seqOf[a] as number) - base) | 0) - (((seqOf[b] as number) - base) | 0) || a - b);
    const asked: Request[] = [];
    const given: { readonly seq: number; ns: number }[] = [];
    for (const head of heads) {
      const ns = sightings.alignedNs(rowOf[head] as number);
      const seq = seqOf[head] as number;
      const code = http.code.at(head);
      if (http.key.at(head) !== 0) {
        const last = asked.at(-1);
        if (last?.seq === seq) last.firstNs = Math.min(last.firstNs, ns);
        else asked.push({ connection, sender, sentBy, gotBy, head, seq, firstNs: ns, answeredNs: Infinity });
      } else if (code === 0 || code >= 200) {
        // Interim answers (100, 103) come before the one that counts.
        const last = given.at(-1);
        if (last?.seq === seq) last.ns = Math.max(last.ns, ns);
        else given.push({ seq, ns });
      }
    }
    // The n-th answer is to the n-th request (RFC 9112 section 9.3).
    if (given.length <= asked.length)
      asked.forEach((request, i) => {
        request.answeredNs = given[i]?.ns ?? Infinity;
      });
    for (const request of asked) requests.push(request);
  }
  return requests.sort((a, b) => a.firstNs - b.firstNs || a.head - b.head);
}

/** "GET shop.example /cart", "GET shop.example /cart and 3 more requests" */
export function ingressText(tie: IngressTie): string {
  const more = tie.requests - 1;
  return more === 0 ? tie.request : `${tie.request} and ${more} more ${more === 1 ? "request" : "requests"}`;
}
