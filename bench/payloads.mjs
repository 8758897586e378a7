/**
 * What packets carry: one pool of bytes with running sums, so that a payload is one copy and its share of the TCP or UDP
 * checksum two look-ups.
 *
 * ```
 * pool    │ random bytes, 1 MiB │ lines of statsd │ DNS messages (id 0), HTTP requests and answers │
 * sums[i] = sum of the 16-bit words before byte 2 i
 * ```
 */
import { Buffer } from "node:buffer";

const RANDOM_LENGTH = 1 << 20;
/** Payloads taken from the random part are shorter than this. */
const LONGEST = 2048;
const LINES_LENGTH = 64 << 10;
const TYPE_A = 1;
const TYPE_AAAA = 28;
const NXDOMAIN = 3;

/** @typedef {{ at: number, length: number }} Message where a message lies in the pool (an even position) */

/**
 * What a resolver asks and is told about one name.
 * @typedef {{ question: Message, answer: Message }[]} Lookup
 */

export class Payloads {
  /** @type {Buffer} */
  pool;
  /** @type {Lookup[]} */
  lookups = [];
  /** @type {{ request: Message, response: Message }[]} each within one segment */
  pages = [];
  #sums;
  #random;

  /**
   * @param {import("./random.mjs").Random} random
   * @param {boolean} short names of few letters, one question: messages of at most 48 bytes
   */
  constructor(random, short) {
    this.#random = random;
    const bytes = Buffer.alloc(RANDOM_LENGTH);
    for (let i = 0; i < RANDOM_LENGTH; i += 4) bytes.writeUInt32LE(random.bits(), i);
    const parts = [bytes, Buffer.alloc(LINES_LENGTH, "bench.requests:1|c\nbench.latency:317|ms\n")];
    let at = RANDOM_LENGTH + LINES_LENGTH;
    /** @param {Buffer} message */
    const add = (message) => {
      const padded = Buffer.alloc((message.length + 1) & ~1);
      message.copy(padded);
      parts.push(padded);
      at += padded.length;
      return { at: at - padded.length, length: message.length };
    };
    /**
     * @param {string} name
     * @param {number} type
     * @param {{ code?: number, address?: number }} answer
     */
    const ask = (name, type, answer) => ({
      question: add(dnsMessage(name, type)),
      answer: add(dnsMessage(name, type, { response: true, ...answer })),
    });
    for (let i = 0; i < 256; i++) {
      const address = 0x0a600000 + 256 + i;
      if (short) {
        this.lookups.push([ask(`s${i}.svc`, TYPE_A, { address })]);
        continue;
      }
      const service = `service-${i}.team-${i % 12}`;
      const name = `${service}.svc.cluster.local`;
      /** @type {Lookup} */
      const lookup = [];
      // A quarter runs through the search list first, as ndots:5 makes it do.
      if (i % 4 === 0) {
        const searched = `${service}.team-3.svc.cluster.local`;
        lookup.push(ask(searched, TYPE_A, { code: NXDOMAIN }), ask(searched, TYPE_AAAA, { code: NXDOMAIN }));
      }
      lookup.push(ask(name, TYPE_A, { address }), ask(name, TYPE_AAAA, {}));
      this.lookups.push(lookup);
    }
    for (let i = 0; i < 128; i++) {
      const request = httpRequest(i, random.below(400));
      this.pages.push({ request: add(request), response: add(httpResponse(100 + random.below(1000))) });
    }
    this.pool = Buffer.concat(parts);
    this.#sums = new Float64Array(this.pool.length / 2 + 1);
    for (let i = 0; i < this.pool.length; i += 2) this.#sums[i / 2 + 1] = this.#sums[i / 2] + this.pool.readUInt16BE(i);
  }

  /** Where a payload of random bytes begins. */
  somewhere() {
    return this.#random.below((RANDOM_LENGTH - LONGEST) / 2) * 2;
  }

  /** Where a payload of printable lines begins. */
  lines() {
    return RANDOM_LENGTH + this.#random.below((LINES_LENGTH - LONGEST) / 2) * 2;
  }

  /**
   * Copies a payload into a frame; its sum as 16-bit words, the last byte of an odd length taken as a high one.
   * @param {Uint8Array} target
   * @param {number} at
   * @param {number} from an even position in the pool
   * @param {number} length
   */
  copy(target, at, from, length) {
    const { pool } = this;
    if (length < 48) for (let i = 0; i < length; i++) target[at + i] = pool[from + i];
    else pool.copy(target, at, from, from + length);
    const even = length >> 1;
    // A small integer, whose remainder is found faster than that of a double.
    const sum = (this.#sums[(from >> 1) + even] - this.#sums[from >> 1]) | 0;
    return length & 1 ? sum + (pool[from + length - 1] << 8) : sum;
  }
}

/**
 * @param {string} name
 * @param {number} type
 * @param {{ response?: boolean, code?: number, address?: number }} [answer]
 */
function dnsMessage(name, type, { response = false, code = 0, address } = {}) {
  const header = Buffer.alloc(12);
  // Recursion desired; of an answer also: response, authoritative, recursion available.
  header.writeUInt16BE(response ? 0x8580 | code : 0x0100, 2);
  header.writeUInt16BE(1, 4);
  header.writeUInt16BE(address === undefined ? 0 : 1, 6);
  const labels = name.split(".").map((label) => Buffer.from(`${String.fromCharCode(label.length)}${label}`, "latin1"));
  const question = Buffer.from([0, 0, type, 0, 1]);
  const parts = [header, ...labels, question];
  if (address !== undefined) {
    // The name again, by reference to byte 12; type A, class IN, 30 seconds, 4 bytes.
    const record = Buffer.from([0xc0, 12, 0, TYPE_A, 0, 1, 0, 0, 0, 30, 0, 4, 0, 0, 0, 0]);
    record.writeUInt32BE(address, 12);
    parts.push(record);
  }
  return Buffer.concat(parts);
}

/**
 * @param {number} page
 * @param {number} cookieLength
 */
function httpRequest(page, cookieLength) {
  const cookie = "c".repeat(cookieLength);
  return Buffer.from(`GET /api/v1/pages/${page} HTTP/1.1\r\nHost: pages.team-3\r\nCookie: s=${cookie}\r\n\r\n`);
}

/** @param {number} bodyLength */
function httpResponse(bodyLength) {
  const head = `HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: ${bodyLength}\r\n\r\n`;
  return Buffer.from(head + "x".repeat(bodyLength));
}
