/**
 * NAT that only an ICMP error shows: it quotes the header of the packet it complains about as it was where it was dropped, that is
 * behind the translation. Nothing else of that packet was captured there.
 *
 * ```
 *  veth  10.1.0.5:4000 > 10.96.0.9:53            seq 77 id 5 ──► NAT ──► router: dropped
 *  eth0  router > 10.1.0.5  unreachable, quotes  10.1.0.5:4000 > 10.1.7.7:5353  seq 77 id 5
 *                                                               └ DNAT 10.96.0.9:53 to 10.1.7.7:5353, evidence icmp-quote
 * ```
 * A quote holds 8 bytes behind the IP header at least (RFC 792): TCP's sequence number, ports, and the IP identification. These
 * must agree, one side's address too (or its port, where both addresses changed), and only one connection may fit.
 *
 * The error is translated back hop by hop on its way to the sender, and its quote with it. Where several points saw it, each change is one of the
 * chain, made where the error's was undone; the less of its hops the error has left, the nearer to the sender is what it quotes:
 *
 * ```
 *  error    outside: quotes 100.64.5.2  62 ─► gateway ─► 10.9.0.1  61 ─► node ─► 10.1.0.5  60 ─► pod
 *  packet   10.1.0.5 to 10.9.0.1 at the node, 10.9.0.1 to 100.64.5.2 at the gateway
 * ```
 *
 * A redirect tells no translation: no packet was dropped, and the one it quotes may be half translated, its destination already and its
 * source not yet (what a Service sends back to the pod that asked it).
 */
import { addToGroup } from "../../../src-shared/base/grouping";
import type { Evidence } from "../../../src-shared/reconstruct/result";
import { FLOW_ACTIVE, FLOW_QUOTED } from "../kernel/assembly/abi";
import type { Joined } from "./join";
import { PROTOCOL_TCP, type SightingColumns, W_EXTRA, W_ID, W_IP_LENGTH, W_SEQ } from "./sighting-columns";

/** A translation by a quote, in the direction client to server. Addresses as in ConnectionTable. */
export interface QuotedTranslation {
  readonly kind: "dnat" | "snat";
  readonly fromAddress: number;
  readonly fromPort: number;
  readonly toAddress: number;
  readonly toPort: number;
  /** Point that saw the packet itself; the quote's side was seen by nobody. */
  readonly before: number | null;
  readonly after: number | null;
  readonly evidence: readonly Evidence[];
  packets: number;
  /** Pairs of points, nearer to the sender first, between which the error that quotes it was translated back. */
  readonly undoneAt: (readonly [number, number])[];
}

export interface QuotedNat {
  /** By row of the connection table. */
  readonly translations: ReadonlyMap<number, readonly QuotedTranslation[]>;
  /** Quoted rows that belong to a connection by this. */
  readonly rows: ReadonlyMap<number, readonly number[]>;
}

/** An error follows its packet within this; longer waits (address resolution) are three seconds. */
const MOST_APART_NS = 10e9;
/** Errors looked at: a scan makes millions of them. */
const MOST_QUOTES = 20_000;

interface Match {
  readonly row: number;
  readonly connection: number;
}

export function findQuotedNat(
  columns: SightingColumns,
  joined: Joined,
  /** The point is a pod's side: what it sees is what the pod sent. */
  isPodSide: (point: number) => boolean,
): QuotedNat {
  const { match, connectionOfFlow, matcher } = joined;
  const active = new Set<number>();
  for (let f = 0; f < columns.flowCount; f++) if (match.kind[f] === FLOW_ACTIVE) active.add(match.tuple[f] as number);
  /** Quoted rows by what is looked for: the sequence number, or the identification where there is none. */
  const wanted = new Map<number, number[]>();
  /** Those of packets that were captured as they are quoted. */
  const plain = new Map<number, number[]>();
  let quotes = 0;
  for (let f = 0; f < columns.flowCount && quotes < MOST_QUOTES; f++) {
    if (match.kind[f] !== FLOW_QUOTED) continue;
    const isCaptured = active.has(match.tuple[f] as number);
    for (let i = columns.start[f] as number; i < (columns.start[f + 1] as number) && quotes < MOST_QUOTES; i++) {
      const row = columns.order[i] as number;
      const key = keyOf(columns, row);
      if (key === undefined || isOfRedirect(columns, row)) continue;
      quotes++;
      addToGroup(isCaptured ? plain : wanted, key, row);
    }
  }
  const translations = new Map<number, QuotedTranslation[]>();
  const rows = new Map<number, number[]>();
  if (wanted.size === 0) return { translations, rows };

  const found = new Map<number, Match[]>();
  for (let row = 0; row < columns.count; row++) {
    const key = keyOf(columns, row);
    const quoted = key === undefined ? undefined : wanted.get(key);
    if (!quoted) continue;
    const flow = columns.flow(row);
    if (match.kind[flow] !== FLOW_ACTIVE) continue;
    const connection = connectionOfFlow[flow] as number;
    if (connection < 0) continue;
    for (const quote of quoted) {
      if (!isQuoteOf(columns, quote, row)) continue;
      if (Math.abs(matcher.alignedNs(quote) - matcher.alignedNs(row)) > MOST_APART_NS) continue;
      addToGroup(found, quote, { row, connection });
    }
  }
  // Those nearest to the sender first: in the order of the chain.
  const ordered = [...found].sort(([a], [b]) => hopsLeft(columns, a) - hopsLeft(columns, b));
  for (const [quote, matches] of ordered) {
    const [first] = matches;
    // Two connections that fit equally well: neither is told.
    if (!first || matches.some((m) => m.connection !== first.connection)) continue;
    const { connection } = first;
    addToGroup(rows, connection, quote);
    const key = keyOf(columns, quote) as number;
    const siblings = [
      ...(plain.get(key) ?? []).filter((row) => matches.some((m) => isOfSameEnds(columns, row, m.row))),
      ...(wanted.get(key) ?? []).filter((row) => found.get(row)?.every((m) => m.connection === connection)),
    ];
    add(
      columns,
      joined,
      connection,
      matches.map((m) => m.row),
      quote,
      siblings,
      isPodSide,
      translations,
    );
  }
  return { translations, rows };
}

/** ICMP types, in the highest byte of W_EXTRA: RFC 792, RFC 4443 section 2.1 (RFC 4861 section 4.5). */
const REDIRECT_V4 = 5;
const REDIRECT_V6 = 137;

/** Row of the ICMP message that quotes `row`: the rows of a packet lie together, it is the last before its quote. -1: none. */
function errorOf(columns: SightingColumns, row: number): number {
  let error = row - 1;
  while (error >= 0 && columns.quoted(columns.flow(error))) error--;
  return error >= 0 && columns.isIcmp(columns.flow(error)) ? error : -1;
}

/** TTL of the error that quotes `row`. */
function hopsLeft(columns: SightingColumns, row: number): number {
  const error = errorOf(columns, row);
  return error < 0 ? 0 : (columns.word(error, W_ID) >>> 8) & 255;
}

/** The quotes of the same packet that its error had next, and in between was routed: nearer to the sender. None: nobody saw it there. */
function nextQuotes(columns: SightingColumns, quote: number, siblings: readonly number[]): readonly number[] {
  const own = hopsLeft(columns, quote);
  const nearer = siblings.filter((row) => hopsLeft(columns, row) < own);
  const most = Math.max(...nearer.map((row) => hopsLeft(columns, row)));
  return nearer.filter((row) => hopsLeft(columns, row) === most);
}

/** The quote in `row` is one of a redirect. */
function isOfRedirect(columns: SightingColumns, row: number): boolean {
  const error = errorOf(columns, row);
  if (error < 0) return false;
  const type = columns.word(error, W_EXTRA) >>> 24;
  return type === (columns.v6(columns.flow(error)) ? REDIRECT_V6 : REDIRECT_V4);
}

/** What a quote is looked up by: the sequence number, for others the identification; undefined: there is neither. */
function keyOf(columns: SightingColumns, row: number): number | undefined {
  const at = columns.at(row);
  const id = (columns.words[at + W_ID] as number) >>> 16;
  if (columns.protocol(columns.flow(row)) === PROTOCOL_TCP) return columns.words[at + W_SEQ];
  // Apart from sequence numbers, which are whole.
  return id === 0 ? undefined : id + 0.5;
}

function isQuoteOf(columns: SightingColumns, quote: number, row: number): boolean {
  const q = columns.flow(quote);
  const f = columns.flow(row);
  const protocol = columns.protocol(f);
  if (columns.protocol(q) !== protocol || columns.v6(q) !== columns.v6(f)) return false;
  const { words } = columns;
  const x = columns.at(quote);
  const y = columns.at(row);
  const id = (words[x + W_ID] as number) >>> 16;
  if (id !== (words[y + W_ID] as number) >>> 16) return false;
  if (protocol === PROTOCOL_TCP) {
    if (words[x + W_SEQ] !== words[y + W_SEQ]) return false;
  } else if (words[x + W_IP_LENGTH] !== words[y + W_IP_LENGTH]) return false;
  if (columns.isIcmp(f) && words[x + W_EXTRA] !== words[y + W_EXTRA]) return false;
  const side = (of: number, flow: number, which: number): readonly [address: number, port: number] => {
    const end = columns.direction(of) ^ which;
    return [columns.address(flow, end), columns.port(flow, end)];
  };
  let sameAddress = false;
  let samePort = false;
  for (const which of [0, 1]) {
    const [address, port] = side(quote, q, which);
    const [otherAddress, otherPort] = side(row, f, which);
    if (address === otherAddress) sameAddress = true;
    if (port !== 0 && port === otherPort) samePort = true;
  }
  // Without an identification the sequence number is alone: one end must be wholly the same.
  if (id === 0) return sameAddress && samePort && protocol === PROTOCOL_TCP;
  return sameAddress || (samePort && protocol === PROTOCOL_TCP);
}

function add(
  columns: SightingColumns,
  joined: Joined,
  connection: number,
  seen: readonly number[],
  quote: number,
  siblings: readonly number[],
  isPodSide: (point: number) => boolean,
  translations: Map<number, QuotedTranslation[]>,
): void {
  const { match, table, pointOfFlow } = joined;
  const flip = table.serverIsA[connection] as number;
  // The sighting nearest to the drop is the last one.
  let row = seen[0] as number;
  for (const other of seen) if (joined.matcher.alignedNs(other) > joined.matcher.alignedNs(row)) row = other;
  const flow = columns.flow(row);
  const toServer = (columns.direction(row) ^ match.sets.swapped(flow) ^ flip) === 0;
  const point = pointOfFlow[flow] as number;
  const quotePoint = pointOfFlow[columns.flow(quote)] as number;
  // At a pod's side NAT has turned the quote back to what the pod sent; elsewhere the packet was seen before it was dropped.
  const quotedIsEarlier = isPodSide(quotePoint) && !isPodSide(point);
  const quotedIsBefore = quotedIsEarlier === toServer;
  const id = columns.word(quote, W_ID) >>> 16;
  const evidence: Evidence[] = [
    "icmp-quote",
    ...(columns.protocol(flow) === PROTOCOL_TCP ? (["tcp-seq"] as const) : []),
    ...(id === 0 ? [] : (["ip-id"] as const)),
  ];
  const q = columns.flow(quote);
  const next = quotedIsBefore || !toServer ? [] : nextQuotes(columns, quote, siblings);
  const undoneAt = next.map((other) => [pointOfFlow[columns.flow(other)] as number, quotePoint] as const);
  // What it was before: as the next quote has it, or the packet itself.
  const base = next[0] ?? row;
  const baseFlow = columns.flow(base);
  const isSeen = isOfSameEnds(columns, base, row);
  for (const isServerSide of [true, false]) {
    const which = isServerSide === toServer ? 1 : 0;
    const own = columns.direction(base) ^ which;
    const theirs = columns.direction(quote) ^ which;
    const port = (f: number, end: number): number =>
      columns.isIcmp(f) ? (isServerSide ? 0 : columns.port(f, 0)) : columns.port(f, end);
    const here = { address: columns.address(baseFlow, own), port: port(baseFlow, own) };
    const told = { address: columns.address(q, theirs), port: port(q, theirs) };
    if (here.address === told.address && here.port === told.port) continue;
    const [from, to] = quotedIsBefore ? [told, here] : [here, told];
    const kind = isServerSide ? "dnat" : "snat";
    const list = translations.get(connection) ?? [];
    translations.set(connection, list);
    const known = list.find(
      (t) =>
        t.kind === kind &&
        t.fromAddress === from.address &&
        t.fromPort === from.port &&
        t.toAddress === to.address &&
        t.toPort === to.port,
    );
    if (known) {
      known.packets++;
      known.undoneAt.push(...undoneAt);
    } else
      list.push({
        kind,
        fromAddress: from.address,
        fromPort: from.port,
        toAddress: to.address,
        toPort: to.port,
        before: quotedIsBefore || !isSeen ? null : point,
        after: quotedIsBefore ? point : null,
        evidence,
        packets: 1,
        undoneAt: [...undoneAt],
      });
  }
}

/** Two rows have the same source and destination. */
function isOfSameEnds(columns: SightingColumns, a: number, b: number): boolean {
  const [f, g] = [columns.flow(a), columns.flow(b)];
  return [0, 1].every((which) => {
    const [x, y] = [columns.direction(a) ^ which, columns.direction(b) ^ which];
    return columns.address(f, x) === columns.address(g, y) && columns.port(f, x) === columns.port(g, y);
  });
}
