/**
 * What details tell of a TCP conversation, line by line against tshark's: times, window scaling, bytes in flight, what is
 * acknowledged. With desegmentation off, on recordings of one interface (tshark takes all interfaces of a file together).
 */
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import type { DetailNode } from "../../src-shared/contract/results";
import { packetDetails } from "../../src-main/engine/details/details-handlers";
import { withLoaded } from "../builders/open-captures";
import { LABS, hasTool, isHere } from "../builders/shared-data";
import { tool } from "../builders/wireshark-tools";

const ready = hasTool("tshark") && isHere(LABS);
if (!ready) console.log("skipped: conversations in details against tshark (needs tshark and the lab recordings)");

const COMPARED =
  /^\[(?:Time delta from previous captured|Time since (?:first|previous) frame in this TCP|Window size scaling|Bytes (?:in flight|sent since)|This is an ACK to|The RTT to ACK)/;

const texts = (nodes: readonly DetailNode[]): string[] => nodes.flatMap((n) => [n.text, ...texts(n.children)]);

/** By packet, the lines that are compared. */
function tsharkLines(file: string): string[][] {
  const out = tool("tshark", "-n", "-r", file, "-o", "tcp.desegment_tcp_streams:FALSE", "-V");
  return out
    .split(/^Frame \d+: /m)
    .slice(1)
    .map((packet) =>
      packet
        .split("\n")
        .map((line) => line.trim())
        .filter((line) => COMPARED.test(line)),
    );
}

describe.skipIf(!ready)("details of TCP conversations", () => {
  it("are tshark's, in recordings of pods", { timeout: 120_000 }, async () => {
    let compared = 0;
    let same = 0;
    const differences: string[] = [];
    for (const lab of readdirSync(LABS).filter((name) => !name.includes("."))) {
      const path = join(LABS, lab, "client-a.pcapng");
      if (!isHere(path)) continue;
      const expected = tsharkLines(path);
      await withLoaded([path], (captures) => {
        expected.forEach((lines, id) => {
          const own = texts(packetDetails(captures, id).tree).filter((line) => COMPARED.test(line));
          for (const line of new Set([...lines, ...own])) {
            compared++;
            if (lines.includes(line) && own.includes(line)) same++;
            else differences.push(`${lab} ${id + 1} ${own.includes(line) ? "ours alone" : "missing"}: ${line}`);
          }
        });
      });
    }
    console.log(`details of TCP conversations: ${compared} lines compared, ${differences.length} different`);
    if (differences.length > 0) console.log(differences.slice(0, 20).join("\n"));
    expect(compared).toBeGreaterThan(1000);
    expect(same / compared).toBeGreaterThan(0.98);
  });
});
