/**
 * Followed streams against `tshark -z follow` where the capture is not what was sent: segments that were not captured, came in
 * another order, were sent again cut elsewhere, numbers that wrap, no handshake.
 *
 * tshark tells a gap as text among the bytes ("[10 bytes missing in capture file]"); ours as a number beside them. What waits
 * behind a gap that nobody acknowledged is left out by tshark and shown by us: those streams end with an acknowledgment.
 */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { followStream } from "../../src-main/engine/follow/follow-stream";
import { tsharkFollowAll } from "../builders/wireshark-tools";
import { UNHURRIED, withLoaded } from "../builders/open-captures";
import { hasTool } from "../builders/shared-data";
import { parseTraffic, trafficToPcapng } from "../builders/traffic";
import { Random } from "../fuzz/random";

const ready = hasTool("tshark");
if (!ready) console.log("skipped: followed damaged streams against tshark (needs tshark)");

const SEED = Number(process.env["HOPSCOPE_SEED"] ?? 20261121);
const STREAMS = 100;

interface Segment {
  readonly fromServer: boolean;
  readonly seq: number;
  readonly ack: number;
  readonly bytes: number[];
  readonly flags: string;
}

/** A conversation as both ends had it, then as it was captured. */
function damagedStream(random: Random, client: string): string[] {
  const chance = (percent: number): boolean => random.below(100) < percent;
  const begin = [chance(30) ? 0x100000000 - random.below(400) : random.next() >>> 0, random.next() >>> 0] as const;
  const data = [0, 1].map((side) =>
    Array.from({ length: 200 + random.below(1500) }, () => (side << 7) | random.below(128)),
  );
  const at = [0, 0];
  const sent: Segment[] = [];
  const segment = (side: number, from: number, to: number, flags = "PSH,ACK"): Segment => ({
    fromServer: side === 1,
    seq: ((begin[side] as number) + 1 + from) >>> 0,
    ack: ((begin[1 - side] as number) + 1 + (at[1 - side] as number)) >>> 0,
    bytes: (data[side] as number[]).slice(from, to),
    flags,
  });
  if (chance(80)) {
    sent.push({ ...segment(0, 0, 0, "SYN"), seq: begin[0], ack: 0 }, { ...segment(1, 0, 0, "SYN,ACK"), seq: begin[1] });
    sent.push(segment(0, 0, 0, "ACK"));
  }
  while (at.some((n, side) => n < (data[side] as number[]).length)) {
    const side = random.below(2);
    const end = (data[side] as number[]).length;
    const from = at[side] as number;
    const to = Math.min(end, from + 1 + random.below(120));
    if (from === end) continue;
    sent.push(segment(side, from, to));
    at[side] = to;
    // Sent again: the same, a part of it, or more.
    if (chance(15))
      sent.push(segment(side, Math.max(0, from - random.below(60)), Math.min(to, from + random.below(150))));
    if (chance(5) && to > 0) sent.push({ ...segment(side, to - 1, to), bytes: [0] });
    if (chance(40)) sent.push(segment(1 - side, at[1 - side] as number, at[1 - side] as number, "ACK"));
  }
  sent.push(segment(0, at[0] as number, at[0] as number, "ACK"), segment(1, at[1] as number, at[1] as number, "ACK"));
  const captured: Segment[] = [];
  const loss = random.below(3) * 6;
  for (const [i, s] of sent.entries()) {
    if (i < sent.length - 2 && s.bytes.length > 0 && chance(loss)) continue;
    captured.push(s);
    if (chance(5)) captured.push(s);
  }
  // A neighbour overtakes.
  for (let i = 4; i + 3 < captured.length; i++)
    if (chance(12)) captured.splice(i + random.below(2), 0, ...captured.splice(i, 1));
  return captured.map(
    (s, i) =>
      `${(i / 1000).toFixed(3)} ${s.fromServer ? `server > ${client}` : `${client} > server`} tcp ${s.flags} seq=${s.seq} ack=${s.ack}` +
      (s.bytes.length > 0 ? ` hex:${Buffer.from(s.bytes).toString("hex")}` : ""),
  );
}

/** Without tshark's words about gaps. */
const withoutGaps = (hex: string): string =>
  Buffer.from(
    Buffer.from(hex, "hex")
      .toString("latin1")
      .replace(/\[\d+ bytes missing in capture file\]\0?/g, ""),
    "latin1",
  ).toString("hex");

describe.skipIf(!ready)("damaged streams as tshark follows them", () => {
  it("the bytes of both sides of a hundred streams", { timeout: 120_000 }, async () => {
    const lines = ["server = 10.0.0.2:9000"];
    for (let i = 0; i < STREAMS; i++) lines.push(...damagedStream(new Random(SEED, i), `10.0.0.1:${30000 + i}`));
    const folder = mkdtempSync(join(tmpdir(), "hopscope-"));
    const file = join(folder, "damaged.pcapng");
    const different: string[] = [];
    let bytes = 0;
    let gaps = 0;
    try {
      writeFileSync(file, trafficToPcapng(parseTraffic(lines.join("\n"))));
      const all = tsharkFollowAll(file, "tcp", STREAMS);
      await withLoaded([file], async (captures) => {
        const firsts = new Map<number, number>();
        for (let id = captures.index.count - 1; id >= 0; id--) firsts.set(captures.index.streamOf(id) >> 1, id);
        for (const [stream, theirs] of all.entries()) {
          const ours = await followStream(captures, firsts.get(stream) ?? -1, 16_000_000, UNHURRIED);
          const side = (fromServer: boolean): string =>
            Buffer.concat(ours.segments.filter((s) => s.fromServer === fromServer).map((s) => s.bytes)).toString("hex");
          bytes += ours.clientBytes + ours.serverBytes;
          gaps += ours.segments.filter((s) => s.gap > 0).length;
          const sides = [withoutGaps(theirs.client), withoutGaps(theirs.server)];
          // tshark's first side is who sent first.
          if ([side(false), side(true)].sort().join() !== sides.sort().join())
            different.push(
              `seed ${SEED} stream ${stream}: ${ours.clientBytes}+${ours.serverBytes} bytes, tshark ${sides.map((x) => x.length / 2).join("+")}`,
            );
        }
      });
    } finally {
      rmSync(folder, { recursive: true });
    }
    console.log(`seed ${SEED}: followed ${STREAMS} streams, ${bytes} bytes, ${gaps} gaps`);
    expect(different).toEqual([]);
    // Otherwise it was no test.
    expect(bytes).toBeGreaterThan(STREAMS * 800);
    expect(gaps).toBeGreaterThan(STREAMS / 4);
  });
});
