/** Map, Services and the linking of views in a real browser: a Service call that two nodes recorded, and a lab where it is at hand. */
import { mkdtempSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { LABS, isHere } from "../builders/shared-data";
import { parseTraffic, trafficToPcapng } from "../builders/traffic";
import { openTab } from "./support/actions";
import { type App, openApp } from "./support/app";
import { expectAccessible } from "./support/axe";
import { CHROMIUM, closeSharedChromium } from "./support/chromium";

const NODES = ["fixtures/service-vxlan-node1.pcapng", "fixtures/service-vxlan-node2.pcapng"];
const LAB = join(LABS, "vxlan");

/** Rows of the table that says the same as the picture: cells joined by " | ". */
async function mapRows(app: App): Promise<string[]> {
  const rows = app.page.locator("[data-pane=map] table tbody tr");
  return rows.evaluateAll((list) =>
    list.map((row) => [...row.querySelectorAll("td")].map((cell) => cell.textContent.trim()).join(" ")),
  );
}

/** Goes to an element of the map by the keyboard, as its description is read out. */
async function focusOn(app: App, wanted: RegExp): Promise<void> {
  const map = app.page.getByRole("application", { name: /^Map/ });
  await map.focus();
  await app.page.keyboard.press("Home");
  for (const key of ["ArrowDown", "ArrowDown", "ArrowRight", "ArrowRight", "ArrowDown", "ArrowRight", "ArrowUp"]) {
    await app.page.keyboard.press(key);
    await app.idle();
    if (wanted.test(await app.page.locator("#map-focus").innerText())) return;
  }
  throw new Error(`no arrow key leads to ${String(wanted)}`);
}

describe.skipIf(CHROMIUM === undefined)("a Service call recorded on two nodes", () => {
  let app: App;
  beforeAll(async () => {
    app = await openApp("browser", NODES);
    await openTab(app, "Map");
  }, 60_000);
  afterAll(async () => {
    await app.close();
    await closeSharedChromium();
  });

  it("is drawn: both pods on their nodes, the wiring they were recorded on; a table says the same", async () => {
    const rows = await mapRows(app);
    expect(rows.filter((row) => row.startsWith("Pod")).map((row) => row.split(" ").slice(0, 2).join(" "))).toEqual(
      expect.arrayContaining(["Pod 10.244.1.11", "Pod 10.244.2.5"]),
    );
    expect(rows.filter((row) => row.startsWith("Machine"))).toHaveLength(2);
    expect(rows.some((row) => row.startsWith("tunnel device"))).toBe(true);
    const painted = await app.page
      .locator("[data-pane=map] canvas")
      .first()
      .evaluate((canvas) => {
        const { width, height } = canvas as HTMLCanvasElement;
        const context = (canvas as HTMLCanvasElement).getContext("2d");
        const { data } = context?.getImageData(0, 0, width, height) ?? { data: new Uint8ClampedArray() };
        return data.reduce((sum, byte, at) => sum + (at % 4 === 3 && byte > 0 ? 1 : 0), 0);
      });
    expect(painted).toBeGreaterThan(5000);
    await app.screenshot("map/fixture-nodes");
  });

  it("lights the connection that is selected in the table, and shows it in the other networks too", async () => {
    await openTab(app, "Connections");
    await app.page.locator("[data-pane=connections] [data-row='0']").click();
    await app.idle();
    await openTab(app, "Map");
    expect(await app.page.locator("[data-pane=map]").innerText()).toContain("lit: 10.244.1.11 to 10.244.2.5");
    expect(await app.page.locator("[data-pane=map] .legend").innerText()).toContain("back to the client");
    for (const [name, picture] of [
      ["Pod network", "pods"],
      ["Service network", "services"],
    ] as const) {
      await app.page.getByText(name, { exact: true }).click();
      await app.idle();
      await app.screenshot(`map/fixture-${picture}`);
    }
    expect((await mapRows(app)).some((row) => row.includes("10.96.10.20:80"))).toBe(true);
    await app.page.getByText("Node network", { exact: true }).click();
    await app.idle();
  });

  it("is walked by the keyboard; Enter limits the connections, Alt and arrows go back and forward", async () => {
    await focusOn(app, /^Capture point/);
    await app.page.keyboard.press("Enter");
    await app.idle();
    const chosen = app.page.locator("[data-pane=map] .scope");
    const label = await chosen.innerText();
    expect(label).toMatch(/^through /);
    await openTab(app, "Connections");
    expect(await app.page.locator("[data-pane=connections] .scope").innerText()).toContain(label);
    await app.page.keyboard.press("Alt+ArrowLeft");
    await app.idle();
    expect(await app.page.locator("[data-pane=connections] .scope").count()).toBe(0);
    await app.page.keyboard.press("Alt+ArrowRight");
    await app.idle();
    expect(await app.page.locator("[data-pane=connections] .scope").innerText()).toContain(label);
    await app.page.getByRole("button", { name: "Show all again" }).click();
    await app.idle();
  });

  it("is replayed: a step goes to the next moment in which anything happened", async () => {
    await openTab(app, "Map");
    await app.page.getByRole("button", { name: "Next busy moment" }).click();
    await app.idle();
    const slider = app.page.getByRole("slider", { name: "Moment of the replay" });
    const first = await slider.inputValue();
    expect(first).toBe("0");
    await app.page.getByRole("button", { name: "Next busy moment" }).click();
    await app.idle();
    expect(Number(await slider.inputValue())).toBeGreaterThan(0);
    await app.page.getByRole("button", { name: "Whole time" }).click();
    expect(await slider.inputValue()).toBe("-1");
  });

  it("is saved as a picture that holds the same names", async () => {
    await app.page.locator("[data-pane=map]").getByRole("button", { name: "Save the picture" }).click();
    const download = app.page.waitForEvent("download");
    await app.page.getByRole("menuitem", { name: /SVG/ }).click();
    const svg = readFileSync(await (await download).path(), "utf8");
    expect(svg).toContain(">10.244.1.11</text>");
    expect(svg).toMatch(/^(<\?xml[^>]*>\s*)?<svg /);
  });

  it("follows a packet that is selected in the list: connection, journey and hop, without coming to the front", async () => {
    await openTab(app, "Packets");
    await app.page.getByRole("grid", { name: "Packets" }).focus();
    await app.page.keyboard.press("End");
    await app.idle();
    expect(await app.page.getByRole("tab", { name: "Packets", exact: true }).getAttribute("aria-selected")).toBe(
      "true",
    );
    await openTab(app, "Connections");
    const chosen = app.page
      .getByRole("listbox", { name: "Packets of the connection" })
      .getByRole("option", { selected: true });
    expect(await chosen.getAttribute("data-journey")).not.toBe("0");
  });

  it("tells who asked which Service and who answered, with its latency", async () => {
    await openTab(app, "Services");
    const text = await app.page.locator("[data-pane=service]").innerText();
    expect(text).toContain("10.96.10.20:80");
    expect(text).toContain("inferred from DNAT");
    expect(text).toContain("10.244.2.5:8080");
    const flow = app.page.getByRole("group", { name: "Calls of 10.96.10.20:80" });
    await flow.getByRole("button", { name: /^10\.244\.2\.5:8080/ }).press("Shift+Enter");
    await app.idle();
    expect(await app.page.locator("[data-pane=connections] .scope").innerText()).toContain("10.244.2.5:8080");
    await app.page.getByRole("button", { name: "Show all again" }).click();
    await app.idle();
  });

  it.each([
    ["Map", "light"],
    ["Services", "dark"],
  ] as const)("%s has no axe violation", async (name, colorScheme) => {
    await app.page.emulateMedia({ colorScheme, reducedMotion: "reduce" });
    await openTab(app, name);
    await expectAccessible(app, name);
    await app.screenshot(`map/fixture-${name.toLowerCase()}-${colorScheme}`);
  });
});

describe.skipIf(CHROMIUM === undefined)("seventy nodes", () => {
  let app: App;
  beforeAll(async () => {
    const folder = mkdtempSync(join(tmpdir(), "hopscope-e2e-map-"));
    const nodes = Array.from({ length: 70 }, (_, i) => ({ name: `node-${i}`, address: `192.0.2.${i + 1}` }));
    const calls = nodes.map(
      ({ address }, i) => `${i / 100} ${address}:40000 > 192.0.2.250:53 dns query ${i} A host-${i}.example`,
    );
    writeFileSync(join(folder, "wire.pcapng"), trafficToPcapng(parseTraffic(calls.join("\n"))));
    const items = nodes.map(({ name, address }) => ({
      apiVersion: "v1",
      kind: "Node",
      metadata: { name },
      status: { addresses: [{ type: "InternalIP", address }] },
    }));
    writeFileSync(join(folder, "cluster.json"), JSON.stringify({ apiVersion: "v1", kind: "List", items }));
    app = await openApp("browser", [join(folder, "wire.pcapng")]);
    await app.drop([join(folder, "cluster.json")]);
    await app.page.getByText(/^Names are taken/).waitFor();
    await openTab(app, "Map");
  }, 60_000);
  afterAll(async () => {
    await app.close();
    await closeSharedChromium();
  });

  it("are twenty in a box; a box opens by Enter, its menu closes it, and one button closes all", async () => {
    const boxes = async (): Promise<string[]> =>
      (await mapRows(app)).flatMap((row) => /^Machines? (node-\d+(?: … node-\d+)?) /.exec(row)?.[1] ?? []);
    const closed = ["node-0 … node-19", "node-20 … node-39", "node-40 … node-59", "node-60 … node-69"];
    const last = Array.from({ length: 10 }, (_, i) => `node-${60 + i}`);
    expect(await boxes()).toEqual(closed);

    const map = app.page.getByRole("application", { name: /^Map/ });
    await map.focus();
    await app.page.keyboard.press("Home");
    for (let i = 0; i < 3; i++) await app.page.keyboard.press("PageDown");
    await app.idle();
    expect(await app.page.locator("#map-focus").innerText()).toContain("node-60 … node-69");
    await app.page.keyboard.press("Enter");
    await app.idle();
    expect(await boxes()).toEqual([...closed, ...last]);
    await app.screenshot("map/seventy-nodes");
    await expectAccessible(app, "map with an open box");

    await map.focus();
    await app.page.keyboard.press("Shift+F10");
    await app.page.getByRole("menuitem", { name: "Close the group" }).click();
    await app.idle();
    expect(await boxes()).toEqual(closed);

    await map.focus();
    await app.page.keyboard.press("Enter");
    await app.page.getByRole("button", { name: "Close groups" }).click();
    await app.idle();
    expect(await boxes()).toEqual(closed);
    expect(await app.page.getByRole("button", { name: "Close groups" }).count()).toBe(0);
  });
});

describe.skipIf(CHROMIUM === undefined || !isHere(LAB))(
  "a lab of two nodes, a router and an outside host (shared data)",
  () => {
    let app: App;
    beforeAll(async () => {
      const captures = readdirSync(LAB).filter((name) => name.endsWith(".pcapng"));
      app = await openApp(
        "browser",
        captures.map((name) => join(LAB, name)),
        { width: 1920, height: 1080 },
      );
      await app.drop([join(LAB, "cluster.json")]);
      await app.page.getByText(/^Names are taken/).waitFor();
      await openTab(app, "Map");
    }, 90_000);
    afterAll(async () => {
      await app.close();
      await closeSharedChromium();
    });

    it("has its pods on their nodes and every device of the wiring", async () => {
      const rows = await mapRows(app);
      for (const row of [
        /^Pod client-a n1 /,
        /^Pod web-b n2 /,
        /^veth veth1 n1 .*client-a/,
        /^bridge cni0 n1 /,
        /^tunnel device vxlan\.calico n2 /,
        /^router port to-n1 r /,
        /^Machine ext /,
      ])
        expect(
          rows.some((text) => row.test(text)),
          String(row),
        ).toBe(true);
    });

    it("lights the way of a call through the Service, and the Services pane names the endpoints that answered", async () => {
      await openTab(app, "Connections");
      await app.page.getByRole("searchbox", { name: "Search in Connections" }).fill("pod-to-service");
      await app.idle();
      await app.page.locator("[data-pane=connections] [data-row='0']").click();
      await app.idle();
      await openTab(app, "Map");
      expect(await app.page.locator("[data-pane=map]").innerText()).toMatch(/lit: default\/client-\w to default\/web/);
      await app.screenshot("map/lab-nodes");
      await openTab(app, "Services");
      const text = await app.page.locator("[data-pane=service]").innerText();
      for (const word of ["default/web", "NodePort", "default/web-a", "default/web-b"]) expect(text).toContain(word);
      await app.screenshot("map/lab-services");
    });
  },
);
