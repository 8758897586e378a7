/** View models of the details tree, the bytes, the diagram, and what is copied from them. */
import { describe, expect, it } from "vitest";

import type { DetailNode } from "../../../src-shared/contract/results";
import {
  byteAfterKey,
  byteGrid,
  byteRow,
  placeInHex,
  placeInText,
  PROTOCOL,
  SELECTED,
} from "../../../src-renderer/viewmodel/packet-bytes";
import {
  bytesAsBase64,
  bytesAsDump,
  bytesAsEscaped,
  bytesAsHex,
  bytesAsText,
  nodeAsJson,
  nodesAsText,
  nodeValue,
  rowsAsCsv,
  rowsAsJson,
  rowsAsText,
} from "../../../src-renderer/viewmodel/packet-copy";
import {
  cellOutline,
  diagramLayers,
  fitText,
  nodeLabel,
  type DiagramLayer,
} from "../../../src-renderer/viewmodel/packet-diagram";
import { nodeFilter } from "../../../src-renderer/viewmodel/packet-filter";
import {
  ancestorKeys,
  counterpart,
  expandableKeys,
  nodeAt,
  pathAtByte,
  pathOf,
  treeMove,
  treeRows,
} from "../../../src-renderer/viewmodel/packet-tree";

/** A node in one line: text, field, offset, length, children. */
function node(
  text: string,
  field: string | null,
  offset: number,
  length: number,
  children: readonly DetailNode[] = [],
  bits: readonly [offset: number, length: number] | null = null,
): DetailNode {
  return {
    text,
    field,
    literal: /: (\w+)$/.exec(text)?.[1] ?? null,
    source: 0,
    offset,
    length,
    bitOffset: bits?.[0] ?? null,
    bitLength: bits?.[1] ?? null,
    generated: length === 0,
    severity: null,
    children,
  };
}

/** A UDP packet in an IPv4 packet, as the engine tells it (some fields left out). */
const UDP = node("User Datagram Protocol, Src Port: 53", "udp", 20, 8, [
  node("Source Port: 53", "udp.srcport", 20, 2),
  node("Destination Port: 4000", "udp.dstport", 22, 2),
  node("Length: 16", "udp.length", 24, 2),
  node("Checksum: 0x0000", "udp.checksum", 26, 2),
  node("[Stream index: 0]", "udp.stream", 20, 0),
]);
const IP = node("Internet Protocol Version 4, Src: 10.0.0.1", "ip", 0, 20, [
  node("0100 .... = Version: 4", "ip.version", 0, 1, [], [0, 4]),
  node(".... 0101 = Header Length: 20 bytes (5)", "ip.hdr_len", 0, 1, [], [4, 4]),
  node("Differentiated Services Field: 0x00", "ip.dsfield", 1, 1),
  node("Total Length: 36", "ip.len", 2, 2),
  node("Identification: 0x0001", "ip.id", 4, 2),
  node(
    "Flags: 0x2, Don't fragment",
    "ip.flags",
    6,
    1,
    [
      node("0... .... = Reserved bit: Not set", "ip.flags.rb", 6, 1, [], [0, 1]),
      node(".1.. .... = Don't fragment: Set", "ip.flags.df", 6, 1, [], [1, 1]),
      node("..0. .... = More fragments: Not set", "ip.flags.mf", 6, 1, [], [2, 1]),
    ],
    [0, 3],
  ),
  node("...0 0000 0000 0000 = Fragment Offset: 0", "ip.frag_offset", 6, 2, [], [3, 13]),
  node("Time to Live: 64", "ip.ttl", 8, 1),
  node("Protocol: UDP (17)", "ip.proto", 9, 1),
  node("Header Checksum: 0x66b4", "ip.checksum", 10, 2),
  node("Source Address: 10.0.0.1", "ip.src", 12, 4),
  node("Destination Address: 10.0.0.2", "ip.dst", 16, 4),
]);
const FRAME = node("Frame 1: 36 bytes on wire", "frame", 0, 36, [node("Frame Number: 1", "frame.number", 0, 0)]);
const DATA = node("Data (8 bytes)", "data", 28, 8);
const TREE = [FRAME, IP, UDP, DATA];

/** The rows as text: indent, ▾ open, ▸ closed. */
function drawn(open: Iterable<string>): string[] {
  return treeRows(TREE, new Set(open)).map(
    (row) => `${" ".repeat(row.level)}${row.expandable ? (row.expanded ? "▾" : "▸") : "·"}${nodeLabel(row.node)}`,
  );
}

describe("the details tree", () => {
  it("shows protocols, and below those that are open their fields", () => {
    expect(drawn([])).toEqual([
      "▸Frame 1",
      "▸Internet Protocol Version 4, Src",
      "▸User Datagram Protocol, Src Port",
      "·Data (8 bytes)",
    ]);
    expect(drawn(["udp"]).slice(2)).toEqual([
      "▾User Datagram Protocol, Src Port",
      " ·Source Port",
      " ·Destination Port",
      " ·Length",
      " ·Checksum",
      " ·[Stream index",
      "·Data (8 bytes)",
    ]);
  });

  it("tells screen readers where a row stands", () => {
    const rows = treeRows(TREE, new Set(["ip", "ip/ip.flags"]));
    const df = rows.find((row) => row.node.field === "ip.flags.df");
    expect(df).toMatchObject({ level: 2, place: 2, siblings: 3, path: "1.5.1", parent: 7 });
    expect(rows[df?.parent ?? -1]?.node.field).toBe("ip.flags");
  });

  it("finds nodes by path and the keys to open for them", () => {
    expect(pathOf(TREE, nodeAt(TREE, "1.5.2") as DetailNode)).toBe("1.5.2");
    expect(nodeAt(TREE, "1.5.9")).toBeNull();
    expect(ancestorKeys(TREE, "1.5.2")).toEqual(["ip", "ip/ip.flags"]);
    expect(expandableKeys(TREE)).toEqual(["frame", "ip", "ip/ip.flags", "udp"]);
  });

  it("finds the same field in another packet, also behind another stack", () => {
    const other = [FRAME, node("Ethernet II", "eth", 0, 14), IP, UDP];
    expect(counterpart(TREE, "2.1", other)).toBe("3.1");
    expect(counterpart(other, "2.5.1", TREE)).toBe("1.5.1");
    expect(counterpart(TREE, "3", other), "there is none").toBe("");
    const nested = [FRAME, IP, UDP, IP, UDP];
    expect(counterpart(nested, "3.7", [FRAME, IP, IP]), "inner stays inner").toBe("2.7");
    expect(counterpart(nested, "3.7", TREE), "no inner one").toBe("1.7");
  });

  it("finds the field a byte belongs to", () => {
    const at = (byte: number, bit: number | null = null): string | null | undefined =>
      nodeAt(TREE, pathAtByte(TREE, 0, byte, bit))?.field;
    expect([at(8), at(13), at(30)]).toEqual(["ip.ttl", "ip.src", "data"]);
    expect(at(0), "two fields share the byte").toBe("ip");
    expect([at(0, 0), at(0, 5), at(6, 1), at(6, 4), at(7, 7)]).toEqual([
      "ip.version",
      "ip.hdr_len",
      "ip.flags.df",
      "ip.frag_offset",
      "ip.frag_offset",
    ]);
    expect(pathAtByte(TREE, 0, 99, null)).toBe("");
    expect(pathAtByte(TREE, 1, 8, null), "another byte source").toBe("");
  });

  describe("keys", () => {
    const plain = { shift: false, ctrl: false };
    const press = (key: string, open: string[], at: number, modifiers = plain): unknown => {
      const move = treeMove(key, modifiers, treeRows(TREE, new Set(open)), at, TREE, 10);
      return move && [move.row, move.open.join(" "), move.close.join(" ")];
    };
    it("→ opens, then goes in; ← closes, then goes out", () => {
      expect(press("ArrowRight", [], 1)).toEqual([1, "ip", ""]);
      expect(press("ArrowRight", ["ip"], 1)).toEqual([2, "", ""]);
      expect(press("ArrowRight", ["ip"], 2)).toEqual([2, "", ""]);
      expect(press("ArrowLeft", ["ip"], 4)).toEqual([1, "", ""]);
      expect(press("ArrowLeft", ["ip"], 1)).toEqual([1, "", "ip"]);
      expect(press("ArrowLeft", [], 1)).toEqual([1, "", ""]);
    });
    it("Shift+→ opens everything below, Ctrl+→ and Ctrl+← everything there is", () => {
      expect(press("ArrowRight", [], 1, { shift: true, ctrl: false })).toEqual([1, "ip ip/ip.flags", ""]);
      expect(press("ArrowRight", [], 3, { shift: false, ctrl: true })).toEqual([3, "frame ip ip/ip.flags udp", ""]);
      expect(press("ArrowLeft", ["ip", "ip/ip.flags"], 8, { shift: false, ctrl: true })).toEqual([
        1,
        "",
        "frame ip ip/ip.flags udp",
      ]);
    });
    it("↑ ↓ Home End Enter move and toggle; others are left to others", () => {
      expect(press("ArrowDown", [], -1)).toEqual([0, "", ""]);
      expect(press("ArrowDown", [], 3)).toEqual([3, "", ""]);
      expect(press("End", ["ip"], 0)).toEqual([15, "", ""]);
      expect(press("Enter", [], 2)).toEqual([2, "udp", ""]);
      expect(press(" ", ["udp"], 2)).toEqual([2, "", "udp"]);
      expect(press("x", [], 2)).toBeNull();
    });
  });
});

describe("bytes", () => {
  const bytes = Uint8Array.from({ length: 20 }, (_, at) => at + 0x3e);
  const hex = byteGrid(bytes.length, "hex");
  const bits = byteGrid(bytes.length, "bits");

  it("are laid out sixteen a row, as text2pcap knows it", () => {
    const row = byteRow(hex, bytes, 0, []);
    expect(row.offset).toBe("0000");
    expect(row.hex).toEqual([{ text: "3e 3f 40 41 42 43 44 45  46 47 48 49 4a 4b 4c 4d", mark: 0 }]);
    expect(row.text).toEqual([{ text: ">?@ABCDEFGHIJKLM", mark: 0 }]);
    expect(byteRow(hex, bytes, 1, []).hex[0]?.text).toBe("4e 4f 50 51");
    expect(byteGrid(70_000, "hex")).toMatchObject({ rows: 4375, offsetDigits: 5 });
    expect(byteGrid(0, "hex").rows).toBe(0);
  });

  it("or eight a row as bits", () => {
    expect(byteRow(bits, Uint8Array.of(0x45, 0x01), 0, []).hex[0]?.text).toBe("01000101 00000001");
  });

  it("are drawn in runs, the strongest mark wins, and spaces are marked between marked bytes", () => {
    const marks = [
      { firstBit: 0, bits: 64, mark: PROTOCOL },
      { firstBit: 16, bits: 16, mark: SELECTED },
    ] as const;
    expect(byteRow(hex, bytes, 0, marks).hex.map(({ text, mark }) => `${mark}:${text}`)).toEqual([
      "1:3e 3f",
      "0: ",
      "3:40 41",
      "0: ",
      "1:42 43 44 45",
      "0:  46 47 48 49 4a 4b 4c 4d",
    ]);
  });

  it("mark single bits in the bits layout", () => {
    const row = byteRow(byteGrid(1, "bits"), Uint8Array.of(0x45), 0, [{ firstBit: 4, bits: 4, mark: SELECTED }]);
    expect(row.hex.map(({ text, mark }) => `${mark}:${text}`)).toEqual(["0:0100", "3:0101"]);
  });

  it("are found under the pointer", () => {
    // Columns of "3e 3f 40 41 42 43 44 45  46 …": byte 7 at 21 and 22, byte 8 at 25.
    const at = (chars: number): number | undefined => placeInHex(hex, 0, chars)?.byte;
    expect([at(0), at(1.9), at(3), at(22.5), at(25), at(26.9), at(46.5)]).toEqual([0, 0, 1, 7, 8, 8, 15]);
    expect([at(-1), at(60)]).toEqual([undefined, undefined]);
    expect(placeInHex(hex, 1, 12), "after the last byte").toBeNull();
    expect(placeInText(hex, 1, 2.5)).toEqual({ byte: 18, bit: null });
    expect(placeInHex(bits, 1, 9.2)).toEqual({ byte: 9, bit: 0 });
    expect(placeInHex(bits, 0, 16.5)).toEqual({ byte: 1, bit: 7 });
  });

  it("are walked with the keys", () => {
    const after = (key: string, byte: number, ctrl = false): number | null => byteAfterKey(hex, byte, key, ctrl, 3);
    expect([after("ArrowRight", 19), after("ArrowLeft", 0), after("ArrowDown", 2), after("ArrowDown", 6)]).toEqual([
      19, 0, 18, 6,
    ]);
    expect([after("Home", 18), after("End", 2), after("End", 2, true), after("Home", 18, true)]).toEqual([
      16, 15, 19, 0,
    ]);
    expect(after("a", 2)).toBeNull();
  });
});

/** A layer as text: one line a row, cells by label and width. */
function picture(layer: DiagramLayer | undefined): string[] {
  return (layer?.rows ?? []).map((row) => {
    const cells = row.segments.map((segment) => {
      const cell = layer?.cells[segment.cell];
      return `${segment.labelled ? cell?.label : "…"}/${segment.bits}`;
    });
    return `${cells.join(" | ")}${row.height > 1 ? ` ×${row.height}` : ""}${row.skippedRows ? ` +${row.skippedRows}` : ""}`;
  });
}

describe("the packet diagram", () => {
  it("draws an IPv4 header as RFC 791 does", () => {
    expect(picture(diagramLayers(TREE)[0])).toEqual([
      "Version/4 | Header Length/4 | Differentiated Services Field/8 | Total Length/16",
      "Identification/16 | Reserved bit/1 | Don't fragment/1 | More fragments/1 | Fragment Offset/13",
      "Time to Live/8 | Protocol/8 | Header Checksum/16",
      "Source Address/32",
      "Destination Address/32",
    ]);
  });

  it("stacks the layers, without the frame and without what is generated", () => {
    const layers = diagramLayers(TREE);
    expect(layers.map((layer) => [layer.path, layer.cells.length])).toEqual([
      ["1", 14],
      ["2", 4],
      ["3", 1],
    ]);
    expect(picture(layers[2])).toEqual(["Data (8 bytes)/32 ×2"]);
  });

  it("gives every bit of a layer to one cell, and says where no field is", () => {
    const odd = node("Odd", "odd", 10, 7, [
      node("A: 1", "odd.a", 11, 2),
      node("A again: 1", "odd.b", 11, 1),
      node("Far: 1", "odd.far", 100, 2),
    ]);
    const layer = diagramLayers([odd])[0];
    expect(layer?.cells.reduce((sum, cell) => sum + cell.bits, 0)).toBe(56);
    expect(picture(layer)).toEqual(["/8 | A again/8 | …/16", "/24"]);
  });

  it("draws addresses across rows with the label where there is room, and long data in words", () => {
    const ethernet = node("Ethernet II", "eth", 0, 14, [
      node("Destination: a", "eth.dst", 0, 6, [
        node("Address: a", "eth.addr", 0, 6),
        node("Group bit: 0", "eth.ig", 0, 3, [], [7, 1]),
      ]),
      node("Source: b", "eth.src", 6, 6),
      node("Type: c", "eth.type", 12, 2),
    ]);
    expect(picture(diagramLayers([ethernet])[0])).toEqual(["Destination/32", "…/16 | …/16", "Source/32", "Type/16"]);
    expect(picture(diagramLayers([node("Data", "data", 0, 1000)])[0])).toEqual(["Data/32 ×4 +246"]);
  });

  it("outlines a field over several rows as one shape", () => {
    const layer = diagramLayers([
      node("Odd", "odd", 0, 8, [node("A: 1", "odd.a", 0, 6), node("B: 2", "odd.b", 6, 2)]),
    ])[0] as DiagramLayer;
    // A: 32 bits, then 16 below; B: the other 16. The line between rows is drawn from bit 16 on only.
    const lines = cellOutline(layer, 0).map((l) => `${l.fromColumn},${l.fromRow} ${l.toColumn},${l.toRow}`);
    expect(lines).toEqual(["0,0 0,1", "32,0 32,1", "0,0 32,0", "16,1 32,1", "0,1 0,2", "16,1 16,2", "0,2 16,2"]);
  });

  it("cuts labels to the room there is", () => {
    expect([fitText("Checksum", 80, 7), fitText("Checksum", 40, 7), fitText("Checksum", 14, 7)]).toEqual([
      "Checksum",
      "Chec…",
      "",
    ]);
  });
});

describe("what is copied", () => {
  const labels = ["No.", "Info"];
  const rows = [
    ["1", "Who has 10.0.0.2?"],
    ["10", '"quoted", =1+1'],
  ];

  it("from rows, as text, CSV and JSON", () => {
    expect(rowsAsText(labels, rows)).toBe('No.  Info\n1    Who has 10.0.0.2?\n10   "quoted", =1+1\n');
    expect(rowsAsCsv(labels, rows)).toBe('No.,Info\r\n1,Who has 10.0.0.2?\r\n10,"""quoted"", =1+1"\r\n');
    expect(rowsAsCsv(["a", "b"], [["=cmd|' /C calc'!A0", "-12.5"]]), "a spreadsheet must not run it").toBe(
      "a,b\r\n'=cmd|' /C calc'!A0,-12.5\r\n",
    );
    expect(JSON.parse(rowsAsJson(labels, rows))).toEqual([
      { "No.": "1", Info: "Who has 10.0.0.2?" },
      { "No.": "10", Info: '"quoted", =1+1' },
    ]);
  });

  it("from bytes, in every form", () => {
    const bytes = new TextEncoder().encode('GET "/"\r\n\0ü');
    expect(bytesAsHex(bytes)).toBe("47455420222f220d0a00c3bc");
    expect(bytesAsText(bytes)).toBe('GET "/"\r\nü');
    expect(bytesAsEscaped(bytes)).toBe('"GET \\"/\\"\\r\\n\\x00\\xc3\\xbc"');
    expect(bytesAsDump(bytes)).toBe('0000  47 45 54 20 22 2f 22 0d  0a 00 c3 bc               GET "/".....\n');
    for (const length of [0, 1, 2, 3, 4, 255])
      expect(bytesAsBase64(Uint8Array.from({ length }, (_, at) => (at * 37) & 255))).toBe(
        Buffer.from(Uint8Array.from({ length }, (_, at) => (at * 37) & 255)).toString("base64"),
      );
  });

  it("from fields: value, filter, text and JSON of the subtree", () => {
    const flags = nodeAt(TREE, "1.5") as DetailNode;
    expect(nodeValue(nodeAt(TREE, "1.10") as DetailNode)).toBe("10.0.0.1");
    expect(nodeValue(nodeAt(TREE, "2.4") as DetailNode), "brackets of generated fields stay behind").toBe("0");
    expect(nodeFilter(nodeAt(TREE, "1.7") as DetailNode)).toBe("ip.ttl == 64");
    expect(nodeFilter(flags), "no literal: it is there").toBe("ip.flags");
    expect(nodesAsText([flags]).split("\n")).toEqual([
      "Flags: 0x2, Don't fragment",
      "    0... .... = Reserved bit: Not set",
      "    .1.. .... = Don't fragment: Set",
      "    ..0. .... = More fragments: Not set",
      "",
    ]);
    expect(JSON.parse(nodeAsJson(flags))).toMatchObject({
      text: "Flags: 0x2, Don't fragment",
      field: "ip.flags",
      bytes: [6, 1],
      children: [{ field: "ip.flags.rb" }, { field: "ip.flags.df" }, { field: "ip.flags.mf" }],
    });
  });
});
