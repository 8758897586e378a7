/** What the details say of a transport checksum: that it is right, wrong, filled in by the device, or that nobody can tell. */
import { describe, expect, test } from "vitest";
import { detailLines } from "../../builders/detail-lines";
import { parseTraffic, trafficToPcapng } from "../../builders/traffic";

async function linesOf(what: string, words: string): Promise<readonly string[]> {
  const line = `0.0 10.0.0.1:1 > 10.0.0.2:2 ${what} ${words}`;
  const [lines = []] = await detailLines(trafficToPcapng(parseTraffic(line)));
  return lines.map((text) => text.trim());
}

/** The lines about what is the matter with it, by checksum. */
async function said(what: string, checksum: string): Promise<readonly string[]> {
  const lines = await linesOf(what, `checksum=${checksum}`);
  return lines.filter((text) => /Partial checksum|Bad checksum/.test(text));
}

describe.each(['tcp ACK "x"', 'udp "x"'])("the checksum of %s", (what) => {
  // The same verdict in the line of the number, in the line below it and in the expert line.
  test.each([
    ["checksum=right", "correct", "Good"],
    ["checksum=wrong", "incorrect", "Bad"],
    ["checksum=partial", "partial", "Partial"],
    ["checksum=wrong snap=54", "unverified", "Unverified"],
  ])("%s: the line says %s", async (words, word, status) => {
    const lines = await linesOf(what.replace('"x"', '"a longer text"'), words);
    expect(lines.filter((text) => text.startsWith("Checksum: ")).map((text) => text.replace(/.*\[/, "["))).toEqual([
      `[${word}]`,
    ]);
    expect(lines.filter((text) => /Checksum Status/.test(text)).join()).toContain(`Checksum Status: ${status}`);
  });

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
