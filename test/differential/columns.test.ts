/**
 * Protocol and Info of the packet list against Wireshark's own engine, row by row, over lab recordings and other projects' captures:
 * sharkd reads all of them in one process. A sample by default; HOPSCOPE_FULL=1 compares everything, and HOPSCOPE_CLASSES=1 prints
 * the largest classes of difference, by rows and by captures.
 *
 * ```
 * HOPSCOPE_FULL=1 HOPSCOPE_CLASSES=1 npx vitest run --project differential test/differential/columns.test.ts
 * ```
 * Compared as `hopscope fields` decodes (`--known-ports-only`, streams of a file together) with the preferences that
 * docs/DIFFERENCES.md names. What is different on purpose is taken out of both texts: see ON_PURPOSE.
 */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";
import { describe, expect, it } from "vitest";
import { fieldRows } from "../builders/run-engine";
import { CORPUS, LABS, SHARED, captureFiles, hasTool, isHere } from "../builders/shared-data";
import { sharkdColumns } from "../builders/wireshark-tools";

const ready = isHere(CORPUS) && isHere(LABS) && hasTool("sharkd");
if (!ready) console.log("skipped: the list's columns beside Wireshark's (needs sharkd, the corpus and the labs)");

const FULL = process.env["HOPSCOPE_FULL"] === "1";
const CLASSES = process.env["HOPSCOPE_CLASSES"] === "1";
/**
 * The server's name behind a ClientHello, as Wireshark has it from 4.2 on; what later packets tell, which sharkd knows after reading
 * all; and the mark of a message whose rest is in other segments, which is there because reassembly is switched off.
 */
const ON_PURPOSE = / \(SNI=[^)]*\)| \(reply in \d+\)| \(no response found!\)|\[BoundErrorUnreassembled Packet\]/g;
const compared = (info: string): string => info.replace(ON_PURPOSE, "").trim();

interface Class {
  rows: number;
  readonly captures: Set<string>;
}

class Comparison {
  rows = 0;
  captures = 0;
  protocols = 0;
  infos = 0;
  private readonly classes = new Map<string, Class>();

  add(capture: string, ours: readonly (readonly string[])[], theirs: readonly (readonly [string, string])[]): void {
    this.captures++;
    theirs.forEach(([protocol, info], i) => {
      const [ourProtocol = "", ourInfo = ""] = ours[i] ?? [];
      this.rows++;
      if (protocol === ourProtocol) this.protocols++;
      else this.note(`Protocol ${protocol}, ours ${ourProtocol}`, capture);
      if (compared(info) === compared(ourInfo)) this.infos++;
      else this.note(`Info of ${protocol}`, capture);
    });
  }

  get summary(): string {
    const share = (n: number): string => `${((n / this.rows) * 100).toFixed(1)} %`;
    return `${this.captures} captures, ${this.rows} rows: Protocol ${share(this.protocols)}, Info ${share(this.infos)} the same`;
  }

  /** The largest classes, one a line. */
  largest(count: number): string {
    const all = [...this.classes];
    const line = ([name, c]: [string, Class]): string => `${c.rows} rows, ${c.captures.size} captures: ${name}`;
    const byRows = [...all].sort((a, b) => b[1].rows - a[1].rows).slice(0, count);
    const byCaptures = [...all].sort((a, b) => b[1].captures.size - a[1].captures.size).slice(0, count);
    return ["by rows", ...byRows.map(line), "by captures", ...byCaptures.map(line)].join("\n  ");
  }

  private note(name: string, capture: string): void {
    const known = this.classes.get(name) ?? { rows: 0, captures: new Set<string>() };
    known.rows++;
    known.captures.add(capture);
    this.classes.set(name, known);
  }
}

/** What Wireshark refuses is left out; what it reads in part is compared in part. */
async function compare(files: readonly string[]): Promise<Comparison> {
  const configuration = mkdtempSync(join(tmpdir(), "hopscope-"));
  try {
    writeFileSync(
      join(configuration, "preferences"),
      'ip.defragment: FALSE\ntcp.desegment_tcp_streams: FALSE\ngui.column.format: "P","%p","I","%i"\n',
    );
    writeFileSync(join(configuration, "decode_as_entries"), "decode_as_entry: udp.port,8472,(none),VXLAN\n");
    const found = new Comparison();
    for (const [file, theirs] of sharkdColumns(files, configuration)) {
      const ours = await fieldRows(readFileSync(file), ["_ws.col.protocol", "_ws.col.info"], "streams", {
        reassemble: "ipv6",
        byBytes: false,
        udpPorts: [[8472, "vxlan"]],
      });
      found.add(relative(SHARED, file), ours, theirs as [string, string][]);
    }
    return found;
  } finally {
    rmSync(configuration, { recursive: true });
  }
}

describe.skipIf(!ready)("the list's Protocol and Info as Wireshark prints them", () => {
  it("lab recordings: what differs are segments in the middle of HTTP messages", { timeout: 300_000 }, async () => {
    const found = await compare(
      captureFiles(LABS).filter((f) => f.endsWith(".pcapng") && (FULL || /n1\.pcapng$/.test(f))),
    );
    console.log(`labs: ${found.summary}${CLASSES ? `\n${found.largest(10)}` : ""}`);
    expect(found.protocols / found.rows, found.largest(10)).toBeGreaterThanOrEqual(0.95);
    expect(found.infos / found.rows, found.largest(10)).toBeGreaterThanOrEqual(0.95);
  });

  it("other projects' captures, malformed ones and protocols of all kinds included", { timeout: 900_000 }, async () => {
    const all = captureFiles(CORPUS).filter((f) => !f.startsWith(join(CORPUS, "expected")));
    const found = await compare(FULL ? all : all.filter((_, i) => i % 24 === 5));
    console.log(`corpus: ${found.summary}${CLASSES ? `\n${found.largest(40)}` : ""}`);
    expect(found.protocols / found.rows, found.largest(10)).toBeGreaterThanOrEqual(0.8);
    expect(found.infos / found.rows, found.largest(10)).toBeGreaterThanOrEqual(0.65);
  });
});
