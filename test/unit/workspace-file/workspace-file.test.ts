/** Saving a workspace, moving its captures about, and opening it again: through the engine, as the window asks. */
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { zipSync } from "fflate";
import { describe, expect, it } from "vitest";
import { workspaceFileHandlers } from "../../../src-main/engine/workspace-file/workspace-file-handlers";
import type { WorkspaceFileOpening } from "../../../src-shared/contract/workspace-file";
import { EMPTY_WINDOW_PART, type WindowPart } from "../../../src-shared/workspace-file/document";
import { type ServiceClient, withClient } from "../../builders/service-client";

const PING = "0.000 10.0.0.1 > 10.0.0.2 icmp request ident=1 seq=1\n0.001 10.0.0.2 > 10.0.0.1 icmp reply ident=1 seq=1";
const UDP = `0.000 10.0.0.1:1000 > 10.0.0.2:53 udp "one"`;

const MODULES = [workspaceFileHandlers];

async function save(
  client: ServiceClient,
  path: string,
  window: Partial<WindowPart> = {},
  inside = false,
): Promise<void> {
  // In two pieces: a window's part may be larger than a message.
  const text = JSON.stringify({ ...EMPTY_WINDOW_PART, ...window });
  await client.ask("workspaceFile.stage", { token: "t", text: text.slice(0, 10) });
  await client.ask("workspaceFile.stage", { token: "t", text: text.slice(10) });
  await client.ask("workspaceFile.save", { path, token: "t", inside });
}

function reopen(
  client: ServiceClient,
  path: string,
  folders: string[] = [],
  anyway = false,
): Promise<WorkspaceFileOpening> {
  return client.ask("workspaceFile.open", { path, folders, anyway, later: false });
}

const states = (opening: WorkspaceFileOpening): string[] => opening.files.map((file) => `${file.name} ${file.state}`);

describe("a workspace file", () => {
  it("keeps captures, roles, names, clock offsets, decode-as, cluster files and what the window adds", () =>
    withClient(async (client) => {
      const cluster = join(client.folder, "all.json");
      writeFileSync(cluster, '{"apiVersion":"v1","kind":"List","items":[]}');
      await client.open(client.write("n1.pcapng", PING), client.write("n2.pcapng", UDP));
      await client.ask("workspace.setPoint", { point: 1, name: "node two", role: "node-nic", enabled: false });
      await client.ask("workspace.setClockOffset", { file: 1, seconds: -0.25 });
      await client.loaded(() =>
        client.ask("workspace.setDecodeAs", { rules: [{ what: "udp.port", value: 53, as: "data" }] }),
      );
      await client.ask("workspace.setCluster", { paths: [cluster] });
      const path = join(client.folder, "a.hopscope");
      await save(client, path, { filter: "icmp", layout: { "layout.main-tab": "findings" } });
      await client.ask("workspace.close", { file: null });

      let opening!: WorkspaceFileOpening;
      const state = await client.loaded(async () => (opening = await reopen(client, path)));
      expect(states(opening)).toEqual(["n1.pcapng found", "n2.pcapng found", "all.json found"]);
      expect(state.files.map((file) => [file.name, file.clockOffset])).toEqual([
        ["n1.pcapng", null],
        ["n2.pcapng", -0.25],
      ]);
      expect(state.points[1]).toMatchObject({ name: "node two", role: "node-nic", roleTold: true, enabled: false });
      expect(state.decodeAs).toEqual([{ what: "udp.port", value: 53, as: "data" }]);
      expect(state.clusterFiles).toEqual([cluster]);
      expect(JSON.parse(opening.window)).toMatchObject({ filter: "icmp", layout: { "layout.main-tab": "findings" } });
    }, MODULES));

  it("finds captures that were moved together with it, renamed beside it, or put where a person points", () =>
    withClient(async (client) => {
      const capture = client.write("n1.pcapng", PING);
      await client.open(capture);
      const path = join(client.folder, "a.hopscope");
      await save(client, path);
      await client.ask("workspace.close", { file: null });

      const moved = join(client.folder, "moved");
      mkdirSync(moved);
      renameSync(capture, join(moved, "n1.pcapng"));
      copyFileSync(path, join(moved, "a.hopscope"));
      expect(states(await reopen(client, join(moved, "a.hopscope")))).toEqual(["n1.pcapng moved"]);

      renameSync(join(moved, "n1.pcapng"), join(moved, "other name.cap"));
      const renamed = await reopen(client, join(moved, "a.hopscope"));
      expect(renamed.files[0]?.path).toBe(join(moved, "other name.cap"));

      const deep = join(client.folder, "x", "y");
      mkdirSync(deep, { recursive: true });
      renameSync(join(moved, "other name.cap"), join(deep, "z.cap"));
      const missing = await reopen(client, join(moved, "a.hopscope"));
      expect(missing).toMatchObject({ opened: false, state: null });
      expect(missing.files).toEqual([
        { name: "n1.pcapng", kind: "capture", recorded: capture, path: null, state: "missing" },
      ]);
      const found = await reopen(client, join(moved, "a.hopscope"), [join(client.folder, "x")]);
      expect(found).toMatchObject({ opened: true, files: [{ path: join(deep, "z.cap"), state: "moved" }] });
    }, MODULES));

  it("opens without what is missing if a person says so: the file is listed with its problem", () =>
    withClient(async (client) => {
      const capture = client.write("n1.pcapng", PING);
      await client.open(capture, client.write("n2.pcapng", UDP));
      const path = join(client.folder, "a.hopscope");
      await save(client, path);
      rmSync(capture);
      const state = await client.loaded(() => reopen(client, path, [], true));
      expect(state.files.map((file) => file.state)).toEqual(["failed", "done"]);
      expect(state.files[0]?.problems[0]?.message).toMatch(/not found when the workspace was opened/);
    }, MODULES));

  it("says when a capture at its place is not what it was", () =>
    withClient(async (client) => {
      const capture = client.write("n1.pcapng", PING);
      await client.open(capture);
      const path = join(client.folder, "a.hopscope");
      await save(client, path);
      client.write("n1.pcapng", UDP);
      expect(states(await reopen(client, path))).toEqual(["n1.pcapng changed"]);
    }, MODULES));

  it("carries the captures inside: they may be deleted, and the file sent to somebody else", () =>
    withClient(async (client) => {
      const capture = client.write("n1.pcapng", PING);
      const before = readFileSync(capture);
      await client.open(capture);
      const path = join(client.folder, "a.hopscope");
      await save(client, path, {}, true);
      await client.ask("workspace.close", { file: null });
      rmSync(capture);
      let opening!: WorkspaceFileOpening;
      const state = await client.loaded(async () => (opening = await reopen(client, path)));
      expect(states(opening)).toEqual(["n1.pcapng inside"]);
      expect(state.packets).toBe(2);
      expect(readFileSync(opening.files[0]?.path ?? "")).toEqual(before);
      // Saved again, they stay inside: where they were unpacked to does not last.
      await save(client, path);
      expect(states(await reopen(client, path))).toEqual(["n1.pcapng inside"]);
    }, MODULES));

  it("never writes over a file that is no workspace", () =>
    withClient(async (client) => {
      await client.open(client.write("n1.pcapng", PING));
      const precious = join(client.folder, "precious.hopscope");
      writeFileSync(precious, "letters");
      await expect(save(client, precious)).rejects.toThrow(/is no workspace/);
      await expect(save(client, join(client.folder, "n1.pcapng"))).rejects.toThrow(/ends in \.hopscope/);
      expect(readFileSync(precious, "utf8")).toBe("letters");
      await expect(save(client, join(client.folder, "no-folder", "a.hopscope"))).rejects.toThrow(/no-folder/);
      expect(readdirSync(client.folder).filter((name) => name.includes("part"))).toEqual([]);
    }, MODULES));

  it.each([
    ["no zip", () => new TextEncoder().encode("hello"), /no zip/],
    ["a zip of something else", () => zipSync({ "x.txt": new Uint8Array(3) }), /holds no workspace\.json/],
    ["no JSON", () => zipSync({ "workspace.json": new TextEncoder().encode("{") }), /workspace\.json is no JSON/],
    ["another program's JSON", () => documentZip({ format: "other", version: 1 }), /no Hopscope workspace/],
    ["a newer version", () => documentZip({ ...document(), version: 7 }), /newer Hopscope \(workspace version 7/],
    ["a wrong field", () => documentZip({ ...document(), captures: [{ name: 3 }] }), /captures\.0\.name/],
    [
      "a path that leads out",
      () => documentZip({ ...document(), captures: [capture({ inside: "captures/0/../../../x" })] }),
      /is no name of an entry/,
    ],
    [
      "an entry that is not there",
      () => documentZip({ ...document(), captures: [capture({ inside: "captures/0/x.pcap" })] }),
      /which is not in the file/,
    ],
  ])("is refused with the place of the trouble: %s", (_what, bytes, message) =>
    withClient(async (client) => {
      const path = join(client.folder, "bad.hopscope");
      writeFileSync(path, bytes());
      await expect(reopen(client, path)).rejects.toThrow(message);
      await expect(reopen(client, path)).rejects.toThrow(path);
    }, MODULES),
  );
});

describe("what was not saved", () => {
  it("is kept while Hopscope runs, and offered when it ended without saving", () =>
    withClient(async (client) => {
      const folder = join(client.folder, "unsaved");
      await client.open(client.write("n1.pcapng", PING));
      await client.ask("workspace.setPoint", { point: 0, name: "the pod" });
      await client.ask("workspaceFile.stage", { token: "t", text: JSON.stringify(EMPTY_WINDOW_PART) });
      await client.ask("workspaceFile.autosave", { folder, token: "t", name: null });
      const [own = ""] = readdirSync(folder);
      expect(own).toBe(`${process.pid}.hopscope`);
      // This process still runs: nothing to offer.
      expect(await client.ask("workspaceFile.recoverable", { folder })).toEqual({ workspaces: [] });

      // As if the process with this number had ended.
      const left = join(folder, "999999999.hopscope");
      renameSync(join(folder, own), left);
      writeFileSync(join(folder, "999999998.hopscope"), "half a zip");
      const half = join(folder, "999999997.hopscope.part-999999997");
      writeFileSync(half, "half");
      const { workspaces } = await client.ask("workspaceFile.recoverable", { folder });
      expect(existsSync(half)).toBe(false);
      expect(workspaces).toMatchObject([{ path: left, title: "n1.pcapng", captures: 1 }]);
      expect(existsSync(join(folder, "999999998.hopscope.damaged"))).toBe(true);

      const state = await client.loaded(() => reopen(client, left));
      expect(state.points[0]?.name).toBe("the pod");
      await client.ask("workspaceFile.discard", { folder, path: left });
      expect(existsSync(left)).toBe(false);
      await expect(client.ask("workspaceFile.discard", { folder, path: "/etc/passwd" })).rejects.toThrow(/no autosave/);
    }, MODULES));

  it("is forgotten when it is saved", () =>
    withClient(async (client) => {
      const folder = join(client.folder, "unsaved");
      await client.open(client.write("n1.pcapng", PING));
      await client.ask("workspaceFile.stage", { token: "t", text: JSON.stringify(EMPTY_WINDOW_PART) });
      await client.ask("workspaceFile.autosave", { folder, token: "t", name: null });
      await client.ask("workspaceFile.forgetAutosave", { folder });
      expect(readdirSync(folder)).toEqual([]);
    }, MODULES));
});

describe("a workspace that a host opened", () => {
  it("waits for the window that asks first", () =>
    withClient(async (client) => {
      await client.open(client.write("n1.pcapng", PING));
      const path = join(client.folder, "a.hopscope");
      await save(client, path, { filter: "icmp" });
      await client.ask("workspaceFile.open", { path, folders: [], anyway: false, later: true });
      expect(await client.ask("workspaceFile.waiting", {})).toMatchObject({ path, opened: true });
      expect(await client.ask("workspaceFile.waiting", {})).toBeNull();
    }, MODULES));
});

function document(): Record<string, unknown> {
  return {
    format: "hopscope-workspace",
    version: 1,
    savedMs: 0,
    application: "test",
    base: null,
    captures: [],
    decodeAs: [],
    clusterFiles: [],
    window: EMPTY_WINDOW_PART,
  };
}

function capture(changes: Record<string, unknown>): Record<string, unknown> {
  return {
    name: "x.pcap",
    path: "/x.pcap",
    relative: null,
    bytes: 1,
    hash: null,
    inside: null,
    clockOffset: null,
    points: [],
    ...changes,
  };
}

function documentZip(value: unknown): Uint8Array {
  return zipSync({ "workspace.json": new TextEncoder().encode(JSON.stringify(value)) });
}
