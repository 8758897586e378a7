/** Files that other programs change while they are open: what they hold then is never shown as packets of the recording. */
import { appendFileSync, renameSync, rmSync, truncateSync, utimesSync, writeFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { manyPackets } from "../../builders/many-packets";
import { type ServiceClient, withClient } from "../../builders/service-client";

/** A filter that has to read the file again. */
const READS_AGAIN = "ip.id >= 0";

async function opened(client: ServiceClient, count = 300): Promise<string> {
  const path = client.write("mine.pcap", manyPackets({ count }));
  await client.loaded(() => client.ask("workspace.open", { paths: [path], add: false }));
  return path;
}

/** The first row's protocol, or what is said instead. */
async function firstRow(client: ServiceClient): Promise<string> {
  const view = await client.ask("packets.open", { filter: "", sort: [], ignored: [] });
  try {
    const { rows } = await client.ask("packets.rows", { view: view.view, from: 0, count: 1, columns: ["protocol"] });
    return rows[0]?.cells[0] ?? "no row";
  } catch (error) {
    return String(error);
  }
}

/** How many packets the filter leaves, or what is said instead. */
async function matching(client: ServiceClient): Promise<number | string | null> {
  const view = await client.ask("packets.open", { filter: READS_AGAIN, sort: [], ignored: [] });
  const isSettled = view.complete || view.failed;
  const end = isSettled ? view : await client.event("view", (v) => v.view === view.view && (v.complete || v.failed));
  return end.failed ? end.problem : end.rows;
}

describe("a file that was changed while it is open", () => {
  it("by another recording written over it, is not read as if nothing had happened", () =>
    withClient(async (client) => {
      const path = await opened(client);
      writeFileSync(path, manyPackets({ count: 400, hosts: 7 }));
      expect(await firstRow(client)).toContain("mine.pcap: the file was changed since it was opened; reload it");
      expect(await matching(client)).toContain("the file was changed since it was opened");
    }));

  it("by cutting it, is told, too", () =>
    withClient(async (client) => {
      const path = await opened(client);
      truncateSync(path, 2000);
      expect(await firstRow(client)).toContain("the file was changed since it was opened");
      expect(await matching(client)).toContain("the file was changed since it was opened");
    }));

  it("by removing it: rows are still there, and a filter that reads it says what is missing instead of finding nothing", () =>
    withClient(async (client) => {
      const path = await opened(client);
      expect(await firstRow(client)).toBe("UDP");
      rmSync(path);
      expect(await matching(client)).toMatch(/mine\.pcap: it can no longer be read: there is no such file/);
    }));

  it("by growing, by a new date, by another file of the same bytes, is what it was", () =>
    withClient(async (client) => {
      const path = await opened(client);
      appendFileSync(path, Buffer.alloc(3));
      utimesSync(path, 1, 1);
      expect([await firstRow(client), await matching(client)]).toEqual(["UDP", 300]);
      writeFileSync(`${path}.copy`, manyPackets({ count: 300 }));
      renameSync(`${path}.copy`, path);
      expect([await firstRow(client), await matching(client)]).toEqual(["UDP", 300]);
    }));
});
