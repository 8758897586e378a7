/** What people do most, by keyboard alone, the same in both hosts: filter, walk, see where a packet went, follow its stream. */
import { afterAll, describe, expect, it } from "vitest";
import { press } from "./support/actions";
import { type App, HOSTS, openApp } from "./support/app";
import { CHROMIUM, closeSharedChromium } from "./support/chromium";

const FILES = ["fixtures/service-vxlan-node1.pcapng", "fixtures/service-vxlan-node2.pcapng"];

afterAll(closeSharedChromium);

async function applyFilter(app: App, filter: string): Promise<void> {
  await press(app, "Control+/", "Control+A");
  await app.page.keyboard.type(filter);
  // The first takes what is completed, if anything is.
  await press(app, "Enter", "Enter");
}

const shown = (app: App): Promise<string> => app.page.getByRole("status", { name: "Packets" }).innerText();
const selected = (app: App): Promise<string> =>
  app.page.locator("[data-pane='packet-list'] [role=row][aria-selected=true]").innerText();

describe.skipIf(CHROMIUM === undefined).each(HOSTS)("in the %s host", (host) => {
  it("a call is found, walked through and followed, and is there again after a reload", async () => {
    const app = await openApp(host, FILES);
    const { page } = app;
    await applyFilter(app, "http");
    expect(await shown(app)).toMatch(/14 shown/);

    await page.getByRole("grid", { name: "Packets" }).focus();
    await press(app, "Control+Home");
    expect(await selected(app)).toContain("GET /");
    const details = page.locator("[data-pane='packet-details']");
    expect(await details.innerText()).toContain("Hypertext Transfer Protocol");
    const first = await selected(app);
    await press(app, "ArrowDown");
    expect(await selected(app)).not.toBe(first);

    // Where it went: the connection of the selected packet, at its seven capture points.
    await press(app, "Control+Shift+K");
    await page.keyboard.type("connections");
    await press(app, "Enter");
    const connections = page.locator("[data-pane=connections]");
    await connections
      .getByText(/pod.to.service/i)
      .first()
      .waitFor();
    await app.idle();
    // Asked for, answered by, how it got there.
    for (const fact of ["10.96.10.20:80", "10.244.2.5:8080", "cross-node", "DNAT", "vxlan"])
      expect(await connections.innerText()).toContain(fact);

    await press(app, "Control+Shift+K");
    await page.keyboard.type("packets");
    await press(app, "Enter");
    await page.getByRole("grid", { name: "Packets" }).focus();
    await press(app, "Control+Home", "Control+Alt+Shift+T");
    expect(await page.locator("[data-pane=follow]").innerText()).toContain("GET /");

    await page.reload();
    await app.idle();
    expect(await shown(app)).toMatch(/14 shown/);
    expect(await page.locator("[data-pane=follow]").innerText()).toContain("GET /");
    await app.close();
  });
});
