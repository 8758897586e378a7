/** The workspace of the engine service: files come and go, points are switched off, damage stays where it is. */
import { readFileSync, readdirSync, writeFileSync } from "node:fs";
import { gzipSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import { type ServiceClient, withClient } from "../../builders/service-client";

const PING = `a = 10.0.0.1   b = 10.0.0.2
  0.0 a > b icmp request ident=7 seq=1 "ping"
  0.1 b > a icmp reply ident=7 seq=1 "ping"
`;
const WEB = `start 2024-03-01T10:00:00.05Z
  client = 10.0.0.1:1000   server = 10.0.0.2:80
  @veth0 = ethernet
  @eth0 = ethernet index=1 description="node NIC"
  syn: 0.00 @veth0 client > server tcp SYN
  0.02 @eth0 seen syn
  0.10 @veth0 server > client tcp SYN,ACK
  0.20 @veth0 client > server tcp ACK
`;

const addresses = (client: ServiceClient): Promise<string[]> => client.column("source");

describe("workspace", () => {
  it("is empty at first, and says what is gone", () =>
    withClient(async (client) => {
      expect(await client.ask("workspace.state", {})).toMatchObject({
        state: "empty",
        files: [],
        points: [],
        packets: 0,
      });
      await expect(client.ask("packets.open", { filter: "", sort: [], ignored: [] })).rejects.toMatchObject({
        code: "gone",
      });
      await expect(client.ask("workspace.close", { file: 3 })).rejects.toMatchObject({ code: "gone" });
    }));

  it("tells files, points, counts and times", () =>
    withClient(async (client) => {
      const state = await client.open(client.write("web.pcapng", WEB), client.write("ping.pcapng", PING));
      expect(state).toMatchObject({ state: "ready", packets: 6, firstTime: [1709287200, 0] });
      expect(state.files.map((f) => [f.name, f.state, f.packets, f.format, f.problems])).toEqual([
        ["web.pcapng", "done", 4, "pcapng", []],
        ["ping.pcapng", "done", 2, "pcapng", []],
      ]);
      expect(state.points.map((p) => [p.id, p.name, p.packets, p.role, p.enabled])).toEqual([
        ["web.pcapng#0", "veth0", 3, "host-veth", true],
        ["web.pcapng#1", "eth0", 1, "unknown", true],
        ["ping.pcapng#0", state.points[2]?.name, 2, "unknown", true],
      ]);
      expect(state.read).toBe(state.total);
      // The curves count every packet once.
      const measured = await client.event("workspace", (s) => s.points.some((p) => p.sparkline.some((n) => n > 0)));
      expect(measured.points.map((p) => p.sparkline.reduce((a, b) => a + b, 0))).toEqual([3, 1, 2]);
    }));

  it("merges files by time, each in its own order", () =>
    withClient(async (client) => {
      await client.open(client.write("ping.pcapng", PING), client.write("web.pcapng", WEB));
      const view = await client.view();
      const { rows } = await client.ask("packets.rows", { view: view.view, from: 0, count: 10, columns: ["protocol"] });
      expect(rows.map((r) => `${r.file}/${r.number} ${r.cells[0]}`)).toEqual([
        "0/1 ICMP",
        "1/1 TCP",
        "1/2 TCP",
        "0/2 ICMP",
        "1/3 TCP",
        "1/4 TCP",
      ]);
    }));

  it("adds files to what is open: ids stay, and a conversation keeps its number", () =>
    withClient(async (client) => {
      const web = client.write("web.pcapng", WEB);
      await client.open(web);
      const before = await client.view();
      const again = client.write("again.pcapng", WEB.replace("10:00:00", "10:00:01"));
      const state = await client.loaded(() => client.ask("workspace.open", { paths: [again, web], add: true }));
      expect(state.files.map((f) => f.name)).toEqual(["web.pcapng", "again.pcapng"]);
      expect(state.packets).toBe(8);
      const { rows, view } = await client.ask("packets.rows", {
        view: before.view,
        from: 0,
        count: 20,
        columns: ["stream"],
      });
      expect(view.rows).toBe(8);
      expect(rows.map((r) => r.packet)).toEqual([0, 1, 2, 3, 4, 5, 6, 7]);
      // The same initial sequence number: another sighting of the same connection.
      expect(new Set(rows.map((r) => r.cells[0]))).toEqual(new Set(["0"]));
      expect(rows.map((r) => r.reply)).toEqual([false, false, true, false, false, false, true, false]);
    }));

  it("closes one file: the others are read anew, views of before are gone", () =>
    withClient(async (client) => {
      const state = await client.open(client.write("ping.pcapng", PING), client.write("web.pcapng", WEB));
      const view = await client.view();
      const after = await client.loaded(() => client.ask("workspace.close", { file: 0 }));
      expect(after.workspace).not.toBe(state.workspace);
      expect(after).toMatchObject({ packets: 4, files: [{ name: "web.pcapng", file: 0 }] });
      await expect(
        client.ask("packets.rows", { view: view.view, from: 0, count: 1, columns: [] }),
      ).rejects.toMatchObject({ code: "gone" });
      expect(await client.ask("workspace.close", { file: null })).toMatchObject({ state: "empty", packets: 0 });
    }));

  it("leaves out packets of points that are switched off, in open views too", () =>
    withClient(async (client) => {
      await client.open(client.write("web.pcapng", WEB));
      const view = await client.view();
      const filtered = await client.view("tcp.flags == 2");
      expect([view.rows, filtered.rows]).toEqual([4, 2]);
      const both = Promise.all(
        [view, filtered].map((v) => client.event("view", (s) => s.view === v.view && s.complete)),
      );
      await client.ask("workspace.setPoint", { point: 1, enabled: false });
      expect((await both).map((s) => s.rows)).toEqual([3, 1]);
      const on = client.event("view", (s) => s.view === view.view && s.complete);
      await client.ask("workspace.setPoint", { point: 1, enabled: true });
      expect((await on).rows).toBe(4);
    }));

  it("keeps what a person said about points through a reload", () =>
    withClient(async (client) => {
      await client.open(client.write("web.pcapng", WEB));
      await client.ask("workspace.setPoint", { point: 0, name: " pod side ", role: "pod-nic" });
      await client.ask("workspace.setPoint", { point: 1, enabled: false });
      await client.ask("workspace.setClockOffset", { file: 0, seconds: -0.25 });
      const state = await client.loaded(() => client.ask("workspace.reload", {}));
      expect(state.points.map((p) => [p.name, p.role, p.roleTold, p.enabled])).toEqual([
        ["pod side", "pod-nic", true, true],
        ["eth0", "unknown", false, false],
      ]);
      expect(state.files[0]?.clockOffset).toBe(-0.25);
      expect((await client.view()).rows).toBe(3);
      const back = await client.ask("workspace.setPoint", { point: 0, name: null, role: null });
      expect(back.points[0]).toMatchObject({ name: "veth0", role: "host-veth", roleTold: false });
    }));

  it("decodes as told, and refuses what it does not know", () =>
    withClient(async (client) => {
      await client.open(
        client.write(
          "tunnel.pcapng",
          `0.0 10.0.0.1 > 10.0.0.2 vxlan(vni=5, 192.0.2.1 > 192.0.2.2, dport=9999) icmp request ident=1 seq=1`,
        ),
      );
      expect(await client.column("vxlan.vni")).toEqual(["5"]); // by its bytes
      const rules = [{ what: "udp.port", value: 9999, as: "data" as const }];
      const state = await client.loaded(() => client.ask("workspace.setDecodeAs", { rules }));
      expect(state.decodeAs).toEqual(rules);
      expect(await client.column("vxlan.vni")).toEqual([""]);
      await expect(
        client.ask("workspace.setDecodeAs", { rules: [{ what: "carrier pigeon", value: 1, as: "ip" }] }),
      ).rejects.toMatchObject({ code: "invalid-request" });
      expect((await client.ask("workspace.state", {})).decodeAs).toEqual(rules);
    }));

  it("reads compressed files by way of a spool, which is gone afterwards", () =>
    withClient(async (client) => {
      const plain = client.write("web.pcapng", WEB);
      const packed = client.write("web.pcapng.gz", gzipSync(readFileSync(plain)));
      const state = await client.open(packed);
      expect(state.files[0]).toMatchObject({ compression: "gzip", packets: 4, state: "done" });
      expect(readdirSync(client.scratch)).toHaveLength(1);
      expect(await addresses(client)).toEqual(["10.0.0.1", "10.0.0.1", "10.0.0.2", "10.0.0.1"]);
      // A filter that reads the file again reads the spool.
      expect(await client.column("number", "ip.id != 0x7777 && tcp.checksum")).toHaveLength(4);
      await client.ask("workspace.close", { file: null });
      await client.open(plain);
      expect(readdirSync(client.scratch)).toEqual([]);
    }));

  it("tells of damage and of files that are not there, and shows the rest", () =>
    withClient(async (client) => {
      const whole = readFileSync(client.write("web.pcapng", WEB));
      const cut = client.write("cut.pcapng", whole.subarray(0, whole.length - 30));
      const noise = client.write(
        "noise.pcap",
        Uint8Array.from({ length: 999 }, (_, i) => (i * 37) & 255),
      );
      const state = await client.open(cut, noise, "/no/such/file.pcap");
      expect(state.state).toBe("ready");
      expect(state.files.map((f) => [f.state, f.packets, f.problems.length])).toEqual([
        ["done", 3, 1],
        ["failed", 0, 1],
        ["failed", 0, 1],
      ]);
      expect(state.files[0]?.problems[0]?.message).toMatch(/cut short/);
      expect(state.files[1]?.problems[0]?.message).toMatch(/expected a pcap or pcapng capture/);
      expect(state.files[2]?.problems[0]?.message).toMatch(/no such file/);
      expect((await client.view()).rows).toBe(3);
      expect(await client.column("number", "tcp.checksum")).toHaveLength(3);
    }));

  it("says so when a file was changed behind its back", () =>
    withClient(async (client) => {
      const path = client.write("web.pcapng", WEB);
      await client.open(path);
      const view = await client.view();
      writeFileSync(path, readFileSync(path).subarray(0, 300));
      await expect(
        client.ask("packets.rows", { view: view.view, from: 0, count: 4, columns: ["info"] }),
      ).rejects.toMatchObject({
        code: "file",
        message: expect.stringMatching(/was changed since it was opened; reload it/) as string,
      });
      // What the index holds is still told.
      const { rows } = await client.ask("packets.rows", { view: view.view, from: 0, count: 4, columns: ["length"] });
      expect(rows).toHaveLength(4);
    }));

  it("stops when memory is full, says so, and goes on with what it has", () =>
    withClient(
      async (client) => {
        const state = await client.open(client.write("web.pcapng", WEB));
        expect(state.files[0]?.state).toBe("failed");
        expect(state.files[0]?.problems[0]?.message).toMatch(/memory is full after 4 packets/);
        expect((await client.view()).rows).toBe(4);
      },
      [],
      1000,
    ));

  it("answers the state ten times a second at most while it loads", () =>
    withClient(async (client) => {
      const files = Array.from({ length: 60 }, (_, i) => client.write(`${i}.pcapng`, PING));
      await client.open(...files);
      const states = client.told.filter((m) => m.kind === "event" && m.event === "workspace");
      expect(states.length).toBeLessThan(10);
    }));
});
