/** The sample that topology looks at: the usual evenly, and whatever is rare. */
import { describe, expect, it } from "vitest";
import { ConnectionTable } from "../../../src-main/engine/join/connection-table";
import { evenly, sampleConnections } from "../../../src-main/engine/join/topology/sample";

const USUAL = 0x0a000001;
const RARE = 0x0a00ff63;

/** `count` connections of one client and one server over the points 0 and 1. */
function usualConnections(count: number): ConnectionTable {
  const table = new ConnectionTable({
    count,
    start: new Uint32Array(count + 1),
    flows: new Uint32Array(count),
    protocol: new Uint8Array(count),
    v6: new Uint8Array(count),
    evidence: new Uint16Array(count),
  });
  const there = table.internPath([0, 1]);
  const back = table.internPath([1, 0]);
  table.path.fill(there);
  table.returnPath.fill(back);
  table.clientAddress.fill(USUAL);
  table.serverAddress.fill(USUAL + 1);
  return table;
}

describe("connections that topology looks at", () => {
  it("are all of a small recording", () => {
    expect(sampleConnections(usualConnections(4000))).toHaveLength(4000);
  });

  it("are some thousands of a large one, evenly and in order", () => {
    const sample = sampleConnections(usualConnections(100_000));
    expect(sample.length).toBeLessThan(4100);
    expect(sample).toEqual([...sample].sort((a, b) => a - b));
    expect(sample.filter((c) => c >= 50_000).length).toBeGreaterThan(1900);
  });

  it("have each client, each server, each path and each way back, however rare", () => {
    const table = usualConnections(100_000);
    table.clientAddress[77_777] = RARE;
    table.serverAddress[55_555] = RARE;
    table.path[33_333] = table.internPath([0, 2, 1]);
    table.returnPath[66_667] = table.internPath([1, 2, 0]);
    table.requestedAddress[88_889] = RARE;
    expect(sampleConnections(table)).toEqual(expect.arrayContaining([77_777, 55_555, 33_333, 66_667, 88_889]));
  });

  it("tell an address at one point from the same address at another: two clusters may use it", () => {
    const table = usualConnections(100_000);
    for (const c of [11_111, 22_223]) table.path[c] = table.internPath([5, 6]);
    expect(sampleConnections(table)).toEqual(expect.arrayContaining([11_111, 22_223]));
  });

  it("are bounded where everything is rare, as in a scan", () => {
    const table = usualConnections(100_000);
    table.serverAddress.forEach((_, c) => {
      table.serverAddress[c] = RARE + c;
    });
    const sample = sampleConnections(table);
    expect(sample.length).toBeLessThan(45_000);
    expect(sample.at(-1)).toBeGreaterThan(99_900);
  });
});

describe("an even choice of a list", () => {
  it("is the whole list where it is short", () => {
    expect(evenly([1, 2, 3], 5)).toEqual([1, 2, 3]);
  });
  it("reaches from its beginning nearly to its end", () => {
    const list = Array.from({ length: 1000 }, (_, i) => i);
    expect(evenly(list, 10)).toEqual([0, 100, 200, 300, 400, 500, 600, 700, 800, 900]);
  });
});
