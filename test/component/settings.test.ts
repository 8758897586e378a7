/** Settings: defaults, what is kept, and what a damaged settings file does. */
import { describe, expect, it } from "vitest";
import { startFakeEngine } from "./support/fake-engine";

const stored = {
  theme: "dark",
  zoom: 9000,
  "time.precision": 3,
  "filter.saved": [{ label: "web", filter: "http" }, 5],
};
const engine = startFakeEngine({
  "settings.get": () => ({ value: JSON.stringify(stored) }),
  "settings.set": () => null,
});
const { connect } = await import("../../src-renderer/bridge/engine");
const { flushSettings, isOneOf, isNumber, isTextList, loadSettings, theme, timePrecision, zoom } =
  await import("../../src-renderer/state/settings.svelte");
const { removeSavedFilter, savedFilters, saveFilter } = await import("../../src-renderer/state/saved-filters.svelte");
const { toasts } = await import("../../src-renderer/state/toasts.svelte");
connect();

const kept = (): Record<string, unknown> =>
  JSON.parse(engine.asked("settings.set").at(-1)?.value ?? "{}") as Record<string, unknown>;

describe("settings", () => {
  it("have defaults until they are read, then what was kept, if it is usable", async () => {
    expect(theme.value).toBe("system");
    await loadSettings();
    expect(theme.value).toBe("dark");
    expect(timePrecision.value).toBe(3);
    expect(zoom.value).toBe(100);
    expect(savedFilters.value).toEqual([{ label: "web", filter: "http" }]);
  });

  it("are written a while later, all changes together, and what another version kept stays", async () => {
    theme.value = "light";
    zoom.value = 125;
    expect(engine.asked("settings.set")).toEqual([]);
    flushSettings();
    await engine.settle();
    expect(engine.asked("settings.set")).toHaveLength(1);
    expect(kept()).toMatchObject({ theme: "light", zoom: 125, "time.precision": 3 });
    theme.reset();
    flushSettings();
    await engine.settle();
    expect(kept()).not.toHaveProperty("theme");
  });

  it("survive a settings file that is no JSON", async () => {
    engine.answers["settings.get"] = () => ({ value: "{ torn" });
    await loadSettings();
    expect(zoom.value).toBe(125);
  });

  it("are checked by what they may be", () => {
    expect(isOneOf(["a", "b"])("b")).toBe("b");
    expect(isOneOf(["a", "b"])("c")).toBeUndefined();
    expect(isNumber(0, 9)(Number.NaN)).toBeUndefined();
    expect(isTextList(["a", 1])).toBeUndefined();
  });
});

describe("saved filters", () => {
  it("take a new filter under a label that is taken, and come back after an undo", () => {
    saveFilter("web", "http.request");
    saveFilter("names", "dns");
    expect(savedFilters.value.map((saved) => saved.filter)).toEqual(["http.request", "dns"]);
    removeSavedFilter("web");
    expect(savedFilters.value).toHaveLength(1);
    toasts.list.at(-1)?.action?.run();
    expect(savedFilters.value.map((saved) => saved.label)).toEqual(["web", "names"]);
  });
});
