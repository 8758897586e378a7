/**
 * Ethernet II (IEEE 802.3 clause 3) and 802.1Q / 802.1ad tags.
 *
 * ```
 *  0                 6                 12      14
 * +-----------------+-----------------+-------+----------------+ - - - +
 * | destination     | source          | type  | payload …      | FCS   |
 * +-----------------+-----------------+-------+----------------+ - - - +
 *
 *  tag, before the type:  | TPID 8100 / 88a8 | PCP:3 DEI:1 VID:12 |
 * ```
 */
import { type Address, parseMac } from "./address";
import { crc32 } from "./checksum";
import { announce, checkField, type Layer } from "./layer";

export const ETHERTYPE_IPV4 = 0x0800;
export const ETHERTYPE_ARP = 0x0806;
export const ETHERTYPE_TRANS_ETHER_BRIDGING = 0x6558;
export const ETHERTYPE_VLAN = 0x8100;
export const ETHERTYPE_IPV6 = 0x86dd;
export const ETHERTYPE_MPLS = 0x8847;
export const ETHERTYPE_PPPOE_SESSION = 0x8864;
export const ETHERTYPE_QINQ = 0x88a8;
export const ETHERTYPE_ERSPAN_II = 0x88be;

export const MAC_BROADCAST = "ff:ff:ff:ff:ff:ff";

export interface EthernetOptions {
  readonly src: Address;
  readonly dst: Address;
  /** Default: by what follows. */
  readonly etherType?: number;
  /** Pads the frame with zeros, as a NIC does (60 without FCS). Default 0: a frame as the sender's own capture sees it. */
  readonly minLength?: number;
  /** Appends the frame check sequence. */
  readonly fcs?: "right" | "wrong";
}

export function ethernet(options: EthernetOptions): Layer {
  return {
    name: "ethernet",
    // 143: Ethernet directly in IP (RFC 8986, SRv6).
    carriedAs: { etherType: ETHERTYPE_TRANS_ETHER_BRIDGING, ipProtocol: 143 },
    append(out, next) {
      out.bytes(parseMac(options.dst)).bytes(parseMac(options.src));
      out.u16(announce("ethernet", "etherType", "etherType", options.etherType, next));
    },
    finish(out, { start }) {
      const missing = (options.minLength ?? 0) - (out.length - start);
      if (missing > 0) out.zeros(missing);
      if (options.fcs === undefined) return;
      const value = crc32(out.view(start));
      const sent = options.fcs === "right" ? value : ~value;
      // The FCS goes out least significant byte first.
      out
        .u8(sent)
        .u8(sent >>> 8)
        .u8(sent >>> 16)
        .u8(sent >>> 24);
    },
  };
}

export interface VlanOptions {
  /** VLAN id, 0..4095. */
  readonly id: number;
  readonly priority?: number;
  readonly dropEligible?: boolean;
  /** What announces this tag: 0x8100 (default), 0x88a8 for the outer tag of QinQ. */
  readonly tpid?: number;
  /** Default: by what follows. */
  readonly etherType?: number;
}

export function vlan(options: VlanOptions): Layer {
  return {
    name: "vlan",
    carriedAs: { etherType: options.tpid ?? ETHERTYPE_VLAN },
    append(out, next) {
      const priority = checkField("vlan", "priority", options.priority ?? 0, 7);
      out.u16(
        (priority << 13) | (options.dropEligible === true ? 0x1000 : 0) | checkField("vlan", "id", options.id, 4095),
      );
      out.u16(announce("vlan", "etherType", "etherType", options.etherType, next));
    },
  };
}

/** A service tag (0x88a8) around a customer tag (0x8100). */
export function qinq(outerId: number, innerId: number): Layer[] {
  return [vlan({ id: outerId, tpid: ETHERTYPE_QINQ }), vlan({ id: innerId })];
}
