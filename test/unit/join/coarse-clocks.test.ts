/**
 * Hop order where clocks count in steps longer than a hop takes: pcap files count microseconds, scripts cut stamps to less. The order has to be
 * the one that whole stamps give.
 *
 * ```
 *   stamps       pod 12.000 005 110   veth 12.000 005 900   bridge 12.000 006 300
 *   cut to µs    pod 12.000 005       veth 12.000 005       bridge 12.000 006
 * ```
 */
import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import type { JoinedResult } from "../../../src-main/engine/join/join-result";
import { collectChunks } from "../../../src-shared/wire/write/capture-chunks";
import { NANOSECONDS, timeFromNanoseconds } from "../../../src-shared/wire/write/capture-time";
import { PcapngWriter } from "../../../src-shared/wire/write/pcapng";
import { connectionsOf, joinTraffic } from "../../builders/join-files";
import { LABS, isHere } from "../../builders/shared-data";
import { type CaptureContent, readCapture } from "../../builders/shift-capture";

/** Way of the first connection each way: points' files, without their endings. */
function ways(result: JoinedResult, protocol: string): readonly string[] {
  const c = connectionsOf(result).find((one) => one.protocol === protocol);
  return [c?.path, c?.returnPath].map((path) =>
    (path ?? []).map((p) => result.points[p]?.file.replace(".pcapng", "")).join(" "),
  );
}

describe("one stamp at pod, veth, bridge and the other pod", () => {
  const POINT = "@e = ethernet\n";
  const ASK = `10.1.0.5:4000 > 10.1.0.9:53 udp "a question of some length"`;
  const TOLD = `10.1.0.9:53 > 10.1.0.5:4000 udp "an answer, as long as that"`;
  const ORDER = ["left", "a7", "m1", "right"];

  /** By device, in the order of the way there: its packets. `ticks`: stamp of the n-th device, there and back, of a second exchange. */
  const captures = (ticks: (n: number) => readonly [number, number]): Record<string, string> =>
    Object.fromEntries(
      ORDER.map((name, n) => {
        const [there, back] = ticks(n);
        const micro = (us: number): string => (us / 1e6).toFixed(6);
        return [
          `${name}.pcapng`,
          `${POINT}${micro(0)} @e ${ASK} id=700\n${micro(100)} @e ${TOLD} id=800
           ${micro(1e6 + there)} @e ${ASK} id=701\n${micro(1e6 + 100 + back)} @e ${TOLD} id=801`,
        ];
      }),
    );

  test("another packet that shows a step between them tells the order, the answer's the other way round", async () => {
    const result = await joinTraffic(captures((n) => [n, 3 - n]));
    expect(ways(result, "udp")).toEqual(["left a7 m1 right", "right m1 a7 left"]);
  });

  test("steps of the answer alone tell it too", async () => {
    const result = await joinTraffic(captures((n) => [0, 3 - n]));
    expect(ways(result, "udp")).toEqual(["left a7 m1 right", "right m1 a7 left"]);
  });

  test("nothing tells: the same whatever the order of files", async () => {
    const result = await joinTraffic(captures(() => [0, 0]));
    const turned = await joinTraffic(Object.fromEntries(Object.entries(captures(() => [0, 0])).reverse()));
    expect(ways(turned, "udp")).toEqual(ways(result, "udp"));
  });
});

test("a carried packet lies between the tunnel's two devices, and what carries it tells the order within", async () => {
  const ask = `10.1.0.5 > 10.2.0.9 icmp request ident=7 seq=1 "abcdefghijklmnop" id=700`;
  const carried = (ttl: number): string =>
    `@e 10.1.0.5 > 10.2.0.9 vxlan(vni=9, 192.0.2.11 > 192.0.2.12, ttl=${ttl}) icmp request ident=7 seq=1 "abcdefghijklmnop" id=700 ttl=63`;
  const at = (line: string): string => `@e = ethernet\n1.000000 ${line}`;
  const result = await joinTraffic({
    "z-pod.pcapng": at(`@e ${ask}`),
    "m.out.pcapng": at(carried(64)),
    "k.in.pcapng": at(carried(63)),
    "a-pod.pcapng": at(`@e ${ask} ttl=62`),
  });
  expect(ways(result, "icmp")[0]).toBe("z-pod m.out k.in a-pod");
});

const labs = isHere(LABS) ? readdirSync(LABS).filter((name) => isHere(join(LABS, name, "n1.pcapng"))) : [];

/** Stamps cut to whole steps of `stepNs`; by file, or a file an interface. */
function cut(name: string, content: CaptureContent, stepNs: bigint, split: boolean): Record<string, Uint8Array> {
  const files: Record<string, Uint8Array> = {};
  const interfaces = content.interfaces.map((_, i) => i);
  for (const only of split ? interfaces : [-1]) {
    const own = interfaces.filter((i) => only < 0 || i === only);
    const label = only < 0 ? name : `${name}.${content.interfaces[only]?.name ?? ""}`;
    files[`${label}.pcapng`] = collectChunks((sink) => {
      const writer = new PcapngWriter(sink);
      writer.beginSection({});
      const ids = new Map(
        own.map((i) => {
          const { name: named = "", linkType = 1 } = content.interfaces[i] ?? {};
          return [i, writer.addInterface({ linkType, ...(split ? {} : { name: named }), resolution: NANOSECONDS })];
        }),
      );
      for (const p of content.packets) {
        const interfaceId = ids.get(p.interfaceId);
        if (interfaceId === undefined) continue;
        const time = timeFromNanoseconds(p.timeNs - (p.timeNs % stepNs));
        writer.packet({ interfaceId, time, bytes: p.bytes, originalLength: p.originalLength });
      }
      writer.flush();
    });
  }
  return files;
}

/** "machine.interface machine.interface | back" by connection, of IPv4: a group's packets are copied to several at once. */
async function labWays(lab: string, stepNs: bigint, split: boolean): Promise<ReadonlyMap<string, string>> {
  const files = readdirSync(join(LABS, lab)).filter((file) => file.endsWith(".pcapng"));
  const interfaceOf = new Map<string, string>();
  const captures: Record<string, Uint8Array> = {};
  for (const file of files) {
    const name = file.replace(".pcapng", "");
    const content = readCapture(readFileSync(join(LABS, lab, file)));
    content.interfaces.forEach((one, i) => interfaceOf.set(`${name} ${i}`, one.name));
    Object.assign(captures, cut(name, content, stepNs, split));
  }
  const result = await joinTraffic(captures);
  const point = (p: number): string => {
    const [file = "", i = "0"] = (result.points[p]?.id ?? "").split("#");
    return split
      ? file.replace(".pcapng", "")
      : `${file.replace(".pcapng", "")}.${interfaceOf.get(`${file.replace(".pcapng", "")} ${i}`) ?? ""}`;
  };
  return new Map(
    connectionsOf(result)
      .filter((c) => c.protocol === "tcp" || c.protocol === "icmp" || c.protocol === "udp")
      .map((c) => [
        `${c.protocol} ${c.client.ip}:${c.client.port} ${c.server.ip}:${c.server.port} ${c.requested?.ip ?? ""}`,
        [c.path, c.returnPath].map((path) => path.map(point).join(" ")).join(" | "),
      ]),
  );
}

describe.skipIf(labs.length === 0)(
  "recordings of labs, every path whole (skipped where ../shared/labs is missing)",
  () => {
    test.each(labs)("%s: cut to microseconds, and so in a file an interface", async (lab) => {
      const whole = await labWays(lab, 1n, false);
      expect(whole.size).toBeGreaterThan(10);
      expect(await labWays(lab, 1000n, false)).toEqual(whole);
      expect(await labWays(lab, 1000n, true)).toEqual(whole);
    });
  },
);
