/**
 * The tree of a packet's details as the rows that are to be drawn.
 *
 * ```
 * DetailNode                      TreeRow            key (what is remembered as open)
 * ├ Internet Protocol …   open    level 0  ▾         ip
 * │ ├ Version: 4                  level 1            ip/ip.version
 * │ └ Flags: 0x2          closed  level 1  ▸         ip/ip.flags
 * └ User Datagram …       closed  level 0  ▸         udp
 * ```
 *
 * A key is made of field names, not of positions: what is open stays open in the next packet, and in every layer of the
 * same protocol. A path is made of positions and finds one node again.
 */
import type { DetailNode } from "../../src-shared/contract/results";

export interface TreeRow {
  readonly node: DetailNode;
  readonly level: number;
  readonly key: string;
  /** Positions from the top: "2.0.3". */
  readonly path: string;
  readonly expandable: boolean;
  readonly expanded: boolean;
  /** Row of the parent, -1 at the top. */
  readonly parent: number;
  /** One-based place among its siblings, and how many they are (aria-posinset, aria-setsize). */
  readonly place: number;
  readonly siblings: number;
}

/** Protocols that are open before a person opens or closes anything: none; Wireshark does the same. */
export type OpenKeys = ReadonlySet<string>;

export function treeRows(tree: readonly DetailNode[], open: OpenKeys): TreeRow[] {
  const rows: TreeRow[] = [];
  const add = (nodes: readonly DetailNode[], level: number, key: string, path: string, parent: number): void => {
    for (const [index, node] of nodes.entries()) {
      const ownKey = key + nodeKey(node);
      const ownPath = path + index;
      const expandable = node.children.length > 0;
      const expanded = expandable && open.has(ownKey);
      rows.push({
        node,
        level,
        key: ownKey,
        path: ownPath,
        expandable,
        expanded,
        parent,
        place: index + 1,
        siblings: nodes.length,
      });
      if (expanded) add(node.children, level + 1, `${ownKey}/`, `${ownPath}.`, rows.length - 1);
    }
  };
  add(tree, 0, "", "", -1);
  return rows;
}

/** What a node is called among its siblings: its field, else its text without its value. */
function nodeKey(node: DetailNode): string {
  return node.field ?? (node.text.split(/[:(,]/, 1)[0] as string).trim().replace(/\//g, "∕");
}

/** Keys of all nodes below `nodes` that can be opened. */
export function expandableKeys(nodes: readonly DetailNode[], key = ""): string[] {
  return nodes.flatMap((node) =>
    node.children.length === 0
      ? []
      : [key + nodeKey(node), ...expandableKeys(node.children, `${key}${nodeKey(node)}/`)],
  );
}

/** Keys of `row`'s node and everything below it. */
export function subtreeKeys(row: TreeRow): string[] {
  return expandableKeys([row.node], row.key.slice(0, row.key.length - nodeKey(row.node).length));
}

/** Keys of the ancestors of the node at `path`: open these and it is on screen. */
export function ancestorKeys(tree: readonly DetailNode[], path: string): string[] {
  const keys: string[] = [];
  let nodes = tree;
  let key = "";
  for (const index of path.split(".").slice(0, -1)) {
    const node = nodes[Number(index)];
    if (!node) break;
    key += nodeKey(node);
    keys.push(key);
    key += "/";
    nodes = node.children;
  }
  return keys;
}

export function nodeAt(tree: readonly DetailNode[], path: string): DetailNode | null {
  let nodes = tree;
  let node: DetailNode | null = null;
  for (const index of path.split(".")) {
    node = nodes[Number(index)] ?? null;
    if (!node) return null;
    nodes = node.children;
  }
  return node;
}

/** Path of a node, "" if the tree does not hold it. */
export function pathOf(tree: readonly DetailNode[], wanted: DetailNode, prefix = ""): string {
  for (const [index, node] of tree.entries()) {
    if (node === wanted) return prefix + index;
    const below = pathOf(node.children, wanted, `${prefix}${index}.`);
    if (below) return below;
  }
  return "";
}

/**
 * The node of another packet that corresponds to the one at `path` of `from`: same keys all the way, the same occurrence
 * among equal ones. "" if there is none: the selection then ends at the deepest node that has a counterpart, if any.
 */
export function counterpart(from: readonly DetailNode[], path: string, to: readonly DetailNode[]): string {
  let nodes = from;
  let others = to;
  const found: number[] = [];
  if (path === "") return "";
  for (const index of path.split(".").map(Number)) {
    const node = nodes[index];
    if (!node) break;
    const key = nodeKey(node);
    const occurrence = nodes.slice(0, index).filter((sibling) => nodeKey(sibling) === key).length;
    const places = others.flatMap((other, place) => (nodeKey(other) === key ? [place] : []));
    const place = places[Math.min(occurrence, places.length - 1)];
    if (place === undefined) break;
    found.push(place);
    nodes = node.children;
    others = (others[place] as DetailNode).children;
  }
  return found.join(".");
}

/** A range of bits in a byte source, what a node says it is about. */
export interface BitRange {
  readonly source: number;
  /** From the start of the source. */
  readonly firstBit: number;
  readonly bits: number;
}

/** The bits a node stands for; null: none (generated). */
export function nodeBits(node: DetailNode): BitRange | null {
  if (node.length <= 0) return null;
  if (node.bitOffset !== null && node.bitLength !== null)
    return { source: node.source, firstBit: node.offset * 8 + node.bitOffset, bits: node.bitLength };
  return { source: node.source, firstBit: node.offset * 8, bits: node.length * 8 };
}

/**
 * The innermost node that holds a byte, or with `bit` (0 the most significant) that bit: what a click on the bytes means.
 * "" if no node does. Without a bit, fields smaller than the byte do not count: the one that holds them all does.
 */
export function pathAtByte(tree: readonly DetailNode[], source: number, byte: number, bit: number | null): string {
  const at = byte * 8 + (bit ?? 0);
  let best = "";
  let bestBits = Infinity;
  const visit = (nodes: readonly DetailNode[], prefix: string): void => {
    for (const [index, node] of nodes.entries()) {
      const range = nodeBits(node);
      const partial = bit === null && range !== null && range.bits % 8 !== 0;
      if (range && !partial && range.source === source && at >= range.firstBit && at < range.firstBit + range.bits) {
        // Of equal ranges the outer one is what the bytes are; what is inside says it again ("Destination" and "Address").
        if (range.bits < bestBits) {
          best = prefix + index;
          bestBits = range.bits;
        }
      }
      visit(node.children, `${prefix}${index}.`);
    }
  };
  visit(tree, "");
  return best;
}

export interface TreeMove {
  /** Row to be selected. */
  readonly row: number;
  /** Keys to open and to close. */
  readonly open: readonly string[];
  readonly close: readonly string[];
}

/** What a key does; null: it is none of the tree's. `tree` is all of it, for the keys that open everything. */
export function treeMove(
  key: string,
  modifiers: { readonly shift: boolean; readonly ctrl: boolean },
  rows: readonly TreeRow[],
  selected: number,
  tree: readonly DetailNode[],
  pageRows: number,
): TreeMove | null {
  const last = rows.length - 1;
  if (last < 0) return null;
  const at = Math.max(0, selected);
  const row = rows[at] as TreeRow;
  const go = (to: number): TreeMove => ({ row: Math.max(0, Math.min(last, to)), open: [], close: [] });
  if (modifiers.ctrl) {
    if (key === "ArrowRight") return { row: at, open: expandableKeys(tree), close: [] };
    if (key === "ArrowLeft") return { row: topOf(rows, at), open: [], close: expandableKeys(tree) };
    if (key === "Home") return go(0);
    if (key === "End") return go(last);
    return null;
  }
  switch (key) {
    case "ArrowDown":
      return go(selected < 0 ? 0 : at + 1);
    case "ArrowUp":
      return go(at - 1);
    case "PageDown":
      return go(at + Math.max(1, pageRows - 1));
    case "PageUp":
      return go(at - Math.max(1, pageRows - 1));
    case "Home":
      return go(0);
    case "End":
      return go(last);
    case "ArrowRight":
      if (modifiers.shift) return { row: at, open: subtreeKeys(row), close: [] };
      if (row.expandable && !row.expanded) return { row: at, open: [row.key], close: [] };
      return row.expandable ? go(at + 1) : go(at);
    case "ArrowLeft":
      if (modifiers.shift) return { row: at, open: [], close: subtreeKeys(row) };
      if (row.expanded) return { row: at, open: [], close: [row.key] };
      return row.parent >= 0 ? go(row.parent) : go(at);
    case "Enter":
    case " ":
      if (!row.expandable) return go(at);
      return row.expanded ? { row: at, open: [], close: [row.key] } : { row: at, open: [row.key], close: [] };
    default:
      return null;
  }
}

function topOf(rows: readonly TreeRow[], from: number): number {
  let at = from;
  for (let parent = rows[at]?.parent ?? -1; parent >= 0; parent = rows[at]?.parent ?? -1) at = parent;
  // All above are closed too: the protocol is then at its own place among the protocols.
  return rows.slice(0, at).filter((row) => row.level === 0).length;
}

/** The first node that fits, from the top down. */
export function firstNode(nodes: readonly DetailNode[], fits: (node: DetailNode) => boolean): DetailNode | null {
  for (const node of nodes) {
    const found = fits(node) ? node : firstNode(node.children, fits);
    if (found) return found;
  }
  return null;
}
