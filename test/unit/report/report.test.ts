/** Reports are read by browsers: nothing of what a capture or a note says may become markup, and nothing may be loaded. */
import { readFileSync, mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import type { ConnectionJourneys } from "../../../src-shared/contract/join";
import {
  connectionBlocks,
  connectionFactsBlock,
  hopsBlock,
  tellingJourney,
} from "../../../src-shared/report/connection-blocks";
import { durationText, journeyPicture } from "../../../src-shared/report/journey-picture";
import type { Report } from "../../../src-shared/report/report";
import { countText, reportHtml } from "../../../src-shared/report/report-html";
import { minuteOf, namedZone, timeText, timesNote } from "../../../src-shared/report/report-times";
import { hopscope } from "../../builders/shared-data";

/** Wants to be markup wherever it lands: text, attribute, SVG, address. */
const HOSTILE = `"><img src=x onerror=alert(1)><script>alert(2)</script>' onload='alert(3) javascript:alert(4) ]]>\u0000\ud800`;

const JOURNEYS: ConnectionJourneys = {
  connection: {
    id: "c1",
    protocol: "tcp",
    kind: "pod-to-service",
    locality: "cross-node",
    hairpin: false,
    client: { ip: "10.0.0.1", port: 4000, pod: HOSTILE, node: "n1" },
    requested: { ip: "10.96.0.1", port: 80 },
    server: { ip: "fd00::2", port: 8080, pod: null, node: null },
    seenByServerAs: null,
    service: HOSTILE,
    translations: [],
    encapsulations: [],
    path: ["a#0", "b#0"],
    returnPath: [],
    otherPaths: 0,
    firstTime: "1.000000000",
    lastTime: "2.000000000",
    packets: { retransmissions: 0, sightings: 2, distinct: 1, missing: 0 },
    bytes: { fromClient: 0, fromServer: 0 },
    state: "S0",
    ambiguous: false,
    inferred: [],
    related: [],
  },
  points: [
    { point: 0, id: "a#0", name: HOSTILE, role: "pod-nic", node: "n1", pod: null, roleEvidence: [] },
    { point: 1, id: "b#0", name: "eth0", role: "node-nic", node: "n1", pod: null, roleEvidence: [] },
  ],
  journeys: [
    {
      index: 0,
      direction: "to-server",
      label: HOSTILE,
      sightings: [
        sighting(0, 0, { destination: { ip: "10.96.0.1", port: 80 } }),
        sighting(1, 12_000, { destination: { ip: "fd00::2", port: 8080 }, ttl: 63 }),
      ],
      points: [0, 1],
      sinceStartNs: 0,
      retransmissionOf: -1,
      missingAt: -1,
      lastSeen: 1,
      duplicates: 0,
      payloadLength: 10,
      evidence: [],
    },
  ],
  from: 0,
  total: 1,
};

function sighting(
  point: number,
  sinceFirstNs: number,
  changes: object,
): ConnectionJourneys["journeys"][0]["sightings"][0] {
  return {
    packet: point,
    number: point + 1,
    point,
    time: [1, 0],
    sinceFirstNs,
    depth: 1,
    source: { ip: "10.0.0.1", port: 4000 },
    destination: { ip: "10.96.0.1", port: 80 },
    ttl: 64,
    length: 60,
    tunnel: null,
    ...changes,
  };
}

function report(): Report {
  const [journey] = JOURNEYS.journeys;
  if (!journey) throw new Error("no journey");
  return {
    title: HOSTILE,
    author: HOSTILE,
    createdMs: 0,
    zone: "utc",
    application: HOSTILE,
    introduction: `${HOSTILE}\n\n[link](javascript:alert(5)) ![picture](http://example.org/x.png) **bold**`,
    sections: [
      {
        title: HOSTILE,
        text: HOSTILE,
        byline: HOSTILE,
        tags: [HOSTILE],
        blocks: [
          connectionFactsBlock(JOURNEYS.connection),
          hopsBlock(JOURNEYS, JOURNEYS.journeys),
          { kind: "picture", caption: HOSTILE, svg: journeyPicture(JOURNEYS, journey) },
          { kind: "filter", filter: HOSTILE },
          { kind: "text", text: HOSTILE },
        ],
      },
    ],
    files: [{ name: HOSTILE, bytes: 1234567, packets: 2, hash: HOSTILE, firstTime: "1.5", lastTime: null }],
  };
}

/** What a browser would see of it: tags with their attributes; text left out. */
function tagsOf(html: string): string[] {
  return html.replace(/<style>[^]*?<\/style>/, "<style></style>").match(/<[^>]*>/g) ?? [];
}

describe("a report", () => {
  it("lets no text become markup", () => {
    const html = reportHtml(report());
    for (const tag of tagsOf(html)) {
      expect(tag).not.toMatch(/^<(script|iframe|object|embed|form|link|base|svg)/i);
      // What stands in a quoted value is text: escaping keeps it from ending the value.
      expect(tag.replace(/"[^"]*"/g, '""')).not.toMatch(/\son\w+\s*=|'|javascript/i);
      expect(tag).not.toMatch(/(href|src)="(javascript|https?):/i);
    }
    // Each of the hostile strings is there, as text.
    expect(html).toContain("&#60;script&#62;alert(2)&#60;/script&#62;");
    expect(html).toContain("<strong>bold</strong>");
  });

  it("loads nothing and runs nothing: its policy says so, and so do its addresses", () => {
    const html = reportHtml(report());
    expect(html).toContain(
      `content="default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'"`,
    );
    const addresses = [...html.matchAll(/(?:src|href)="([^"]*)"/g)].map(([, address]) => address ?? "");
    expect(addresses.length).toBeGreaterThan(0);
    for (const address of addresses) expect(address).toMatch(/^(data:image\/svg\+xml,|#section-\d+$)/);
    expect(html).not.toMatch(/url\(|@import/);
  });

  it("shows a journey as a picture in which changes are marked and texts are texts", () => {
    const [journey] = JOURNEYS.journeys;
    const svg = journeyPicture(JOURNEYS, journey ?? ({} as never));
    expect(svg).not.toMatch(/<(script|image|foreignObject|a)\b/);
    expect(svg).toContain("+12 µs");
    // The destination changed, the source did not.
    expect(svg).toMatch(/font-weight="700">\[fd00::2\]:8080 ◄</);
    expect(svg.match(/10\.0\.0\.1:4000<\/text>/g)).toHaveLength(2);
  });

  it("says what a hop changed in words", () => {
    const { rows } = hopsBlock(JOURNEYS, JOURNEYS.journeys);
    expect(rows.map((row) => row.at(-1))).toEqual(["", "destination, TTL 64 → 63"]);
    expect(tellingJourney(JOURNEYS)?.index).toBe(0);
  });

  it.each([
    [0, "0 ns"],
    [999, "999 ns"],
    [12_345, "12.3 µs"],
    [1_500_000, "1.5 ms"],
    [-2_000_000_000, "-2 s"],
  ])("prints %i ns as %s", (ns, text) => expect(durationText(ns)).toBe(text));

  it("prints times and counts as people read them", () => {
    expect(timeText("1709287200.000000001")).toBe("2024-03-01 10:00:00.000000001");
    expect(timeText(null)).toBe("");
    expect(timeText("never")).toBe("never");
    expect(countText(1234567)).toBe("1,234,567");
  });
});

describe("the times of a report", () => {
  it.each([
    ["1709287200.000000001", "Europe/Berlin", "2024-03-01 11:00:00.000000001 +01:00"],
    // The clocks are put back: the same time of day, twice.
    ["1729987200", "Europe/Berlin", "2024-10-27 02:00:00 +02:00"],
    ["1729990800", "Europe/Berlin", "2024-10-27 02:00:00 +01:00"],
    ["1709287200.5", "America/St_Johns", "2024-03-01 06:30:00.5 -03:30"],
    ["1709287200", "Asia/Kathmandu", "2024-03-01 15:45:00 +05:45"],
    ["0", "utc", "1970-01-01 00:00:00"],
  ])("%s in %s is %s", (seconds, zone, text) => expect(timeText(seconds, zone)).toBe(text));

  it("are in one zone, from the first line to the last, which names it", () => {
    const html = reportHtml({ ...report(), createdMs: 1709287200_000, zone: "Asia/Kathmandu" });
    expect(html).toContain("2024-03-01 15:45 +05:45");
    expect(html).toContain("1970-01-01 05:30:01.5 +05:30");
    expect(html).toContain("Times are those of Asia/Kathmandu, each with its distance from UTC.");
    const [facts] = connectionBlocks(JOURNEYS, JOURNEYS.journeys, "Asia/Kathmandu");
    expect(JSON.stringify(facts)).toContain("+05:30 to 1970");
  });

  it("name UTC, and this machine's zone by its own name", () => {
    expect(minuteOf(1709287200_000, "utc")).toBe("2024-03-01 10:00 UTC");
    expect(timesNote("utc")).toBe("Times are UTC.");
    expect(namedZone("America/Lima")).toBe("America/Lima");
    const { timeZone } = new Intl.DateTimeFormat().resolvedOptions();
    expect(namedZone("local")).toBe(/UTC|GMT/.test(timeZone) ? "utc" : timeZone);
  });
});

describe("hopscope export --to X.html", () => {
  const folder = mkdtempSync(join(tmpdir(), "hopscope-report-"));
  const files = ["fixtures/service-vxlan-node1.pcapng", "fixtures/service-vxlan-node2.pcapng"];

  it("tells of files, connections, one connection hop by hop, and the packets of a filter", () => {
    const path = join(folder, "r.html");
    const listed = JSON.parse(hopscope("connections", ...files, "--json").stdout) as { connections: { id: string }[] };
    const id = listed.connections[0]?.id ?? "";
    const { status, stderr } = hopscope("export", ...files, "--to", path, "--connection", id, "-Y", "http");
    expect(stderr).toBe("");
    expect(status).toBe(0);
    const html = readFileSync(path, "utf8");
    expect(html).toContain("<h2>TCP 10.244.1.11:47004 → 10.96.10.20:80</h2>");
    expect(html).toContain("DNAT 10.96.10.20:80 → 10.244.2.5:8080");
    expect(html.match(/<td[^>]*>HTTP<\/td>/g)).toHaveLength(14);
    expect(html).toMatch(/service-vxlan-node1\.pcapng<\/td><td class="number">4,232/);
    expect(html).toMatch(/c1:[0-9a-f]{64}/);
    expect(html).not.toContain("<script");
  });

  it("refuses a connection that is not there, and leaves no file", () => {
    const path = join(folder, "none.html");
    const { status, stderr } = hopscope("export", ...files, "--to", path, "--connection", "nope");
    expect(status).toBe(2);
    expect(stderr).toMatch(/no connection has the id nope/);
    expect(() => readFileSync(path)).toThrow();
  });
});
