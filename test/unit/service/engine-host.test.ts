/** The engine in its thread: it answers, survives its own end, and cleans up. */
import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { FromEngine } from "../../../src-shared/contract/messages";
import type { WorkspaceState } from "../../../src-shared/contract/results";
import { EngineHost } from "../../../src-main/engine/service/engine-host";
import { parseTraffic, trafficToPcapng } from "../../builders/traffic";

const THREAD = resolve("out/main/engine-thread.js");
const WEB = `@veth0 = ethernet
  0.0 @veth0 10.0.0.1:1000 > 10.0.0.2:80 tcp SYN
  0.1 @veth0 10.0.0.2:80 > 10.0.0.1:1000 tcp SYN,ACK`;

let folder = "";
let host: EngineHost;
let told: FromEngine[] = [];
let listeners: ((message: FromEngine) => void)[] = [];

/** The real thread, but for a method that ends it as a defect would. */
function mortalThread(): string {
  const path = join(folder, "mortal.mjs");
  writeFileSync(
    path,
    `import { parentPort } from "node:worker_threads";
     const on = parentPort.on.bind(parentPort);
     parentPort.on = (name, listener) => on(name, (m) => {
       if (m.method === "crash") throw new Error("told to crash");
       listener(m);
     });
     await import(${JSON.stringify(pathToFileURL(THREAD).href)});`,
  );
  return path;
}

function next(wanted: (message: FromEngine) => boolean): Promise<FromEngine> {
  return new Promise((done) => {
    const listener = (message: FromEngine): void => {
      if (!wanted(message)) return;
      listeners = listeners.filter((l) => l !== listener);
      done(message);
    };
    listeners.push(listener);
  });
}

const result = (id: number): Promise<FromEngine> => next((m) => m.kind === "result" && m.id === id);
const workspace = (wanted: (state: WorkspaceState) => boolean): Promise<WorkspaceState> =>
  next((m) => m.kind === "event" && m.event === "workspace" && wanted(m.data as WorkspaceState)).then(
    (m) => (m as { data: WorkspaceState }).data,
  );

async function ask(id: number, method: string, params: unknown): Promise<FromEngine> {
  const answer = result(id);
  host.send({ kind: "request", id, method: method as never, params });
  return answer;
}

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "hopscope-host-"));
  told = [];
  listeners = [];
  host = new EngineHost({ scratchFolder: join(folder, "scratch"), program: mortalThread() });
  host.onMessage((message) => {
    told.push(message);
    for (const listener of listeners) listener(message);
  });
});

afterEach(async () => {
  await host.close();
  rmSync(folder, { recursive: true });
});

describe.skipIf(!existsSync(THREAD))("engine thread (skipped where out/main is not built)", () => {
  it(
    "is started again after a crash, opens what was open, and answers what was asked",
    { timeout: 30_000 },
    async () => {
      const path = join(folder, "web.pcapng");
      writeFileSync(path, trafficToPcapng(parseTraffic(WEB)));
      const ready = workspace((s) => s.state === "ready");
      await ask(1, "workspace.open", { paths: [path], add: false });
      const before = await ready;
      await ask(2, "workspace.setPoint", { point: 0, name: "pod side", enabled: false });

      const restarted = next((m) => m.kind === "event" && m.event === "restarted");
      const again = workspace((s) => s.state === "ready" && s.workspace > before.workspace);
      expect(await ask(3, "crash", {})).toMatchObject({ ok: false, code: "engine-restarted" });
      expect(await restarted).toMatchObject({ data: { reason: expect.stringContaining("told to crash") as string } });
      expect(await again).toMatchObject({ packets: 2, points: [{ name: "pod side", enabled: false }] });
      expect(await ask(4, "workspace.state", {})).toMatchObject({ ok: true });
    },
  );

  it("gives up on a workspace that ends it again and again", { timeout: 30_000 }, async () => {
    for (let i = 0; i < 3; i++) await ask(i, "crash", {});
    const reasons = told
      .filter((m) => m.kind === "event" && m.event === "restarted")
      .map((m) => (m as { data: { reason: string } }).data.reason);
    expect(reasons[0]).not.toMatch(/not opened again/);
    expect(reasons[2]).toMatch(/not opened again/);
    expect(await ask(9, "workspace.state", {})).toMatchObject({ ok: true, value: { state: "empty" } });
  });

  it("ends orderly: nothing is left in the scratch folder", { timeout: 30_000 }, async () => {
    expect(await ask(1, "workspace.state", {})).toMatchObject({ ok: true });
    await host.close();
    expect(readdirSync(join(folder, "scratch"))).toEqual([]);
    host.send({ kind: "request", id: 2, method: "workspace.state", params: {} }); // nobody answers, nothing breaks
  });
});
