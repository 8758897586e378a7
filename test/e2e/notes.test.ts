/**
 * Notes, from writing them to finding them again: after the window was closed and the files were moved, in another host, after
 * programs were killed, where nothing can be kept, and in the files that go out and come in.
 *
 * `NOTES_KILLS=200 npx vitest run --project e2e test/e2e/notes.test.ts -t kill` kills at so many moments.
 */
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Page } from "playwright-core";
import { afterAll, describe, expect, it } from "vitest";
import { hasTool } from "../builders/shared-data";
import { exported, tool } from "../builders/wireshark-tools";
import { HOSTS, openApp } from "./support/app";
import { expectAccessible } from "./support/axe";
import { CHROMIUM, closeSharedChromium, sharedChromium } from "./support/chromium";
import { idle } from "./support/idle";
import { commentPacket, fillNote, listedNotes } from "./support/notes";
import { newConfigFolder, type ServeProcess, startServe } from "./support/serve-process";

const FIXTURES = ["fixtures/service-vxlan-node1.pcapng", "fixtures/service-vxlan-node2.pcapng"];
const folder = mkdtempSync(join(tmpdir(), "hopscope-notes-e2e-"));
afterAll(async () => {
  await closeSharedChromium();
  rmSync(folder, { recursive: true });
});

/** Both nodes' captures in a folder of their own. */
function copies(name: string): string[] {
  const into = join(folder, name);
  mkdirSync(into);
  return FIXTURES.map((path) => {
    const to = join(into, path.slice("fixtures/".length));
    copyFileSync(path, to);
    return to;
  });
}

describe.skipIf(CHROMIUM === undefined).each(HOSTS)("the %s host", (host) => {
  it("shows every kind of note again after closing, moving and renaming the files, with a capture added", async () => {
    const [one, two] = copies(`moved-${host}`) as [string, string];
    const first = await openApp(host, [one, two]);
    const { page } = first;
    await page.getByRole("grid", { name: "Packets" }).focus();
    await page.keyboard.press("ArrowDown");
    await first.idle();
    await commentPacket(page, "**SYN** of the call", "mtu start");
    await page.locator('[data-pane="packet-details"] [role=tree]').focus();
    for (const key of ["ArrowDown", "ArrowDown", "n"]) await page.keyboard.press(key);
    await fillNote(page, "on a field");
    await page.getByRole("tab", { name: "Connections" }).click();
    await page.locator('[data-pane="connections"] [data-row="0"]').click();
    await first.idle();
    await page.locator('[data-pane="connections"] [role=grid]').focus();
    await page.keyboard.press("n");
    await fillNote(page, "on the connection");
    await page.getByRole("region", { name: /Layers at each hop/ }).focus();
    for (const key of ["ArrowRight", "n"]) await page.keyboard.press(key);
    await fillNote(page, "on a hop");
    await page.locator("#row-point-2").focus();
    await page.keyboard.press("n");
    await fillNote(page, "on a capture point");
    await page.getByRole("tab", { name: "Flows" }).click();
    await first.idle();
    await page.locator('[data-pane="flows"] [data-row="0"]').click();
    await first.idle();
    await page.keyboard.press("n");
    await fillNote(page, "on a flow");
    await page.getByRole("tab", { name: "Timeline" }).click();
    await first.idle();
    await page.getByRole("application").focus();
    for (const key of ["ArrowRight", "ArrowRight", "n"]) await page.keyboard.press(key);
    await fillNote(page, "on a time");
    await page.getByRole("application").focus();
    for (const key of ["Shift+ArrowRight", "Shift+ArrowRight", "n"]) await page.keyboard.press(key);
    await fillNote(page, "on a range");
    const written = await listedNotes(page);
    expect(written).toHaveLength(8);
    await expectAccessible(first, "the notes");
    await first.close();

    mkdirSync(join(folder, `elsewhere-${host}`));
    const moved = [one, two].map((path, at) => {
      const to = join(folder, `elsewhere-${host}`, `renamed-${at}.pcapng`);
      renameSync(path, to);
      return to;
    });
    const again = await openApp(host, ["fixtures/dhcp.pcap", ...moved], { config: first.config });
    const texts = (await listedNotes(again.page)).join("\n");
    for (const text of [
      "SYN of the call",
      "a field",
      "the connection",
      "a hop",
      "a capture point",
      "a flow",
      "a time",
      "a range",
    ])
      expect(texts).toContain(text);
    expect(texts).not.toMatch(/not here|not certain/);
    // To the packet it is about: the second of its file, behind the five of the capture that was added.
    await again.page.getByText("SYN of the call").dblclick();
    await again.idle();
    await expect
      .poll(() => again.page.getByRole("tree", { name: /Details of packet/ }).getAttribute("aria-label"))
      .toBe("Details of packet 2");
    await again.page.getByRole("gridcell", { name: /Note by Ada: SYN of the call/ }).waitFor();
    await again.close();
  });
});

describe.skipIf(CHROMIUM === undefined)("notes", () => {
  it("appear in another tab as they are written, changes and undo too; as a file they are merged at another person's", async () => {
    const app = await openApp("browser", FIXTURES);
    const second = await app.page.context().newPage();
    await second.goto(new URL("/", app.page.url()).href);
    await idle(second);
    await second.getByRole("tab", { name: "Notes", exact: true }).click();
    const list = second.getByRole("grid", { name: "Notes" });
    await app.page.bringToFront();
    await app.page.getByRole("grid", { name: "Packets" }).focus();
    await commentPacket(app.page, "seen twice");
    await second.bringToFront();
    await list.getByText("seen twice").waitFor();
    await list.getByText("seen twice").click();
    await second.keyboard.press("e");
    await fillNote(second, "seen twice, reworded");
    await app.page.bringToFront();
    await app.page.getByRole("gridcell", { name: /Note by Ada: seen twice, reworded/ }).waitFor();
    await app.page.getByRole("grid", { name: "Packets" }).focus();
    await app.page.keyboard.press("Control+z");
    await second.bringToFront();
    await second.getByText("No notes yet").waitFor();
    await app.page.bringToFront();
    await app.page.keyboard.press("Control+Shift+z");
    await second.bringToFront();
    await list.getByText("seen twice").waitFor();

    await second.getByRole("button", { name: "Export", exact: true }).click();
    const download = second.waitForEvent("download");
    await second.getByRole("menuitem", { name: /as JSON/ }).click();
    const file = join(folder, "ada.json");
    await (await download).saveAs(file);
    await app.close();

    const other = await openApp("browser", FIXTURES);
    await listedNotes(other.page);
    const choose = async (path: string): Promise<void> => {
      const chooser = other.page.waitForEvent("filechooser");
      await other.page.getByRole("button", { name: "Import…" }).first().click();
      await (await chooser).setFiles(path);
    };
    await other.drop([file]);
    await other.page.getByRole("grid", { name: "Notes" }).getByText("seen twice").waitFor();
    await choose(file);
    await other.page.getByText("nothing in it that is not here already").waitFor();
    writeFileSync(join(folder, "bad.json"), readFileSync(file, "utf8").replace('"yellow"', '"puce"'));
    await choose(join(folder, "bad.json"));
    await other.page.getByText(/bad\.json: annotations\[0\]\.colour/).waitFor();
    await other.close();
  });

  it("filter packets, and the filter follows what is written; what was written is in the other host too", async () => {
    const app = await openApp("browser", FIXTURES);
    const { page } = app;
    await page.getByRole("grid", { name: "Packets" }).focus();
    await commentPacket(page, "too small", "mtu");
    await page.keyboard.press("Control+/");
    await page.keyboard.type('annotation.tag == "mtu"');
    await page.keyboard.press("Enter");
    await app.idle();
    const rows = page.locator('[data-pane="packet-list"] [role=row][aria-rowindex]:not([hidden])');
    await expect.poll(() => page.getByRole("grid", { name: "Packets" }).getAttribute("aria-rowcount")).toBe("2");
    await rows.first().click();
    await page.keyboard.press("Control+z");
    await page.getByText("No packet matches the filter").waitFor();
    await page.keyboard.press("Control+Shift+z");
    await expect.poll(() => page.getByRole("grid", { name: "Packets" }).getAttribute("aria-rowcount")).toBe("2");
    // Shown at once; idle when it is kept.
    await app.idle();
    await app.close();
    const other = await openApp("electron", FIXTURES, { config: app.config });
    expect((await listedNotes(other.page)).join()).toContain("too small");
    await other.close();
  });

  it.skipIf(!hasTool("editcap") || !hasTool("tshark"))(
    "come in as comments of others and go out beside them",
    async () => {
      const path = join(folder, "commented.pcapng");
      tool("editcap", "-a", "1:by editcap", "-a", "3:another one", FIXTURES[0] as string, path);
      const app = await openApp("browser", [path]);
      const { page } = app;
      expect((await listedNotes(page)).join("\n")).toMatch(/by editcap[^]*another one/);
      await page.getByRole("tab", { name: "Packets" }).click();
      await page.getByRole("grid", { name: "Packets" }).focus();
      await commentPacket(page, "and mine", "mtu");
      await page.keyboard.press("Control+Shift+e");
      const download = page.waitForEvent("download");
      await page.getByRole("button", { name: /^Export \d+ packets/ }).click();
      const out = join(folder, "out.pcapng");
      await (await download).saveAs(out);
      expect(exported(out).slice(0, 4)).toEqual(["by editcap,and mine #mtu", "", "another one", ""]);
      await app.close();
      // Opened again where the note is known: it is there once.
      const again = await openApp("browser", [out], { config: app.config });
      const listed = await listedNotes(again.page);
      expect(listed.filter((text) => text.includes("and mine"))).toHaveLength(1);
      expect(listed).toHaveLength(3);
      await again.close();
    },
  );

  it("on a connection, written with one node's capture, are on it with both, and lead to it", async () => {
    const [one, two] = copies("grown") as [string, string];
    const first = await openApp("browser", [one]);
    await first.page.getByRole("tab", { name: "Connections" }).click();
    await first.page.locator('[data-pane="connections"] [data-row="0"]').click();
    await first.idle();
    await first.page.locator('[data-pane="connections"] [role=grid]').focus();
    await first.page.keyboard.press("n");
    await fillNote(first.page, "slow call");
    await first.close();
    const both = await openApp("browser", [two, one], { config: first.config });
    const { page } = both;
    expect(await listedNotes(page)).toEqual([expect.stringMatching(/^(?!.*not here).*slow call/)]);
    await page.getByRole("grid", { name: "Notes" }).getByText("slow call").dblclick();
    await page.getByRole("region", { name: /Layers at each hop/ }).waitFor();
    await both.idle();
    // Its row is marked: its id is not the one it was written with.
    await page.getByRole("gridcell", { name: /Note by Ada: slow call/ }).waitFor();
    await both.close();
  });

  it.skipIf(!hasTool("editcap"))("are found in a copy of the capture whose clock was shifted, and say so", async () => {
    const [one] = copies("shifted") as [string, string];
    const shifted = join(folder, "shifted.pcapng");
    tool("editcap", "-t", "-3600.25", one, shifted);
    const first = await openApp("browser", [one]);
    await first.page.getByRole("grid", { name: "Packets" }).focus();
    await commentPacket(first.page, "the first of all");
    await first.close();
    const later = await openApp("browser", [shifted], { config: first.config });
    await later.page.getByRole("gridcell", { name: /Note by Ada: the first of all/ }).waitFor();
    expect(await listedNotes(later.page)).toEqual([
      expect.stringMatching(/Packet 1 \(other clock\).*the first of all/),
    ]);
    await later.close();
  });

  it("that can be kept nowhere stay in the window, say so, and can be exported", async () => {
    const app = await openApp("browser", FIXTURES);
    const { page } = app;
    // Neither the browser's database nor the host's file: both places are spoilt.
    writeFileSync(join(app.config, "notes.jsonl"), "not a journal\n");
    await page.evaluate(() => {
      IDBObjectStore.prototype.put = () => {
        throw new DOMException("no room", "QuotaExceededError");
      };
    });
    await page.getByRole("grid", { name: "Packets" }).focus();
    await page.keyboard.press("Control+Alt+c");
    await page.getByLabel("Your name").fill("Ada");
    await page.getByLabel(/^Text/).fill("nowhere to go");
    await page.getByRole("button", { name: "Save note" }).click();
    const problem = page.getByRole("alert").filter({ hasText: "Not kept" });
    await problem.waitFor();
    expect(await problem.innerText()).toMatch(/notes\.jsonl.*room for this page is used up/s);
    const download = page.waitForEvent("download");
    await page.getByRole("button", { name: "Export unsaved notes" }).first().click();
    const file = join(folder, "unsaved.json");
    await (await download).saveAs(file);
    expect(readFileSync(file, "utf8")).toContain("nowhere to go");
    await page.getByRole("button", { name: "Cancel" }).click();
    expect((await listedNotes(page)).join()).toContain("not saved");
    // The disk has room again.
    rmSync(join(app.config, "notes.jsonl"));
    await page.getByRole("button", { name: "Try again" }).click();
    await expect
      .poll(() => readFileSync(join(app.config, "notes.jsonl"), { encoding: "utf8", flag: "a+" }))
      .toContain("nowhere to go");
    await app.close();
  });
});

/** Numbers that look random, the same for the same seed (mulberry32). */
function randomOf(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

describe.skipIf(CHROMIUM === undefined)("kill", () => {
  const kills = Number(process.env["NOTES_KILLS"] ?? 2);
  const seed = Number(process.env["NOTES_SEED"] ?? Date.now() % 0x7fffffff);

  it(
    `loses nothing acknowledged, whether page or host is killed, at ${kills} moments`,
    { timeout: 60_000 + kills * 20_000 },
    async () => {
      console.log(`killing while annotating: NOTES_SEED=${seed}`);
      const random = randomOf(seed);
      const config = newConfigFolder();
      const browser = await sharedChromium();
      const acknowledged: string[] = [];
      // The profile stays and so does the port: a note of which only the browser heard before the host died is sent later.
      const context = await browser.newContext({ viewport: { width: 1280, height: 800 } });
      let serve = await startServe(FIXTURES, { config });
      const again = ["--port", new URL(serve.link).port];
      await openLink(await context.newPage(), serve.link);
      for (let n = 0; n < kills; n++) {
        const page = await context.newPage();
        await openLink(page, new URL("/", serve.link).href);
        await annotateUntilKilled(page, serve, n % 2 === 1, Math.floor(random() * 90), `${n}`, acknowledged);
        if (serve.process.signalCode === null) continue;
        serve = await startServe(FIXTURES, { config, arguments: again });
        const [left = await context.newPage()] = context.pages();
        await openLink(left, serve.link);
        await idle(left);
      }
      const journal = (): string => readFileSync(join(config, "notes.jsonl"), "utf8");
      const missing = (): string[] => {
        const kept = journal();
        return acknowledged.filter((text) => !kept.includes(`"${text}"`));
      };
      await expect.poll(missing, { timeout: 30_000 }).toEqual([]);
      await context.close();
      serve.process.kill("SIGKILL");
      // A browser that never saw them: they come from the host.
      const app = await openApp("browser", FIXTURES, { config });
      await listedNotes(app.page);
      const download = app.page.waitForEvent("download");
      await app.page.getByRole("button", { name: "Export", exact: true }).click();
      await app.page.getByRole("menuitem", { name: /as JSON/ }).click();
      const file = join(folder, "after-kills.json");
      await (await download).saveAs(file);
      const kept = readFileSync(file, "utf8");
      expect(acknowledged.filter((text) => !kept.includes(`"${text}"`))).toEqual([]);
      expect(acknowledged.length).toBeGreaterThan(0);
      await app.close();
    },
  );

  it("of the host while a note is on its way: the browser has it, says so, and sends it when the host is back", async () => {
    const config = newConfigFolder();
    const context = await (await sharedChromium()).newContext({ viewport: { width: 1280, height: 800 } });
    const page = await context.newPage();
    const first = await startServe(FIXTURES, { config });
    await openLink(page, first.link);
    await idle(page);
    await page.getByRole("grid", { name: "Packets" }).focus();
    await page.keyboard.press("Control+Alt+c");
    await page.getByLabel("Your name").fill("Ada");
    await page.getByLabel(/^Text/).fill("on its way");
    const save = page.getByRole("button", { name: "Save note" });
    // Stopped, it never reads the message.
    first.process.kill("SIGSTOP");
    await save.click();
    first.process.kill("SIGKILL");
    await save.waitFor({ state: "detached" });
    await page
      .getByText(/They are in this browser only/)
      .first()
      .waitFor();
    // The file is there, and empty: as of a host that was killed between making and writing it.
    const path = join(config, "notes.jsonl");
    expect(existsSync(path)).toBe(false);
    writeFileSync(path, "");
    const second = await startServe(FIXTURES, { config, arguments: ["--port", new URL(first.link).port] });
    await openLink(page, second.link);
    await expect.poll(() => readFileSync(path, "utf8"), { timeout: 10_000 }).toContain("on its way");
    await context.close();
    expect(await second.interrupt()).toBe(0);
  });
});

async function openLink(page: Page, link: string): Promise<void> {
  await page.goto(link);
  await page.waitForURL((url) => url.search === "");
}

/**
 * Writes notes one after the other; with the `moment`-th message between page and host, counted from the first note on, the
 * page's process or the host is killed.
 */
async function annotateUntilKilled(
  page: Page,
  serve: ServeProcess,
  killsHost: boolean,
  moment: number,
  name: string,
  acknowledged: string[],
): Promise<void> {
  await idle(page);
  const session = await page.context().newCDPSession(page);
  await session.send("Network.enable");
  const killed = killsHost
    ? new Promise((gone) => serve.process.once("exit", gone))
    : new Promise((gone) => page.once("crash", gone));
  let messages = 0;
  let isKilled = false;
  const kill = (): void => {
    if (isKilled) return;
    isKilled = true;
    if (killsHost) serve.process.kill("SIGKILL");
    // Its answer never comes.
    else void session.send("Page.crash").catch(() => undefined);
  };
  const count = (): void => {
    if (messages++ >= moment) kill();
  };
  session.on("Network.webSocketFrameSent", count);
  session.on("Network.webSocketFrameReceived", count);
  page.setDefaultTimeout(5000);
  await page.getByRole("grid", { name: "Packets" }).focus();
  const write = async (): Promise<void> => {
    for (let at = 0; !isKilled && at < 60; at++) {
      const text = `note ${name}.${at}`;
      await commentPacket(page, text);
      acknowledged.push(text);
    }
  };
  await Promise.race([write().catch(() => undefined), killed]);
  kill();
  await killed;
  await page.close();
}
