/**
 * Builds the tree of one packet's details. Nodes are told with addresses in kernel memory; the tree turns them into a byte
 * source and an offset in it.
 *
 * ```
 * kernel memory:   … [ frame's bytes ] … [ rebuilt from fragments ] …
 * source               0: "Frame"          1: "Reassembled IPv4"
 * ```
 */
import type { ByteSource, DetailNode } from "../../../src-shared/contract/results";
import { findField } from "../fields/registry";
import type { Batch } from "../kernel/batch";
import { type BitField, type Layout, fieldEnd, fieldText, valueLiteral } from "../layouts/layout";
import { captured } from "../fields/field";

export type Severity = NonNullable<DetailNode["severity"]>;

/** A node while it is built. */
export interface OpenNode extends Omit<DetailNode, "children" | "text" | "field" | "literal" | "length" | "severity"> {
  text: string;
  field: string | null;
  literal: string | null;
  length: number;
  severity: DetailNode["severity"];
  readonly children: OpenNode[];
}

export interface NodeParts {
  readonly text: string;
  readonly field?: string | undefined;
  /** Left out: `field` alone is the filter. */
  readonly literal?: string | undefined;
  /** Address of the first byte, and how many; left out: the parent's place, no bytes. */
  readonly at?: number;
  readonly length?: number;
  readonly bitOffset?: number;
  readonly bitLength?: number;
  readonly severity?: Severity | undefined;
}

interface Region {
  readonly start: number;
  readonly end: number;
}

export class DetailTree {
  readonly roots: OpenNode[] = [];
  readonly sources: ByteSource[] = [];
  private readonly regions: Region[] = [];
  readonly bytes: Uint8Array;

  constructor(readonly batch: Batch) {
    this.bytes = batch.bytes;
  }

  /** A stretch of kernel memory that nodes may speak of; its bytes are copied. */
  addSource(name: string, start: number, end: number): void {
    this.regions.push({ start, end });
    this.sources.push({ name, bytes: this.bytes.slice(start, end) });
  }

  hasSource(address: number): boolean {
    return this.regions.some((r) => address >= r.start && address < r.end);
  }

  /** A node below `parent`, or a protocol's if there is none. */
  add(parent: OpenNode | undefined, parts: NodeParts, generated = false): OpenNode {
    const { at, length = 0 } = parts;
    let source = parent?.source ?? 0;
    let offset = parent?.offset ?? 0;
    let count = 0;
    if (at !== undefined) {
      let r = this.regions.findIndex((region) => at >= region.start && at <= region.end);
      // The end of one region may be the beginning of the next.
      const inside = this.regions.findIndex((region) => at >= region.start && at < region.end);
      if (inside >= 0) r = inside;
      const region = this.regions[Math.max(r, 0)];
      if (region && r >= 0) {
        source = r;
        offset = at - region.start;
        count = Math.max(0, Math.min(length, region.end - at));
      }
    }
    const known = parts.field !== undefined && findField(parts.field) !== undefined;
    const node: OpenNode = {
      text: generated ? `[${parts.text}]` : parts.text,
      field: known ? parts.field : null,
      literal: known && parts.literal !== undefined ? parts.literal : null,
      source,
      offset,
      length: count,
      bitOffset: parts.bitOffset ?? null,
      bitLength: parts.bitLength ?? null,
      generated,
      severity: parts.severity ?? null,
      children: [],
    };
    (parent ? parent.children : this.roots).push(node);
    return node;
  }

  /** What Hopscope worked out rather than read: in [brackets], at the parent's place unless it says otherwise. */
  generated(parent: OpenNode | undefined, parts: NodeParts): OpenNode {
    return this.add(parent, parts, true);
  }

  /** "[Expert Info (Warning/Sequence): …]", as Wireshark writes it; the parent's severity becomes the gravest below it. */
  expert(parent: OpenNode, severity: Severity, group: string, text: string, field?: string): OpenNode {
    const node = this.generated(parent, {
      text: `Expert Info (${EXPERT_WORDS[severity]}/${group}): ${text}`,
      field,
      severity,
    });
    return node;
  }

  /** One field of a layout. `text` replaces what the layout would say. */
  field(parent: OpenNode, p: number, field: BitField, text?: string): OpenNode {
    const first = field.at >>> 3;
    const inBits = field.at % 8 !== 0 || field.bits % 8 !== 0;
    const node = this.add(parent, {
      text: text ?? fieldText(this.bytes, p, field),
      field: field.name,
      literal: valueLiteral(this.bytes, p, field),
      at: p + first,
      length: fieldEnd(field) - first,
      ...(inBits && { bitOffset: field.at % 8, bitLength: field.bits }),
    });
    for (const child of field.children ?? []) this.field(node, p, child);
    // A header shorter than its own fields says so itself; its line has all that is drawn of it.
    if (node.source === parent.source)
      parent.length = Math.max(parent.length, node.offset + node.length - parent.offset);
    return node;
  }

  /** Fields that lie in the first `available` bytes. */
  fields(parent: OpenNode, p: number, fields: readonly BitField[], available: number): void {
    for (const field of fields) if (fieldEnd(field) <= available) this.field(parent, p, field);
  }

  /** The protocol's line: `detail` follows the layout's title. */
  protocol(parent: OpenNode | undefined, layout: Layout, row: number, detail = "", length?: number): OpenNode {
    const { batch } = this;
    const p = batch.layerPtr[row] as number;
    const here = Math.max(captured(batch, row), 0);
    return this.add(parent, {
      text: `${layout.title}${detail}`,
      field: layout.protocol,
      at: p,
      length: Math.min(length ?? (batch.layerHeader[row] as number), here),
    });
  }

  /** Bytes of a layer's header that may be read by its layout. */
  available(layout: Layout, row: number): number {
    return (layout.available ?? captured)(this.batch, row);
  }
}

const EXPERT_WORDS: Readonly<Record<Severity, string>> = {
  chat: "Chat",
  note: "Note",
  warn: "Warning",
  error: "Error",
};

/** Text of a capture on one line: control characters as tshark writes them. */
export function oneLine(text: string): string {
  let out = "";
  for (const c of text) {
    const code = c.charCodeAt(0);
    if (code >= 0x20 && code !== 0x7f) out += c;
    else out += SHORT_ESCAPES.get(c) ?? `\\x${code.toString(16).padStart(2, "0")}`;
  }
  return out;
}

const SHORT_ESCAPES: ReadonlyMap<string, string> = new Map([
  ["\n", "\\n"],
  ["\r", "\\r"],
  ["\t", "\\t"],
]);
