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
 *
 * A proxy may rewrite host and path and not say so. Then an identifier, the client it names as forwarded for, or a path that went
 * in once and came out once in the whole recording takes their place. An application that calls others in turn hands on
 * identifiers too, so what is left of host and path has to agree (`likeness`), and one request goes on to one place only.
 * HTTP/1 in clear only: a proxy that takes TLS or sends HTTP/2 shows no request.
 */
import { firstIndex } from "../../../src-shared/base/search";
import type { Connection } from "../../../src-shared/reconstruct/result";
import type { Texts } from "./application-messages";
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

/** A request passed on, and how sure that is: the surest count, several of them are ambiguous. */
interface Fit {
  readonly left: Request;
  readonly evidence: readonly string[];
  readonly rank: number;
  /** Host or path are others than they were. */
  readonly rewritten: boolean;
}

export function findIngressHops(source: RelatedSource): readonly IngressTie[] {
  const { http, texts } = source.messages;
  const requests = collectRequests(source);
  const parts = new RequestParts(texts);
  /** By the host that got them and what they are looked up by (their key, their identifiers), in order of time. */
  const waiting = new RequestsOfHosts();
  /** By the host that got or sent them and the end of their path. */
  const gotByTail = new RequestsOfHosts();
  const sentByTail = new RequestsOfHosts();
  for (const request of requests) {
    const { head } = request;
    waiting.add(request.gotBy, http.key.at(head), request);
    waiting.add(request.gotBy, http.identifier.at(head), request);
    waiting.add(request.gotBy, http.trace.at(head), request);
    const tail = parts.of(http.key.at(head)).tail;
    gotByTail.add(request.gotBy, tail, request);
    sentByTail.add(request.sentBy, tail, request);
  }
  const passedOn: { readonly right: Request; readonly fitting: readonly Fit[] }[] = [];
  /** What each left request went on as: two unlike rewritten ones, and it was not passed on but others were asked. */
  const wentOnAs = new Map<Request, string | null>();
  for (const right of requests) {
    if (!waiting.hosts.has(right.sentBy)) continue;
    const own = http.key.at(right.head);
    const original = http.original.at(right.head);
    const forwarded = http.forwardedFor.at(right.head) !== 0;
    const path = parts.of(own);
    const found = new Map<Request, Fit>();
    const look = (lefts: readonly Request[], isEvidence: (left: Request) => boolean): void => {
      // Those that were sent before it, the latest first.
      let at = before(lefts, right.firstNs + source.clockErrorNs);
      for (let looked = 0; at >= 0 && looked < MOST_CANDIDATES; at--, looked++) {
        const left = lefts[at] as Request;
        if (right.firstNs - left.firstNs > MOST_WAIT_NS) break;
        if (found.has(left)) continue;
        const key = http.key.at(left.head);
        const rewritten = key !== own && key !== original;
        const alike = rewritten ? likeness(parts.of(key), path) : "request";
        const fit = alike && compare(source, left, right, alike);
        if (fit && (!rewritten || fit.identified || isEvidence(left))) found.set(left, { ...fit, left, rewritten });
      }
    };
    for (const key of new Set([own, original, http.identifier.at(right.head), http.trace.at(right.head)]))
      if (key !== 0) look(waiting.of(right.sentBy, key), () => false);
    // Nothing else fits: what the end of its path tells.
    if (found.size === 0) {
      const lefts = gotByTail.of(right.sentBy, path.tail);
      const only = path.tail !== "" && lefts.length === 1 && sentByTail.of(right.sentBy, path.tail).length === 1;
      if (forwarded || only)
        look(lefts, (left) => {
          const sameParts = parts.of(http.key.at(left.head));
          const identifier = http.identifier.at(left.head);
          const another = identifier !== 0 && http.identifier.at(right.head) !== 0;
          return !another && (sameParts.host === path.host || sameParts.path === path.path);
        });
    }
    if (found.size === 0) continue;
    // What an identifier or a forwarding header names is no guess.
    const fits = [...found.values()];
    const best = Math.max(...fits.map((fit) => fit.rank));
    const fitting = fits.filter((fit) => fit.rank === best);
    passedOn.push({ right, fitting });
    for (const { left, rewritten } of fitting) {
      const as = rewritten ? path.path : "";
      const before = wentOnAs.get(left);
      wentOnAs.set(left, before === undefined || before === as ? as : null);
    }
  }
  const ties = new Map<string, { -readonly [K in keyof IngressTie]: IngressTie[K] }>();
  for (const { right, fitting: all } of passedOn) {
    const fitting = all.filter((fit) => !fit.rewritten || wentOnAs.get(fit.left) !== null);
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

/** Requests by host and by a key of theirs; 0 and undefined are no key. In order of time where they are added so. */
class RequestsOfHosts {
  readonly hosts = new Map<string, Map<number | string, Request[]>>();

  add(host: string, key: number | string | undefined, request: Request): void {
    if (key === 0 || key === undefined) return;
    let byKey = this.hosts.get(host);
    if (!byKey) this.hosts.set(host, (byKey = new Map<number | string, Request[]>()));
    const list = byKey.get(key);
    if (list) list.push(request);
    else byKey.set(key, [request]);
  }

  of(host: string, key: number | string): readonly Request[] {
    return this.hosts.get(host)?.get(key) ?? NONE;
  }
}

interface Parts {
  readonly method: string;
  readonly host: string;
  readonly path: string;
  /** The last segment of the path that is not empty, with the query: what remains where a proxy takes or puts a prefix. */
  readonly tail: string;
}

/** A request's key taken apart: "GET shop.example /shop/cart?n=1" ends in "cart?n=1". */
class RequestParts {
  private readonly known = new Map<number, Parts>();

  constructor(private readonly texts: Texts) {}

  of(key: number): Parts {
    const known = this.known.get(key);
    if (known) return known;
    const text = this.texts.text(key);
    const host = text.indexOf(" ") + 1;
    const path = text.indexOf(" ", host) + 1;
    const parts = {
      method: text.slice(0, host - 1),
      host: text.slice(host, path - 1),
      path: text.slice(path),
      tail: /[^/?]+\/*(?:\?.*)?$/.exec(text.slice(path))?.[0] ?? "",
    };
    this.known.set(key, parts);
    return parts;
  }
}

/**
 * What of method, host and path is the same where a proxy rewrote host or path; undefined: another method, or a path that shows
 * nothing of the one before. A prefix that was put in front or taken away leaves the rest of it.
 */
function likeness(left: Parts, right: Parts): string | undefined {
  if (left.method !== right.method) return undefined;
  if (left.path === right.path) return "path";
  if (left.host === right.host) return "host";
  return left.path.startsWith("/") &&
    right.path.startsWith("/") &&
    (isEnd(left.path, right.path) || isEnd(right.path, left.path))
    ? "path"
    : undefined;
}

function isEnd(whole: string, end: string): boolean {
  return whole.endsWith(end);
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
  alike: string,
): { readonly evidence: readonly string[]; readonly rank: number; readonly identified: boolean } | undefined {
  if (left.connection === right.connection) return undefined;
  const { http, texts } = source.messages;
  if (left.answeredNs + source.clockErrorNs < right.firstNs) return undefined;
  if (right.answeredNs !== Infinity && left.answeredNs + source.clockErrorNs < right.answeredNs) return undefined;
  // The same conversation told twice is no hop: a proxy asks for itself.
  if (left.sender.ip === right.sender.ip && left.sender.port === right.sender.port) return undefined;
  const evidence = [alike, "time-order"];
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
  const trace = http.trace.at(right.head);
  const tracedAs = http.trace.at(left.head);
  // Whoever passes a trace on leaves it as it is; an identifier may be given anew.
  if (trace !== 0 && tracedAs !== 0 && trace !== tracedAs) return undefined;
  const identifier = http.identifier.at(right.head);
  const isNamed = identifier !== 0 && identifier === http.identifier.at(left.head);
  const identified = isNamed || (trace !== 0 && trace === tracedAs);
  if (identified) evidence.push("request identifier");
  let named = isNamed;
  const forwardedFor = texts.text(http.forwardedFor.at(right.head));
  if (forwardedFor !== "") {
    const a = source.bare(left.connection);
    if (!names(forwardedFor, a)) return undefined;
    evidence.push("forwarded for its client");
    named ||= http.forwardedFor.at(left.head) === 0 && forwardedPort(forwardedFor, a);
  }
  // One request is named by its own identifier or its client's port, several are of one trace.
  return { evidence, identified, rank: (named ? 4 : identified ? 2 : 0) + (alike === "request" ? 1 : 0) };
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
