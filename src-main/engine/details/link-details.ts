/** Details of the link layer and of ARP. */
import { FIRST_ETHERTYPE, TPID_8021AD } from "../../../src-shared/model/header-numbers";
import { formatMac, formatIpv4 } from "../../../src-shared/model/address";
import {
  LAYER_CISCO_HDLC,
  LAYER_ETHERNET,
  LAYER_FRAME_RELAY,
  LAYER_LLC,
  LAYER_LOOP,
  LAYER_MPLS,
  LAYER_NULL,
  LAYER_OTHER_LINK,
  LAYER_PPP,
  LAYER_PPPOE,
  LAYER_SLL,
  LAYER_SLL2,
  LAYER_TAG,
  LAYER_VLAN,
} from "../../../src-shared/model/layer-kind";
import { linkTypeName } from "../../../src-shared/model/link-type";
import { captured, readUint } from "../fields/field";
import { type BitField, type Layout, MAC, bytesAt, fieldEnd } from "../layouts/layout";
import {
  ARP,
  CISCO_HDLC,
  ETHERNET,
  ETHERNET_LENGTH,
  LLC,
  LOOP,
  MPLS,
  NULL_LOOPBACK,
  PPP,
  PPPOE,
  PPP_SHORT,
  SERVICE_TAG,
  SLL,
  SLL2,
  SNAP,
  VLAN,
} from "../layouts/link-layouts";
import { ARP_OPCODES, ETHER_TYPES } from "../layouts/link-names";
import type { OpenNode } from "./detail-tree";
import { type Drawing, drawHeader } from "./drawing";

const LONGEST_LENGTH = 1500;

/** Draws a header of the link layer; undefined if `kind` is none. */
export function drawLink(d: Drawing, row: number, kind: number): OpenNode | undefined {
  const { tree, batch } = d;
  const { bytes } = batch;
  const p = batch.layerPtr[row] as number;
  const here = Math.max(captured(batch, row), 0);
  const plain = (layout: Layout, detail = ""): OpenNode => drawHeader(d, row, layout, detail);
  switch (kind) {
    case LAYER_ETHERNET:
      return drawEthernet(d, row, p, here);
    case LAYER_SLL:
      return drawCooked(d, row, SLL, 6, 4, 12);
    case LAYER_SLL2:
      return drawCooked(d, row, SLL2, 12, 11, 2);
    case LAYER_NULL: {
      // The capturing host's byte order is not told: the family is below 65536, which tells it.
      const [field] = NULL_LOOPBACK.fields as readonly [BitField];
      const big = here >= 4 && readUint(bytes, p, 2) === 0;
      const node = tree.protocol(d.parent, NULL_LOOPBACK, row);
      if (here >= 4) tree.field(node, p, big ? { ...(LOOP.fields[0] as BitField), name: "" } : field);
      return node;
    }
    case LAYER_LOOP:
      return plain(LOOP);
    case LAYER_VLAN: {
      if (batch.layerAux[row] === TPID_8021AD)
        return plain(SERVICE_TAG, here >= 2 ? `, ID: ${readUint(bytes, p, 2) & 0xfff}` : "");
      const tag = here >= 2 ? readUint(bytes, p, 2) : 0;
      return plain(VLAN, here >= 2 ? `, PRI: ${tag >> 13}, DEI: ${(tag >> 12) & 1}, ID: ${tag & 0xfff}` : "");
    }
    case LAYER_MPLS: {
      const label = here >= 4 ? readUint(bytes, p, 4) : 0;
      const detail =
        here >= 4
          ? `, Label: ${label >>> 12}, Exp: ${(label >>> 9) & 7}, S: ${(label >>> 8) & 1}, TTL: ${label & 255}`
          : "";
      return plain(MPLS, detail);
    }
    case LAYER_PPPOE:
      return plain(PPPOE);
    case LAYER_PPP: {
      const node = tree.protocol(d.parent, PPP, row);
      tree.fields(node, p, batch.layerHeader[row] === 1 ? PPP_SHORT : PPP.fields, here);
      return node;
    }
    case LAYER_LLC: {
      const node = plain(LLC);
      if (batch.layerHeader[row] === 8) tree.fields(node, p, SNAP, here);
      return node;
    }
    case LAYER_CISCO_HDLC:
      return plain(CISCO_HDLC);
    case LAYER_FRAME_RELAY:
      return tree.add(d.parent, {
        text: "Frame Relay",
        at: p,
        length: Math.min(batch.layerHeader[row] as number, here),
      });
    case LAYER_TAG: {
      const type = batch.layerAux[row] as number;
      return tree.add(d.parent, {
        text: `${ETHER_TYPES.get(type) ?? "Tag"} (0x${type.toString(16).padStart(4, "0")})`,
        at: p,
        length: Math.min(batch.layerHeader[row] as number, here),
      });
    }
    case LAYER_OTHER_LINK:
      return tree.add(d.parent, {
        text: `${linkTypeName(batch.layerAux[row] as number)} header`,
        at: p,
        length: Math.min(batch.layerHeader[row] as number, here),
      });
    default:
      return undefined;
  }
}

function drawEthernet(d: Drawing, row: number, p: number, here: number): OpenNode {
  const { tree } = d;
  const { bytes } = tree;
  const isLength = here >= 14 && readUint(bytes, p + 12, 2) <= LONGEST_LENGTH;
  const addresses = here >= 12 ? `, Src: ${formatMac(bytes, p + 6)}, Dst: ${formatMac(bytes, p)}` : "";
  const node = tree.protocol(d.parent, ETHERNET, row, addresses);
  if (isLength) node.text = `IEEE 802.3 Ethernet${addresses.replace(/^,/, "")}`;
  const [destination, source, type] = ETHERNET.fields as readonly [BitField, BitField, BitField];
  tree.fields(node, p, [destination, source, isLength ? ETHERNET_LENGTH : type], here);
  return node;
}

/** The address of a cooked header is as long as it says, at most 8 bytes; what is left of the 8 is unused. */
function drawCooked(
  d: Drawing,
  row: number,
  layout: Layout,
  addressAt: number,
  sizeAt: number,
  unusedAt: number,
): OpenNode {
  const { tree, batch } = d;
  const p = batch.layerPtr[row] as number;
  const here = captured(batch, row);
  const node = tree.protocol(d.parent, layout, row);
  const size =
    here > sizeAt + 1
      ? layout === SLL
        ? readUint(batch.bytes, p + sizeAt, 2)
        : (batch.bytes[p + sizeAt] as number)
      : 0;
  const address = (): void => {
    if (here < addressAt + 8) return;
    const used = Math.min(size, 8);
    if (used === 6) tree.field(node, p, bytesAt(addressAt, 6, "sll.src.eth", "Source", MAC));
    else if (used === 4)
      tree.add(node, {
        text: `Source: ${formatIpv4(readUint(batch.bytes, p + addressAt, 4))}`,
        at: p + addressAt,
        length: 4,
      });
    else if (used > 0) tree.add(node, { text: "Source", at: p + addressAt, length: used });
    if (used < 8) tree.add(node, { text: "Unused", at: p + addressAt + used, length: 8 - used });
  };
  for (const field of layout.fields) {
    if (layout === SLL && field.at >= 14 * 8) address();
    if (fieldEnd(field) > here) continue;
    // Below 1536 it is no EtherType but a kind of frame, which the filter's field leaves out.
    const isType = field.name !== "sll.etype" || readUint(batch.bytes, p + (field.at >>> 3), 2) >= FIRST_ETHERTYPE;
    tree.field(node, p, isType ? field : { ...field, name: "" });
  }
  if (layout === SLL2) {
    if (here >= 4) tree.add(node, { text: "Reserved (MBZ)", at: p + unusedAt, length: 2 });
    address();
  }
  return node;
}

/** "(request)", "(reply)", "(ARP Announcement)" … */
export function drawArp(d: Drawing, row: number): OpenNode {
  const { tree, batch } = d;
  const { bytes } = batch;
  const p = batch.layerPtr[row] as number;
  const here = Math.max(captured(batch, row), 0);
  const u = (offset: number, width: number): number => readUint(bytes, p + offset, width);
  let detail = "";
  const opcode = here >= 8 ? u(6, 2) : 0;
  const hardware = here >= 8 ? u(4, 1) : 0;
  const protocol = here >= 8 ? u(5, 1) : 0;
  const whole = here >= 8 + 2 * (hardware + protocol);
  const macs = (u(0, 2) === 1 || u(0, 2) === 6) && hardware === 6;
  const ips = here >= 8 && u(2, 2) === 0x0800 && protocol === 4;
  const senderIp = 8 + hardware;
  const targetIp = 8 + 2 * hardware + protocol;
  const gratuitous = whole && ips && opcode <= 2 && u(senderIp, 4) === u(targetIp, 4);
  // An announcement is a request about its own sender, a probe one without a sender (RFC 5227).
  const probe = whole && ips && macs && opcode === 1 && u(senderIp, 4) === 0;
  const announcement = gratuitous && opcode === 1;
  if (here >= 8)
    detail = ` (${probe ? "ARP Probe" : announcement ? "ARP Announcement" : `${ARP_OPCODES.get(opcode) ?? "unknown"}${gratuitous ? "/gratuitous ARP" : ""}`})`;
  const node = tree.protocol(d.parent, ARP, row, detail);
  tree.fields(node, p, ARP.fields, here);
  if (probe) tree.generated(node, { text: "Is probe: True" });
  else if (gratuitous) {
    tree.generated(node, { text: "Is gratuitous: True" });
    if (announcement) tree.generated(node, { text: "Is announcement: True" });
  }
  if (here < 8) return node;
  const address = (who: string, side: "src" | "dst", offset: number, isHardware: boolean): void => {
    const size = isHardware ? hardware : protocol;
    if (size === 0 || here < offset + size) return;
    const at = p + offset;
    // The filter knows none of the addresses unless all four are there.
    const name = `arp.${side}.${isHardware ? "hw_mac" : "proto_ipv4"}`;
    if (isHardware ? macs : ips) {
      const value = isHardware ? formatMac(bytes, at) : formatIpv4(readUint(bytes, at, 4));
      tree.add(node, {
        text: `${who} ${isHardware ? "MAC" : "IP"} address: ${value}`,
        ...(whole && { field: name, literal: value }),
        at,
        length: size,
      });
    } else tree.add(node, { text: `${who} ${isHardware ? "hardware" : "protocol"} address`, at, length: size });
  };
  address("Sender", "src", 8, true);
  address("Sender", "src", senderIp, false);
  address("Target", "dst", 8 + hardware + protocol, true);
  address("Target", "dst", targetIp, false);
  return node;
}
