/** The browser host over real sockets: who is let in, what is served, what is refused. */
import { createHash } from "node:crypto";
import { mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { type IncomingHttpHeaders, createServer, request } from "node:http";
import { type AddressInfo, connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { decode, encode } from "@msgpack/msgpack";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { WebSocket } from "ws";
import { type BrowserHost, startBrowserHost } from "../../../src-main/hosts/serve/browser-host";
import { DEFAULT_PORT } from "../../../src-main/hosts/serve/default-port";
import { Transfers } from "../../../src-main/hosts/serve/transfers";
import { EngineHub } from "../../../src-main/hosts/shared/engine-hub";
import { InterfaceFiles } from "../../../src-main/hosts/shared/interface-files";
import { ScriptedEngine } from "./scripted-engine";

const folder = mkdtempSync(join(tmpdir(), "hopscope-browser-host-"));
let host: BrowserHost;
let engine: ScriptedEngine;
let transfers: Transfers;
let links: string[];

beforeEach(async () => {
  mkdirSync(join(folder, "renderer/assets"), { recursive: true });
  writeFileSync(join(folder, "renderer/index.html"), "<!doctype html><p>interface</p>");
  writeFileSync(join(folder, "renderer/assets/index-1a2b.js"), "start();");
  writeFileSync(join(folder, "secret.html"), "secret");
  engine = new ScriptedEngine();
  transfers = new Transfers(join(folder, "scratch"));
  links = [];
  host = await startBrowserHost({
    hub: new EngineHub(engine, {}),
    files: new InterfaceFiles(join(folder, "renderer")),
    transfers,
    port: 0,
    newLink: (link) => links.push(link),
  });
});
afterEach(async () => {
  await host.close();
  rmSync(folder, { recursive: true });
});

interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

/** A request as it stands: node:http sends path and headers unchanged, where fetch would tidy them up. */
function http(path: string, headers: Record<string, string> = {}, method = "GET", body = ""): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const sent = request({ host: "127.0.0.1", port: host.port, path, method, headers }, (response) => {
      const chunks: Buffer[] = [];
      response.on("data", (chunk: Buffer) => chunks.push(chunk));
      response.on("end", () =>
        resolve({
          status: response.statusCode ?? 0,
          headers: response.headers,
          body: Buffer.concat(chunks).toString("utf8"),
        }),
      );
    });
    sent.on("error", reject);
    sent.end(body);
  });
}

const origin = (): string => `http://127.0.0.1:${host.port}`;
const pathOf = (link: string): string => link.slice(origin().length);

/** Uses the link, as a browser does. @returns the headers of a browser that was let in */
async function enter(): Promise<{ cookie: string }> {
  const { headers } = await http(pathOf(host.link));
  return { cookie: (headers["set-cookie"]?.[0] ?? "").split(";")[0] ?? "" };
}

describe("the link", () => {
  it("gives a cookie that scripts cannot read and other sites do not cause to be sent", async () => {
    const { status, headers } = await http(pathOf(host.link));
    expect(status).toBe(200);
    expect(headers["set-cookie"]?.[0]).toMatch(/^hopscope-\d+=[\w-]{32}; Path=\/; HttpOnly; SameSite=Strict$/);
  });

  it("works once; whoever comes second is refused and a fresh link is shown", async () => {
    await enter();
    const second = await http(pathOf(host.link));
    expect(second.status).toBe(403);
    expect(second.headers["set-cookie"]).toBeUndefined();
    expect(second.body).toContain("This link was used before.");
    expect(links).toHaveLength(1);
    await http(pathOf(host.link));
    // Not one for every attempt.
    expect(links).toHaveLength(1);
    expect((await http(pathOf(links[0] as string))).status).toBe(200);
  });

  it("may be reloaded by the browser that used it", async () => {
    const cookie = await enter();
    expect((await http(pathOf(host.link), cookie)).status).toBe(200);
  });

  it.each(["/?token=", "/?token=wrong", `/?token=${"A".repeat(32)}`])("%s lets nobody in", async (path) => {
    const { status, headers, body } = await http(path);
    expect(status).toBe(403);
    expect(headers["set-cookie"]).toBeUndefined();
    // It was never right: nobody has used it.
    expect(body).toContain("This link is not the one that Hopscope printed.");
  });

  it("says why on a page that looks like one, and takes nothing but its own style", async () => {
    const { headers, body } = await http("/?token=wrong");
    const style = /<style>([^]*)<\/style>/.exec(body)?.[1] ?? "";
    const hash = createHash("sha256").update(style).digest("base64");
    expect(style).toContain("prefers-color-scheme: dark");
    expect(headers["content-security-policy"]).toContain(`default-src 'none'; style-src 'sha256-${hash}'`);
  });
});

describe("without the cookie", () => {
  it.each([
    ["GET", "/"],
    ["GET", "/assets/index-1a2b.js"],
    ["GET", "/download/x"],
    ["HEAD", "/"],
  ])("%s %s is refused", async (method, path) => {
    expect((await http(path, {}, method)).status).toBe(401);
    expect((await http(path, { cookie: `hopscope-${host.port}=guess` }, method)).status).toBe(401);
  });

  it("an upload is refused", async () => {
    const answer = await http("/upload", { origin: origin(), "x-file-name": "a.pcap" }, "PUT", "abc");
    expect(answer.status).toBe(401);
  });
});

describe("with the cookie", () => {
  it("serves the interface with the headers that protect it", async () => {
    const { status, headers, body } = await http("/", await enter());
    expect({ status, body }).toEqual({ status: 200, body: "<!doctype html><p>interface</p>" });
    expect(headers).toMatchObject({
      "content-type": "text/html; charset=utf-8",
      "x-content-type-options": "nosniff",
      "referrer-policy": "no-referrer",
      "cross-origin-opener-policy": "same-origin",
      "cross-origin-resource-policy": "same-origin",
      "x-frame-options": "DENY",
    });
    const policy = String(headers["content-security-policy"]);
    expect(policy).toContain("default-src 'none'");
    expect(policy).toContain("script-src 'self';");
    expect(policy).toContain("require-trusted-types-for 'script'");
    expect(policy).not.toMatch(/unsafe|\*|https?:/);
  });

  it.each([
    "/../secret.html",
    "/assets/../../secret.html",
    "/%2e%2e/secret.html",
    "/..%2fsecret.html",
    "/assets/..%5c..%5csecret.html",
    "//secret.html",
    "/assets/index-1a2b.js/",
    "/assets",
    "/index.html%00.js",
    "/download/../../secret.html",
    "http://127.0.0.1/secret.html",
  ])("%s leads nowhere", async (path) => {
    const { status, body } = await http(path, await enter());
    expect(status).toBe(404);
    expect(body).not.toContain("secret");
  });

  it("serves files that a new build brought", async () => {
    const cookie = await enter();
    writeFileSync(join(folder, "renderer/assets/index-3c4d.js"), "new();");
    expect((await http("/assets/index-3c4d.js", cookie)).status).toBe(404);
    writeFileSync(join(folder, "renderer/index.html"), "<!doctype html><p>new build</p>");
    await http("/", cookie);
    expect((await http("/assets/index-3c4d.js", cookie)).body).toBe("new();");
  });

  it.each(["POST", "DELETE", "OPTIONS"])("%s is no method of it", async (method) => {
    expect((await http("/", { ...(await enter()), origin: origin() }, method)).status).toBe(405);
  });
});

describe("other names and sites", () => {
  it.each(["evil.example", "evil.example:4677", "localhost", "127.0.0.1"])("Host %s is not answered", async (name) => {
    const { status, body } = await http("/", { ...(await enter()), host: name });
    expect(status).toBe(421);
    expect(body).not.toContain("interface");
  });

  it("a link under another name gives no cookie (DNS rebinding)", async () => {
    const { headers } = await http(pathOf(host.link), { host: "evil.example" });
    expect(headers["set-cookie"]).toBeUndefined();
  });

  it.each(["http://evil.example", "null", "http://127.0.0.1", "https://127.0.0.1:1"])(
    "Origin %s is refused",
    async (name) => {
      const cookie = await enter();
      expect((await http("/", { ...cookie, origin: name })).status).toBe(403);
      const upload = { ...cookie, origin: name, "x-file-name": "a.pcap" };
      expect((await http("/upload", upload, "PUT", "abc")).status).toBe(403);
    },
  );

  it("is not to be reached at [::1]", async () => {
    const failure = await new Promise<string>((resolve) => {
      const socket = connect({ host: "::1", port: host.port });
      socket.on("connect", () => resolve("connected"));
      socket.on("error", (error: NodeJS.ErrnoException) => resolve(error.code ?? ""));
    });
    expect(failure).not.toBe("connected");
  });
});

describe("the WebSocket", () => {
  /** @returns how the attempt ended: "open", or the HTTP status it was refused with */
  function attempt(headers: Record<string, string>, path = "/engine"): Promise<{ state: string; socket: WebSocket }> {
    return new Promise((resolve) => {
      const socket = new WebSocket(`ws://127.0.0.1:${host.port}${path}`, { headers });
      socket.on("open", () => resolve({ state: "open", socket }));
      socket.on("unexpected-response", (_request, response) => {
        response.resume();
        resolve({ state: String(response.statusCode), socket });
      });
      socket.on("error", () => {});
    });
  }
  const open = async (): Promise<WebSocket> => (await attempt({ ...(await enter()), origin: origin() })).socket;
  const closeCode = (socket: WebSocket): Promise<number> =>
    new Promise((resolve) => socket.on("close", (code) => resolve(code)));

  it("opens for the cookie and our origin, and for nothing less", async () => {
    const cookie = await enter();
    expect((await attempt({ ...cookie, origin: origin() })).state).toBe("open");
    expect((await attempt({ origin: origin() })).state).toBe("403");
    expect((await attempt(cookie)).state).toBe("403");
    expect((await attempt({ ...cookie, origin: "http://evil.example" })).state).toBe("403");
    expect((await attempt({ ...cookie, origin: origin(), host: "evil.example" })).state).toBe("403");
    expect((await attempt({ ...cookie, origin: origin() }, "/other")).state).toBe("403");
  });

  it("carries requests, results and events", async () => {
    engine.answers("workspace.state", { workspace: 4 });
    const socket = await open();
    const got: unknown[] = [];
    const two = new Promise<void>((resolve) =>
      socket.on("message", (data: Buffer) => {
        got.push(decode(data));
        if (got.length === 2) resolve();
      }),
    );
    engine.says({ kind: "event", event: "restarted", data: { reason: "test" } });
    socket.send(encode({ kind: "request", id: 1, method: "workspace.state", params: {} }));
    await two;
    expect(got).toEqual([
      { kind: "event", event: "restarted", data: { reason: "test" } },
      { kind: "result", id: 1, ok: true, value: { workspace: 4 } },
    ]);
  });

  it("closes on a message over the limit", async () => {
    const socket = await open();
    socket.send(Buffer.alloc((16 << 20) + 1));
    expect(await closeCode(socket)).toBe(1009);
  });

  it.each([
    ["text", "hello", 1003],
    ["bytes that are no MessagePack", Buffer.from([0xc1]), 1007],
    ["a message that is none of the contract", Buffer.from(encode({ kind: "delete", id: 1 })), 1008],
  ])("closes on %s", async (_what, data, code) => {
    const socket = await open();
    socket.send(data);
    expect(await closeCode(socket)).toBe(code);
  });

  it("keeps only the newest workspace event for a tab that does not read", async () => {
    const socket = await open();
    // Nothing is read any more: what is sent piles up at the host.
    socket.pause();
    const bulk = "x".repeat(1 << 20);
    for (let i = 0; i < 64; i++) {
      engine.says({ kind: "event", event: "analysis", data: { state: "running", done: i, total: 64, text: bulk } });
    }
    const seen: number[] = [];
    const last = new Promise<void>((resolve) =>
      socket.on("message", (data: Buffer) => {
        const { done } = (decode(data) as { data: { done: number } }).data;
        seen.push(done);
        if (done === 63) resolve();
      }),
    );
    socket.resume();
    await last;
    expect(seen.length).toBeLessThan(40);
    expect(seen).toEqual([...seen].sort((a, b) => a - b));
  });

  it("says goodbye when the host ends", async () => {
    const socket = await open();
    const code = closeCode(socket);
    await host.close();
    expect(await code).toBe(1001);
  });
});

describe("uploads", () => {
  const upload = async (name: string, body: string): Promise<Answer> =>
    http("/upload", { ...(await enter()), origin: origin(), "x-file-name": encodeURIComponent(name) }, "PUT", body);

  it("are stored whole, under a name like the file's", async () => {
    const { status, body } = await upload("n1 (copy).pcapng", "capture bytes");
    expect(status).toBe(201);
    const { path } = JSON.parse(body) as { path: string };
    expect(path).toMatch(/n1_copy_.pcapng$/);
    expect(readFileSync(path, "utf8")).toBe("capture bytes");
  });

  it.each(["../../../etc/passwd", "..", "/etc/passwd", "..\\..\\boot.ini", "a\u0000b.pcap", "", ".", "con", "-rf"])(
    "named %j stay in the scratch folder",
    async (name) => {
      const { path } = JSON.parse((await upload(name, "x")).body) as { path: string };
      const inside = path.slice(join(folder, "scratch/uploads").length + 1).split("/");
      expect(path.startsWith(join(folder, "scratch/uploads"))).toBe(true);
      expect(inside).toHaveLength(2);
      expect(inside[1]).toMatch(/^[\p{L}\p{N}._-]+$/u);
      expect(inside[1]).not.toMatch(/^\.|^con$/);
    },
  );

  it("without a usable name or length are refused", async () => {
    const headers = { ...(await enter()), origin: origin() };
    expect((await http("/upload", headers, "PUT", "x")).status).toBe(400);
    expect((await http("/upload", { ...headers, "x-file-name": "%E0%A4%A" }, "PUT", "x")).status).toBe(400);
    const chunked = { ...headers, "x-file-name": "a", "transfer-encoding": "chunked" };
    expect((await http("/upload", chunked, "PUT", "x")).status).toBe(400);
  });

  it("larger than the disk are refused before they are sent", async () => {
    const headers = { ...(await enter()), origin: origin(), "x-file-name": "a.pcap" };
    const status = await new Promise<number>((resolve) => {
      const length = String(2 ** 52);
      const sent = request(
        {
          host: "127.0.0.1",
          port: host.port,
          path: "/upload",
          method: "PUT",
          headers: { ...headers, "content-length": length },
        },
        (response) => resolve(response.statusCode ?? 0),
      );
      sent.on("error", () => {});
      sent.flushHeaders();
    });
    expect(status).toBe(413);
  });

  it("that break off leave nothing behind", async () => {
    const headers = { ...(await enter()), origin: origin(), "x-file-name": "a.pcap", "content-length": "100" };
    const uploads = join(folder, "scratch/uploads");
    await new Promise<void>((resolve) => {
      const sent = request({ host: "127.0.0.1", port: host.port, path: "/upload", method: "PUT", headers });
      sent.on("error", () => resolve());
      sent.write("ten bytes.", () => {
        // Broken off once the host has begun to write.
        const look = (): void => {
          if (countFiles(uploads) > 0) sent.destroy();
          else setImmediate(look);
        };
        look();
      });
      sent.on("close", () => resolve());
    });
    await expect.poll(() => countFiles(uploads)).toBe(0);
  });

  function countFiles(at: string): number {
    try {
      return readdirSync(at).length;
    } catch {
      return 0;
    }
  }
});

describe("downloads", () => {
  it("carry the export and a name that cannot break out of the header", async () => {
    const { path, address } = transfers.placeExport('Paket "1"\r\nSet-Cookie: a=b ü.csv');
    writeFileSync(path, "a,b\n");
    const { status, headers, body } = await http(address, await enter());
    expect({ status, body }).toEqual({ status: 200, body: "a,b\n" });
    expect(headers["content-disposition"]).toBe(
      "attachment; filename=\"Paket_1_Set-Cookie_a_b__.csv\"; filename*=UTF-8''Paket_1_Set-Cookie_a_b_%C3%BC.csv",
    );
    expect(headers["set-cookie"]).toBeUndefined();
    expect(headers["x-content-type-options"]).toBe("nosniff");
  });

  it("are kept only for the latest exports", async () => {
    const first = transfers.placeExport("first.csv");
    writeFileSync(first.path, "1");
    for (let i = 0; i < 20; i++) transfers.placeExport(`${i}.csv`);
    expect((await http(first.address, await enter())).status).toBe(404);
  });
});

describe("ports", () => {
  it("the next one is taken where the default one is in use, and it says so", async () => {
    const start = (): Promise<BrowserHost> =>
      startBrowserHost({
        hub: new EngineHub(engine, {}),
        files: new InterfaceFiles(join(folder, "renderer")),
        transfers,
        newLink: () => {},
      });
    const [first, second] = [await start(), await start()];
    expect(second.port).toBeGreaterThan(first.port);
    expect(second.movedFrom).toBe(DEFAULT_PORT);
    await Promise.all([first.close(), second.close()]);
  });

  it("a taken port is an error where it was asked for", async () => {
    const other = createServer().listen(0, "127.0.0.1");
    await new Promise((resolve) => other.on("listening", resolve));
    const { port } = other.address() as AddressInfo;
    const attempt = startBrowserHost({
      hub: new EngineHub(engine, {}),
      files: new InterfaceFiles(join(folder, "renderer")),
      transfers,
      port,
      newLink: () => {},
    });
    await expect(attempt).rejects.toMatchObject({ code: "EADDRINUSE" });
    other.close();
  });
});
