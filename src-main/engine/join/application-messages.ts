/**
 * What applications said, kept while the batches pass because nothing keeps the packets' bytes: DNS answers and the heads of
 * HTTP/1 messages, as columns. They tie connections that no packet field ties (related.ts).
 *
 * ```
 * DNS answer  packet, id, type, rcode, name ─► values first … next row's first: addresses and aliases (CNAME), with TTLs
 * HTTP head   packet, offset in the segment, method host path ─► key; hashes of headers and body; who it was forwarded for
 * ```
 * Only packets whose last layer is DNS or HTTP cost more than a look at that layer's kind. Texts are hostile: interned, compared,
 * never interpreted.
 */
import { formatIpv4, formatIpv6 } from "../../../src-shared/model/address";
import { LAYER_DNS, LAYER_HTTP, LAYER_TCP, LAYER_WIREGUARD } from "../../../src-shared/model/layer-kind";
import {
  DNS_ANSWER,
  DNS_TYPE_A,
  DNS_TYPE_AAAA,
  DNS_TYPE_CNAME,
  type DnsVisitor,
  visitDns,
  visitDnsOverTcp,
} from "../../../src-shared/wire/dns";
import { dnsName } from "../../../src-shared/wire/dns-name";
import { httpText, isHttpHeader, visitChunks, visitHttp } from "../../../src-shared/wire/http";
import { LAYER_FLAG_QUOTED } from "../kernel/assembly/abi";
import type { Batch } from "../kernel/batch";
import { GrowableU32 } from "../packet-index/growable";
import { SeenContents } from "./seen-contents";

/** Past this many of a kind the rest is only counted: a DNS server's own capture, a load test. */
const MAX_MESSAGES = 1 << 21;
/** Longest text kept of a request's target, host, or forwarding header. */
const LONGEST_TEXT = 2048;

/** Texts by number; equal texts have one. */
export class Texts {
  private readonly numbers = new Map<string, number>([["", 0]]);
  private readonly all: string[] = [""];

  /** 0 is the empty text. */
  number(text: string): number {
    let n = this.numbers.get(text);
    if (n === undefined) {
      n = this.all.length;
      this.all.push(text);
      this.numbers.set(text, n);
    }
    return n;
  }

  text(number: number): string {
    return this.all[number] ?? "";
  }

  list(): readonly string[] {
    return this.all;
  }
}

export class DnsAnswers {
  /** Index of the packet over the workspace, ascending. */
  readonly packet = new GrowableU32();
  readonly id = new GrowableU32();
  /** Of the first question. */
  readonly type = new GrowableU32();
  /** 0 no error, 2 server failure, 3 no such name (RFC 1035 section 4.1.1). */
  readonly rcode = new GrowableU32();
  /** Number of the first question's name, lower case. */
  readonly name = new GrowableU32();
  /** First value of the row; it ends where the next row's begins. */
  readonly first = new GrowableU32();
  /** Text number × 2, + 1 for an alias: an address, or the name that stands in its place. */
  readonly values = new GrowableU32();
  /** Seconds each value may be kept. */
  readonly ttl = new GrowableU32();

  get count(): number {
    return this.packet.length;
  }

  end(row: number): number {
    return row + 1 < this.count ? this.first.at(row + 1) : this.values.length;
  }
}

export class HttpHeads {
  readonly packet = new GrowableU32();
  /** Byte of the segment's payload it begins at. */
  readonly offset = new GrowableU32();
  /** Request: text number of "METHOD host path". Response: 0. */
  readonly key = new GrowableU32();
  /** Request: text number of the same before a proxy rewrote it, where a header says so; else 0. */
  readonly original = new GrowableU32();
  /** Response: its code. Request: 0. */
  readonly code = new GrowableU32();
  /** Hash of the headers that proxies leave alone, 0 where the head is cut. */
  readonly headers = new GrowableU32();
  /** Hash of the body without the framing of chunks, 0 where it is not whole in this segment. */
  readonly body = new GrowableU32();
  /** Text number of the addresses it was forwarded for, as the headers list them; 0 none. */
  readonly forwardedFor = new GrowableU32();
  /** Text number of the request's own identifier (X-Request-Id); 0 none. */
  readonly identifier = new GrowableU32();
  /** Text number of the trace it belongs to (traceparent); 0 none. */
  readonly trace = new GrowableU32();
  /** All columns that the segment's bytes alone decide. */
  readonly said = [
    this.offset,
    this.key,
    this.original,
    this.code,
    this.headers,
    this.body,
    this.forwardedFor,
    this.identifier,
    this.trace,
  ] as const;

  get count(): number {
    return this.packet.length;
  }
}

export class ApplicationMessages {
  readonly texts = new Texts();
  readonly dns = new DnsAnswers();
  readonly http = new HttpHeads();
  /** Packets of WireGuard, ascending. */
  readonly wireguard = new GrowableU32();
  /** Messages beyond MAX_MESSAGES. */
  dropped = 0;
  /** Rows that a payload gave when it was read: every point sees it again, and many ask the same. */
  private readonly seenDns = new SeenContents();
  private readonly seenHttp = new SeenContents();

  /** Takes a batch; `packetsBefore`: packets of the workspace before its first. */
  take(batch: Batch, packetsBefore: number): void {
    const { layerKind, firstLayer, meta } = batch;
    for (let row = 0, n = batch.packetCount; row < n; row++) {
      const layers = (meta[row] as number) & 0xff;
      if (layers < 2) continue;
      const last = (firstLayer[row] as number) + layers - 1;
      const kind = layerKind[last] as number;
      if (kind === LAYER_WIREGUARD && this.wireguard.length < MAX_MESSAGES) this.wireguard.push(packetsBefore + row);
      if (kind !== LAYER_DNS && kind !== LAYER_HTTP) continue;
      if ((batch.layerFlags[last] as number) & LAYER_FLAG_QUOTED) continue;
      if (kind === LAYER_DNS) this.takeDns(batch, last, packetsBefore + row);
      else this.takeHttp(batch, last, packetsBefore + row);
    }
  }

  private takeDns(batch: Batch, layer: number, packet: number): void {
    const { bytes } = batch;
    const { dns, texts } = this;
    const at = batch.layerPtr[layer] as number;
    const end = batch.layerEnd[layer] as number;
    // Questions tell nothing that answers do not: over UDP they are known by the first bit of the flags.
    const overUdp = batch.layerKind[layer - 1] !== LAYER_TCP;
    if (overUdp && at + 2 < end && !((bytes[at + 2] as number) & 0x80)) return;
    const isKept = overUdp && at + 2 < end && dns.count < MAX_MESSAGES;
    // All but the identifier, which is in each answer's row.
    if (isKept && this.seenDns.find(batch.view, at + 2, end)) {
      this.repeatDns(packet, batch.view.getUint16(at));
      return;
    }
    const rowsBefore = dns.count;
    let open = false;
    let asked = false;
    const visitor: DnsVisitor = {
      message: (message) => {
        open = message.isResponse && dns.count < MAX_MESSAGES;
        asked = false;
        if (message.isResponse && !open) this.dropped++;
      },
      question: (question, message) => {
        if (!open || asked) return;
        asked = true;
        dns.packet.push(packet);
        dns.id.push(message.id);
        dns.type.push(question.type);
        dns.rcode.push(message.rcode);
        dns.name.push(texts.number(dnsName(bytes, question.name, message).toLowerCase()));
        dns.first.push(dns.values.length);
      },
      record: (record, message) => {
        if (!asked || !open || record.section !== DNS_ANSWER || !record.hasValue) return;
        let text: string;
        let isAlias = 0;
        if (record.type === DNS_TYPE_A && record.dataLength === 4) text = formatIpv4(batch.view.getUint32(record.data));
        else if (record.type === DNS_TYPE_AAAA && record.dataLength === 16) text = formatIpv6(bytes, record.data);
        else if (record.type === DNS_TYPE_CNAME) {
          text = dnsName(bytes, record.data, message).toLowerCase();
          isAlias = 1;
        } else return;
        dns.values.push(texts.number(text) * 2 + isAlias);
        dns.ttl.push(record.ttl);
      },
    };
    if (overUdp) visitDns(bytes, at, end, visitor);
    else visitDnsOverTcp(bytes, at, end, visitor);
    if (isKept) this.seenDns.keep(rowsBefore, dns.count - rowsBefore);
  }

  /** Adds the rows that `seenDns` found once more. */
  private repeatDns(packet: number, id: number): void {
    const { dns } = this;
    const { first, count } = this.seenDns;
    for (let row = first; row < first + count; row++) {
      const end = dns.end(row);
      dns.packet.push(packet);
      dns.id.push(id);
      dns.type.push(dns.type.at(row));
      dns.rcode.push(dns.rcode.at(row));
      dns.name.push(dns.name.at(row));
      const from = dns.first.at(row);
      dns.first.push(dns.values.length);
      for (let v = from; v < end; v++) {
        dns.values.push(dns.values.at(v));
        dns.ttl.push(dns.ttl.at(v));
      }
    }
  }

  private takeHttp(batch: Batch, layer: number, packet: number): void {
    const { bytes } = batch;
    const start = batch.layerPtr[layer] as number;
    const end = batch.layerEnd[layer] as number;
    // Only what begins a message: bodies go on in segments that begin with anything.
    if (end - start < 8 || !isCapital(bytes[start] as number)) return;
    if (this.http.count >= MAX_MESSAGES) {
      this.dropped++;
      return;
    }
    if (this.seenHttp.find(batch.view, start, end)) {
      this.repeatHttp(packet);
      return;
    }
    const rowsBefore = this.http.count;
    let head: Head | undefined;
    const finish = (): void => {
      if (head) this.put(packet, head);
      head = undefined;
    };
    const outcome = visitHttp(bytes, start, end, {
      request: (method, methodEnd, target, targetEnd) => {
        finish();
        head = new Head(method - start);
        head.method = httpText(bytes, method, methodEnd);
        head.target = httpText(bytes, target, Math.min(targetEnd, target + LONGEST_TEXT));
      },
      response: (code, at) => {
        finish();
        head = new Head(at - start);
        head.code = code < 0 ? 0 : code;
      },
      header: (name, nameEnd, value, valueEnd) => {
        if (head && head.code === 0) head.header(bytes, name, nameEnd, value, Math.min(valueEnd, value + LONGEST_TEXT));
      },
      body: (from, to, missing) => {
        if (!head) return;
        head.body = missing > 0 ? 0 : head.chunked ? hashChunks(bytes, from, to) : hashBytes(bytes, from, to);
        head.bodySeen = true;
      },
    });
    // A head that ends within its headers says less than all of it.
    if (head && outcome === "cut" && !head.bodySeen) {
      head.complete = false;
      head.body = 0;
    }
    finish();
    this.seenHttp.keep(rowsBefore, this.http.count - rowsBefore);
  }

  /** Adds the rows that `seenHttp` found once more. */
  private repeatHttp(packet: number): void {
    const { http } = this;
    const { first, count } = this.seenHttp;
    for (let row = first; row < first + count; row++) {
      http.packet.push(packet);
      for (const column of http.said) column.push(column.at(row));
    }
  }

  private put(packet: number, head: Head): void {
    const { http, texts } = this;
    http.packet.push(packet);
    http.offset.push(head.offset);
    http.code.push(head.code);
    http.key.push(head.code ? 0 : texts.number(requestKey(head.method, head.host, head.target)));
    const rewritten = head.originalTarget !== "" || head.originalHost !== "";
    http.original.push(
      head.code || !rewritten
        ? 0
        : texts.number(requestKey(head.method, head.originalHost || head.host, head.originalTarget || head.target)),
    );
    http.headers.push(head.code || !head.complete ? 0 : head.headers >>> 0 || 1);
    http.body.push(head.body);
    http.forwardedFor.push(head.code ? 0 : texts.number(head.forwardedFor));
    http.identifier.push(head.code ? 0 : texts.number(head.identifier));
    http.trace.push(head.code ? 0 : texts.number(head.trace));
  }
}

/** "GET shop.example /cart": what a proxy passes on. A host's default port is left out, an absolute target becomes host and path. */
function requestKey(method: string, host: string, target: string): string {
  const absolute = /^https?:\/\/([^/?#]*)(.*)$/i.exec(target);
  const name = (absolute?.[1] ?? host).toLowerCase().replace(/:(?:80|443)$/, "");
  return `${method} ${name || "-"} ${absolute ? absolute[2] || "/" : target}`;
}

/** End-to-end headers that proxies neither add nor change (RFC 9110 section 7.6). */
const KEPT_HEADERS = [
  "user-agent",
  "accept",
  "accept-language",
  "authorization",
  "content-type",
  "cookie",
  "origin",
  "referer",
];

class Head {
  method = "";
  target = "";
  host = "";
  code = 0;
  /** Sum of the kept headers' hashes: their order does not matter. */
  headers = 0;
  /** Hash of an empty body. */
  body = EMPTY_BODY;
  bodySeen = false;
  complete = true;
  chunked = false;
  forwardedFor = "";
  identifier = "";
  trace = "";
  originalTarget = "";
  originalHost = "";

  constructor(readonly offset: number) {}

  header(bytes: Uint8Array, name: number, nameEnd: number, value: number, valueEnd: number): void {
    const is = (text: string): boolean => isHttpHeader(bytes, name, nameEnd, text);
    const kept = KEPT_HEADERS.findIndex(is);
    if (kept >= 0) {
      this.headers = (this.headers + Math.imul(hashBytes(bytes, value, valueEnd), kept * 2 + 1)) | 0;
      return;
    }
    const text = (): string => httpText(bytes, value, valueEnd).trim();
    if (is("host")) this.host = text();
    else if (is("x-forwarded-for") || is("x-real-ip") || is("forwarded")) this.forwardedFor += ` ${text()}`;
    else if (is("x-forwarded-host")) this.originalHost = text();
    else if (is("x-original-uri") || is("x-envoy-original-path") || is("x-forwarded-uri")) this.originalTarget = text();
    else if (is("x-request-id")) {
      const id = text();
      if (id !== "") this.identifier = `id ${id}`;
    } else if (is("traceparent")) {
      // version-trace-parent-flags: a proxy that traces puts itself in as the parent, the trace stays.
      const trace = text().split("-")[1];
      if (trace && /[^0]/.test(trace)) this.trace = `trace ${trace}`;
    } else if (is("transfer-encoding")) this.chunked = /\bchunked\b/i.test(text());
  }
}

function isCapital(byte: number): boolean {
  return byte >= 0x41 && byte <= 0x5a;
}

const HASH_START = 0x811c9dc5;

function hashOn(hash: number, bytes: Uint8Array, from: number, to: number): number {
  let h = hash;
  for (let i = from; i < to; i++) h = Math.imul(h ^ (bytes[i] as number), 0x01000193);
  return h;
}

/** FNV-1a, never 0. */
function hashBytes(bytes: Uint8Array, from: number, to: number): number {
  return hashOn(HASH_START, bytes, from, to) >>> 0 || 1;
}

/** What `hashBytes` gives for the same body sent with its length: a proxy may pass on either way. 0 where it is not whole. */
function hashChunks(bytes: Uint8Array, from: number, to: number): number {
  let h = HASH_START;
  const whole = visitChunks(bytes, from, to, (start, end) => {
    h = hashOn(h, bytes, start, end);
  });
  return whole ? h >>> 0 || 1 : 0;
}

const EMPTY_BODY = hashBytes(new Uint8Array(0), 0, 0);
