/** One client and many addresses that do not answer: one finding with the list, and what is not part of it. */
import { describe, expect, test } from "vitest";
import { findingLines, search } from "../../builders/find-in-traffic";

/** SYNs to each target, again after a second, and no answer to any. The gateway's ping shows that the capture goes on. */
function silent(targets: readonly string[], more = ""): Record<string, string> {
  const lines = targets.map(
    (target, i) =>
      `s${i}: ${(0.01 * i).toFixed(2)} @eth0 10.9.0.5:${41000 + i} > ${target} tcp SYN seq=${1000 + 7919 * i} id=${500 + i}
       ${(1 + 0.01 * i).toFixed(2)} @eth0 again s${i} id=${900 + i}`,
  );
  return { "n1.pcapng": `@eth0 = ethernet\n${lines.join("\n")}\n${more}` };
}

const PORTS = Array.from({ length: 12 }, (_, i) => `10.9.1.7:${i + 20}`);

describe("SYNs to many places without an answer", () => {
  test("many ports of one host, or many hosts, are one finding with count and list", async () => {
    const found = await search(silent([...PORTS, "10.9.1.8:22", "10.9.1.9:22"]));
    expect(findingLines(found)).toEqual([
      "warn policy-silence: No answer at 14 addresses and ports that 10.9.0.5 asks: SYNs vanish without a word",
    ]);
    const [scan] = found.findings;
    expect(scan).toMatchObject({ connectionCount: 14, packetCount: 28 });
    expect(scan?.text).toContain(
      "14 connections from 10.9.0.5 to 14 addresses and ports of 3 hosts, each SYN sent again",
    );
    expect(scan?.evidence[0]).toBe([...PORTS, "10.9.1.8:22", "10.9.1.9:22"].join(", "));
  });

  test("a few are told one by one", async () => {
    expect((await search(silent(PORTS.slice(0, 4)))).of("policy-silence")).toHaveLength(4);
  });

  test("what answers among them is no part of it", async () => {
    const refused = `r: 0.5 @eth0 10.9.0.5:42000 > 10.9.1.7:80 tcp SYN seq=77 id=77
      0.5001 @eth0 10.9.1.7:80 > 10.9.0.5:42000 tcp RST,ACK seq=0 ack=78`;
    const found = await search(silent(PORTS, refused));
    expect(found.of("policy-silence").map((f) => f.connectionCount)).toEqual([12]);
    expect(found.of("no-endpoint")).toHaveLength(1);
  });

  describe("that are sent once each, as scanners do", () => {
    const once = (count: number, more: string): Record<string, string> => ({
      "n1.pcapng": `@eth0 = ethernet\n${Array.from(
        { length: count },
        (_, i) => `${(0.01 * i).toFixed(2)} @eth0 10.9.0.5:43000 > 10.9.1.${i + 10}:23 tcp SYN seq=9 id=54321`,
      ).join("\n")}\n${more}`,
    });
    /** Another port answers, and the recording goes on for longer than a kernel waits. */
    const answer = `a: 3 @eth0 10.9.0.5:42000 > 10.9.1.10:80 tcp SYN seq=77 id=77
      3.0001 @eth0 10.9.1.10:80 > 10.9.0.5:42000 tcp RST,ACK seq=0 ack=78`;
    const silences = async (captures: Record<string, string>): Promise<readonly string[]> =>
      (await search(captures)).of("policy-silence").map((f) => `${f.title}; ${f.text}`);

    test("many of them are one finding", async () => {
      const [scan, ...more] = await silences(once(25, answer));
      expect(more).toEqual([]);
      expect(scan).toMatch(/^No answer at 25 addresses and ports that 10\.9\.0\.5 asks/);
      expect(scan).toContain("to 25 addresses and ports of 25 hosts, one SYN each to 25 of them");
    });

    test("a few, the end of a recording, and a recording without any answer show nothing", async () => {
      expect(await silences(once(12, answer))).toEqual([]);
      expect(await silences(once(25, answer.replaceAll("3", "1")))).toEqual([]);
      expect(await silences(once(25, `4 @eth0 10.9.0.5:5000 > 10.9.1.10:53 udp "later"`))).toEqual([]);
    });
  });
});
