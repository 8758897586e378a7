/** Source, destination and line of an 802.11 frame (IEEE 802.11-2020 section 9.2): management, control, and data that hides what it carries. */
import { crc32 } from "node:zlib";
import { decodeUtf8 } from "../../../src-shared/base/text";
import { formatMac } from "../../../src-shared/model/address";
import { LAYER_OTHER_LINK } from "../../../src-shared/model/layer-kind";
import type { Batch } from "../kernel/batch";

const LINKTYPE_RADIOTAP = 127;
const MANAGEMENT = 0;
const CONTROL = 1;
const DATA = 2;

/** By type << 4 | subtype. */
const NAMES: ReadonlyMap<number, string> = new Map([
  [0x00, "Association Request"],
  [0x01, "Association Response"],
  [0x02, "Reassociation Request"],
  [0x03, "Reassociation Response"],
  [0x04, "Probe Request"],
  [0x05, "Probe Response"],
  [0x06, "Measurement Pilot"],
  [0x08, "Beacon frame"],
  [0x09, "ATIM"],
  [0x0a, "Disassociate"],
  [0x0b, "Authentication"],
  [0x0c, "Deauthentication"],
  [0x0d, "Action"],
  [0x0e, "Action No Ack"],
  [0x12, "Trigger"],
  [0x14, "Beamforming Report Poll"],
  [0x15, "VHT/HE NDP Announcement"],
  [0x17, "Control Wrapper"],
  [0x18, "802.11 Block Ack Req"],
  [0x19, "802.11 Block Ack"],
  [0x1a, "Power-Save poll"],
  [0x1b, "Request-to-send"],
  [0x1c, "Clear-to-send"],
  [0x1d, "Acknowledgement"],
  [0x1e, "CF-End (Control-frame)"],
  [0x1f, "CF-End + CF-Ack (Control-frame)"],
  [0x20, "Data"],
  [0x21, "Data + CF-Ack"],
  [0x22, "Data + CF-Poll"],
  [0x23, "Data + CF-Ack + CF-Poll"],
  [0x24, "Null function (No data)"],
  [0x25, "Acknowledgement (No data)"],
  [0x26, "CF-Poll (No data)"],
  [0x27, "CF-Ack/Poll (No data)"],
  [0x28, "QoS Data"],
  [0x29, "QoS Data + CF-Acknowledgment"],
  [0x2a, "QoS Data + CF-Poll"],
  [0x2b, "QoS Data + CF-Ack + CF-Poll"],
  [0x2c, "QoS Null function (No data)"],
  [0x2e, "QoS CF-Poll (No Data)"],
  [0x2f, "QoS CF-Ack + CF-Poll (No data)"],
]);

/** Control frames that name who sent them. */
const WITH_TRANSMITTER: ReadonlySet<number> = new Set([0x12, 0x14, 0x15, 0x18, 0x19, 0x1b, 0x1e, 0x1f]);
const POWER_SAVE_POLL = 0x1a;
/** Of management frames: bytes of fixed fields in front of the elements (section 9.3.3). */
const FIXED_FIELDS: ReadonlyMap<number, number> = new Map([
  [0x00, 4],
  [0x02, 10],
  [0x04, 0],
  [0x05, 12],
  [0x08, 12],
]);
const BEACON_INTERVAL = 8;
/** The flags from the highest bit on: order, protected, more data, power management, retry, more fragments, from and to DS. */
const FLAGS = "opmPRMFT";

export interface WlanLine {
  readonly source: string;
  readonly destination: string;
  readonly info: string;
}

/** `row` is an 802.11 header (LAYER_OTHER_LINK of LINKTYPE_WLAN); undefined where its first addresses are cut. */
export function wlanLine(batch: Batch, row: number): WlanLine | undefined {
  const { bytes } = batch;
  const p = batch.layerPtr[row] as number;
  const end = batch.layerEnd[row] as number;
  if (end - p < 10) return undefined;
  const control = bytes[p] as number;
  const flags = bytes[p + 1] as number;
  const type = (control >> 2) & 3;
  const kind = (type << 4) | (control >> 4);
  const name = NAMES.get(kind) ?? "Unrecognized (Reserved frame)";
  const address = (n: number): string => (end >= p + 10 + n * 6 ? formatMac(bytes, p + 4 + n * 6) : "");
  const shown = flagText(flags) + (checkSequenceHolds(batch, row, p, end) ? "C" : "");
  if (type === CONTROL) {
    const transmitter = kind === POWER_SAVE_POLL || WITH_TRANSMITTER.has(kind) ? address(1) : "";
    return {
      source: transmitter && `${transmitter} (TA)`,
      destination: kind === POWER_SAVE_POLL ? `${address(0)} (BSSID)` : `${address(0)} (RA)`,
      info: `${name}, Flags=${shown}`,
    };
  }
  if (type !== MANAGEMENT && type !== DATA) return { source: "", destination: "", info: `${name}, Flags=${shown}` };
  if (end < p + 24) return { source: address(1), destination: address(0), info: name };
  const sequence = (bytes[p + 22] as number) | ((bytes[p + 23] as number) << 8);
  let info = `${name}, SN=${sequence >> 4}, FN=${sequence & 15}, Flags=${shown}`;
  if (type === MANAGEMENT) {
    const fixed = FIXED_FIELDS.get(kind);
    const encrypted = (flags & 0x40) !== 0;
    const body = p + (flags & 0x80 ? 28 : 24);
    if (fixed !== undefined && !encrypted && body + fixed <= end) {
      if (fixed === 12)
        info += `, BI=${(bytes[body + BEACON_INTERVAL] as number) | ((bytes[body + BEACON_INTERVAL + 1] as number) << 8)}`;
      info += networkName(bytes, body + fixed, end);
    }
    return { source: address(1), destination: address(0), info };
  }
  // Which address is whose, by from DS and to DS (table 9-30); the fourth lies behind the sequence number.
  const toDs = (flags & 1) !== 0;
  const fromDs = (flags & 2) !== 0;
  const fourth = end >= p + 30 ? formatMac(bytes, p + 24) : "";
  return {
    source: fromDs ? (toDs ? fourth : address(2)) : address(1),
    destination: toDs ? address(2) : address(0),
    info,
  };
}

const flagText = (flags: number): string =>
  Array.from(FLAGS, (letter, i) => (flags & (0x80 >> i) ? letter : ".")).join("");

/** The first element, if it is the SSID: id(1) length(1) name. */
function networkName(bytes: Uint8Array, at: number, end: number): string {
  if (at + 2 > end || bytes[at] !== 0) return "";
  const length = bytes[at + 1] as number;
  if (length > 32 || at + 2 + length > end) return "";
  if (length === 0) return ", SSID=Wildcard (Broadcast)";
  return `, SSID="${decodeUtf8(bytes, at + 2, at + 2 + length)}"`;
}

/** Radiotap says that the frame ends with its check sequence (IEEE 802.11 section 9.2.4.8), and it is right. */
function checkSequenceHolds(batch: Batch, row: number, p: number, end: number): boolean {
  const before = row - 1;
  if (batch.layerKind[before] !== LAYER_OTHER_LINK || batch.layerAux[before] !== LINKTYPE_RADIOTAP) return false;
  const radiotap = batch.layerPtr[before] as number;
  if (!(radiotapFlags(batch, radiotap, p) & HAS_CHECK_SEQUENCE) || end - p < 14) return false;
  return crc32(batch.bytes.slice(p, end - 4)) === batch.view.getUint32(end - 4, true);
}

const HAS_CHECK_SEQUENCE = 0x10;
const PRESENT_TIME = 1;
const PRESENT_FLAGS = 2;
const MORE_PRESENT = 0x80000000;

/** The field "flags" of a radiotap header, 0 if there is none: it is the second field, behind all words that say what is present. */
function radiotapFlags(batch: Batch, from: number, to: number): number {
  const present = from + 8 <= to ? batch.view.getUint32(from + 4, true) : 0;
  if (!(present & PRESENT_FLAGS)) return 0;
  let at = 8;
  for (let word = present; word & MORE_PRESENT && from + at + 4 <= to; at += 4)
    word = batch.view.getUint32(from + at, true);
  // The first field, a timestamp, has eight bytes at a multiple of eight.
  if (present & PRESENT_TIME) at = ((at + 7) & ~7) + 8;
  return from + at < to ? (batch.bytes[from + at] as number) : 0;
}
