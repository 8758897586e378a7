/** Details of a DHCP message: the fixed part and its options (RFC 2131, RFC 2132). */
import { formatIpv4, formatMac } from "../../../src-shared/model/address";
import { createDhcpMessage, readDhcp } from "../../../src-shared/wire/dhcp";
import { readUint } from "../fields/field";
import { DHCP_FIXED } from "../layouts/application-layouts";
import { shortHex } from "../layouts/layout";
import { DHCP_MESSAGE_TYPES, DHCP_OPTIONS } from "../layouts/dhcp-names";
import { type OpenNode, oneLine } from "./detail-tree";
import type { MessageBounds } from "./dns-details";
import type { Drawing } from "./drawing";
import { durationText } from "./duration-text";

const FIXED_END = 28;
const COOKIE = 236;
const OPTION_PAD = 0;
const OPTION_END = 255;
const OPTION_TYPE = 53;
/** Options whose value is one or more addresses, text, or seconds. */
const ADDRESSES: ReadonlySet<number> = new Set([1, 3, 6, 28, 42, 50, 54]);
const TEXTS: ReadonlySet<number> = new Set([12, 15, 56, 60, 66, 67]);
const SECONDS: ReadonlySet<number> = new Set([51, 58, 59]);

/** `known`: the filter takes these bytes for DHCP too, so fields may be named. */
export function drawDhcp(d: Drawing, bounds: MessageBounds, known: boolean): OpenNode {
  const { tree } = d;
  const { bytes } = tree;
  const { start: p, end } = bounds;
  const here = end - p;
  const node = tree.add(d.parent, {
    text: "Dynamic Host Configuration Protocol",
    field: known ? "dhcp" : undefined,
    at: p,
    length: here,
  });
  // The filter shows nothing of a message whose client or options were cut off, as tshark does.
  const read = createDhcpMessage();
  readDhcp(bytes, p, end, read, bounds.statedEnd);
  const named = known && read.operation >= 0;
  tree.fields(node, p, named ? DHCP_FIXED : DHCP_FIXED.map((f) => ({ ...f, name: "" })), here);
  if (here < FIXED_END) {
    const done = DHCP_FIXED.reduce((n, f) => ((f.at + f.bits) / 8 <= here ? (f.at + f.bits) / 8 : n), 0);
    if (done < here) tree.add(node, { text: "Cut short", at: p + done, length: here - done });
    return node;
  }
  const part = (text: string, from: number, to: number): void => {
    const stop = Math.min(to, here);
    if (from < stop) tree.add(node, { text, at: p + from, length: stop - from });
  };
  const size = Math.min(bytes[p + 2] as number, 16);
  const hardware =
    size === 6 && here >= 34 ? formatMac(bytes, p + 28) : shortHex(bytes, p + 28, Math.min(p + 28 + size, end));
  part(`Client ${size === 6 ? "MAC" : "hardware"} address: ${hardware}`, 28, 28 + size);
  if (size < 16)
    part(`Client hardware address padding: ${shortHex(bytes, p + 28 + size, Math.min(p + 44, end))}`, 28 + size, 44);
  const text = (from: number, to: number): string => {
    let out = "";
    for (let i = p + from; i < Math.min(p + to, end) && bytes[i] !== 0; i++)
      out += String.fromCharCode(bytes[i] as number);
    return oneLine(out);
  };
  const server = text(44, 108);
  part(server === "" ? "Server host name not given" : `Server host name: ${server}`, 44, 108);
  const file = text(108, 236);
  part(file === "" ? "Boot file name not given" : `Boot file name: ${file}`, 108, 236);
  if (here < COOKIE + 4) {
    part("Vendor area", COOKIE, here);
    return node;
  }
  if (readUint(bytes, p + COOKIE, 4) !== 0x63825363) {
    part("Bootp vendor specific options", COOKIE, here);
    return node;
  }
  part("Magic cookie: DHCP", COOKIE, COOKIE + 4);
  drawOptions(d, node, p, COOKIE + 4, here);
  return node;
}

function drawOptions(d: Drawing, node: OpenNode, p: number, from: number, end: number): void {
  const { tree } = d;
  const { bytes } = tree;
  let at = from;
  while (at < end) {
    const code = bytes[p + at] as number;
    if (code === OPTION_PAD) {
      let to = at;
      while (to < end && bytes[p + to] === OPTION_PAD) to++;
      tree.add(node, { text: `Padding: ${shortHex(bytes, p + at, p + to)}`, at: p + at, length: to - at });
      at = to;
      continue;
    }
    const name = DHCP_OPTIONS.get(code) ?? "Unknown";
    if (code === OPTION_END) {
      const option = tree.add(node, { text: "Option: (255) End", at: p + at, length: 1 });
      tree.add(option, { text: "Option End: 255", at: p + at, length: 1 });
      at++;
      if (at < end)
        tree.add(node, { text: `Padding: ${shortHex(bytes, p + at, p + end)}`, at: p + at, length: end - at });
      return;
    }
    const length = at + 1 < end ? (bytes[p + at + 1] as number) : 0;
    const to = Math.min(at + 2 + length, end);
    const option = tree.add(node, { text: `Option: (${code}) ${name}`, at: p + at, length: to - at });
    if (at + 2 + length > end) {
      tree.expert(option, "error", "Malformed", "The option does not fit the message");
      return;
    }
    tree.add(option, { text: `Length: ${length}`, at: p + at + 1, length: 1 });
    if (code === OPTION_TYPE && length === 1) {
      const type = bytes[p + at + 2] as number;
      const word = DHCP_MESSAGE_TYPES.get(type) ?? `Unknown (${type})`;
      node.text += ` (${word})`;
      option.text += ` (${word})`;
    } else if ((code === 1 || code === 50 || code === 54) && length === 4)
      option.text += ` (${formatIpv4(readUint(bytes, p + at + 2, 4))})`;
    drawValue(d, option, code, name, p + at + 2, length);
    at = to;
  }
}

function drawValue(d: Drawing, option: OpenNode, code: number, name: string, at: number, length: number): void {
  const { tree } = d;
  const { bytes } = tree;
  if (length === 0) return;
  if (code === OPTION_TYPE && length === 1) {
    const type = bytes[at] as number;
    tree.add(option, { text: `DHCP: ${DHCP_MESSAGE_TYPES.get(type) ?? "Unknown"} (${type})`, at, length });
  } else if (ADDRESSES.has(code) && length % 4 === 0) {
    for (let o = 0; o < length; o += 4)
      tree.add(option, { text: `${name}: ${formatIpv4(readUint(bytes, at + o, 4))}`, at: at + o, length: 4 });
  } else if (SECONDS.has(code) && length === 4) {
    const seconds = readUint(bytes, at, 4);
    const words = seconds === 0xffffffff ? "infinity" : durationText(seconds);
    tree.add(option, { text: `${name}: (${seconds}s) ${words}`, at, length });
  } else if (TEXTS.has(code)) {
    let text = "";
    for (let i = at; i < at + length; i++) text += String.fromCharCode(bytes[i] as number);
    tree.add(option, { text: `${name}: ${oneLine(text)}`, at, length });
  } else if (code === 55) {
    for (let o = 0; o < length; o++) {
      const item = bytes[at + o] as number;
      tree.add(option, {
        text: `Parameter Request List Item: (${item}) ${DHCP_OPTIONS.get(item) ?? "Unknown"}`,
        at: at + o,
        length: 1,
      });
    }
  } else if ((code === 57 || code === 26) && length === 2)
    tree.add(option, { text: `${name}: ${readUint(bytes, at, 2)}`, at, length });
  else tree.add(option, { text: `Value: ${shortHex(bytes, at, at + length)}`, at, length });
}
