/**
 * The kernel's flow table, read row by row. A row is one flow at one capture point; `flows()` groups the rows of one flow
 * over all points. Nothing here makes an object per flow: `FlowReader` is a cursor over the kernel's memory.
 */
import { formatIpv4, formatIpv6 } from "../../../src-shared/model/address";
import {
  LAYER_GENEVE,
  LAYER_GRE,
  LAYER_GTPU,
  LAYER_IP_OVER_UDP,
  LAYER_VXLAN,
} from "../../../src-shared/model/layer-kind";
import {
  C_DEPTH,
  C_POINT,
  C_VNI,
  CONTEXT_BYTES,
  F_A,
  F_B,
  F_BYTES,
  F_CARRIER,
  F_FIRST,
  F_HISTORY,
  F_ICMP,
  F_IP_BYTES,
  F_LAST,
  F_PACKETS,
  F_PAYLOAD,
  F_PORTS,
  F_STATE,
  F_TAG,
  FLOW_CONTEXT_SHIFT,
  FLOW_V6,
  K_ADDRESSES6,
  K_CONTEXTS,
  K_CONTEXT_COUNT,
  NO_ROW,
  STATE_ORIGIN_B,
} from "../kernel/assembly/abi";
import type { KernelHandle } from "../decode/pipeline";
import { connState, historyText } from "./zeek";

/** What carries a flow, by the kind of its layer; IP in IP, which has none, is "ip". */
export const TUNNEL_NAMES: ReadonlyMap<number, string> = new Map([
  [LAYER_VXLAN, "vxlan"],
  [LAYER_GENEVE, "geneve"],
  [LAYER_GRE, "gre"],
  [LAYER_GTPU, "gtp"],
  [LAYER_IP_OVER_UDP, "ip-udp"],
]);

export const PROTOCOL_NAMES: ReadonlyMap<number, string> = new Map([
  [1, "icmp"],
  [2, "igmp"],
  [4, "ipip"],
  [6, "tcp"],
  [17, "udp"],
  [41, "ipv6"],
  [47, "gre"],
  [50, "esp"],
  [51, "ah"],
  [58, "icmpv6"],
  [89, "ospf"],
  [103, "pim"],
  [112, "vrrp"],
  [132, "sctp"],
]);

/** Marks the end of a chain of rows, and "no carrier". */
export const NO_FLOW_ROW = NO_ROW;

/** A flow over all capture points: the row that saw most of it, and the others. */
export interface FlowGroups {
  /** First row of each flow, in order of first sighting. */
  readonly heads: Uint32Array;
  /** By head's position: the row with the most packets. */
  readonly best: Uint32Array;
  /** Next row of the same flow, NO_ROW at the end. By row. */
  readonly next: Uint32Array;
  /** Position of the row's flow in `heads`. By row. */
  readonly flowOf: Uint32Array;
}

export class FlowTable {
  private readonly u32: Uint32Array;
  private readonly f64view: DataView;
  readonly count: number;
  private readonly contexts: number;
  private readonly contextCount: number;
  private readonly addresses6: number;
  /** Base of the current row, in 32-bit words. */
  private at = 0;

  constructor(private readonly handle: KernelHandle) {
    const { kernel, memory } = handle;
    this.count = kernel.flowCount();
    this.u32 = new Uint32Array(memory.memory.buffer);
    this.f64view = new DataView(memory.memory.buffer);
    const interned = handle.interned >>> 2;
    this.contexts = (this.u32[interned + K_CONTEXTS / 4] as number) >>> 2;
    this.contextCount = this.u32[interned + K_CONTEXT_COUNT / 4] as number;
    this.addresses6 = this.u32[interned + K_ADDRESSES6 / 4] as number;
  }

  /** Number of contexts that name a capture point: more than one, and rows need grouping. */
  get pointCount(): number {
    const seen = new Set<number>();
    for (let c = 0; c < this.contextCount; c++) {
      const point = this.u32[this.contexts + (c * CONTEXT_BYTES + C_POINT) / 4] as number;
      if (point !== NO_ROW) seen.add(point);
    }
    return seen.size;
  }

  /** Moves the cursor. */
  seek(row: number): this {
    return this.seekTo(this.handle.kernel.flowRow(row) >>> 2);
  }

  /** Moves the cursor to a row whose position in memory is known, in words. */
  seekTo(at: number): this {
    this.at = at;
    return this;
  }

  private word(offset: number): number {
    return this.u32[this.at + offset / 4] as number;
  }

  private long(offset: number): number {
    return this.word(offset) + this.word(offset + 4) * 4294967296;
  }

  private get context(): number {
    return this.contexts + ((this.word(F_TAG) >>> FLOW_CONTEXT_SHIFT) * CONTEXT_BYTES) / 4;
  }

  get protocol(): number {
    return this.word(F_TAG) & 255;
  }
  get v6(): boolean {
    return (this.word(F_TAG) & FLOW_V6) !== 0;
  }
  /** 1 for the originator being endpoint B of the canonical pair. */
  get origin(): number {
    return this.word(F_STATE) & STATE_ORIGIN_B;
  }
  get state(): number {
    return this.word(F_STATE);
  }
  /** Depth of the network layer, 1 = outermost. */
  get depth(): number {
    return (this.u32[this.context + C_DEPTH / 4] as number) & 255;
  }
  /** Kind of the innermost tunnel around it, or undefined. */
  get tunnel(): string | undefined {
    const kind = (this.u32[this.context + C_DEPTH / 4] as number) >>> 8;
    return TUNNEL_NAMES.get(kind) ?? (this.depth > 1 ? "ip" : undefined);
  }
  get vni(): number {
    return this.u32[this.context + C_VNI / 4] as number;
  }
  get point(): number {
    return this.u32[this.context + C_POINT / 4] as number;
  }
  get carrierRow(): number {
    return this.word(F_CARRIER);
  }

  /** Address of the originator (side 0) or the responder (side 1): IPv4 as a number, IPv6 as a position in memory. */
  address(side: number): number {
    const v = this.word((side ^ this.origin) === 0 ? F_A : F_B);
    return this.v6 ? this.addresses6 + v * 16 : v;
  }
  addressText(side: number): string {
    return this.v6 ? formatIpv6(this.handle.memory.bytes(), this.address(side)) : formatIpv4(this.address(side));
  }
  /**
   * Port of a side. ICMP echo: the identifier as the originator's, 0 as the responder's; other ICMP messages: type and code.
   */
  port(side: number): number {
    const ports = this.word(F_PORTS);
    if (this.protocol === 1 || this.protocol === 58) {
      if (this.icmpIdentified) return side === 0 ? ports >>> 16 : 0;
      const icmp = this.word(F_ICMP);
      return side === 0 ? icmp >>> 8 : icmp & 255;
    }
    return (side ^ this.origin) === 0 ? ports >>> 16 : ports & 0xffff;
  }
  /** ICMP messages that carry an identifier: echo and its kin. */
  get icmpIdentified(): boolean {
    const type = this.word(F_ICMP) >>> 8;
    return this.protocol === 1 ? type === 0 || type === 8 || (type >= 13 && type <= 18) : type === 128 || type === 129;
  }
  get icmpType(): number {
    return this.word(F_ICMP) >>> 8;
  }
  get icmpCode(): number {
    return this.word(F_ICMP) & 255;
  }
  packets(side: number): number {
    return this.word(F_PACKETS + (side ^ this.origin) * 4);
  }
  /** Bytes of whole frames. */
  bytes(side: number): number {
    return this.long(F_BYTES + (side ^ this.origin) * 8);
  }
  /** Bytes of IP packets at this depth. */
  ipBytes(side: number): number {
    return this.long(F_IP_BYTES + (side ^ this.origin) * 8);
  }
  /** Bytes of transport payload, retransmissions counted. */
  payload(side: number): number {
    return this.long(F_PAYLOAD + (side ^ this.origin) * 8);
  }
  get firstSeconds(): number {
    return (this.word(F_FIRST + 4) | 0) * 4 + (this.word(F_FIRST) >>> 30);
  }
  get firstNanoseconds(): number {
    return this.word(F_FIRST) & 0x3fffffff;
  }
  get lastSeconds(): number {
    return (this.word(F_LAST + 4) | 0) * 4 + (this.word(F_LAST) >>> 30);
  }
  get lastNanoseconds(): number {
    return this.word(F_LAST) & 0x3fffffff;
  }
  get connState(): string {
    return connState(this.protocol, this.state, this.packets(0), this.packets(1), this.payload(0), this.payload(1));
  }
  get history(): string {
    return historyText(
      this.state,
      this.f64view.getBigUint64(this.at * 4 + F_HISTORY, true),
      this.f64view.getBigUint64(this.at * 4 + F_HISTORY + 8, true),
    );
  }
  /** Groups rows that differ in the capture point only. */
  groups(): FlowGroups {
    const { count } = this;
    const flowOf = new Uint32Array(count);
    const next = new Uint32Array(count).fill(NO_ROW);
    if (this.pointCount <= 1) {
      for (let i = 0; i < count; i++) flowOf[i] = i;
      return { heads: flowOf, best: flowOf, next, flowOf };
    }
    const out = this.handle.memory.allocate(count * 4);
    const total = this.handle.kernel.flowGroups(out);
    const headOf = new Uint32Array(this.handle.memory.memory.buffer, out, count);
    const heads = new Uint32Array(total);
    const best = new Uint32Array(total);
    const bestPackets = new Float64Array(total);
    const last = new Uint32Array(total);
    let n = 0;
    for (let row = 0; row < count; row++) {
      const head = headOf[row] as number;
      let flow: number;
      if (head === row) {
        flow = n++;
        heads[flow] = row;
      } else {
        flow = flowOf[head] as number;
        next[last[flow] as number] = row;
      }
      flowOf[row] = flow;
      last[flow] = row;
      this.seek(row);
      const packets = this.packets(0) + this.packets(1);
      if (packets > (bestPackets[flow] as number)) {
        bestPackets[flow] = packets;
        best[flow] = row;
      }
    }
    return { heads, best, next, flowOf };
  }
}
