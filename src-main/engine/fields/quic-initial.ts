/**
 * QUIC's Initial packets (RFC 9000 section 17.2.2, RFC 9001 section 5): their keys follow from a connection ID that is in the
 * clear, so that anyone can read the handshake messages in them, and with them the server's name. Nothing secret is opened.
 *
 * ```
 * long header   first(1) version(4) <1>destination <1>source  <v>token  length(v) number(1-4) │ frames │ tag(16)
 *               <1>: a byte of length before it, v: a variable-length integer
 * key           HKDF-Expand-Label(HKDF-Extract(salt, destination), "client in" | "server in") → key, iv, hp
 * frame         6: CRYPTO offset(v) length(v) data; the others that may occur are passed over
 * ```
 *
 * `destination` is that of the client's first packet, or of its packets after a Retry.
 */
import { createCipheriv, createDecipheriv, createHmac } from "node:crypto";

interface Version {
  readonly salt: Uint8Array;
  /** Words before "key", "iv" and "hp". */
  readonly label: string;
  /** Bits 4 and 5 of the first byte of an Initial. */
  readonly initial: number;
}

const DRAFT_29_SALT = Buffer.from("afbfec289993d24c9e9786f19c6111e04390a899", "hex");
const DRAFT_23_SALT = Buffer.from("c3eef712c72ebb5a11a7d2432bb46365bef9f502", "hex");
const VERSIONS: ReadonlyMap<number, Version> = new Map([
  [1, { salt: Buffer.from("38762cf7f55934b34d179ae6a4c80cadccbb7f0a", "hex"), label: "quic ", initial: 0 }],
  [0x6b3343cf, { salt: Buffer.from("0dede3def700a6db819381be6e269dcbf9bd2ed9", "hex"), label: "quicv2 ", initial: 1 }],
  ...[0x1d, 0x1e, 0x1f, 0x20].map((n): [number, Version] => [
    0xff000000 + n,
    { salt: DRAFT_29_SALT, label: "quic ", initial: 0 },
  ]),
  ...[0x17, 0x18, 0x19, 0x1a, 0x1b, 0x1c].map((n): [number, Version] => [
    0xff000000 + n,
    { salt: DRAFT_23_SALT, label: "quic ", initial: 0 },
  ]),
]);

const TAG_BYTES = 16;
const MESSAGE_HEADER = 4;
const SAMPLE_BYTES = 16;
const LONGEST_ID = 20;
const FRAME_PADDING = 0;
const FRAME_PING = 1;
const FRAME_ACK = 2;
const FRAME_ACK_ECN = 3;
const FRAME_CRYPTO = 6;

/** The handshake bytes of one side, put in order. Bounded: a ClientHello with everything in it has a few kilobytes. */
interface CryptoStream {
  /** Offset of the first byte that was not seen yet. */
  next: number;
  /** Bytes of a message that is not whole, up to `next`. */
  begun: Uint8Array;
  /** Pieces that lie further on. */
  waiting: CryptoPiece[];
}

interface CryptoPiece {
  readonly offset: number;
  readonly data: Uint8Array;
}

const MOST_WAITING = 64;
const MOST_BEGUN = 65536;
const NOTHING = new Uint8Array(0);

/** What is known of a connection: the connection ID its keys follow from, who its client is, what was said so far. */
export interface QuicConnection {
  destination: Uint8Array;
  /** Port of the client; 0 until its first packet was read. */
  clientPort: number;
  readonly client: CryptoStream;
  readonly server: CryptoStream;
}

export function newQuicConnection(): QuicConnection {
  const stream = (): CryptoStream => ({ next: 0, begun: NOTHING, waiting: [] });
  return { destination: NOTHING, clientPort: 0, client: stream(), server: stream() };
}

export interface InitialMessages {
  /** How often tshark looks at handshake bytes here: at each piece in order, and where a message becomes whole. */
  readonly looks: number;
  /** The messages that became whole. */
  readonly messages: Uint8Array;
}

/**
 * What the Initial packets in the datagram bytes[start, end) say. `connection` is filled by the client's first packet and
 * carries on from datagram to datagram. Undefined if there is no Initial, or none that can be read.
 */
export function readInitials(
  bytes: Uint8Array,
  start: number,
  end: number,
  sourcePort: number,
  connection: QuicConnection,
): InitialMessages | undefined {
  let at = start;
  let found = false;
  let looks = 0;
  const messages: Uint8Array[] = [];
  // Packets of a datagram follow each other (RFC 9000 section 12.2); a short header ends them.
  while (end - at > 7 && ((bytes[at] as number) & 0x80) !== 0) {
    const head = readLongHeader(bytes, at, end);
    if (!head) break;
    const frames = head.isInitial ? openInitial(bytes, at, head, sourcePort, connection) : undefined;
    if (frames) {
      found = true;
      const stream = sourcePort === connection.clientPort ? connection.client : connection.server;
      for (const piece of cryptoPieces(frames)) looks += take(stream, piece, messages);
    }
    at = head.end;
  }
  return found ? { looks, messages: Buffer.concat(messages) } : undefined;
}

/** Adds a piece to its stream; whole messages go to `into`. Returns 1 if tshark looks at them. */
function take(stream: CryptoStream, piece: CryptoPiece, into: Uint8Array[]): number {
  if (piece.offset + piece.data.length <= stream.next) return 0; // said before
  if (piece.offset > stream.next) {
    if (stream.waiting.length < MOST_WAITING) stream.waiting.push(piece);
    return 0;
  }
  const inOrder = stream.waiting.length === 0;
  append(stream, piece);
  stream.waiting.sort((a, b) => a.offset - b.offset);
  while (stream.waiting[0] && stream.waiting[0].offset <= stream.next)
    append(stream, stream.waiting.shift() as CryptoPiece);
  let whole = 0;
  const { begun } = stream;
  while (begun.length - whole >= MESSAGE_HEADER) {
    const length =
      ((begun[whole + 1] as number) << 16) | ((begun[whole + 2] as number) << 8) | (begun[whole + 3] as number);
    if (whole + MESSAGE_HEADER + length > begun.length) break;
    whole += MESSAGE_HEADER + length;
  }
  into.push(begun.subarray(0, whole));
  stream.begun = begun.length - whole <= MOST_BEGUN ? begun.subarray(whole) : NOTHING;
  return inOrder || whole > 0 ? 1 : 0;
}

function append(stream: CryptoStream, piece: CryptoPiece): void {
  const fresh = piece.data.subarray(stream.next - piece.offset);
  stream.begun = Buffer.concat([stream.begun, fresh]);
  stream.next += fresh.length;
}

interface LongHeader {
  readonly version: Version;
  readonly isInitial: boolean;
  readonly destination: Buffer;
  /** Where the packet number lies, and where the packet ends. */
  readonly number: number;
  readonly end: number;
}

function readLongHeader(b: Uint8Array, at: number, end: number): LongHeader | undefined {
  const version = VERSIONS.get(
    (((b[at + 1] as number) << 24) |
      ((b[at + 2] as number) << 16) |
      ((b[at + 3] as number) << 8) |
      (b[at + 4] as number)) >>>
      0,
  );
  if (!version) return undefined;
  const type = ((b[at] as number) >> 4) & 3;
  const isInitial = type === version.initial;
  // A Retry has no length: it is alone.
  if (type === ((version.initial + 3) & 3)) return undefined;
  let p = at + 5;
  const destinationBytes = b[p++] as number;
  if (destinationBytes > LONGEST_ID || p + destinationBytes >= end) return undefined;
  const destination = Buffer.from(b.slice(p, p + destinationBytes));
  p += destinationBytes;
  const sourceBytes = b[p++] as number;
  p += sourceBytes;
  if (sourceBytes > LONGEST_ID || p >= end) return undefined;
  if (isInitial) {
    const token = integer(b, p, end);
    if (!token) return undefined;
    p = token.next + token.value;
  }
  const length = integer(b, p, end);
  if (!length || length.next + length.value > end) return undefined;
  return { version, isInitial, destination, number: length.next, end: length.next + length.value };
}

/** A variable-length integer: the two highest bits tell its bytes (RFC 9000 section 16). */
function integer(
  b: Uint8Array,
  at: number,
  end: number,
): { readonly value: number; readonly next: number } | undefined {
  if (at >= end) return undefined;
  const first = b[at] as number;
  const next = at + (1 << (first >> 6));
  if (next > end) return undefined;
  let value = first & 63;
  for (let i = at + 1; i < next; i++) value = value * 256 + (b[i] as number);
  return { value, next };
}

const expand = (secret: Uint8Array, label: string, length: number): Buffer => {
  const name = Buffer.from(`tls13 ${label}`, "latin1");
  const info = Buffer.concat([Buffer.from([length >> 8, length & 255, name.length]), name, Buffer.from([0, 1])]);
  return createHmac("sha256", secret).update(info).digest().subarray(0, length);
};

/** The frames of an Initial in the clear; undefined if they do not authenticate. */
function openInitial(
  b: Uint8Array,
  at: number,
  head: LongHeader,
  sourcePort: number,
  connection: QuicConnection,
): Uint8Array | undefined {
  if (head.end - head.number < 4 + SAMPLE_BYTES) return undefined;
  // Who sends a packet whose keys are its own destination's is the client; a Retry makes it choose another.
  const fromServer = connection.clientPort !== 0 && sourcePort !== connection.clientPort;
  if (fromServer) return decrypt(b, at, head, connection.destination, "server in");
  if (connection.clientPort !== 0) {
    const frames = decrypt(b, at, head, connection.destination, "client in");
    if (frames) return frames;
  }
  const frames = decrypt(b, at, head, head.destination, "client in");
  if (frames) {
    connection.clientPort = sourcePort;
    connection.destination = head.destination;
  }
  return frames;
}

function decrypt(
  b: Uint8Array,
  at: number,
  head: LongHeader,
  destination: Uint8Array,
  side: "client in" | "server in",
): Uint8Array | undefined {
  const { salt, label } = head.version;
  const secret = expand(createHmac("sha256", salt).update(destination).digest(), side, 32);
  const key = expand(secret, `${label}key`, 16);
  const nonce = expand(secret, `${label}iv`, 12);
  const protection = createCipheriv("aes-128-ecb", expand(secret, `${label}hp`, 16), null);
  const mask = protection.update(Buffer.from(b.slice(head.number + 4, head.number + 4 + SAMPLE_BYTES)));
  const first = (b[at] as number) ^ ((mask[0] as number) & 15);
  const numberBytes = (first & 3) + 1;
  const body = head.number + numberBytes;
  if (head.end - body < TAG_BYTES) return undefined;
  const header = Buffer.from(b.slice(at, body));
  header[0] = first;
  for (let i = 0; i < numberBytes; i++) {
    const plain = (b[head.number + i] as number) ^ (mask[1 + i] as number);
    header[head.number - at + i] = plain;
    nonce[12 - numberBytes + i] = (nonce[12 - numberBytes + i] as number) ^ plain;
  }
  try {
    const decipher = createDecipheriv("aes-128-gcm", key, nonce);
    decipher.setAAD(header);
    decipher.setAuthTag(Buffer.from(b.slice(head.end - TAG_BYTES, head.end)));
    const plain = decipher.update(Buffer.from(b.slice(body, head.end - TAG_BYTES)));
    decipher.final();
    return plain;
  } catch {
    return undefined; // does not authenticate: damaged, cut, or other keys
  }
}

function cryptoPieces(b: Uint8Array): CryptoPiece[] {
  const pieces: CryptoPiece[] = [];
  const end = b.length;
  let at = 0;
  const skipIntegers = (count: number): boolean => {
    for (let i = 0; i < count; i++) {
      const n = integer(b, at, end);
      if (!n) return false;
      at = n.next;
    }
    return true;
  };
  while (at < end) {
    const type = b[at++];
    if (type === FRAME_PADDING || type === FRAME_PING) continue;
    if (type === FRAME_CRYPTO) {
      const offset = integer(b, at, end);
      const length = offset && integer(b, offset.next, end);
      if (!offset || !length || length.next + length.value > end) break;
      pieces.push({ offset: offset.value, data: b.subarray(length.next, length.next + length.value) });
      at = length.next + length.value;
      continue;
    }
    // Others close the connection, or must not be in an Initial.
    if (type !== FRAME_ACK && type !== FRAME_ACK_ECN) break;
    if (!skipIntegers(2)) break;
    const ranges = integer(b, at, end);
    if (!ranges) break;
    at = ranges.next;
    if (!skipIntegers(1) || ranges.value > end || !skipIntegers(ranges.value * 2)) break;
    if (type === FRAME_ACK_ECN && !skipIntegers(3)) break;
  }
  return pieces;
}
