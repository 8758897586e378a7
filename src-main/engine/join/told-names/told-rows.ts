/**
 * Collects what packets' comments tell of pods while batches pass: not a row a packet but one for every two addresses that a workload
 * was told of at a capture point.
 *
 * ```
 * packet ─► its comments ─► number of what they tell (equal texts are read once)  ┐
 *       └─► addresses of its innermost network layer, epb_flags' direction        ┴─► row: packets, first and last time
 * ```
 * A packet without options costs one look at a column.
 */
import { decodeUtf8 } from "../../../../src-shared/base/text";
import { LAYER_IPV4, LAYER_IPV6 } from "../../../../src-shared/model/layer-kind";
import { formatIpv4, formatIpv6 } from "../../../../src-shared/model/address";
import { LAYER_FLAG_QUOTED, PACKET_BIG_ENDIAN_OPTIONS } from "../../kernel/assembly/abi";
import type { Batch } from "../../kernel/batch";
import { SeenContents } from "../seen-contents";
import { type ToldText, readComment } from "./tool-texts";

const OPTION_COMMENT = 1;
const OPTION_FLAGS = 2;
/** epb_flags, bits 0 and 1. */
export const INBOUND = 1;
export const OUTBOUND = 2;

/** What packets with different comments tell, and rows; beyond that nothing more is kept: a file made to fill the memory. */
const MOST_TEXTS = 1 << 16;
const MOST_ROWS = 1 << 17;
const V6 = 4294967296;

/** Packets between two addresses, seen at one point, sent one way, of which one thing is told. */
export interface ToldRow {
  readonly text: ToldText;
  /** Capture point. */
  readonly point: number;
  readonly source: string;
  readonly destination: string;
  /** 0 not told, INBOUND, OUTBOUND: as the point's interface sees it. */
  readonly direction: number;
  packets: number;
  /** Milliseconds since the epoch, by the file's clock. */
  firstMs: number;
  lastMs: number;
}

const NOTHING: ToldText = { pod: null, container: null, process: null, node: null, opened: null };

export class ToldRows {
  readonly rows: ToldRow[] = [];
  private readonly seen = new SeenContents();
  /** Number 0: tells nothing. */
  private readonly texts: ToldText[] = [NOTHING];
  private readonly textNumbers = new Map<string, number>();
  /** Of two numbers, what both tell. */
  private readonly both = new Map<number, number>();
  private readonly addresses6: string[] = [];
  private readonly address6Numbers = new Map<string, number>();
  /** By text, point and direction, then by source, then by destination: position in `rows`. */
  private readonly positions = new Map<number, Map<number, Map<number, number>>>();

  take(batch: Batch): void {
    const { optionsLength } = batch;
    for (let packet = 0, n = batch.packetCount; packet < n; packet++)
      if ((optionsLength[packet] as number) > 0) this.takeOptions(batch, packet);
  }

  private takeOptions(batch: Batch, packet: number): void {
    const { view } = batch;
    const little = (batch.packetFlags(packet) & PACKET_BIG_ENDIAN_OPTIONS) === 0;
    let at = batch.options[packet] as number;
    if (at === 0) return;
    const end = at + (batch.optionsLength[packet] as number);
    let told = 0;
    let direction = 0;
    while (at + 4 <= end) {
      const code = view.getUint16(at, little);
      const length = view.getUint16(at + 2, little);
      const from = at + 4;
      if (code === 0 || from + length > end) break;
      if (code === OPTION_COMMENT) told = this.join(told, this.textAt(batch, from, from + length));
      else if (code === OPTION_FLAGS && length === 4) direction = view.getUint32(from, little) & 3;
      at = from + ((length + 3) & ~3);
    }
    if (told !== 0) this.takeAddresses(batch, packet, told, direction);
  }

  /** Number of what the comment tells. */
  private textAt(batch: Batch, from: number, to: number): number {
    if (this.seen.find(batch.view, from, to)) return this.seen.first;
    const text = readComment(decodeUtf8(batch.bytes, from, to));
    const number = text === undefined ? 0 : this.numberOf(text);
    this.seen.keep(number, 0);
    return number;
  }

  private numberOf(text: ToldText): number {
    const key = JSON.stringify([text.pod, text.container, text.process, text.node, text.opened]);
    let number = this.textNumbers.get(key);
    if (number === undefined) {
      if (this.texts.length >= MOST_TEXTS) return 0;
      number = this.texts.push(text) - 1;
      this.textNumbers.set(key, number);
    }
    return number;
  }

  /** What two comments of one packet tell together; the first one counts where they differ. */
  private join(a: number, b: number): number {
    if (a === 0 || a === b) return b === 0 ? a : b;
    if (b === 0) return a;
    const key = a * MOST_TEXTS + b;
    let number = this.both.get(key);
    if (number === undefined) {
      const [x, y] = [this.texts[a] ?? NOTHING, this.texts[b] ?? NOTHING];
      number = this.numberOf({
        pod: x.pod ?? y.pod,
        container: x.container ?? y.container,
        process: x.process ?? y.process,
        node: x.node ?? y.node,
        opened: x.opened ?? y.opened,
      });
      this.both.set(key, number);
    }
    return number;
  }

  private takeAddresses(batch: Batch, packet: number, told: number, direction: number): void {
    const first = batch.firstLayer[packet] as number;
    for (let layer = first + batch.layersOf(packet) - 1; layer >= first; layer--) {
      const kind = batch.layerKind[layer];
      if (kind !== LAYER_IPV4 && kind !== LAYER_IPV6) continue;
      if ((batch.layerFlags[layer] as number) & LAYER_FLAG_QUOTED) continue;
      const at = batch.layerPtr[layer] as number;
      const v6 = kind === LAYER_IPV6;
      if (at + (v6 ? 40 : 20) > (batch.layerEnd[layer] as number)) return;
      const source = v6 ? this.address6(batch, at + 8) : batch.view.getUint32(at + 12);
      const destination = v6 ? this.address6(batch, at + 24) : batch.view.getUint32(at + 16);
      const row = this.rowOf(told, batch.point[packet] as number, direction, source, destination);
      if (!row) return;
      row.packets++;
      if (!batch.hasTime(packet)) return;
      const ms = batch.seconds(packet) * 1000 + batch.nanoseconds(packet) / 1e6;
      if (ms < row.firstMs) row.firstMs = ms;
      if (ms > row.lastMs) row.lastMs = ms;
      return;
    }
  }

  private address6(batch: Batch, at: number): number {
    const { view } = batch;
    let key = "";
    for (let i = 0; i < 16; i += 2) key += String.fromCharCode(view.getUint16(at + i));
    let number = this.address6Numbers.get(key);
    if (number === undefined) {
      // No row has it, and none will.
      if (this.rows.length >= MOST_ROWS) return -1;
      number = V6 + this.addresses6.push(formatIpv6(batch.bytes, at)) - 1;
      this.address6Numbers.set(key, number);
    }
    return number;
  }

  private textOf(address: number): string {
    return address >= V6 ? (this.addresses6[address - V6] ?? "") : formatIpv4(address);
  }

  private rowOf(
    text: number,
    point: number,
    direction: number,
    source: number,
    destination: number,
  ): ToldRow | undefined {
    const key = (point * MOST_TEXTS + text) * 4 + direction;
    if (this.rows.length >= MOST_ROWS) {
      const known = this.positions.get(key)?.get(source)?.get(destination);
      return known === undefined ? undefined : this.rows[known];
    }
    let sources = this.positions.get(key);
    if (!sources) this.positions.set(key, (sources = new Map<number, Map<number, number>>()));
    let destinations = sources.get(source);
    if (!destinations) sources.set(source, (destinations = new Map<number, number>()));
    let position = destinations.get(destination);
    if (position === undefined) {
      position =
        this.rows.push({
          text: this.texts[text] ?? NOTHING,
          point,
          source: this.textOf(source),
          destination: this.textOf(destination),
          direction,
          packets: 0,
          firstMs: Infinity,
          lastMs: -Infinity,
        }) - 1;
      destinations.set(destination, position);
    }
    return this.rows[position];
  }
}
