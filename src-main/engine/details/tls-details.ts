/** Details of TLS: records, and of handshakes in the clear their messages and extensions (RFC 8446 section 4). */
import { hexText } from "../../../src-shared/base/hex";
import { tlsText } from "../../../src-shared/wire/tls";
import { readUint } from "../fields/field";
import { TLS_RECORD } from "../layouts/application-layouts";
import { shortHex } from "../layouts/layout";
import {
  TLS_ALERTS,
  TLS_CIPHERS,
  TLS_CONTENT_TYPES,
  TLS_EXTENSIONS,
  TLS_GROUPS,
  TLS_HANDSHAKES,
  TLS_SIGNATURES,
  TLS_VERSIONS,
} from "../layouts/tls-names";
import { textLiteral } from "../../../src-shared/model/filter-text";
import { type OpenNode, oneLine } from "./detail-tree";
import type { MessageBounds } from "./dns-details";
import { type Drawing, plural } from "./drawing";

const CHANGE_CIPHER_SPEC = 20;
const ALERT = 21;
const HANDSHAKE = 22;
const APPLICATION_DATA = 23;
const CLIENT_HELLO = 1;
const SERVER_HELLO = 2;
const shortVersion = (version: number): string =>
  ({ 0x300: "SSLv3", 0x301: "TLSv1", 0x302: "TLSv1.1", 0x303: "TLSv1.2", 0x304: "TLSv1.3" })[version] ?? "TLS";

/** `known`: the filter takes these bytes for TLS too, so fields may be named. */
export function drawTls(d: Drawing, bounds: MessageBounds, known: boolean): OpenNode {
  const { tree } = d;
  const { bytes } = tree;
  const { start, end } = bounds;
  const node = tree.add(d.parent, {
    text: "Transport Layer Security",
    field: known ? "tls" : undefined,
    at: start,
    length: end - start,
  });
  let at = start;
  while (at < end) {
    const type = bytes[at] as number;
    const version = at + 3 <= end ? readUint(bytes, at + 1, 2) : 0;
    if (end - at < 5 || !TLS_CONTENT_TYPES.has(type) || !TLS_VERSIONS.has(version)) {
      tree.add(node, { text: `TLS segment data (${plural(end - at, "byte")})`, at, length: end - at });
      break;
    }
    const stated = readUint(bytes, at + 3, 2);
    const data = at + 5;
    const to = Math.min(data + stated, end);
    const kind = TLS_CONTENT_TYPES.get(type) ?? "";
    const record = tree.add(node, { text: `${shortVersion(version)} Record Layer: ${kind}`, at, length: to - at });
    tree.fields(record, at, TLS_RECORD, 5);
    const whole = data + stated <= end;
    if (!whole)
      tree.generated(record, {
        text: `The record goes on in other segments: ${plural(data + stated - end, "byte")} of ${stated} are not here`,
      });
    if (type === HANDSHAKE) drawHandshakes(d, record, data, to, whole, known);
    else if (type === ALERT) drawAlert(d, record, data, to);
    else if (type === CHANGE_CIPHER_SPEC) {
      record.text = `${shortVersion(version)} Record Layer: Change Cipher Spec Protocol: Change Cipher Spec`;
      if (to > data) tree.add(record, { text: "Change Cipher Spec Message", at: data, length: to - data });
    } else if (to > data) {
      if (type === APPLICATION_DATA) record.text = `${shortVersion(version)} Record Layer: Application Data Protocol`;
      tree.add(record, {
        text: `Encrypted Application Data: ${shortHex(bytes, data, to)}`,
        at: data,
        length: to - data,
      });
    }
    at = to > at ? to : end;
  }
  return node;
}

function drawAlert(d: Drawing, record: OpenNode, data: number, to: number): void {
  const { tree } = d;
  const { bytes } = tree;
  if (to - data !== 2) {
    if (to > data) tree.add(record, { text: "Alert Message: Encrypted Alert", at: data, length: to - data });
    return;
  }
  const level = bytes[data] as number;
  const description = bytes[data + 1] as number;
  const words = `Level: ${level === 1 ? "Warning" : level === 2 ? "Fatal" : "Unknown"}, Description: ${TLS_ALERTS.get(description) ?? "Unknown"}`;
  record.text += ` (${words})`;
  const alert = tree.add(record, {
    text: "Alert Message",
    at: data,
    length: 2,
    severity: level === 2 ? "warn" : undefined,
  });
  tree.add(alert, {
    text: `Level: ${level === 1 ? "Warning" : level === 2 ? "Fatal" : "Unknown"} (${level})`,
    at: data,
    length: 1,
  });
  tree.add(alert, {
    text: `Description: ${TLS_ALERTS.get(description) ?? "Unknown"} (${description})`,
    at: data + 1,
    length: 1,
  });
}

function drawHandshakes(d: Drawing, record: OpenNode, data: number, to: number, whole: boolean, known: boolean): void {
  const { tree } = d;
  const { bytes } = tree;
  let at = data;
  const names: string[] = [];
  while (at + 4 <= to) {
    const type = bytes[at] as number;
    const length = readUint(bytes, at + 1, 3);
    const name = TLS_HANDSHAKES.get(type);
    if (name === undefined || at + 4 + length > to) break;
    names.push(name);
    const message = tree.add(record, { text: `Handshake Protocol: ${name}`, at, length: 4 + length });
    tree.add(message, { text: `Handshake Type: ${name} (${type})`, at, length: 1 });
    tree.add(message, { text: `Length: ${length}`, at: at + 1, length: 3 });
    const end = at + 4 + length;
    const read =
      type === CLIENT_HELLO || type === SERVER_HELLO
        ? drawHello(d, message, type, at + 4, end, known && whole)
        : at + 4;
    if (read < end) tree.add(message, { text: `Content: ${shortHex(bytes, read, end)}`, at: read, length: end - read });
    at = end;
  }
  if (names.length > 0) record.text += ` Protocol: ${names.join(", ")}`;
  if (at < to) {
    const text = names.length === 0 ? "Encrypted or incomplete handshake message" : "Rest of the record";
    tree.add(record, { text: `${text} (${plural(to - at, "byte")})`, at, length: to - at });
  }
}

/** Returns where reading ended. */
function drawHello(d: Drawing, message: OpenNode, type: number, from: number, end: number, known: boolean): number {
  const { tree } = d;
  const { bytes } = tree;
  const add = (parent: OpenNode, text: string, at: number, length: number): OpenNode =>
    tree.add(parent, { text, at, length });
  let at = from;
  if (at + 35 > end) return at;
  const version = readUint(bytes, at, 2);
  add(message, `Version: ${TLS_VERSIONS.get(version) ?? "Unknown"} (${hexText(version, 4)})`, at, 2);
  add(message, `Random: ${shortHex(bytes, at + 2, at + 34)}`, at + 2, 32);
  at += 34;
  const session = bytes[at] as number;
  add(message, `Session ID Length: ${session}`, at, 1);
  at++;
  if (at + session > end) return at;
  if (session > 0) add(message, `Session ID: ${shortHex(bytes, at, at + session)}`, at, session);
  at += session;
  const cipher = (parent: OpenNode, p: number): void => {
    const value = readUint(bytes, p, 2);
    add(
      parent,
      `Cipher Suite: ${TLS_CIPHERS.get(value) ?? (isGrease(value) ? "Reserved (GREASE)" : "Unknown")} (${hexText(value, 4)})`,
      p,
      2,
    );
  };
  if (type === SERVER_HELLO) {
    if (at + 3 > end) return at;
    cipher(message, at);
    add(message, `Compression Method: ${bytes[at + 2] === 0 ? "null" : "other"} (${bytes[at + 2]})`, at + 2, 1);
    at += 3;
  } else {
    if (at + 2 > end) return at;
    const size = readUint(bytes, at, 2);
    if (at + 2 + size > end) return at;
    add(message, `Cipher Suites Length: ${size}`, at, 2);
    const suites = add(message, `Cipher Suites (${plural(size >> 1, "suite")})`, at + 2, size);
    for (let o = 0; o + 2 <= size; o += 2) cipher(suites, at + 2 + o);
    at += 2 + size;
    if (at >= end) return at;
    const methods = bytes[at] as number;
    if (at + 1 + methods > end) return at;
    add(message, `Compression Methods Length: ${methods}`, at, 1);
    if (methods > 0) {
      const list = add(message, `Compression Methods (${plural(methods, "method")})`, at + 1, methods);
      for (let o = 0; o < methods; o++) {
        const method = bytes[at + 1 + o] as number;
        add(list, `Compression Method: ${method === 0 ? "null" : "other"} (${method})`, at + 1 + o, 1);
      }
    }
    at += 1 + methods;
  }
  if (at + 2 > end) return at;
  const total = readUint(bytes, at, 2);
  if (at + 2 + total > end) return at;
  add(message, `Extensions Length: ${total}`, at, 2);
  at += 2;
  const stop = at + total;
  while (at + 4 <= stop) {
    const kind = readUint(bytes, at, 2);
    const length = readUint(bytes, at + 2, 2);
    if (at + 4 + length > stop) break;
    const name = TLS_EXTENSIONS.get(kind) ?? (isGrease(kind) ? "Reserved (GREASE)" : "Unknown type");
    const extension = add(message, `Extension: ${name} (len=${length})`, at, 4 + length);
    add(extension, `Type: ${name} (${kind})`, at, 2);
    add(extension, `Length: ${length}`, at + 2, 2);
    if (length > 0) drawExtension(d, extension, kind, type, at + 4, at + 4 + length, known);
    at += 4 + length;
  }
  return at;
}

/** RFC 8701. */
const isGrease = (value: number): boolean => (value & 0x0f0f) === 0x0a0a && value >> 8 === (value & 255);

const EXTENSION_SERVER_NAME = 0;
const EXTENSION_ALPN = 16;
const EXTENSION_GROUPS = 10;
const EXTENSION_SIGNATURES = 13;
const EXTENSION_VERSIONS = 43;
const EXTENSION_CERTIFICATE_SIGNATURES = 50;
const EXTENSION_KEY_SHARE = 51;

/** "x25519 (0x001d)" */
function numberText(names: ReadonlyMap<number, string>, value: number): string {
  return `${names.get(value) ?? (isGrease(value) ? "Reserved (GREASE)" : "Unknown")} (${hexText(value, 4)})`;
}

/** A list of 16-bit numbers that have names, up to `end`. */
function numbers(
  d: Drawing,
  parent: OpenNode,
  title: string,
  each: string,
  names: ReadonlyMap<number, string>,
  from: number,
  end: number,
): void {
  const { tree } = d;
  const list = tree.add(parent, {
    text: `${title} (${plural((end - from) >> 1, each === "Supported Group" ? "group" : "algorithm")})`,
    at: from,
    length: end - from,
  });
  let at = from;
  for (; at + 2 <= end; at += 2)
    tree.add(list, { text: `${each}: ${numberText(names, readUint(tree.bytes, at, 2))}`, at, length: 2 });
  if (at < end) tree.add(list, { text: "Rest of the extension", at, length: end - at });
}

/** A client sends a list of keys, a server one; asking again (HelloRetryRequest), a group alone (RFC 8446 section 4.2.8). */
function drawKeyShare(d: Drawing, parent: OpenNode, hello: number, from: number, end: number): void {
  const { tree } = d;
  const { bytes } = tree;
  const share = tree.add(parent, { text: "Key Share extension", at: from, length: end - from });
  if (hello !== CLIENT_HELLO && end - from === 2) {
    tree.add(share, {
      text: `Selected Group: ${numberText(TLS_GROUPS, readUint(bytes, from, 2))}`,
      at: from,
      length: 2,
    });
    return;
  }
  let at = from;
  if (hello === CLIENT_HELLO && end - at >= 2) {
    tree.add(share, { text: `Client Key Share Length: ${readUint(bytes, at, 2)}`, at, length: 2 });
    at += 2;
  }
  while (at + 4 <= end) {
    const group = readUint(bytes, at, 2);
    const size = readUint(bytes, at + 2, 2);
    if (at + 4 + size > end) break;
    const name = TLS_GROUPS.get(group) ?? (isGrease(group) ? "Reserved (GREASE)" : "Unknown");
    const entry = tree.add(share, {
      text: `Key Share Entry: Group: ${name}, Key Exchange length: ${size}`,
      at,
      length: 4 + size,
    });
    tree.add(entry, { text: `Group: ${numberText(TLS_GROUPS, group)}`, at, length: 2 });
    tree.add(entry, { text: `Key Exchange Length: ${size}`, at: at + 2, length: 2 });
    if (size > 0)
      tree.add(entry, { text: `Key Exchange: ${shortHex(bytes, at + 4, at + 4 + size)}`, at: at + 4, length: size });
    at += 4 + size;
  }
  if (at < end) tree.add(share, { text: "Rest of the extension", at, length: end - at });
}

function drawExtension(
  d: Drawing,
  extension: OpenNode,
  kind: number,
  hello: number,
  from: number,
  end: number,
  known: boolean,
): void {
  const { tree } = d;
  const { bytes } = tree;
  const add = (text: string, at: number, length: number): OpenNode => tree.add(extension, { text, at, length });
  if (kind === EXTENSION_SERVER_NAME && end - from >= 5) {
    add(`Server Name list length: ${readUint(bytes, from, 2)}`, from, 2);
    let at = from + 2;
    while (at + 3 <= end) {
      const size = readUint(bytes, at + 1, 2);
      if (at + 3 + size > end) break;
      add(`Server Name Type: ${bytes[at] === 0 ? "host_name" : "Unknown"} (${bytes[at]})`, at, 1);
      add(`Server Name length: ${size}`, at + 1, 2);
      const text = tlsText(bytes, at + 3, at + 3 + size);
      tree.add(extension, {
        text: `Server Name: ${oneLine(text)}`,
        field: known ? "tls.handshake.extensions_server_name" : undefined,
        literal: textLiteral(text),
        at: at + 3,
        length: size,
      });

      at += 3 + size;
    }
    if (at < end) add("Rest of the extension", at, end - at);
  } else if (kind === EXTENSION_ALPN && end - from >= 2) {
    add(`ALPN Extension Length: ${readUint(bytes, from, 2)}`, from, 2);
    let at = from + 2;
    while (at < end) {
      const size = bytes[at] as number;
      if (at + 1 + size > end) break;
      add(`ALPN string length: ${size}`, at, 1);
      add(`ALPN Next Protocol: ${oneLine(tlsText(bytes, at + 1, at + 1 + size))}`, at + 1, size);
      at += 1 + size;
    }
    if (at < end) add("Rest of the extension", at, end - at);
  } else if (kind === EXTENSION_VERSIONS) {
    const list = hello === CLIENT_HELLO;
    if (list) add(`Supported Versions length: ${bytes[from]}`, from, 1);
    let at = list ? from + 1 : from;
    for (; at + 2 <= end; at += 2) {
      const value = readUint(bytes, at, 2);
      const name = TLS_VERSIONS.get(value) ?? (isGrease(value) ? "Reserved (GREASE)" : "Unknown");
      add(`Supported Version: ${name} (${hexText(value, 4)})`, at, 2);
    }
    if (at < end) add("Rest of the extension", at, end - at);
  } else if (kind === EXTENSION_GROUPS && end - from >= 2) {
    add(`Supported Groups List Length: ${readUint(bytes, from, 2)}`, from, 2);
    numbers(d, extension, "Supported Groups", "Supported Group", TLS_GROUPS, from + 2, end);
  } else if ((kind === EXTENSION_SIGNATURES || kind === EXTENSION_CERTIFICATE_SIGNATURES) && end - from >= 2) {
    add(`Signature Hash Algorithms Length: ${readUint(bytes, from, 2)}`, from, 2);
    numbers(d, extension, "Signature Hash Algorithms", "Signature Algorithm", TLS_SIGNATURES, from + 2, end);
  } else if (kind === EXTENSION_KEY_SHARE) drawKeyShare(d, extension, hello, from, end);
  else add(`Data: ${shortHex(bytes, from, end)}`, from, end - from);
}
