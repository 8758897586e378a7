/**
 * What the commands print for the project's own captures, kept as text a person can review: one file a fixture.
 * `npx vitest run test/golden -u` writes them anew; look at the difference before committing it.
 */
import { readdirSync } from "node:fs";
import { basename } from "node:path";
import { describe, expect, it } from "vitest";
import { hopscope } from "../builders/shared-data";

const fixtures = readdirSync("fixtures")
  .filter((f) => /\.pcap(ng)?$/.test(f))
  .sort();

const FIELDS = [
  "frame.number",
  "frame.protocols",
  "ip.src",
  "ip.dst",
  "ipv6.src",
  "ipv6.dst",
  "udp.dstport",
  "tcp.dstport",
  "tcp.seq",
];

describe("commands over the project's captures", () => {
  it.each(fixtures)("%s", async (name) => {
    const file = `fixtures/${name}`;
    const sections = [
      ["info", hopscope("info", file)],
      ["packets", hopscope("packets", file)],
      ["flows", hopscope("flows", file)],
      ["fields", hopscope("fields", file, "--header", ...FIELDS.flatMap((f) => ["-e", f]))],
    ] as const;
    const text = sections
      .map(([command, r]) => `$ hopscope ${command} ${file}   # exit ${r.status}\n${r.stdout}${r.stderr}`)
      .join("\n")
      .replace(/[ \t]+$/gm, "");
    await expect(text).toMatchFileSnapshot(`commands/${basename(name)}.txt`);
  });
});
