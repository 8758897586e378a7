/**
 * Followed streams against `tshark -z follow`: the bytes of both directions, over the streams of one capture point of a lab.
 * tshark gets that point's packets alone, because it takes a second sighting for a retransmission.
 */
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { followStream } from "../../src-main/engine/follow/follow-stream";
import { UNHURRIED, withLoaded } from "../builders/open-captures";
import { LABS, hasTool, isHere } from "../builders/shared-data";
import { tsharkFollow } from "../builders/wireshark-tools";

const ready = isHere(LABS) && hasTool("tshark");
if (!ready) console.log("skipped: followed streams against tshark (needs tshark and the labs)");
const FULL = process.env["HOPSCOPE_FULL"] === "1";

const hex = (parts: readonly Uint8Array[]): string => Buffer.concat(parts).toString("hex");

describe.skipIf(!ready)("streams as tshark follows them", () => {
  it("a client's capture point of each lab", { timeout: 600_000 }, async () => {
    const folder = mkdtempSync(join(tmpdir(), "hopscope-"));
    let compared = 0;
    const different: string[] = [];
    try {
      for (const lab of ["hostgw", "ipip", "udptun", "vxlan"]) {
        const one = join(folder, `${lab}.pcapng`);
        const written = spawnSync("tshark", [
          "-r",
          join(LABS, lab, "client-a.pcapng"),
          "-Y",
          "frame.interface_name == eth0",
          "-w",
          one,
        ]);
        expect(written.status, String(written.stderr)).toBe(0);
        await withLoaded([one], async (captures) => {
          // The first packet of each stream.
          const firsts = new Map<number, number>();
          for (let id = 0; id < captures.index.count; id++) {
            const stream = captures.index.streamOf(id);
            if (stream >= 0 && !firsts.has(stream)) firsts.set(stream, id);
          }
          const chosen = [...firsts].filter((_, i) => FULL || i % 5 === 0);
          for (const [stream, packet] of chosen) {
            const ours = await followStream(captures, packet, 16_000_000, UNHURRIED);
            const theirs = tsharkFollow(one, ours.protocol, stream >> 1);
            const side = (fromServer: boolean): string =>
              hex(ours.segments.filter((s) => s.fromServer === fromServer).map((s) => s.bytes));
            compared++;
            // tshark's first side is who sent first; ours is who opened the stream.
            const same =
              (side(false) === theirs.client && side(true) === theirs.server) ||
              (side(false) === theirs.server && side(true) === theirs.client);
            if (!same)
              different.push(
                `${lab} ${ours.filter}: ours ${side(false).length / 2}/${side(true).length / 2} bytes, tshark ${theirs.client.length / 2}/${theirs.server.length / 2}`,
              );
          }
        });
      }
    } finally {
      rmSync(folder, { recursive: true });
    }
    console.log(`followed ${compared} streams, ${different.length} differ`);
    expect(compared).toBeGreaterThan(10);
    expect(different).toEqual([]);
  });
});
