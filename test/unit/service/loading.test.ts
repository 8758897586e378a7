/** What a window sees while captures are still being read. */
import { describe, expect, it } from "vitest";
import { withClient } from "../../builders/service-client";
import { manyPackets } from "../../builders/many-packets";

describe("while loading", () => {
  it("views grow, filters too, and everything is there at the end", { timeout: 60_000 }, () =>
    withClient(async (client) => {
      // Long enough to be told about while it loads: states come ten times a second, two million packets a second are read.
      const count = 900_000;
      const path = client.write("many.pcap", manyPackets({ count }));
      const some = client.event("workspace", (s) => s.packets > 0);
      const ready = client.event("workspace", (s) => s.state === "ready");
      await client.ask("workspace.open", { paths: [path], add: false });
      const all = await client.ask("packets.open", { filter: "", sort: [], ignored: [] });
      const filtered = await client.ask("packets.open", { filter: "udp.dstport == 5001", sort: [], ignored: [] });
      const reread = client.start("packets.open", { filter: "ip.id == 7", sort: [], ignored: [] });
      await some;
      await ready;
      const last = (await reread.answer).view;
      const done = async (view: number): Promise<number> => {
        const state = (await client.ask("packets.rows", { view, from: 0, count: 0, columns: [] })).view;
        return state.complete ? state.rows : (await client.event("view", (v) => v.view === view && v.complete)).rows;
      };
      expect([await done(all.view), await done(filtered.view), await done(last)]).toEqual([
        count,
        count / 3,
        Math.ceil(count / 65_536),
      ]);
      // Told while it grew, not only at the end.
      const growing = client.told.filter(
        (m) => m.kind === "event" && m.event === "view" && "scanned" in m.data && m.data.scanned < count,
      );
      expect(growing.length).toBeGreaterThan(0);
    }),
  );

  it("loading can be stopped: what was read stays", { timeout: 60_000 }, () =>
    withClient(async (client) => {
      const path = client.write("many.pcap", manyPackets({ count: 400_000 }));
      const stopped = client.event("workspace", (s) => s.state === "cancelled");
      const some = client.event("workspace", (s) => s.packets > 0);
      await client.ask("workspace.open", { paths: [path], add: false });
      await some;
      await client.ask("workspace.cancel", {});
      const { packets } = await stopped;
      expect(packets).toBeGreaterThan(0);
      expect(packets).toBeLessThan(400_000);
      expect((await client.view()).rows).toBe(packets);
      expect((await client.view("ip.id >= 0")).rows).toBe(packets);
      // Another file: everything is read from the beginning.
      const state = await client.loaded(() =>
        client.ask("workspace.open", { paths: [client.write("few.pcap", manyPackets({ count: 3 }))], add: true }),
      );
      expect(state.packets).toBe(400_003);
    }),
  );

  it("a search and a filter that read files are cancelled at once", { timeout: 60_000 }, () =>
    withClient(async (client) => {
      await client.open(client.write("many.pcap", manyPackets({ count: 60_000 })));
      const view = await client.view();
      const find = client.start("packets.find", {
        view: view.view,
        from: -1,
        backwards: false,
        by: "text",
        query: "nowhere to be found",
        caseSensitive: true,
      });
      const progress = new Promise<void>((resolve) => {
        const look = (): void =>
          client.told.some((m) => m.kind === "progress" && m.id === find.id) ? resolve() : void setImmediate(look);
        look();
      });
      await progress;
      find.cancel();
      await expect(find.answer).rejects.toMatchObject({ code: "cancelled" });
      const sorting = await client.ask("packets.open", {
        filter: "",
        sort: [{ column: "info", descending: false }],
        ignored: [],
      });
      await client.ask("packets.close", { view: sorting.view });
      expect(await client.ask("workspace.state", {})).toMatchObject({ state: "ready" });
    }),
  );
});
