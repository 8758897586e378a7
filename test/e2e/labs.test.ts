/**
 * What the views must show, on every lab recording: a ping and a Service call stepped through every hop, the changes each hop makes,
 * the envelope, the hairpin, the two translations of a way out. Which connection is which is found by what it is, never by address.
 */
import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { afterAll, afterEach, describe, expect, it } from "vitest";
import { LABS } from "../builders/shared-data";
import { type App, openApp } from "./support/app";
import { CHROMIUM, closeSharedChromium } from "./support/chromium";

const labs = existsSync(LABS) ? readdirSync(LABS).filter((f) => existsSync(join(LABS, f, "truth.json"))) : [];
if (labs.length === 0) console.warn(`skipped: no labs in ${LABS}`);

afterAll(closeSharedChromium);

describe.skipIf(CHROMIUM === undefined || labs.length === 0).each(labs)("the lab %s", (lab) => {
  let app: App | undefined;
  afterEach(async () => {
    await app?.close();
    app = undefined;
  });

  /** The first connection whose row holds all the words, chosen and shown as layers. */
  async function choose(own: App, search: string, ...words: readonly string[]): Promise<string> {
    const { page } = own;
    await page.getByLabel("Search in Connections").fill(search);
    const pane = page.locator("[data-pane=connections]");
    const rows = pane.locator("[role=row][data-row]");
    // The table of the search before stays until the new one is there.
    await expect
      .poll(async () => {
        const texts = await rows.allInnerTexts();
        return texts.length > 0 && texts.every((text) => text.includes(search));
      })
      .toBe(true);
    await own.idle();
    const row = words.reduce((rows, word) => rows.filter({ hasText: word }), rows).first();
    const text = await row.innerText();
    await row.click();
    await own.idle();
    return text.replace(/\s+/g, " ");
  }

  /** What the line above the picture says at each hop, from the first to the last. */
  async function steps(own: App): Promise<readonly string[]> {
    const stage = own.page.getByRole("region", { name: /^Layers at each hop/ });
    await stage.focus();
    await own.page.keyboard.press("Home");
    const said: string[] = [];
    for (let hop = 0; ; hop++) {
      await own.idle();
      said.push((await own.page.locator(".now").innerText()).trim());
      const [, at, of] = /^(\d+)\/(\d+)/.exec(said[hop] ?? "") ?? [];
      if (at === undefined || at === of) return said;
      await own.page.keyboard.press("ArrowRight");
    }
  }

  it("is told hop by hop", { timeout: 120_000 }, async () => {
    const files = readdirSync(join(LABS, lab)).filter((f) => f.endsWith(".pcapng"));
    const large = labs.indexOf(lab) % 2 === 1;
    const own = (app = await openApp(
      "browser",
      files.map((f) => join(LABS, lab, f)),
      large ? { width: 1920, height: 1080, theme: "dark" } : {},
    ));
    const { page } = own;
    const shot = (name: string): Promise<void> => own.screenshot(`labs/${lab}-${name}`);
    await page.getByRole("tab", { name: "Connections", exact: true }).click();
    await own.idle();

    // A ping between pods of two nodes: routed, and in all labs but one in an envelope.
    await choose(own, "pod-to-pod", "ICMP", "cross-node");
    const ping = await steps(own);
    expect(ping.length).toBeGreaterThan(6);
    expect(ping.join("\n")).toMatch(/Routed: TTL 64 → 63/);
    if (lab !== "hostgw") {
      expect(ping.join("\n")).toMatch(/Wrapped into a tunnel \(\S+.*\): [\d.]+ → [\d.]+\./);
      expect(ping.join("\n")).toContain("Taken out of the tunnel");
    }
    await shot("ping");

    // A Service call across nodes: the destination is changed on the client's node.
    await choose(own, "pod-to-service", "cross-node", "DNAT");
    const call = await steps(own);
    expect(call.filter((said) => said.includes("DNAT: to"))).toHaveLength(1);
    const changed = page.locator("svg .field.changed");
    const names = await changed.evaluateAll((fields) =>
      fields.map((field) => field.querySelector("title")?.textContent ?? ""),
    );
    // TTL, hardware addresses and the address itself are marked, each with its reason.
    for (const reason of [
      /TTL: 6\d, was 6\d \(routed\)/,
      /^to: [\d.]+, was [\d.]+ \(DNAT\)/,
      /^from: [\da-f:]{17}, was .*link\)/,
    ])
      expect(
        names.some((name) => reason.test(name)),
        String(reason),
      ).toBe(true);
    await shot("service");

    // The hairpin: a pod reaches itself through its Service, both addresses change.
    const hairpin = await choose(own, "hairpin", "DNAT + SNAT");
    expect(hairpin).toContain("hairpin");
    const round = (await steps(own)).join("\n");
    expect(round).toMatch(/DNAT: to/);
    expect(round).toMatch(/SNAT: from/);
    await shot("hairpin");

    // The way out: the node translates, and the gateway once more.
    await choose(own, "egress", "TCP", "SNAT ×2");
    const out = (await steps(own)).filter((said) => said.includes("SNAT: from"));
    expect(out).toHaveLength(2);
    const [first, second] = out.map((said) => /SNAT: from (\S+) → (\S+)\./.exec(said)?.slice(1));
    expect(second?.[0]).toBe(first?.[1]);
    await shot("egress");

    await page.getByRole("tab", { name: "Ladder", exact: true }).click();
    await own.idle();
    const marks = await page.locator("svg .nat").allTextContents();
    expect(new Set(marks.map((mark) => mark.trim()))).toEqual(new Set(["SNAT", "SNAT undone"]));
    await shot("egress-ladder");
  });
});

// A file without any test is an error.
if (labs.length === 0) it.skip("recordings of labs are not here", () => undefined);
