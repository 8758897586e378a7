/** Recording while one looks on: what a source writes is in the workspace, also when it dies, and nothing of it is lost. */
import { execFileSync } from "node:child_process";
import { appendFileSync, createWriteStream, existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { liveHandlers } from "../../../src-main/engine/live/live-handlers";
import type { ToolPlace } from "../../../src-main/engine/live/capture-tools";
import type { LiveOptions, LiveSource, LiveSourceState } from "../../../src-shared/contract/live";
import { type RecorderStep, pings, pingsInTwoParts, recorderPlace } from "../../builders/live-recorder";
import { type ServiceClient, withClient } from "../../builders/service-client";

const NOWHERE: ToolPlace = { platform: "linux", folders: [], packages: "apt" };
const INTERFACE: LiveSource = { kind: "interfaces", interfaces: ["eth0"] };

function options(source: LiveSource, more: Partial<LiveOptions> = {}): LiveOptions {
  return { source, captureFilter: "", ring: null, stopAfterMegabytes: null, add: false, ...more };
}

function withLive(place: ToolPlace, use: (client: ServiceClient) => Promise<void>): Promise<void> {
  return withClient(use, [(engine) => liveHandlers(engine, place)]);
}

const withRecorder = (steps: readonly RecorderStep[], use: (client: ServiceClient) => Promise<void>): Promise<void> =>
  withLive(recorderPlace({ eth0: steps }), use);

const packetsReach = (client: ServiceClient, count: number): Promise<unknown> =>
  client.event("workspace", (s) => s.packets === count && s.files.length > 0);

const source = async (client: ServiceClient): Promise<LiveSourceState | undefined> =>
  (await client.ask("live.state", {})).sources[0];

/** Resolves when the source has ended, told or already there. */
async function ended(client: ServiceClient): Promise<LiveSourceState> {
  const isOver = (s: LiveSourceState | undefined): boolean => s?.state === "stopped" || s?.state === "failed";
  const now = await source(client);
  if (now && isOver(now)) return now;
  const state = await client.event("live", ({ sources }) => isOver(sources[0]));
  return state.sources[0] as LiveSourceState;
}

describe("a growing file", () => {
  it("is read as it grows, whatever piece of a record was written", () =>
    withLive(NOWHERE, async (client) => {
      const [head, tail] = pingsInTwoParts(6, 2);
      const path = client.write("growing.pcapng", head);
      const two = packetsReach(client, 2);
      await client.ask("live.start", options({ kind: "file", path }));
      await two;
      const state = await client.ask("workspace.state", {});
      // Loaded, as far as it goes: tables and joining need not wait for its end.
      expect(state).toMatchObject({ state: "ready", files: [{ state: "live", name: "growing.pcapng" }] });

      const view = await client.view();
      expect(view).toMatchObject({ rows: 2, complete: true });
      const three = packetsReach(client, 3);
      const middle = Math.ceil(tail.length / 4) + 7;
      for (const byte of tail.subarray(0, middle)) appendFileSync(path, Uint8Array.of(byte));
      await three;
      appendFileSync(path, tail.subarray(middle));
      // Stopped at once: what was written is read all the same.
      const { id } = (await source(client)) as LiveSourceState;
      expect(await client.ask("live.stop", { id })).toMatchObject({ state: "stopped", packets: 6 });
      expect(await client.ask("workspace.state", {})).toMatchObject({
        state: "ready",
        packets: 6,
        files: [{ state: "done", problems: [] }],
      });
      expect(await client.column("number")).toEqual(["1", "2", "3", "4", "5", "6"]);
    }));

  it("grows in views that filter and sort", () =>
    withLive(NOWHERE, async (client) => {
      const [head, tail] = pingsInTwoParts(4, 2);
      const path = client.write("growing.pcapng", head);
      const two = packetsReach(client, 2);
      await client.ask("live.start", options({ kind: "file", path }));
      await two;
      const quick = await client.view("icmp");
      const fromFile = await client.view("icmp.seq == 1 || icmp.seq == 3");
      const sorted = await client.view("", [{ column: "number", descending: true }]);
      expect([quick.rows, fromFile.rows, sorted.rows]).toEqual([2, 1, 2]);
      const grown = Promise.all([
        client.event("view", (v) => v.view === quick.view && v.rows === 4),
        client.event("view", (v) => v.view === fromFile.view && v.rows === 2),
        client.event("view", (v) => v.view === sorted.view && v.rows === 4),
      ]);
      appendFileSync(path, tail);
      await grown;
      await client.ask("live.stop", { id: (await source(client))?.id ?? "" });
      const { rows } = await client.ask("packets.rows", { view: sorted.view, from: 0, count: 9, columns: ["number"] });
      expect(rows.map((row) => row.number)).toEqual([4, 3, 2, 1]);
    }));

  it("cannot be a packed one, or one that is not there", () =>
    withLive(NOWHERE, async (client) => {
      const packed = client.write("a.pcap.gz", Uint8Array.of(0x1f, 0x8b, 8, 0, 0));
      await expect(client.ask("live.start", options({ kind: "file", path: packed }))).rejects.toThrow(/gzip/);
      const missing = join(client.folder, "none.pcap");
      await expect(client.ask("live.start", options({ kind: "file", path: missing }))).rejects.toThrow(/no such file/);
    }));
});

describe.skipIf(process.platform === "win32")("a named pipe", () => {
  it("is opened like a file, and grows until its writer ends", () =>
    withLive(NOWHERE, async (client) => {
      const path = join(client.folder, "pipe");
      execFileSync("mkfifo", [path]);
      const [head, tail] = pingsInTwoParts(5, 2);
      const state = await client.ask("workspace.open", { paths: [path], add: false });
      expect(state.files).toMatchObject([{ name: path, state: "live" }]);
      const two = packetsReach(client, 2);
      const writer = createWriteStream(path);
      writer.write(head);
      await two;
      writer.end(tail);
      expect(await ended(client)).toMatchObject({ state: "stopped", message: "the input ended" });
      await client.loaded(() => Promise.resolve(client.ask("workspace.state", {})));
      expect(await client.column("number")).toHaveLength(5);
    }));

  it("survives a reload: what came through it once is kept", () =>
    withLive(NOWHERE, async (client) => {
      const path = join(client.folder, "pipe");
      execFileSync("mkfifo", [path]);
      await client.ask("workspace.open", { paths: [path], add: false });
      const [head, tail] = pingsInTwoParts(5, 3);
      const three = packetsReach(client, 3);
      const writer = createWriteStream(path);
      writer.write(head);
      await three;
      const again = packetsReach(client, 5);
      await client.ask("workspace.reload", {});
      writer.end(tail);
      await again;
    }));
});

describe.skipIf(process.platform === "win32")("a program that records", () => {
  it("is told to end in order, and what it writes then is there too", () => {
    const [head, tail] = pingsInTwoParts(5, 2);
    const steps: RecorderStep[] = [
      { say: "Capturing on 'eth0'" },
      { write: head },
      { wait: "until-interrupted" },
      { write: tail },
      { say: "Packets received/dropped on interface 'eth0': 5/0 (pcap:0/dumpcap:0/flushed:0/ps_ifdrop:0) (100.0%)" },
      { exit: 0 },
    ];
    return withRecorder(steps, async (client) => {
      const two = packetsReach(client, 2);
      const { id, path } = await client.ask("live.start", options(INTERFACE));
      await two;
      expect(await client.ask("live.stop", { id })).toMatchObject({
        state: "stopped",
        packets: 5,
        problem: null,
        message: expect.stringContaining("5/0") as string,
      });
      await client.ask("workspace.close", { file: null });
      await client.event("live", ({ sources }) => sources.length === 0);
      expect(existsSync(path)).toBe(false);
    });
  });

  it("dies: its last words are told, its packets stay", () =>
    withRecorder(
      [{ write: pings(3) }, { say: "dumpcap: The network adapter was removed" }, { exit: 2 }],
      async (client) => {
        const three = packetsReach(client, 3);
        await client.ask("live.start", options(INTERFACE)).catch(() => undefined);
        await three;
        expect(await ended(client)).toMatchObject({
          state: "failed",
          message: "dumpcap: The network adapter was removed",
          packets: 3,
        });
      },
    ));

  it("may not record: what is open stays, and the commands that help are told", () =>
    withRecorder(
      [{ say: "dumpcap: You don't have permission to capture on that device" }, { exit: 1 }],
      async (client) => {
        await client.open(client.write("open.pcapng", pings(2)));
        await expect(client.ask("live.start", options(INTERFACE))).rejects.toMatchObject({
          code: "file",
          message: expect.stringContaining("may not record") as string,
          detail: { commands: [expect.stringContaining("dpkg-reconfigure"), expect.stringContaining("usermod")] },
        });
        expect(await client.ask("workspace.state", {})).toMatchObject({ packets: 2, files: [{ name: "open.pcapng" }] });
      },
    ));

  it("is started again from nothing, beside what was open", () =>
    withRecorder([{ write: pings(2) }, { wait: "until-interrupted" }], async (client) => {
      await client.open(client.write("beside.pcapng", pings(1)));
      const three = packetsReach(client, 3);
      const first = await client.ask("live.start", options(INTERFACE, { add: true }));
      await three;
      const second = await client.ask("live.restart", { id: first.id });
      expect(second.path).not.toBe(first.path);
      expect(existsSync(first.path)).toBe(false);
      await client.ask("live.stop", { id: second.id });
      const { files } = await client.ask("workspace.state", {});
      expect(files.map((f) => [f.name, f.packets])).toEqual([
        ["beside.pcapng", 1],
        ["eth0", 2],
      ]);
    }));

  it("keeps only the newest files of a ring", () =>
    withRecorder(
      [
        { ringFile: 1, write: pings(1) },
        { ringFile: 2, write: pings(2, 1) },
        { ringFile: 3, write: pings(4, 3) },
        { wait: "until-interrupted" },
      ],
      async (client) => {
        const six = packetsReach(client, 6);
        const { id } = await client.ask("live.start", options(INTERFACE, { ring: { megabytes: 1, files: 2 } }));
        await six;
        await client.ask("live.stop", { id });
        const { files } = await client.ask("workspace.state", {});
        expect(files.map((f) => [f.name, f.packets])).toEqual([
          ["eth0 (2)", 2],
          ["eth0 (3)", 4],
        ]);
      },
    ));

  it("ends when the recording is as large as it may be", () => {
    const large = pings(9000);
    expect(large.length).toBeGreaterThan(1e6 * 0.5);
    return withRecorder([{ write: large }, { write: large }, { wait: "until-interrupted" }], async (client) => {
      await client.ask("live.start", options(INTERFACE, { stopAfterMegabytes: 1 }));
      expect(await ended(client)).toMatchObject({ state: "stopped" });
    });
  });
});

describe("two sources at once", () => {
  const names = async (client: ServiceClient): Promise<string[]> =>
    (await client.ask("workspace.state", {})).points.map((point) => point.description ?? "");

  /** Two files that others write, followed together: 2 + 3 packets so far. */
  async function followTwo(
    client: ServiceClient,
  ): Promise<{ paths: [string, string]; rest: [Uint8Array, Uint8Array] }> {
    const [a, restOfA] = pingsInTwoParts(4, 2);
    const [b, restOfB] = pingsInTwoParts(5, 3);
    const paths: [string, string] = [client.write("n1.pcapng", a), client.write("n2.pcapng", b)];
    const two = packetsReach(client, 2);
    await client.ask("live.start", options({ kind: "file", path: paths[0] }));
    await two;
    const five = packetsReach(client, 5);
    await client.ask("live.start", options({ kind: "file", path: paths[1] }, { add: true }));
    await five;
    return { paths, rest: [restOfA, restOfB] };
  }

  it("are one recording that grows, in which machines are told apart", () =>
    withLive(NOWHERE, async (client) => {
      const { paths, rest } = await followTwo(client);
      expect(await names(client)).toEqual(["machine n1", "machine n2"]);
      const { files } = await client.ask("workspace.state", {});
      expect(files).toMatchObject([{ name: "n1.pcapng + n2.pcapng", state: "live" }]);
      const nine = packetsReach(client, 9);
      appendFileSync(paths[1], rest[1]);
      appendFileSync(paths[0], rest[0]);
      await nine;
      const { sources } = await client.ask("live.state", {});
      expect(sources.map(({ label, packets, state }) => [label, packets, state])).toEqual([
        ["n1.pcapng", 4, "running"],
        ["n2.pcapng", 5, "running"],
      ]);
      expect(sources[0]?.path).toBe(sources[1]?.path);
    }));

  it("end one by one: what the other writes still comes, and nothing is lost", () =>
    withLive(NOWHERE, async (client) => {
      const { paths, rest } = await followTwo(client);
      const [first, second] = (await client.ask("live.state", {})).sources;
      appendFileSync(paths[0], rest[0]);
      // Stopped at once: what was written until then is read.
      expect(await client.ask("live.stop", { id: first?.id ?? "" })).toMatchObject({ state: "stopped", packets: 4 });
      expect(await client.ask("workspace.state", {})).toMatchObject({ files: [{ state: "live" }] });
      appendFileSync(paths[1], rest[1]);
      expect(await client.ask("live.stop", { id: second?.id ?? "" })).toMatchObject({ state: "stopped", packets: 5 });
      expect(await client.ask("workspace.state", {})).toMatchObject({
        packets: 9,
        files: [{ state: "done", problems: [] }],
      });
    }));

  it("one whose bytes are no capture ends with what was expected; the other goes on", () =>
    withLive(NOWHERE, async (client) => {
      const { paths, rest } = await followTwo(client);
      const failed = client.event("live", ({ sources }) => sources[0]?.state === "failed");
      appendFileSync(paths[0], new TextEncoder().encode("this is not a block of a capture"));
      const { sources } = await failed;
      expect(sources[0]?.message).toMatch(/byte \d+: /);
      const seven = packetsReach(client, 7);
      appendFileSync(paths[1], rest[1]);
      await seven;
    }));

  it("are closed together, and leave no file of ours behind", () =>
    withLive(recorderPlace({ eth0: [{ write: pings(2) }, { wait: "until-interrupted" }] }), async (client) => {
      const path = client.write("n1.pcapng", pings(1));
      await client.ask("live.start", options({ kind: "file", path }));
      const three = packetsReach(client, 3);
      const { path: recording } = await client.ask("live.start", options(INTERFACE, { add: true }));
      await three;
      await client.ask("workspace.close", { file: null });
      await client.event("live", ({ sources }) => sources.length === 0);
      expect(existsSync(recording)).toBe(false);
      // Somebody else's.
      expect(existsSync(path)).toBe(true);
    }));

  it("are started again together, from nothing", () =>
    withLive(recorderPlace({ eth0: [{ write: pings(2) }, { wait: "until-interrupted" }] }), async (client) => {
      const path = client.write("n1.pcapng", pings(1));
      await client.ask("live.start", options({ kind: "file", path }));
      const three = packetsReach(client, 3);
      const first = await client.ask("live.start", options(INTERFACE, { add: true }));
      await three;
      const second = await client.ask("live.restart", { id: first.id });
      expect(second.path).not.toBe(first.path);
      const { sources } = await client.ask("live.state", {});
      for (const { id } of sources) await client.ask("live.stop", { id });
      expect((await client.ask("live.state", {})).sources.map(({ label, packets }) => [label, packets])).toEqual([
        ["n1.pcapng", 1],
        ["eth0", 2],
      ]);
      expect(await client.ask("workspace.state", {})).toMatchObject({ packets: 3, files: [{ state: "done" }] });
    }));

  it("two pipes of one command line", () => {
    if (process.platform === "win32") return;
    return withLive(NOWHERE, async (client) => {
      const paths = ["one", "two"].map((name) => join(client.folder, name));
      for (const path of paths) execFileSync("mkfifo", [path]);
      await client.ask("workspace.open", { paths, add: false });
      const five = packetsReach(client, 5);
      paths.forEach((path, i) => createWriteStream(path).end(pings(i + 2)));
      await five;
    });
  });
});

describe("what cannot be", () => {
  it("a missing program is told with the command that installs it", () =>
    withLive(NOWHERE, async (client) => {
      await expect(client.ask("live.start", options(INTERFACE))).rejects.toThrow("apt-get install wireshark-common");
      const pod: LiveSource = { kind: "pod", context: "", namespace: "", pod: "web", container: "", interface: "any" };
      await expect(client.ask("live.start", options(pod))).rejects.toThrow(/kubectl is not installed/);
      const { tools, problem } = await client.ask("live.tools", {});
      expect(tools.map((tool) => tool.path)).toEqual([null, null, null, null, null]);
      expect(problem?.commands).toEqual(["sudo apt-get install wireshark-common"]);
    }));

  it("a second recording in place of one that runs, and a ring beside another source", () =>
    withLive(recorderPlace({ eth0: [{ write: pings(1) }, { wait: "until-interrupted" }] }), async (client) => {
      const path = client.write("a.pcapng", pings(1));
      await client.ask("live.start", options({ kind: "file", path }));
      await expect(client.ask("live.start", options({ kind: "file", path }))).rejects.toThrow(/stop that first/);
      const ring = options(INTERFACE, { add: true, ring: { megabytes: 1, files: 2 } });
      await expect(client.ask("live.start", ring)).rejects.toThrow(/a ring buffer is for one source/);
    }));

  it("filters of what is no interface, controls of what is no generator", () =>
    withLive(NOWHERE, async (client) => {
      const path = client.write("a.pcapng", pings(1));
      const wanted = options({ kind: "file", path }, { captureFilter: "icmp" });
      await expect(client.ask("live.start", wanted)).rejects.toThrow(/display filter/);
      const { id } = await client.ask("live.start", options({ kind: "file", path }));
      await expect(client.ask("live.control", { id, control: { kind: "pause" } })).rejects.toThrow(/no generator/);
    }));

  it("a file added while another grows is read, and the growing one goes on", () =>
    withLive(NOWHERE, async (client) => {
      const [head, tail] = pingsInTwoParts(4, 2);
      const path = client.write("growing.pcapng", head);
      const two = packetsReach(client, 2);
      await client.ask("live.start", options({ kind: "file", path }));
      await two;
      const five = packetsReach(client, 5);
      await client.ask("workspace.open", { paths: [client.write("more.pcapng", pings(3))], add: true });
      await five;
      const seven = packetsReach(client, 7);
      writeFileSync(path, tail, { flag: "a" });
      await seven;
    }));
});
