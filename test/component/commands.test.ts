/** The registry of commands: titles and keys from the menus, key handling, what is not possible. */
import { afterEach, describe, expect, it, vi } from "vitest";
import { APP_MENUS, itemsOfMenu } from "../../src-shared/contract/menu";
import { startFakeEngine } from "./support/fake-engine";

const engine = startFakeEngine();
/** What handleKey looks at of an element. */
class FakeElement {
  readonly isContentEditable = false;
}
class FakeInput extends FakeElement {
  readonly type: string = "text";
}
vi.stubGlobal("HTMLElement", FakeElement);
vi.stubGlobal("HTMLInputElement", FakeInput);
vi.stubGlobal("HTMLTextAreaElement", class extends FakeElement {});
vi.stubGlobal("HTMLSelectElement", class extends FakeElement {});

const { commandList, findCommand, formatKeys, handleKey, registerCommands, runCommand } =
  await import("../../src-renderer/state/commands.svelte");
const { menuState, tellNativeMenu } = await import("../../src-renderer/state/app-menu.svelte");
const { dialogs } = await import("../../src-renderer/state/dialogs.svelte");

/** Presses "ctrl shift k" on an element; true if the window took the keys for itself. */
function press(text: string, target: unknown = new FakeElement()): boolean {
  const parts = text.split(" ");
  const event = {
    key: parts.at(-1) ?? "",
    code: "",
    ctrlKey: parts.includes("ctrl"),
    metaKey: false,
    altKey: parts.includes("alt"),
    shiftKey: parts.includes("shift"),
    target,
    isComposing: false,
    defaultPrevented: false,
    preventDefault: () => (event.defaultPrevented = true),
  };
  handleKey(event as unknown as KeyboardEvent);
  return event.defaultPrevented;
}

const { connect } = await import("../../src-renderer/bridge/engine");
connect();

let remove: () => void = () => undefined;
afterEach(() => remove());

describe("a command", () => {
  it("with a shorter name than in the menu is found by both, and by what others call it", () => {
    remove = registerCommands([
      { id: "pane.hierarchy", title: "Protocols", run: () => undefined },
      { id: "pane.timeline", alsoCalled: "I/O Graphs", run: () => undefined },
    ]);
    expect(findCommand("pane.hierarchy")?.alsoCalled).toBe("Protocol Hierarchy");
    expect(findCommand("pane.timeline")?.alsoCalled).toBe("I/O Graphs");
  });

  it("of the menu has its title, group and keys from there", () => {
    remove = registerCommands([{ id: "go.packet", run: () => undefined }]);
    expect(findCommand("go.packet")).toMatchObject({ title: "Go to Packet…", group: "Go", keys: ["Mod+G"] });
    expect(formatKeys("go.packet")).toBe("Ctrl+G");
  });

  it("without a title, and in no menu, is a defect", () => {
    expect(() => registerCommands([{ id: "nobody.knows", run: () => undefined }])).toThrow("nobody.knows");
  });

  it("is gone when its pane is, unless another took its place", () => {
    const first = registerCommands([{ id: "x", title: "First", run: () => undefined }]);
    remove = registerCommands([{ id: "x", title: "Second", run: () => undefined }]);
    first();
    expect(findCommand("x")?.title).toBe("Second");
    remove();
    expect(commandList()).toEqual([]);
  });

  it("that is not possible does not run", () => {
    const run = vi.fn();
    remove = registerCommands([{ id: "x", title: "X", enabled: () => false, run }]);
    expect(runCommand("x")).toBe(false);
    expect(runCommand("not there")).toBe(false);
    expect(run).not.toHaveBeenCalled();
  });

  it("that fails says so in a dialog", async () => {
    remove = registerCommands([{ id: "x", title: "Try It…", run: () => Promise.reject(new Error("it broke")) }]);
    runCommand("x");
    await vi.waitUntil(() => dialogs.message !== null);
    expect(dialogs.message).toMatchObject({ title: "Try It", text: "it broke", kind: "error" });
    dialogs.message?.answer(true);
  });
});

describe("keys", () => {
  it("run their command, with the browser's own meaning taken away", () => {
    const run = vi.fn();
    remove = registerCommands([{ id: "x", title: "X", keys: ["Mod+Shift+K", "F8"], run }]);
    expect(press("ctrl shift K")).toBe(true);
    expect(press("F8")).toBe(true);
    expect(press("ctrl k")).toBe(false);
    expect(run).toHaveBeenCalledTimes(2);
  });

  it("of a command that is not possible do nothing, not even what a browser would do", () => {
    remove = registerCommands([{ id: "x", title: "X", keys: "Mod+R", enabled: () => false, run: () => undefined }]);
    expect(press("ctrl r")).toBe(true);
  });

  it("that write or move the caret stay a text field's", () => {
    const run = vi.fn();
    remove = registerCommands([
      { id: "help", title: "Help", keys: "?", run },
      { id: "back", title: "Back", keys: "Alt+Left", run },
      { id: "open", title: "Open", keys: "Mod+O", run },
    ]);
    const field = new FakeInput();
    expect(press("shift ?", field)).toBe(false);
    expect(press("alt ArrowLeft", field)).toBe(false);
    expect(run).not.toHaveBeenCalled();
    expect(press("ctrl o", field)).toBe(true);
    expect(press("shift ?")).toBe(true);
    expect(run).toHaveBeenCalledTimes(2);
  });

  it("wait while a dialog is open", () => {
    const run = vi.fn();
    remove = registerCommands([{ id: "x", title: "X", keys: "F8", run }]);
    void dialogs.ask({ title: "?", text: "", kind: "question", action: "Yes" });
    press("F8");
    dialogs.message?.answer(false);
    expect(run).not.toHaveBeenCalled();
    press("F8");
    expect(run).toHaveBeenCalledOnce();
  });
});

describe("the menus", () => {
  it("name each command once, and no two with the same keys", () => {
    const items = APP_MENUS.flatMap(itemsOfMenu);
    const ids = items.map((item) => item.command);
    const keys = items.flatMap((item) => item.keys ?? []);
    expect(new Set(ids).size).toBe(ids.length);
    expect(new Set(keys).size).toBe(keys.length);
  });
});

describe("the native menu", () => {
  it("is told what can be chosen and what has a check mark, and only what is new", async () => {
    engine.answers["menu.state"] = () => null;
    let shown = true;
    remove = registerCommands([
      { id: "file.open", run: () => undefined },
      { id: "go.packet", enabled: () => false, run: () => undefined },
      { id: "view.bytes", checked: () => shown, run: () => undefined },
      // Has a mark elsewhere, not in the menu.
      { id: "file.reload", checked: () => true, run: () => undefined },
    ]);
    tellNativeMenu();
    tellNativeMenu();
    await engine.settle();
    const [state, ...more] = engine.asked("menu.state");
    expect(more).toEqual([]);
    // What nobody registered cannot be chosen either: the pane that does it is not there.
    expect(state?.disabled).toContain("go.packet");
    expect(state?.disabled).toContain("picture.saveSvg");
    expect(APP_MENUS.flatMap(itemsOfMenu).filter(({ command }) => !state?.disabled.includes(command))).toMatchObject([
      { command: "file.open" },
      { command: "file.reload" },
      { command: "view.bytes" },
    ]);
    expect(state?.checked).toEqual(["view.bytes"]);

    shown = false;
    tellNativeMenu();
    expect(engine.asked("menu.state").at(-1)?.checked).toEqual([]);
  });

  it("has nothing to choose while a dialog has the keyboard", () => {
    remove = registerCommands([{ id: "file.open", run: () => undefined }]);
    expect(menuState().disabled).not.toContain("file.open");
    void dialogs.ask({ title: "?", text: "", kind: "question", action: "Yes" });
    expect(menuState().disabled).toContain("file.open");
    dialogs.message?.answer(false);
  });
});
