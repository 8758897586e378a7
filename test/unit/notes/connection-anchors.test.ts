/** A note on a connection is found again with other captures open than those it was written with, though the connection's id is another. */
import { afterAll, describe, expect, it } from "vitest";
import type { ConnectionAnchor, PacketAnchor } from "../../../src-shared/annotations/annotation";
import type { ConnectionJson } from "../../../src-shared/contract/join";
import { EngineClient } from "../../builders/engine-client";

const [ONE, TWO] = [1, 2].map((n) => `fixtures/service-vxlan-node${n}.pcapng`) as [string, string];

const client = new EngineClient();
afterAll(() => client.close());

const open = (...paths: string[]): Promise<unknown> =>
  client.loaded(() => client.ask("workspace.open", { paths, add: false }));

async function connections(): Promise<ConnectionJson[]> {
  const table = await client.ask("table.open", { name: "connections", options: {}, view: null, search: "", sort: [] });
  const { rows } = await client.ask("table.rows", { table: table.table, from: 0, count: 100 });
  return Promise.all(rows.map(({ key }) => client.ask("join.connection", { id: key })));
}

/** The call to the Service: the one with a tunnel. */
async function call(): Promise<ConnectionJson> {
  const found = (await connections()).filter(
    ({ protocol, encapsulations }) => protocol === "tcp" && encapsulations.length > 0,
  );
  expect(found).toHaveLength(1);
  return found[0] as ConnectionJson;
}

/** What a note on the connection is tied to, as the window makes it. */
async function anchorOf(connection: ConnectionJson): Promise<ConnectionAnchor> {
  const { id, protocol, client: from, requested, server, firstTime } = connection;
  const { packets } = await client.ask("notes.packetsOfConnection", { id });
  const { anchors } = await client.ask("notes.anchors", { packets: [...packets] });
  const end = requested ?? server;
  return {
    id,
    protocol,
    client: { ip: from.ip, port: from.port },
    server: { ip: end.ip, port: end.port },
    firstTime: `${firstTime.split(".")[0] ?? ""}.${(firstTime.split(".")[1] ?? "").padEnd(9, "0")}`,
    packets: anchors as PacketAnchor[],
  };
}

/** Where it is now: the packets that are here, and with or without these the connection. */
async function found(anchor: ConnectionAnchor): Promise<{ byPackets: string | null; byEnds: string | null }> {
  const anchors = [...(anchor.packets ?? [])];
  const { packets } = await client.ask("notes.search", { anchors, by: "time" });
  const { ids } = await client.ask("notes.connections", {
    connections: [
      { anchor, packets: [...packets] },
      { anchor, packets: [] },
    ],
  });
  return { byPackets: ids[0] ?? null, byEnds: ids[1] ?? null };
}

describe("a note on a connection", () => {
  it("written with one node's capture is on the same connection when the other node's is added", async () => {
    await open(ONE);
    const anchor = await anchorOf(await call());
    expect(anchor.packets).toHaveLength(1);
    await open("fixtures/dhcp.pcap", TWO, ONE);
    const now = await call();
    expect(await found(anchor)).toEqual({ byPackets: now.id, byEnds: now.id });
  });

  it("written with both is found in either alone: each has a packet of it", async () => {
    await open(ONE, TWO);
    const both = await call();
    const anchor = await anchorOf(both);
    expect(anchor.packets).toHaveLength(2);
    await open(TWO);
    const there = await call();
    // The second node never saw the Service's address: the id is another, and the ends alone do not tell.
    expect(there.id).not.toBe(both.id);
    expect(await found(anchor)).toEqual({ byPackets: there.id, byEnds: null });
  });

  it("is nowhere where its packets are not, and at another time with the same ends", async () => {
    await open(ONE);
    const anchor = await anchorOf(await call());
    const later = { ...anchor, firstTime: `${Number(anchor.firstTime.split(".")[0]) + 3600}.000000000` };
    expect((await found({ ...later, packets: [] })).byEnds).toBeNull();
    await open("fixtures/dhcp.pcap");
    expect(await found(anchor)).toEqual({ byPackets: null, byEnds: null });
  });
});
