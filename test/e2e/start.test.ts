/** `npm start`, `hopscope open` and `hopscope serve`, as a person starts and ends them. */
import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { chmodSync, existsSync, mkdtempSync, readFileSync, readdirSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { delimiter, join, resolve } from "node:path";
import { afterEach, describe, expect, it } from "vitest";
import { STAND_IN, electronEnvironment } from "./support/app";
import { CHROMIUM } from "./support/chromium";
import { guard, isAlive } from "./support/process-guard";
import { newConfigFolder, startServe } from "./support/serve-process";

const BIN = resolve("bin/hopscope.js");
const isInstalled = existsSync("node_modules/electron/path.txt");

/** A PATH whose first folder has a browser opener that notes what it is asked to open. */
function notingOpener(): { readonly path: string; readonly opened: () => string } {
  const folder = mkdtempSync(join(tmpdir(), "hopscope-e2e-opener-"));
  const note = join(folder, "opened");
  writeFileSync(join(folder, "xdg-open"), `#!/bin/sh\nprintf '%s' "$1" > '${note}'\n`);
  chmodSync(join(folder, "xdg-open"), 0o755);
  return {
    path: `${folder}${delimiter}${process.env["PATH"] ?? ""}`,
    opened: () => (existsSync(note) ? readFileSync(note, "utf8") : ""),
  };
}

/** A test that fails does not come to its end: its processes end all the same. */
const running = new Set<ChildProcess>();
afterEach(() => {
  for (const { pid } of running) if (pid !== undefined && isAlive(-pid)) process.kill(-pid, "SIGKILL");
  running.clear();
});

interface Started {
  readonly child: ChildProcess;
  /** Both outputs. */
  readonly text: () => string;
  /** Ctrl+C. */
  readonly end: () => Promise<number | null>;
}

function start(command: string, args: readonly string[], environment: Record<string, string | undefined>): Started {
  // A process group of its own: npm does not hand signals on.
  const child = spawn(command, args, {
    env: {
      ...process.env,
      HOPSCOPE_CONFIG: newConfigFolder(),
      DISPLAY: undefined,
      WAYLAND_DISPLAY: undefined,
      ...environment,
    },
    stdio: ["ignore", "pipe", "pipe"],
    detached: true,
  });
  running.add(child);
  guard(child, true);
  let text = "";
  for (const stream of [child.stdout, child.stderr])
    stream.on("data", (chunk: Buffer) => (text += chunk.toString("utf8")));
  const exit = new Promise<number | null>((done) => child.on("exit", done));
  return {
    child,
    text: () => text,
    end: () => {
      if (child.pid !== undefined && child.exitCode === null) process.kill(-child.pid, "SIGINT");
      return exit;
    },
  };
}

/** The desktop window, on what stands for Electron's binary. `config`: folder of what is remembered. */
function startWindow(config: string): Started {
  return start(process.execPath, [BIN, "open", "fixtures/dhcp.pcap"], {
    DISPLAY: ":99",
    ELECTRON_EXEC_PATH: STAND_IN,
    ...electronEnvironment(config),
  });
}

describe("hopscope serve", () => {
  it("prints its address, ends with 0 at Ctrl+C and leaves nothing behind", async () => {
    const serve = await startServe(["fixtures/dhcp.pcap"]);
    expect(serve.link).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/\?token=[\w-]{32}$/);
    const scratch = (): string[] =>
      readdirSync(tmpdir()).filter((name) => name.startsWith(`hopscope-scratch-${serve.process.pid}-`));
    expect(scratch()).toHaveLength(1);
    expect(await serve.interrupt()).toBe(0);
    expect(scratch()).toEqual([]);
  });

  it("opens the browser where there is a display, with the link", async () => {
    const opener = notingOpener();
    const serve = start(process.execPath, [BIN, "serve", "--port", "0"], { DISPLAY: ":99", PATH: opener.path });
    await expect.poll(opener.opened, { timeout: 10_000 }).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/\?token=/);
    expect(serve.text()).toContain(opener.opened());
    expect(await serve.end()).toBe(0);
  });

  it.each([
    [["missing.pcap"], /missing\.pcap: no such file/],
    [["--port", "http"], /--port http: expected a number/],
    [["--port", "70000"], /--port 70000: expected a number/],
    [["--host", "0.0.0.0"], /--host/],
  ])("%j is refused with 2", (args, message) => {
    const { status, stderr } = spawnSync(process.execPath, [BIN, "serve", ...args], { encoding: "utf8" });
    expect(status).toBe(2);
    expect(stderr).toMatch(message);
  });

  it("a port that is taken is refused with 2", async () => {
    const serve = await startServe([]);
    const { port } = new URL(serve.link);
    const { status, stderr } = spawnSync(process.execPath, [BIN, "serve", "--no-open", "--port", port], {
      encoding: "utf8",
    });
    expect(status).toBe(2);
    expect(stderr).toContain(`port ${port} is taken`);
    await serve.interrupt();
  });
});

describe("npm start", () => {
  it("without a display says so in one line, and prints the address", async () => {
    const started = start("npm", ["start", "--silent"], {});
    await expect.poll(started.text, { timeout: 50_000 }).toMatch(/Hopscope is at http:/);
    const said = started.text().split("\n");
    expect(said.filter((line) => line.startsWith("hopscope:"))).toEqual([
      "hopscope: there is no display for a window; opening Hopscope for a browser instead",
    ]);
    await started.end();
  });
});

describe("hopscope open", () => {
  it.skipIf(isInstalled)("without Electron's binary says so in one line, and opens the browser host", async () => {
    // The place to download from refuses.
    const mirror = createServer((_request, response) => {
      response.writeHead(403).end();
    }).listen(0, "127.0.0.1");
    await new Promise((listening) => mirror.on("listening", listening));
    const opener = notingOpener();
    const folder = mkdtempSync(join(tmpdir(), "hopscope-e2e-no-electron-"));
    const opened = start(process.execPath, [BIN, "open", "fixtures/dhcp.pcap"], {
      DISPLAY: ":99",
      PATH: opener.path,
      ELECTRON_MIRROR: `http://127.0.0.1:${(mirror.address() as AddressInfo).port}/`,
      electron_config_cache: folder,
    });
    await expect.poll(opener.opened, { timeout: 30_000 }).toMatch(/^http:/);
    const said = opened.text().split("\n");
    expect(said.filter((line) => line.startsWith("hopscope:"))).toEqual([
      expect.stringMatching(
        /^hopscope: no desktop window, Electron's binary cannot be had \(.*403.*\); opening in a browser instead$/,
      ),
    ]);
    expect(await opened.end()).toBe(0);
    mirror.close();
  });

  it.skipIf(CHROMIUM === undefined)("with Electron's binary opens the window, and ends with it", async () => {
    const config = newConfigFolder();
    const opened = startWindow(config);
    // What was opened is remembered: the file arrived at the engine.
    const recent = join(config, "recent.json");
    const remembered = (): string => (existsSync(recent) ? readFileSync(recent, "utf8") : "");
    await expect.poll(remembered, { timeout: 20_000 }).toContain(JSON.stringify(resolve("fixtures/dhcp.pcap")));
    expect(opened.text()).not.toContain("hopscope:");
    expect(await opened.end()).toBe(0);
  });

  it.skipIf(CHROMIUM === undefined)("that is killed takes its window with it", async () => {
    const config = newConfigFolder();
    const opened = startWindow(config);
    const recent = join(config, "recent.json");
    await expect.poll(() => existsSync(recent), { timeout: 20_000 }).toBe(true);
    const window = Number(readFileSync(join(config, "window", "instance", "pid"), "utf8"));
    expect(isAlive(window)).toBe(true);
    expect(window).not.toBe(opened.child.pid);
    // Nothing that the process could hand on.
    opened.child.kill("SIGKILL");
    await expect.poll(() => isAlive(window), { timeout: 10_000 }).toBe(false);
  });
});

describe("what a test starts", () => {
  it("ends with the test's process, even one that is killed", async () => {
    // A test's process that starts another one, of a group of its own, and hangs.
    const program = `import { spawn } from "node:child_process";
      import { runnerImport } from "vite";
      const path = ${JSON.stringify(resolve("test/e2e/support/process-guard.ts"))};
      const { module: { guard } } = await runnerImport(path, { configFile: false, logLevel: "error" });
      const child = spawn("sleep", ["600"], { detached: true, stdio: "ignore" });
      guard(child, true);
      console.log(child.pid);
      setInterval(() => {}, 1000);`;
    const { child, text } = start(process.execPath, ["--input-type=module", "-e", program], {});
    await expect.poll(text, { timeout: 10_000 }).toMatch(/^\d+\n$/);
    const started = Number(text());
    expect(isAlive(started)).toBe(true);
    child.kill("SIGKILL");
    await expect.poll(() => isAlive(started), { timeout: 10_000 }).toBe(false);
  });
});
