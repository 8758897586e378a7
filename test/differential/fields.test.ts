/**
 * `hopscope fields` against `tshark -T fields`, value by value, over lab recordings and other projects' captures.
 * A sample by default (every 16th capture and all labs' node files); HOPSCOPE_FULL=1 compares everything.
 *
 * docs/DIFFERENCES.md explains what differs and who is right. The labs' UDP tunnel is left out by --known-ports-only: tshark
 * does not see into it.
 */
import { spawnSync } from "node:child_process";
import { basename, join } from "node:path";
import { describe, expect, it } from "vitest";
import { COMPARED_FIELDS } from "../builders/compared-fields";
import { CORPUS, LABS, captureFiles, hasTool, hopscope, isHere } from "../builders/shared-data";

const ready = isHere(CORPUS) && isHere(LABS) && hasTool("tshark");
if (!ready) console.log("skipped: comparison with tshark (needs tshark, the corpus and the labs)");

const FULL = process.env["HOPSCOPE_FULL"] === "1";
const arguments_ = COMPARED_FIELDS.flatMap((f) => ["-e", f]);

interface Count {
  values: number;
  different: number;
  readonly examples: string[];
}

function compare(file: string, count: Count): void {
  const theirs = spawnSync(
    "tshark",
    [
      "-r",
      file,
      "-o",
      "ip.defragment:FALSE",
      "-o",
      "tcp.desegment_tcp_streams:FALSE",
      "-d",
      "udp.port==8472,vxlan",
      "-T",
      "fields",
      ...arguments_,
    ],
    { encoding: "utf8", maxBuffer: 1 << 28 },
  );
  const ours = hopscope("fields", file, "--known-ports-only", ...arguments_);
  expect(ours.status, `${file}: ${ours.stderr}`).not.toBeNull();
  const a = ours.stdout.split("\n");
  const b = theirs.stdout.split("\n");
  // Where tshark gives up (link types it does not know), only what it read is compared.
  for (let line = 0; line < b.length - 1; line++) {
    const x = (a[line] ?? "").split("\t");
    const y = (b[line] as string).split("\t");
    COMPARED_FIELDS.forEach((field, i) => {
      const mine = x[i] ?? "";
      const his = y[i] ?? "";
      if (!mine && !his) return;
      count.values++;
      if (mine === his) return;
      count.different++;
      if (count.examples.length < 40)
        count.examples.push(`${basename(file)} packet ${line + 1} ${field}: ours "${mine}", tshark "${his}"`);
    });
  }
}

describe.skipIf(!ready)("fields as tshark prints them", () => {
  it("lab recordings: at least 99.9 % of the values", { timeout: 900_000 }, () => {
    const count: Count = { values: 0, different: 0, examples: [] };
    const files = captureFiles(LABS).filter((f) => FULL || /(n1|r|client-a)\.pcapng$/.test(f));
    for (const file of files) compare(file, count);
    const share = 1 - count.different / count.values;
    console.log(`labs: ${files.length} files, ${count.values} values, ${(share * 100).toFixed(4)} % the same`);
    expect(share, count.examples.join("\n")).toBeGreaterThanOrEqual(0.999);
  });

  it("other projects' captures, malformed ones included", { timeout: 900_000 }, () => {
    const count: Count = { values: 0, different: 0, examples: [] };
    const all = captureFiles(CORPUS).filter((f) => !f.startsWith(join(CORPUS, "expected")));
    const files = FULL ? all : all.filter((_, i) => i % 16 === 5);
    for (const file of files) compare(file, count);
    const share = 1 - count.different / count.values;
    console.log(`corpus: ${files.length} files, ${count.values} values, ${(share * 100).toFixed(3)} % the same`);
    // Captures of protocols that are not decoded here, and of tunnels tshark stops at, are in it: see docs/DIFFERENCES.md.
    expect(share, count.examples.join("\n")).toBeGreaterThanOrEqual(0.99);
  });
});
