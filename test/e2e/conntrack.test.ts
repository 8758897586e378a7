/**
 * Connection tracking tells what packets cannot: what a node's own program asked for is translated before any device sees it. Files of a lab are
 * open, the kernel's output is dropped on the window: the same connection is told anew in Facts, NAT lists the file; taken away again, as before.
 */
import { existsSync, readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { afterAll, afterEach, describe, expect, it } from "vitest";
import { LABS } from "../builders/shared-data";
import { openTab } from "./support/actions";
import { type App, openApp } from "./support/app";
import { CHROMIUM, closeSharedChromium } from "./support/chromium";

type Address = readonly [ip: string, port: number];

const [lab] = existsSync(LABS) ? readdirSync(LABS).filter((f) => existsSync(join(LABS, f, "truth.json"))) : [];
if (lab === undefined) console.warn(`conntrack.test.ts: skipped, no labs in ${LABS}`);

afterAll(closeSharedChromium);

describe.skipIf(CHROMIUM === undefined || lab === undefined)("the output of conntrack, dropped on the window", () => {
  let app: App | undefined;
  afterEach(() => app?.close());

  it("tells anew what a node's own call asked for, until it is taken away", async () => {
    const folder = join(LABS, lab ?? "");
    const { requests } = JSON.parse(readFileSync(join(folder, "truth.json"), "utf8")) as {
      requests: { kind: string; frm: string; local: Address; remote: Address }[];
    };
    const call = requests.find((r) => r.kind === "node-to-service");
    if (!call) throw new Error(`${folder}/truth.json has no call of a node to a Service`);
    const asked = call.remote.join(":");
    const own = (app = await openApp(
      "browser",
      ["n1.pcapng", "n2.pcapng"].map((f) => join(folder, f)),
    ));
    const { page } = own;
    const tracked = `conntrack-${call.frm}.txt`;
    const facts = async (): Promise<string> => {
      await own.idle();
      return page.locator("[data-pane=connection]").innerText();
    };

    await openTab(own, "Connections");
    await page.getByLabel("Search in Connections").fill(String(call.local[1]));
    await expect.poll(() => page.locator("[data-pane=connections] [role=row][data-row]").count()).toBe(1);
    await own.idle();
    await page.locator("[data-pane=connections] [data-row='0']").click();
    await openTab(own, "Facts");
    const before = await facts();
    expect(before).toContain(`:${call.local[1]}`);
    expect(before).not.toContain(asked);

    await own.drop([join(folder, tracked)]);
    await expect.poll(facts).toContain(asked);
    const after = await facts();
    expect(after).toContain("told by conntrack, not shown by these files");
    expect(after).toMatch(new RegExp(`DNAT\\s+${asked.replaceAll(".", "\\.")} → \\S+ on ${call.frm}`));
    await own.screenshot("conntrack/facts");

    await openTab(own, "NAT");
    const nat = page.locator("[data-pane=nat]");
    await expect.poll(() => nat.innerText()).toContain(tracked);
    await page.getByRole("button", { name: `Do not compare with ${tracked}` }).click();
    await expect.poll(() => nat.innerText()).not.toContain(tracked);
    await openTab(own, "Connections");
    await expect.poll(facts).toBe(before);
  });
});

// A file without any test is an error.
if (lab === undefined) it.skip("recordings of labs are not here", () => undefined);
