/** What something hostile that got into the page could do: nothing. In both hosts, in a real Chromium. */
import { afterAll, describe, expect, it } from "vitest";
import { HOSTS, openApp } from "./support/app";
import { CHROMIUM, closeSharedChromium } from "./support/chromium";

afterAll(closeSharedChromium);

/** The browser reports what it refused; here that is what the test wants. */
const expectedErrors = /Content Security Policy|Content-Security-Policy|TrustedHTML|Refused|Blocked|ERR_|CSP|uncaught/i;

describe.skipIf(CHROMIUM === undefined).each(HOSTS)("the page in the %s host", (host) => {
  it("has no Node and no Electron, only what the preload script gives it", async () => {
    const app = await openApp(host);
    const globals = await app.page.evaluate(() => ({
      node: ["require", "process", "module", "Buffer", "global"].filter((name) => name in window),
      bridge: Object.keys((window as unknown as { hopscope?: object }).hopscope ?? {}).sort(),
    }));
    expect(globals).toEqual({
      node: [],
      bridge: host === "electron" ? ["onMessage", "pathForFile", "post"] : [],
    });
    await app.close();
  });

  it("runs no script of a string, an element or an attribute", async () => {
    const app = await openApp(host, [], { expectedErrors });
    const ran = await app.page.evaluate(async () => {
      const state = window as unknown as { brokenIn?: string[] };
      state.brokenIn = [];
      const attempts: Record<string, () => void> = {
        "inline script": () => {
          const script = document.createElement("script");
          script.textContent = "brokenIn.push('inline script')";
          document.body.append(script);
        },
        "data: script": () => {
          const script = document.createElement("script");
          script.src = "data:text/javascript,brokenIn.push('data: script')";
          document.body.append(script);
        },
        handler: () => {
          const image = document.createElement("img");
          image.setAttribute("onerror", "brokenIn.push('handler')");
          image.src = "data:,";
          document.body.append(image);
        },
        markup: () => {
          document.body.insertAdjacentHTML("beforeend", "<img src=data:, onerror=brokenIn.push('markup')>");
        },
        eval: () => void (0, eval)("brokenIn.push('eval')"),
        // eslint-disable-next-line @typescript-eslint/no-implied-eval, @typescript-eslint/no-unsafe-call -- that is the attempt
        "new Function": () => void new Function("brokenIn.push('new Function')")(),
        // eslint-disable-next-line @typescript-eslint/no-implied-eval -- that is the attempt
        "timer string": () => void setTimeout("brokenIn.push('timer string')", 0),
      };
      // In a task of its own: the policy does not hold for what the debugger itself evaluates.
      await new Promise<void>((done) =>
        setTimeout(() => {
          for (const attempt of Object.values(attempts)) {
            try {
              attempt();
            } catch {
              // Refused, as it should be.
            }
          }
          done();
        }),
      );
      // Whatever was let in has run after two frames and a turn of the event loop.
      await new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(() => setTimeout(done))));
      return state.brokenIn;
    });
    expect(ran).toEqual([]);
    await app.close();
  });

  it("reaches nothing outside: no request, no frame, no window, no other page", async () => {
    const app = await openApp(host, [], { expectedErrors: /./ });
    const address = app.page.url();
    const reached = await app.page.evaluate(async () => {
      const out: string[] = [];
      const elsewhere = "https://elsewhere.example/";
      await fetch(elsewhere, { mode: "no-cors" }).then(
        () => out.push("fetch"),
        () => {},
      );
      await fetch("http://127.0.0.1:1/", { mode: "no-cors" }).then(
        () => out.push("loopback"),
        () => {},
      );
      const socket = await new Promise<string>((done) => {
        try {
          const opened = new WebSocket("wss://elsewhere.example/");
          opened.onopen = () => done("socket");
          opened.onerror = () => done("");
        } catch {
          done("");
        }
      });
      if (socket) out.push(socket);
      const frame = document.createElement("iframe");
      frame.src = elsewhere;
      document.body.append(frame);
      await new Promise((done) => setTimeout(done));
      try {
        if (frame.contentDocument?.URL === elsewhere) out.push("frame");
      } catch {
        // Another origin that loaded nothing: its error page.
      }
      frame.remove();
      return out;
    });
    expect(reached).toEqual([]);
    if (host === "electron") {
      expect(await app.page.evaluate(() => window.open("https://elsewhere.example/") === null)).toBe(true);
      await app.page.evaluate(() => {
        location.href = "https://elsewhere.example/";
      });
      await app.idle();
      expect(app.page.url()).toBe(address);
      expect(app.electron?.windows()).toHaveLength(1);
    }
    await app.close();
  });

  it("is shown in no frame of another page", async () => {
    const app = await openApp(host, [], { expectedErrors: /./ });
    const headers = (await app.page.reload())?.headers() ?? {};
    expect(headers["content-security-policy"]).toContain("frame-ancestors 'none'");
    expect(headers["x-frame-options"]).toBe("DENY");
    expect(headers["x-content-type-options"]).toBe("nosniff");
    expect(headers["referrer-policy"]).toBe("no-referrer");
    await app.idle();
    await app.close();
  });
});

describe.skipIf(CHROMIUM === undefined)("the electron host", () => {
  it("is granted nothing but copying", async () => {
    const app = await openApp("electron");
    const states = await app.page.evaluate(async () => {
      const names = [
        "geolocation",
        "notifications",
        "clipboard-read",
        "clipboard-write",
      ] as unknown as PermissionName[];
      return Promise.all(names.map(async (name) => (await navigator.permissions.query({ name })).state));
    });
    expect(states).toEqual(["denied", "denied", "denied", "granted"]);
    await app.close();
  });

  it("listens to its own page's main frame and to nobody else", async () => {
    const app = await openApp("electron");
    const before = await app.page.evaluate(
      () =>
        new Promise<number>((done) => {
          const heard: unknown[] = [];
          const { hopscope } = window as unknown as {
            hopscope: { onMessage: (listener: (message: unknown) => void) => void };
          };
          hopscope.onMessage((message) => heard.push(message));
          Object.assign(window, { heard });
          done(heard.length);
        }),
    );
    expect(before).toBe(0);
    const say = (frame: "main" | "inner" | "foreign", id: number): Promise<void> | undefined =>
      app.electron?.evaluate(
        ({ BrowserWindow, ipcMain }, given) => {
          const sender = BrowserWindow.getAllWindows()[0]?.webContents;
          const url = "app://hopscope/";
          const senderFrame = {
            main: { url, parent: null },
            inner: { url, parent: { url, parent: null } },
            foreign: { url: "https://elsewhere.example/", parent: null },
          }[given.frame];
          const message = { kind: "request", id: given.id, method: "app.info", params: {} };
          ipcMain.emit("hopscope:to-engine", { sender, senderFrame }, message);
          ipcMain.emit("hopscope:to-engine", { sender: { id: -1 }, senderFrame: { url, parent: null } }, message);
        },
        { frame, id },
      );
    await say("inner", 900_001);
    await say("foreign", 900_002);
    await say("main", 900_003);
    const results = (): Promise<number[]> =>
      app.page.evaluate(() =>
        (window as unknown as { heard: { kind: string; id: number }[] }).heard
          .filter(({ kind, id }) => kind === "result" && id > 900_000)
          .map(({ id }) => id),
      );
    // Only the last one is answered, and answers keep their order.
    await expect.poll(results).toEqual([900_003]);
    await app.close();
  });

  it("shows developers' switches and sandbox as they should be", async () => {
    const app = await openApp("electron");
    const preferences = await app.electron?.evaluate(({ BrowserWindow }) => {
      const contents = BrowserWindow.getAllWindows()[0]?.webContents as unknown as {
        options?: { webPreferences: Record<string, unknown> };
        getLastWebPreferences?: () => Record<string, unknown>;
      };
      return contents.options?.webPreferences ?? contents.getLastWebPreferences?.();
    });
    expect(preferences).toMatchObject({ sandbox: true, contextIsolation: true, nodeIntegration: false });
    await app.close();
  });
});
