/**
 * Everything a person can do, in one registry: menus, palette, shortcuts sheet, toolbar and key handling use it.
 *
 * ```
 * registerCommands([
 *   { id: "go.next", run }                            title, group and keys come from contract/menu.ts, where it is a menu item
 *   { id: "list.copyCell", title: "Copy Cell", group: "Packet list", keys: "Mod+Alt+C", enabled: () => …, run },
 * ])
 * runCommand("go.next")
 * ```
 */
import { SvelteMap } from "svelte/reactivity";
import { APP_MENUS, itemsOfMenu } from "../../src-shared/contract/menu";
import { hostBridge } from "../bridge/transport";
import { chordOf, formatChord, isFieldChord, isTyping } from "../viewmodel/key-chord";
import { dialogs, showError } from "./dialogs.svelte";
import { menus } from "./menus.svelte";

export interface CommandSpec {
  readonly id: string;
  /** What it does, in title case: "Go to Packet…". Taken from the menu if it is a menu item. */
  readonly title?: string;
  /** Heading in the palette and the shortcuts sheet. */
  readonly group?: string;
  /** Other names a person may look for in the palette: "I/O Graph". */
  readonly alsoCalled?: string;
  /** "Mod+Shift+K", or several; see viewmodel/key-chord.ts. */
  readonly keys?: string | readonly string[];
  /** Also work while a text field has the keyboard; by default those that a text field does not use itself. */
  readonly inTextFields?: boolean;
  /** Reactive; undefined: always. */
  readonly enabled?: () => boolean;
  /** For commands that are on or off: menus show a check mark. */
  readonly checked?: () => boolean;
  /** In menus, where what it does now is more than its title says. Reactive. */
  readonly menuTitle?: () => string;
  /** Not offered in the palette (only keys and menus). */
  readonly hidden?: boolean;
  /** `argument`: what an event of the host or a caller hands over. */
  readonly run: (argument?: string) => void | Promise<void>;
}

export interface Command {
  readonly id: string;
  readonly title: string;
  readonly group: string;
  readonly alsoCalled: string;
  readonly keys: readonly string[];
  readonly inTextFields: boolean | undefined;
  readonly enabled: () => boolean;
  readonly checked: (() => boolean) | undefined;
  readonly menuTitle: (() => string) | undefined;
  readonly hidden: boolean;
  readonly run: (argument?: string) => void | Promise<void>;
}

const inMenus = new Map(
  APP_MENUS.flatMap((menu) => itemsOfMenu(menu).map((item) => [item.command, { group: menu.label, item }] as const)),
);

/** Keys that a browser keeps for itself: shown and listened to only in a window of our own. */
const BROWSER_KEYS = new Set(["Mod+W", "Mod+N", "Mod+T", "Mod+Shift+W", "Mod+Shift+N", "Mod+Shift+T"]);

const registry = new SvelteMap<string, Command>();

const isDesktop = typeof window !== "undefined" && hostBridge() !== undefined;

export const isMac = typeof navigator !== "undefined" && /mac/i.test(navigator.platform);

/** Registers a command; the returned function takes it away again (call it when the component goes). */
function registerCommand(spec: CommandSpec): () => void {
  const menu = inMenus.get(spec.id);
  const title = spec.title ?? menu?.item.title;
  if (title === undefined) throw new Error(`Command ${spec.id} has no title and is no menu item`);
  const keys = spec.keys ?? menu?.item.keys ?? [];
  const command: Command = {
    id: spec.id,
    title,
    group: spec.group ?? menu?.group ?? "Other",
    // In the menu it may have a longer name than on its tab.
    alsoCalled: [menu?.item.title, spec.alsoCalled].filter((name) => name !== undefined && name !== title).join(" "),
    keys: (typeof keys === "string" ? [keys] : keys).filter((chord) => isDesktop || !BROWSER_KEYS.has(chord)),
    inTextFields: spec.inTextFields,
    enabled: spec.enabled ?? (() => true),
    checked: spec.checked,
    menuTitle: spec.menuTitle,
    hidden: spec.hidden ?? false,
    run: spec.run,
  };
  registry.set(spec.id, command);
  return () => {
    if (registry.get(spec.id) === command) registry.delete(spec.id);
  };
}

/** Several at once, taken away together: `$effect(() => registerCommands([...]))`. */
export function registerCommands(specs: readonly CommandSpec[]): () => void {
  const removals = specs.map(registerCommand);
  return () => removals.forEach((remove) => remove());
}

/** All of them, in the order they were registered. Reactive. */
export function commandList(): Command[] {
  return [...registry.values()];
}

/** Reactive. */
export function findCommand(id: string): Command | undefined {
  return registry.get(id);
}

/** Runs it if it is there and enabled; a failure is told in a dialog. False: there was nothing to run. */
export function runCommand(id: string, argument?: string): boolean {
  const command = registry.get(id);
  if (!command?.enabled()) return false;
  void start(command, argument);
  return true;
}

async function start(command: Command, argument: string | undefined): Promise<void> {
  try {
    await command.run(argument);
  } catch (error) {
    showError(command.title.replace("…", ""), error);
  }
}

/** A command's first keys, for a menu's item: none where a browser keeps them for itself. */
export function keysOf(id: string): string | undefined {
  return registry.get(id)?.keys[0];
}

/** "Ctrl+Shift+K" for a command's first keys, "" if it has none. */
export function formatKeys(id: string): string {
  const chord = registry.get(id)?.keys[0];
  return chord === undefined ? "" : formatChord(chord, isMac);
}

/** The window's key handler: finds the command of the pressed keys and runs it. */
export function handleKey(event: KeyboardEvent): void {
  if (event.defaultPrevented || event.isComposing || dialogs.modal || menus.open) return;
  const chord = chordOf(event, isMac);
  if (chord === "") return;
  const editing = isEditable(event.target);
  for (const command of registry.values()) {
    if (!command.keys.includes(chord)) continue;
    if (editing && !(command.inTextFields ?? (!isTyping(chord) && !isFieldChord(chord)))) continue;
    // The keys are the window's own, even while what they do is not possible: the browser must not print or reload.
    event.preventDefault();
    runCommand(command.id);
    return;
  }
}

/** True where pressed keys write text. */
export function isEditable(target: EventTarget | null): boolean {
  if (!(target instanceof HTMLElement)) return false;
  if (target instanceof HTMLInputElement)
    return !["checkbox", "radio", "button", "range", "color"].includes(target.type);
  return target instanceof HTMLTextAreaElement || target instanceof HTMLSelectElement || target.isContentEditable;
}
