/**
 * Dissectors that look before they take a payload: on their port, bytes that cannot be theirs are left to others. Those
 * not listed take whatever comes.
 */
import { readUint } from "./field";

/** Whether the bytes from `at` to `end` can be a message. */
type Check = (b: Uint8Array, at: number, end: number) => boolean;

const never: Check = () => false;
const u16 = (b: Uint8Array, at: number, end: number): number => (end - at >= 2 ? readUint(b, at, 2) : -1);
const u32 = (b: Uint8Array, at: number, end: number): number => (end - at >= 4 ? readUint(b, at, 4) : -1);

const firstByte =
  (...values: number[]): Check =>
  (b, at, end) =>
    at < end && values.includes(b[at] as number);
const firstWord =
  (...values: number[]): Check =>
  (b, at, end) =>
    values.includes(u16(b, at, end));
const atLeast =
  (bytes: number): Check =>
  (_b, at, end) =>
    end - at >= bytes;
const startsWith =
  (pattern: RegExp): Check =>
  (b, at, end) =>
    pattern.test(ascii(b, at, Math.min(end, at + 64)));

function ascii(b: Uint8Array, from: number, to: number): string {
  let text = "";
  for (let i = from; i < to; i++) text += String.fromCharCode(b[i] as number);
  return text;
}

/** A SIP request or status line (RFC 3261 section 7). */
export function looksLikeSip(b: Uint8Array, at: number, end: number): boolean {
  const c = at < end ? (b[at] as number) : 0;
  if (c < 0x41 || c > 0x5a) return false;
  const line = ascii(b, at, Math.min(end, at + 512)).split(/\r?\n/, 1)[0] as string;
  return line.startsWith("SIP/2.0 ") || / SIP\/2\.0$/.test(line);
}

export function looksLikeStun(b: Uint8Array, at: number, end: number): boolean {
  return end - at >= 20 && (b[at] as number) < 0x40 && readUint(b, at + 4, 4) === 0x2112a442;
}

const RADIUS_CODES: ReadonlySet<number> = new Set([
  1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 21, 22, 23, 24, 26, 27, 28, 29, 30, 31, 32, 33, 34, 40, 41, 42, 43, 44, 45,
  50, 51, 255,
]);

export const UDP_CHECKS: ReadonlyMap<string, Check> = new Map<string, Check>([
  ["a11", firstByte(1, 3, 20, 21, 22, 23, 24)],
  ["aodv", firstByte(1, 2, 3, 4, 16, 17, 18, 19)],
  ["babel", firstByte(42)],
  ["bjnp", startsWith(/^(?:BJNP|BJNB|BNJP|BNJB|MFNP)/)],
  ["bundle", never],
  ["bvlc", firstByte(0x81)],
  ["cflow", firstWord(1, 5, 7, 8, 9, 10)],
  ["cpfi", never],
  ["cups", startsWith(/^[0-9a-fA-F]+ [0-9a-fA-F]+ \w+:\/\//)],
  ["dnp3", firstWord(0x0564)],
  ["egd", never],
  ["epl", never],
  ["glbp", firstByte(1)],
  ["gtp", (b, at, end) => at < end && [0, 1, 2].includes((b[at] as number) >> 5) && end - at >= 8],
  ["gvcp", firstByte(0x42)],
  ["hart_ip", firstByte(0, 1, 2)],
  ["icq", firstWord(0x0200, 0x0400, 0x0500)],
  ["isakmp", atLeast(28)],
  ["isns", firstWord(1)],
  [
    "kerberos",
    (b, at, end) =>
      firstByte(4, 0x6a, 0x6b, 0x6c, 0x6d, 0x6e, 0x6f, 0x74, 0x75, 0x76, 0x7e)(b, at, end) && end - at > 4,
  ],
  ["krb4", firstByte(4)],
  ["l2tp", (b, at, end) => end - at >= 2 && [2, 3].includes((b[at + 1] as number) & 15)],
  ["ldp", firstWord(1)],
  ["lisp-data", atLeast(8)],
  ["mgcp", startsWith(/^(?:AUEP|AUCX|CRCX|DLCX|EPCF|MDCX|NTFY|RQNT|RSIP|MESG|\d{3}) /i)],
  ["mbudp", (b, at, end) => end - at >= 8 && readUint(b, at + 2, 2) === 0],
  ["mndp", never],
  ["mpls-echo", (b, at, end) => end - at >= 32 && [1, 2, 3, 4].includes(b[at + 4] as number)],
  ["njack", never],
  ["olsr", (b, at, end) => u16(b, at, end) >= 0 && u16(b, at, end) <= end - at],
  ["omron", firstByte(0x80, 0x81, 0xc0, 0xc1)],
  ["papi", firstWord(0x4972)],
  ["pnrp", never],
  ["radius", (b, at, end) => end - at >= 20 && RADIUS_CODES.has(b[at] as number) && readUint(b, at + 2, 2) >= 20],
  ["reload-framing", never],
  ["rmcp", firstByte(6)],
  ["rx", (b, at, end) => end - at >= 28 && [1, 2, 3, 4, 5, 6, 7, 8, 9, 13].includes(b[at + 20] as number)],
  ["sebek", never],
  ["sflow", (b, at, end) => [2, 4, 5].includes(u32(b, at, end))],
  ["sip", looksLikeSip],
  ["snmp", firstByte(0x30)],
  ["stun", looksLikeStun],
  ["synphasor", firstByte(0xaa)],
  ["tapa", never],
  ["wccp", (b, at, end) => [7, 8, 9, 10, 11, 12, 13, 14].includes(u32(b, at, end))],
  ["xdmcp", firstWord(1)],
  ...(
    "actrace adwin ath caneth componentstatusprotocol cpha ddtp dlsw edonkey enttec eobi esio ff jmirror kf laplink " +
    "ldss mactelnet mle mpeg_dsmcc nxp_802154_sniffer opensafety pathport portcontrol pulse roon_disco rtpproxy sbus " +
    "sigcomp slimp3 steam_ihs_discovery tivoconnect tpcp tplink-smarthome tpncp uftp vines_frp wassp wimaxasncp zep " +
    "5co_legacy ssyncp armagetronad"
  )
    .split(" ")
    .map((name): [string, Check] => [name, never]),
]);

export const TCP_CHECKS: ReadonlyMap<string, Check> = new Map<string, Check>([
  ["acap", startsWith(/^(?:\* |\w+ (?:OK|NO|BAD|AUTHENTICATE|LOGOUT|NOOP))/)],
  ["cql", (b, at, end) => end - at >= 9 && [1, 2, 3, 4, 5].includes((b[at] as number) & 0x7f)],
  ["couchbase", firstByte(0x80, 0x81, 0x82, 0x83, 0x08, 0x18)],
  ["dicom", (b, at, end) => end - at >= 10 && [1, 2, 3, 4, 5, 6, 7].includes(b[at] as number) && b[at + 1] === 0],
  ["dlsw", firstByte(0x31, 0x4b, 0x4c)],
  ["dnp3", firstWord(0x0564)],
  ["gtp", (b, at, end) => at < end && [1, 2].includes((b[at] as number) >> 5) && end - at >= 8],
  ["hart_ip", firstByte(0, 1, 2)],
  ["isakmp", atLeast(28)],
  ["isns", firstWord(1)],
  ["ldp", firstWord(1)],
  ["mbtcp", (b, at, end) => end - at >= 8 && readUint(b, at + 2, 2) === 0],
  ["mgcp", startsWith(/^(?:AUEP|AUCX|CRCX|DLCX|EPCF|MDCX|NTFY|RQNT|RSIP|MESG|\d{3}) /i)],
  ["msrp", startsWith(/^MSRP /)],
  ["sip", looksLikeSip],
  ["skinny", (b, at, end) => end - at >= 12 && (b[at + 1] as number) < 8 && b[at + 2] === 0 && b[at + 3] === 0],
  ["smux", (b, at, end) => at < end && ((b[at] as number) & 0x60) === 0x40],
  ["tns", (b, at, end) => end - at < 8 || ((b[at + 4] as number) >= 1 && (b[at + 4] as number) <= 19)],
  ...(
    "5co_legacy aol cast cmp cmpp djiuav dtpt edonkey enttec epmd gdsdb gsm_ipa ipdr kf kismet kt mpeg_dsmcc mrcpv2 " +
    "msmms ndmp omron pcomtcp pvfs rtpproxy s101 s5066sis sigcomp smrse tivoconnect tplink-smarthome tpncp xot"
  )
    .split(" ")
    .map((name): [string, Check] => [name, never]),
]);
