/** What the details say of a transport checksum: nothing of a right one, that it is wrong, that the device fills it in. */
import { describe, expect, test } from "vitest";
import { detailLines } from "../../builders/detail-lines";
import { parseTraffic, trafficToPcapng } from "../../builders/traffic";

/** The lines about it, by checksum. */
async function said(what: string, checksum: string): Promise<readonly string[]> {
  const line = `0.0 10.0.0.1:1 > 10.0.0.2:2 ${what} checksum=${checksum}`;
  const [lines = []] = await detailLines(trafficToPcapng(parseTraffic(line)));
  return lines.map((text) => text.trim()).filter((text) => /Partial checksum|Bad checksum/.test(text));
}

describe.each(['tcp ACK "x"', 'udp "x"'])("the checksum of %s", (what) => {
  test("right: nothing is to be said", async () => {
    expect(await said(what, "right")).toEqual([]);
  });

  test("wrong: an error", async () => {
    const [line, ...more] = await said(what, "wrong");
    expect(line).toContain("Expert Info (Error/Checksum): Bad checksum");
    expect(more).toEqual([]);
  });

  test("left to the device: no error", async () => {
    const [line] = await said(what, "partial");
    expect(line).toContain("Partial checksum (offload)");
    expect(line).not.toContain("Error");
  });
});
