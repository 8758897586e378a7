/** Finding Electron's binary: what is told is used; a download that does not come is given up. */
import { existsSync, mkdtempSync, writeFileSync } from "node:fs";
import { type Server, createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, describe, expect, it } from "vitest";
import { findElectron } from "../../../src-main/hosts/shared/electron-binary";

const folder = mkdtempSync(join(tmpdir(), "hopscope-electron-binary-"));
let mirror: Server | undefined;
afterEach(() => {
  mirror?.closeAllConnections();
  mirror?.close();
});

/** A place to download from, on this machine. @returns the installer's environment that points to it */
async function mirrorThat(answer: (server: Server) => void): Promise<Record<string, string | undefined>> {
  mirror = createServer();
  answer(mirror);
  mirror.listen(0, "127.0.0.1");
  await new Promise((resolve) => mirror?.on("listening", resolve));
  const { port } = mirror.address() as AddressInfo;
  return {
    PATH: process.env["PATH"],
    HOME: folder,
    XDG_CACHE_HOME: folder,
    electron_config_cache: join(folder, "cache"),
    ELECTRON_MIRROR: `http://127.0.0.1:${port}/`,
    // A binary of this name is installed nowhere: the installer has to fetch it.
    ELECTRON_OVERRIDE_DIST_PATH: join(folder, "dist"),
  };
}

/** Where the binary is installed, the installer has nothing to fetch and ends at once. */
const isInstalled = existsSync("node_modules/electron/path.txt");
if (isInstalled) console.log("skipped: downloads of Electron's binary, because it is installed here");

describe("Electron's binary", () => {
  it("is the one that is told", async () => {
    const path = join(folder, "electron-told");
    writeFileSync(path, "");
    const environment = { ELECTRON_EXEC_PATH: path };
    expect(await findElectron({ say: () => {}, environment })).toEqual({ found: true, path });
    const missing = await findElectron({ say: () => {}, environment: { ELECTRON_EXEC_PATH: `${path}-not` } });
    expect(missing).toMatchObject({ found: false, why: expect.stringContaining(`${path}-not`) as string });
  });

  it.skipIf(isInstalled)("is given up when nothing arrives, and its installer is ended", async () => {
    let asked = 0;
    const environment = await mirrorThat((server) =>
      server.on("request", () => {
        // Neither an answer nor an end.
        asked++;
      }),
    );
    const said: string[] = [];
    const answer = await findElectron({ say: (line) => said.push(line), silenceMs: 2000, environment });
    expect(answer).toEqual({ found: false, why: "nothing arrived for 2 seconds" });
    expect(said).toHaveLength(1);
    expect(asked).toBeGreaterThan(0);
  });

  it.skipIf(isInstalled)("is given up at once when it is refused, with the installer's reason", async () => {
    const environment = await mirrorThat((server) =>
      server.on("request", (_request, response) => {
        response.writeHead(403).end();
      }),
    );
    const answer = await findElectron({ say: () => {}, silenceMs: 20_000, environment });
    expect(answer).toMatchObject({ found: false, why: expect.stringMatching(/403|Forbidden/) as string });
  });
});
