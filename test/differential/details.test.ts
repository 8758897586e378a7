/**
 * Texts of the details tree against tshark's (`-T pdml`, names not resolved): how many of our lines tshark shows for the same
 * packet, word for word. What differs on purpose is left out by name below.
 */
import { spawnSync } from "node:child_process";
import { basename, join } from "node:path";
import { describe, expect, it } from "vitest";
import type { DetailNode } from "../../src-shared/contract/results";
import { drawFile } from "../builders/detail-lines";
import { LABS, hasTool, isHere } from "../builders/shared-data";
import { fixtureCaptures } from "../property/support/captures";

const ready = hasTool("tshark");
if (!ready) console.log("skipped: details against tshark (needs tshark)");

/** By packet, the lines tshark shows, with how often. */
function tsharkLines(file: string): Map<string, number>[] {
  const { stdout } = spawnSync(
    "tshark",
    [
      "-n",
      "-r",
      file,
      "-T",
      "pdml",
      "-d",
      "udp.port==8472,vxlan",
      "-o",
      "tcp.desegment_tcp_streams:FALSE",
      "-o",
      "ip.defragment:FALSE",
      // Details always verify them.
      "-o",
      "tcp.check_checksum:TRUE",
      "-o",
      "udp.check_checksum:TRUE",
    ],
    { encoding: "utf8", maxBuffer: 1 << 29 },
  );
  return stdout
    .split("<packet>")
    .slice(1)
    .map((packet) => {
      const lines = new Map<string, number>();
      for (const [, attributes = ""] of packet.matchAll(/<(?:proto|field) ([^>]*)>/g)) {
        if (attributes.includes('hide="yes"')) continue;
        const text = /showname="([^"]*)"/.exec(attributes)?.[1] ?? /show="([^"]*)"/.exec(attributes)?.[1];
        if (text !== undefined) count(lines, unescape(text).trim());
      }
      return lines;
    });
}

function count(lines: Map<string, number>, text: string): void {
  lines.set(text, (lines.get(text) ?? 0) + 1);
}

const ENTITIES: ReadonlyMap<string, string> = new Map([
  ["amp", "&"],
  ["lt", "<"],
  ["gt", ">"],
  ["quot", '"'],
  ["apos", "'"],
  ["#x27", "'"],
]);
const unescape = (text: string): string => text.replace(/&(#?\w+);/g, (all, name: string) => ENTITIES.get(name) ?? all);

/**
 * Ours only: link types by the file's number, payloads tshark gives to a dissector that Hopscope has none of, tunnels it stops
 * at, notes about decoding itself.
 */
const OURS_ONLY =
  /^(Encapsulation type|Data|Data \(|Length: \d|Padding|Trailer|Fragment data|Recognised by|IP over UDP|Not decoded|A fragment|TCP segment data|File Data|Direction|Unused|Reserved|Packet comment|Partial checksum|Bad checksum|Checksum: 0x\w+ \[(incorrect|partial)|Checksum Status: Partial|Expert Info \(Error\/Checksum|No checksum)/;

async function compare(
  files: readonly string[],
  wanted: (n: number) => boolean,
): Promise<{ lines: number; same: number; examples: string[] }> {
  let lines = 0;
  let same = 0;
  const examples: string[] = [];
  for (const file of files) {
    const theirs = tsharkLines(file);
    await drawFile(
      file,
      ({ tree, batch, packet }) => {
        const shown = new Map(theirs[batch.numberBefore + packet] ?? []);
        if (shown.size === 0) return;
        const visit = (node: DetailNode): void => {
          const text = (node.generated ? node.text.slice(1, -1) : node.text).trim();
          if (!OURS_ONLY.test(text)) {
            lines++;
            const left = shown.get(text) ?? 0;
            if (left > 0) {
              same++;
              shown.set(text, left - 1);
            } else if (examples.length < 30)
              examples.push(`${basename(file)} ${batch.numberBefore + packet + 1}: ${text}`);
          }
          node.children.forEach(visit);
        };
        tree.forEach(visit);
      },
      wanted,
      false,
    );
  }
  return { lines, same, examples };
}

describe.skipIf(!ready)("details in tshark's words", () => {
  it("fixtures", { timeout: 300_000 }, async () => {
    // tshark stops at a TUN device's datagrams, and at sections of another version.
    const files = fixtureCaptures()
      .map((c) => c.path)
      .filter((f) => !/damaged|ip-over-udp|mixed-sections|vxlan-ports/.test(f));
    const { lines, same, examples } = await compare(files, () => true);
    console.log(`fixtures: ${lines} lines, ${((same / lines) * 100).toFixed(2)} % the same`);
    expect(same / lines, examples.join("\n")).toBeGreaterThanOrEqual(0.99);
  });

  it("labs (skipped: labs not here)", { timeout: 600_000 }, async ({ skip }) => {
    if (!isHere(LABS)) skip("labs not here");
    const files = ["hostgw", "ipip", "vxlan"].map((lab) => join(LABS, lab, "n1.pcapng"));
    const { lines, same, examples } = await compare(files, (n) => n % 4 === 1);
    console.log(`labs: ${lines} lines, ${((same / lines) * 100).toFixed(2)} % the same`);
    expect(same / lines, examples.join("\n")).toBeGreaterThanOrEqual(0.985);
  });
});
