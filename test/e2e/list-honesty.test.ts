/**
 * What is on screen is what is listed: cells do not run into each other, the status bar counts the rows there are, and details are of a
 * packet that is listed.
 */
import { copyFileSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { press } from "./support/actions";
import { type App, openApp } from "./support/app";
import { CHROMIUM, closeSharedChromium } from "./support/chromium";
import { captureOf } from "./support/packet-captures";

afterAll(closeSharedChromium);

const text = (app: App, pane: string): Promise<string> => app.page.locator(`[data-pane="${pane}"]`).innerText();

function counts(app: App): Promise<string> {
  return app.page.getByRole("status", { name: "Packets" }).innerText();
}

async function filter(app: App, expression: string): Promise<void> {
  await app.page.getByRole("combobox", { name: "Display filter" }).fill(expression);
  await press(app, "Enter");
}

describe.skipIf(CHROMIUM === undefined)("the packet list", () => {
  it("cuts a cell whose text is wider, in either font, and no other", async () => {
    // Too wide by some letters: what measures in a smaller font takes them for narrow enough.
    const talk = `
      0.000 [fe80::9868:baff:feda:16]:4000 > [fe80::187b:9eff:fe7c:cd14]:9000 udp "a"
      0.001 10.0.0.1:4000 > 10.0.0.2:9000 udp "b"
    `;
    const app = await openApp("browser", [captureOf("six.pcapng", talk)]);
    // [is wider than its cell, is cut] of source and destination, by row.
    const cells = (): Promise<readonly (readonly boolean[])[]> =>
      app.page.locator(".layer .row:visible").evaluateAll((rows) =>
        rows.flatMap((row) =>
          [3, 4].map((at) => {
            const cell = row.querySelectorAll<HTMLElement>('[role="gridcell"]')[at];
            if (!cell) throw new Error("no cell");
            const range = document.createRange();
            range.selectNodeContents(cell);
            const isWider = range.getBoundingClientRect().width > cell.clientWidth - 11;
            return [isWider, getComputedStyle(cell).overflow === "hidden"];
          }),
        ),
      );
    expect(await cells()).toEqual([
      [true, true],
      [true, true],
      [false, false],
      [false, false],
    ]);
    await app.screenshot("packet-list/ipv6");
    await app.close();
  });

  it("is counted as what it shows where capture points are switched off", async () => {
    const talk = `
      0.0 @veth 10.0.0.1:4000 > 10.0.0.2:9000 udp "a"
      0.1 @bridge 10.0.0.1:4000 > 10.0.0.2:9000 udp "b"
      0.2 @bridge 10.0.0.1:4000 > 10.0.0.2:9000 udp "c"
    `;
    const app = await openApp("browser", [captureOf("points.pcapng", talk)]);
    expect(await counts(app)).toBe("3 packets");
    await app.page.getByRole("checkbox", { name: /Show packets of bridge/ }).click();
    await app.idle();
    await expect.poll(() => counts(app)).toMatch(/^3 packets\s+1 shown \(33 %\)$/);
    await app.close();
  });

  it("has no details of a packet beside it that it does not show", async () => {
    const path = join(mkdtempSync(join(tmpdir(), "hopscope-e2e-stale-")), "mine.pcap");
    copyFileSync("fixtures/dhcp.pcap", path);
    const app = await openApp("browser", [path]);
    expect(await text(app, "packet-details")).toContain("Frame 1");
    await filter(app, "sctp");
    await expect.poll(() => text(app, "packet-details")).not.toContain("Frame");
    expect(await text(app, "packet-bytes")).not.toContain("0000");
    await filter(app, "");
    await expect.poll(() => text(app, "packet-details")).toContain("Frame 1");

    // Read again, the file holds something else.
    copyFileSync("fixtures/http-ethernet.pcap", path);
    await press(app, "Control+r");
    await expect.poll(() => text(app, "packet-details")).toContain("ARP Announcement");
    // No capture at all.
    writeFileSync(path, "this is no capture, and long enough to be looked at as one");
    await press(app, "Control+r");
    const list = app.page.getByRole("region", { name: "Packet list" });
    await list.getByText("1 file could not be read").waitFor();
    expect(await list.innerText()).toMatch(/mine\.pcap: .*expected a pcap or pcapng capture/);
    await expect.poll(() => text(app, "packet-details")).not.toContain("Frame");
    await app.screenshot("packet-list/unread");
    rmSync(path);
    await press(app, "Control+r");
    await expect.poll(() => list.innerText()).toMatch(/mine\.pcap: .*no such file/);
    expect(await text(app, "packet-details")).not.toContain("Frame");
    copyFileSync("fixtures/dhcp.pcap", path);
    await list.getByRole("button", { name: "Reload" }).click();
    await expect.poll(() => text(app, "packet-details")).toContain("Frame 1");
    await app.close();
  });
});
