/** A line about a segment of TLS: its version, and every record of it by name (RFC 8446 section 5.1). */
import { tlsText, visitTls } from "../../../src-shared/wire/tls";
import { readUint } from "../fields/field";
import type { Batch } from "../kernel/batch";
import { TLS_ALERTS, TLS_HANDSHAKES } from "../layouts/tls-names";
import { MOST_MESSAGES } from "./message-line";

const CHANGE_CIPHER_SPEC = 20;
const ALERT = 21;
const HANDSHAKE = 22;
const RECORDS: ReadonlyMap<number, string> = new Map([
  [CHANGE_CIPHER_SPEC, "Change Cipher Spec"],
  [23, "Application Data"],
  [24, "Heartbeat"],
  [25, "Connection ID"],
]);
const SERVER_HELLO = 2;
const SUPPORTED_VERSIONS = 43;
const VERSIONS: ReadonlyMap<number, string> = new Map([
  [0x0101, "TLCP"],
  [0x0300, "SSLv3"],
  [0x0301, "TLSv1"],
  [0x0302, "TLSv1.1"],
  [0x0303, "TLSv1.2"],
  [0x0304, "TLSv1.3"],
]);

/** "TLSv1.2"; "TLS" for versions nobody has named. */
export const tlsVersionName = (version: number): string => VERSIONS.get(version) ?? "TLS";

export interface TlsLine {
  readonly protocol: string;
  readonly info: string;
}

/** `agreed`: the version that the conversation's server has chosen by now, 0 where it is not known. */
export function tlsLine(batch: Batch, row: number, agreed: number): TlsLine {
  const { bytes } = batch;
  const p = batch.layerPtr[row] as number;
  const end = batch.layerEnd[row] as number;
  const parts: string[] = [];
  let version = 0;
  let encrypted = false;
  let at = p;
  while (at + 5 <= end && parts.length < MOST_MESSAGES) {
    const type = bytes[at] as number;
    const recordVersion = readUint(bytes, at + 1, 2);
    if (type < CHANGE_CIPHER_SPEC || type > 25 || !VERSIONS.has(recordVersion)) break;
    version ||= recordVersion;
    const data = at + 5;
    const to = data + readUint(bytes, at + 3, 2);
    if (type === HANDSHAKE) parts.push(...handshakes(bytes, data, Math.min(to, end), encrypted));
    else if (type === ALERT) parts.push(alert(bytes, data, to, end));
    else parts.push(RECORDS.get(type) ?? "");
    if (type === CHANGE_CIPHER_SPEC) encrypted = true;
    at = to;
  }
  if (parts.length === 0) return { protocol: tlsVersionName(agreed), info: "Continuation Data" };
  let name = "";
  visitTls(bytes, p, end, {
    serverName: (source, from, to): void => {
      name ||= tlsText(source, from, to);
    },
  });
  const chosen = helloVersion(bytes, p, end) || agreed || version;
  return { protocol: tlsVersionName(chosen), info: parts.join(", ") + (name && ` (SNI=${name})`) };
}

/** Names of the handshake messages between `from` and `to`; what is no message, or cut, is taken for encrypted. */
function handshakes(bytes: Uint8Array, from: number, to: number, encrypted: boolean): string[] {
  const names: string[] = [];
  for (let at = from; at + 4 <= to && names.length < MOST_MESSAGES;) {
    const name = encrypted ? undefined : TLS_HANDSHAKES.get(bytes[at] as number);
    const next = at + 4 + readUint(bytes, at + 1, 3);
    // A first message may go on in the next record or segment, if its length can be.
    if (name === undefined || (next > to && next - at > 0x20000)) break;
    names.push(name);
    at = next;
  }
  return names.length > 0 ? names : ["Encrypted Handshake Message"];
}

function alert(bytes: Uint8Array, data: number, to: number, end: number): string {
  if (to - data !== 2 || to > end) return "Encrypted Alert";
  const level = bytes[data] === 1 ? "Warning" : bytes[data] === 2 ? "Fatal" : "Unknown";
  return `Alert (Level: ${level}, Description: ${TLS_ALERTS.get(bytes[data + 1] as number) ?? "Unknown"})`;
}

/**
 * The version that a ServerHello in these records chooses: the extension supported_versions (RFC 8446 section 4.2.1), else its
 * own. 0 where there is none.
 */
export function helloVersion(bytes: Uint8Array, start: number, end: number): number {
  for (let at = start, records = 0; at + 9 <= end && records < MOST_MESSAGES; records++) {
    const to = Math.min(at + 5 + readUint(bytes, at + 3, 2), end);
    if (bytes[at] === HANDSHAKE && bytes[at + 5] === SERVER_HELLO) return serverHelloVersion(bytes, at + 9, to);
    if (to <= at + 5) break;
    at = to;
  }
  return 0;
}

/** version(2) random(32) session<1> cipher(2) compression(1) extensions<2> */
function serverHelloVersion(bytes: Uint8Array, body: number, end: number): number {
  if (body + 35 > end) return 0;
  const version = readUint(bytes, body, 2);
  let at = body + 35 + (bytes[body + 34] as number) + 3 + 2;
  while (at + 4 <= end) {
    const length = readUint(bytes, at + 2, 2);
    if (readUint(bytes, at, 2) === SUPPORTED_VERSIONS && length === 2 && at + 6 <= end)
      return readUint(bytes, at + 4, 2);
    at += 4 + length;
  }
  return version;
}
