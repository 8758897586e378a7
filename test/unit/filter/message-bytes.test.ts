/** The bytes of application messages in filters: searched and sliced, as those of the layers below. */
import { describe, expect, it } from "vitest";
import { FieldColumns } from "../../../src-main/engine/fields/field-columns";
import { compileFilter } from "../../../src-main/engine/filter/compile";
import { FILTER_REGISTRY } from "../../../src-main/engine/filter/engine-registry";
import { DEFAULT_DECODE_OPTIONS } from "../../../src-main/engine/decode/decode-options";
import { runEngine } from "../../builders/run-engine";
import { parseTraffic, trafficToPcapng } from "../../builders/traffic";

const TRAFFIC = `c = 10.0.0.1:40000   s = 10.0.0.2:80   d = 10.0.0.2:53
  0.0 c > s tcp ACK "GET /tea HTTP/1.1\\r\\n\\r\\n"
  0.1 c > s tcp ACK
  0.2 c > d udp dns query 4660 A www.example`;

/** Numbers of the packets that match. */
async function matches(text: string): Promise<number[]> {
  const filter = compileFilter(text, FILTER_REGISTRY);
  const found: number[] = [];
  await runEngine(trafficToPcapng(parseTraffic(TRAFFIC)), "streams", {}, (batch, run) => {
    const columns = new FieldColumns({
      files: run.workspace.files,
      points: run.workspace.points,
      kernel: run.handle.kernel,
      scratch: run.handle.scratch,
      verifyChecksums: false,
      decode: DEFAULT_DECODE_OPTIONS,
    });
    columns.begin(batch);
    const keep = new Uint8Array(batch.packetCount);
    filter.evaluate(columns, keep);
    keep.forEach((kept, packet) => {
      if (kept) found.push(packet + 1);
    });
  });
  return found;
}

describe("bytes of messages", () => {
  it("are searched", async () => {
    expect(await matches('http contains "tea"')).toEqual([1]);
    expect(await matches('http matches "get|put"')).toEqual([1]);
    expect(await matches("dns contains 03:77:77:77")).toEqual([3]);
    expect(await matches('tls contains "tea"')).toEqual([]);
  });

  it("have slices and a length", async () => {
    expect(await matches("dns[0:2] == 12:34")).toEqual([3]);
    expect(await matches("len(http) > 10")).toEqual([1]);
  });

  it("are there or not, as before", async () => {
    expect(await matches("http")).toEqual([1]);
    expect(await matches("!http && !dns")).toEqual([2]);
  });
});
