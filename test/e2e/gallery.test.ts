/**
 * docs/SCREENS.md: every view on one simulated recording, at two sizes, light and dark. The pictures are renewed as those of
 * docs-pictures.test.ts are; a test run looks whether the document still shows every pane that the window has.
 */
import { existsSync, mkdirSync, mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { hopscope } from "../builders/shared-data";
import { type App, openApp } from "./support/app";
import { CHROMIUM, closeSharedChromium } from "./support/chromium";
import { RENEWS_PICTURES } from "./support/docs-pictures";

const FOLDER = "docs/screens/views";
const DOCUMENT = "docs/SCREENS.md";

interface View {
  readonly title: string;
  /** The tab it is in; null: with nothing open. */
  readonly tab: string | null;
  readonly show?: (app: App) => Promise<void>;
  /** A dialog: closed when it has its picture. */
  readonly isDialog?: boolean;
}

async function press(app: App, role: "tab" | "option" | "radio" | "button", name: string | RegExp): Promise<void> {
  await app.page.getByRole(role, { name }).first().click();
  await app.idle();
}

/** The call to the Service that DNAT changed and a tunnel carried. */
async function chooseServiceCall(app: App): Promise<void> {
  await app.page
    .locator("[data-pane=connections]")
    .getByText(/pod.to.service/i)
    .first()
    .click();
  await app.idle();
}

async function openNames(app: App): Promise<void> {
  await app.page.getByRole("menuitem", { name: "Statistics" }).click();
  await app.page.getByRole("menuitem", { name: "Resolved Names" }).click();
}

const byKey =
  (key: string) =>
  (app: App): Promise<void> =>
    app.page.keyboard.press(key);

const VIEWS: readonly View[] = [
  { title: "Welcome", tab: null },
  { title: "Packets", tab: "Packets" },
  { title: "Bit diagram", tab: "Packets", show: (app) => press(app, "tab", "Diagram") },
  { title: "Layers", tab: "Connections", show: chooseServiceCall },
  { title: "Ladder", tab: "Connections", show: (app) => press(app, "tab", "Ladder") },
  { title: "Facts", tab: "Connections", show: (app) => press(app, "tab", "Facts") },
  { title: "Map", tab: "Map" },
  { title: "Services", tab: "Services" },
  { title: "NAT", tab: "NAT" },
  { title: "Findings", tab: "Findings" },
  { title: "Timeline", tab: "Timeline" },
  { title: "Notes", tab: "Notes" },
  { title: "Flows", tab: "Flows" },
  { title: "Conversations", tab: "Conversations" },
  { title: "Endpoints", tab: "Endpoints" },
  { title: "Protocols", tab: "Protocols" },
  { title: "Expert", tab: "Expert" },
  { title: "Device tables", tab: "Device tables" },
  { title: "Lessons", tab: "Lessons" },
  { title: "Follow", tab: "Packets", show: byKey("Control+Alt+Shift+T") },
  { title: "Resolved names", tab: "Packets", show: openNames },
  { title: "Command palette", tab: "Packets", show: byKey("Control+Shift+K"), isDialog: true },
  { title: "Keyboard shortcuts", tab: "Packets", show: byKey("F1"), isDialog: true },
  { title: "Settings", tab: "Packets", show: byKey("Control+Shift+P"), isDialog: true },
  { title: "Export", tab: "Packets", show: byKey("Control+Shift+E"), isDialog: true },
];

const VARIANTS = [
  { width: 1280, height: 800, theme: "light" },
  { width: 1280, height: 800, theme: "dark" },
  { width: 1920, height: 1080, theme: "light" },
  { width: 1920, height: 1080, theme: "dark" },
] as const;
type Variant = (typeof VARIANTS)[number];

function pictureOf(view: View, { width, theme }: Variant): string {
  return `${view.title.toLowerCase().replaceAll(" ", "-")}-${width}-${theme}.webp`;
}

function documentText(): string {
  const sections = VIEWS.map((view) => {
    const picture = (variant: Variant): string => {
      const label = `${view.title}, ${variant.width} x ${variant.height}, ${variant.theme}`;
      return `![${label}](screens/views/${pictureOf(view, variant)})`;
    };
    return `## ${view.title}\n\n${VARIANTS.map(picture).join("\n")}\n`;
  });
  return `# Every view

On the simulated scenario \`ingress\` with frames lost and its \`cluster.json\`, at 1280 x 800
and 1920 x 1080, light and dark. Made by test/e2e/gallery.test.ts; not edited by hand.

${sections.join("\n")}`;
}

function record(): readonly string[] {
  const folder = mkdtempSync(join(tmpdir(), "hopscope-gallery-"));
  const recording = join(folder, "ingress.pcapng");
  const cluster = join(folder, "cluster.json");
  const { status, stderr } = hopscope(
    "simulate",
    "ingress",
    "--fault",
    "loss",
    "--out",
    recording,
    "--cluster-out",
    cluster,
  );
  expect(status, stderr).toBe(0);
  return [recording, cluster];
}

/** A third of a PNG's size; encoded in a page of its own, the window's policy refuses such scripts. */
async function asWebp(app: App, png: Buffer): Promise<Buffer> {
  const page = await app.page.context().newPage();
  const url = await page.evaluate(async (base64) => {
    const bytes = Uint8Array.from(atob(base64), (c) => c.charCodeAt(0));
    const bitmap = await createImageBitmap(new Blob([bytes], { type: "image/png" }));
    const canvas = document.createElement("canvas");
    canvas.width = bitmap.width;
    canvas.height = bitmap.height;
    canvas.getContext("2d")?.drawImage(bitmap, 0, 0);
    return canvas.toDataURL("image/webp", 0.85);
  }, png.toString("base64"));
  await page.close();
  return Buffer.from(url.slice(url.indexOf(",") + 1), "base64");
}

async function takePicture(app: App, view: View, variant: Variant): Promise<void> {
  if (view.tab !== null) await press(app, "tab", view.tab);
  await view.show?.(app);
  // Where nothing has a tooltip.
  await app.page.mouse.move(1, 1);
  await app.idle();
  const picture = await asWebp(app, await app.page.screenshot());
  writeFileSync(resolve(FOLDER, pictureOf(view, variant)), picture);
  if (view.isDialog) await app.page.keyboard.press("Escape");
}

afterAll(closeSharedChromium);

describe("the gallery", () => {
  it("has every pane of the main area", () => {
    const panes = [...readFileSync("src-renderer/panes.ts", "utf8").matchAll(/ title: "([^"]+)"/g)].map(
      ([, title]) => title,
    );
    // Connections is shown by what it is split into.
    const titles = new Set(VIEWS.flatMap(({ title, tab }) => [title, tab]));
    expect(panes.length).toBeGreaterThan(10);
    expect(panes.filter((title) => title === undefined || !titles.has(title))).toEqual([]);
  });

  it("shows every view that docs/SCREENS.md is about", () => {
    if (RENEWS_PICTURES) writeFileSync(DOCUMENT, documentText());
    expect(readFileSync(DOCUMENT, "utf8"), "renew it with HOPSCOPE_PICTURES=1").toBe(documentText());
    const missing = VIEWS.flatMap((view) => VARIANTS.map((variant) => join(FOLDER, pictureOf(view, variant)))).filter(
      (path) => !RENEWS_PICTURES && !existsSync(path),
    );
    expect(missing).toEqual([]);
  });

  it.skipIf(CHROMIUM === undefined || !RENEWS_PICTURES)(
    "is of one recording",
    async () => {
      mkdirSync(FOLDER, { recursive: true });
      const files = record();
      for (const variant of VARIANTS) {
        for (const isEmpty of [true, false]) {
          const app = await openApp("browser", isEmpty ? [] : files, variant);
          for (const view of VIEWS.filter(({ tab }) => (tab === null) === isEmpty))
            await takePicture(app, view, variant);
          await app.close();
        }
      }
    },
    300_000,
  );
});
