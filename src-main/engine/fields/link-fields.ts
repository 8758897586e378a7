/** Fields of the link layer: SLL, Ethernet, VLAN tags, ARP. */
import { TPID_8021AD } from "../../../src-shared/model/header-numbers";
import { appendValue } from "../../../src-shared/tables/value-column";
import {
  LAYER_ARP,
  LAYER_CISCO_HDLC,
  LAYER_ETHERNET,
  LAYER_MPLS,
  LAYER_SLL,
  LAYER_SLL2,
  LAYER_VLAN,
} from "../../../src-shared/model/layer-kind";
import type { Batch } from "../kernel/batch";
import {
  type Available,
  type Field,
  addressField,
  captured,
  protocolField,
  readUint,
  rowField,
  uintField,
} from "./field";

const ETHERTYPE_RARP = 0x8035;
const ARPHRD_GRE = 778;

/** 802.1ad tags (TPID 0x88a8) are another protocol to Wireshark, with fields of its own. */
const plainTag: Available = (batch, row) => (batch.layerAux[row] === TPID_8021AD ? 0 : captured(batch, row));

/** A cooked capture of a GRE device says "GRE protocol type" for its type. */
export const isGreDevice = (batch: Batch, row: number): boolean =>
  readUint(batch.bytes, (batch.layerPtr[row] as number) + (batch.layerKind[row] === LAYER_SLL ? 2 : 8), 2) ===
  ARPHRD_GRE;

/** Cisco's serial line ARP has RARP's number and nothing else of it. */
export const isSlarp = (batch: Batch, row: number): boolean =>
  batch.layerAux[row] === ETHERTYPE_RARP && row > 0 && batch.layerKind[row - 1] === LAYER_CISCO_HDLC;
const arpHeader: Available = (batch, row) => (isSlarp(batch, row) ? 0 : captured(batch, row));

/** Wireshark shows neither address unless the header is whole. */
const wholeHeader: Available = (batch, row) => {
  const here = captured(batch, row);
  return here < 14 ? 0 : here;
};

const sll = (
  name: string,
  label: string,
  offset1: number,
  offset2: number,
  width: 1 | 2,
  hexDigits: number,
): Field => ({
  name,
  label,
  kind: "uint",
  protocol: "sll",
  hexDigits,
  needsStreams: false,
  collect(index, out) {
    const { batch } = index;
    // A file has one or the other per interface; a packet has at most one, so packet order is kept by merging.
    const a = index.of(LAYER_SLL);
    const b = index.of(LAYER_SLL2);
    let i = 0;
    let j = 0;
    while (i < a.count || j < b.count) {
      const first = j >= b.count || (i < a.count && (a.packets[i] as number) < (b.packets[j] as number));
      const rows = first ? a : b;
      const at = first ? i++ : j++;
      const row = rows.rows[at] as number;
      const offset = first ? offset1 : offset2;
      if (captured(batch, row) < offset + width) continue;
      const v = readUint(batch.bytes, (batch.layerPtr[row] as number) + offset, width);
      // Below: a kind of frame, no EtherType. A GRE device has GRE's protocol type there.
      if (hexDigits && (v < 0x0600 || isGreDevice(batch, row))) continue;
      appendValue(out, rows.packets[at] as number, 1, v);
    }
  },
});

const arpEthernet = (batch: Batch, row: number): boolean => {
  const p = batch.layerPtr[row] as number;
  const hardware = readUint(batch.bytes, p, 2);
  return (hardware === 1 || hardware === 6) && batch.bytes[p + 4] === 6;
};
const arpIpv4 = (batch: Batch, row: number): boolean => {
  const p = batch.layerPtr[row] as number;
  return readUint(batch.bytes, p + 2, 2) === 0x0800 && batch.bytes[p + 5] === 4;
};

function arpAddress(name: string, label: string, hardware: boolean, target: boolean): Field {
  return rowField(
    { name, label, kind: hardware ? "mac" : "ipv4", protocol: "arp" },
    LAYER_ARP,
    (batch, row, packet, ordinal, out) => {
      if (arpHeader(batch, row) < 8 || !(hardware ? arpEthernet(batch, row) : arpIpv4(batch, row))) return;
      const p = batch.layerPtr[row] as number;
      const h = batch.bytes[p + 4] as number;
      const n = batch.bytes[p + 5] as number;
      // Wireshark shows no address unless all four are there.
      if (captured(batch, row) < 8 + 2 * (h + n)) return;
      const offset = 8 + (hardware ? 0 : h) + (target ? h + n : 0);
      if (captured(batch, row) < offset + (hardware ? 6 : 4)) return;
      appendValue(out, packet, ordinal, hardware ? p + offset : readUint(batch.bytes, p + offset, 4), hardware ? 6 : 0);
    },
  );
}

export const LINK_FIELDS: readonly Field[] = [
  sll("sll.etype", "Protocol", 14, 0, 2, 4),
  protocolField("eth", "Ethernet II", LAYER_ETHERNET),
  addressField({ name: "eth.dst", label: "Destination", kind: "mac", protocol: "eth" }, LAYER_ETHERNET, 0, wholeHeader),
  addressField({ name: "eth.src", label: "Source", kind: "mac", protocol: "eth" }, LAYER_ETHERNET, 6, wholeHeader),
  rowField(
    { name: "eth.addr", label: "Source or destination", kind: "mac", protocol: "eth" },
    LAYER_ETHERNET,
    (batch, row, packet, ordinal, out) => {
      if (wholeHeader(batch, row) === 0) return;
      const p = batch.layerPtr[row] as number;
      appendValue(out, packet, ordinal, p, 6);
      appendValue(out, packet, ordinal, p + 6, 6);
    },
  ),
  rowField(
    { name: "eth.type", label: "Type", kind: "uint", protocol: "eth", hexDigits: 4 },
    LAYER_ETHERNET,
    (batch, row, packet, ordinal, out) => {
      if (captured(batch, row) < 14) return;
      const v = readUint(batch.bytes, (batch.layerPtr[row] as number) + 12, 2);
      if (v > 1500) appendValue(out, packet, ordinal, v);
    },
  ),
  protocolField("vlan", "802.1Q VLAN tag", LAYER_VLAN),
  uintField(
    { name: "vlan.id", label: "VLAN ID", protocol: "vlan" },
    LAYER_VLAN,
    { offset: 0, width: 2, mask: 0xfff },
    plainTag,
  ),
  uintField(
    { name: "vlan.priority", label: "Priority", protocol: "vlan" },
    LAYER_VLAN,
    { offset: 0, width: 2, shift: 13, mask: 7 },
    plainTag,
  ),
  protocolField("mpls", "MPLS label", LAYER_MPLS),
  protocolField("arp", "Address Resolution Protocol", LAYER_ARP),
  uintField({ name: "arp.opcode", label: "Opcode", protocol: "arp" }, LAYER_ARP, { offset: 6, width: 2 }, arpHeader),
  arpAddress("arp.src.hw_mac", "Sender MAC address", true, false),
  arpAddress("arp.src.proto_ipv4", "Sender IP address", false, false),
  arpAddress("arp.dst.hw_mac", "Target MAC address", true, true),
  arpAddress("arp.dst.proto_ipv4", "Target IP address", false, true),
];
