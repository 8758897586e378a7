/**
 * Keys as text: "Mod+Shift+K". "Mod" is Ctrl, on a Mac Cmd; the rest are Alt, Shift and the key's name, as KeyboardEvent.key
 * calls it (letters in upper case; "Up", "Down", "Left", "Right", "Plus", "Space" for short).
 *
 * ```
 * Ctrl+Shift+k  ──► "Mod+Shift+K"      ?  ──► "?"      Shift+F3  ──► "Shift+F3"
 * ```
 */

/** What a key press is made of; a KeyboardEvent is one. */
export interface KeyPress {
  readonly key: string;
  readonly code?: string;
  readonly ctrlKey: boolean;
  readonly metaKey: boolean;
  readonly altKey: boolean;
  readonly shiftKey: boolean;
}

const SHORT_NAMES: Readonly<Record<string, string>> = {
  ArrowUp: "Up",
  ArrowDown: "Down",
  ArrowLeft: "Left",
  ArrowRight: "Right",
  " ": "Space",
  "+": "Plus",
};

const MAC_SYMBOLS: Readonly<Record<string, string>> = { Mod: "⌘", Alt: "⌥", Shift: "⇧", Ctrl: "⌃" };
const SHOWN: Readonly<Record<string, string>> = { Up: "↑", Down: "↓", Left: "←", Right: "→", Plus: "+", Escape: "Esc" };

/** The pressed keys as text, "" for a modifier alone. */
export function chordOf(press: KeyPress, mac: boolean): string {
  const { key } = press;
  if (["Control", "Shift", "Alt", "Meta", "AltGraph", "Dead", "Unidentified"].includes(key)) return "";
  const parts: string[] = [];
  if (mac ? press.metaKey : press.ctrlKey) parts.push("Mod");
  if (mac && press.ctrlKey) parts.push("Ctrl");
  if (press.altKey) parts.push("Alt");
  const modified = parts.length > 0;
  // With Ctrl and Shift a digit's key is a sign, which one depends on the keyboard: the digit counts.
  const digit = modified && press.shiftKey ? /^Digit(\d)$/.exec(press.code ?? "")?.[1] : undefined;
  const name = digit ?? SHORT_NAMES[key] ?? (key.length === 1 ? key.toUpperCase() : key);
  // Shift is what made a sign ("?", "+"): it is not named again. Letters and named keys are.
  const isSign = digit === undefined && key.length === 1 && key !== " " && !/[a-z]/i.test(key);
  if (press.shiftKey && !isSign) parts.push("Shift");
  parts.push(name);
  return parts.join("+");
}

/** As shown to a person: "Ctrl+Shift+K", on a Mac "⇧⌘K". */
export function formatChord(chord: string, mac: boolean): string {
  const parts = splitChord(chord);
  if (!mac) return parts.map((part) => (part === "Mod" ? "Ctrl" : (SHOWN[part] ?? part))).join("+");
  const order = ["Ctrl", "Alt", "Shift", "Mod"];
  const modifiers = order.filter((part) => parts.includes(part)).map((part) => MAC_SYMBOLS[part]);
  const key = parts.at(-1) ?? "";
  return `${modifiers.join("")}${SHOWN[key] ?? key}`;
}

/** True for a chord that a text field would type or use to move the caret. */
export function isTyping(chord: string): boolean {
  const parts = splitChord(chord);
  if (parts.includes("Mod") || parts.includes("Alt") || parts.includes("Ctrl")) return false;
  return !/^F\d+$/.test(parts.at(-1) ?? "");
}

/** Chords a text field uses itself: they stay its own while it has the keyboard. */
const FIELD_CHORDS = new Set(
  ["A", "C", "V", "X", "Z", "Shift+Z", "Left", "Right", "Up", "Down", "Home", "End", "Backspace", "Delete"]
    .map((key) => `Mod+${key}`)
    .concat(["Mod+Shift+Left", "Mod+Shift+Right", "Mod+Shift+Home", "Mod+Shift+End", "Alt+Left", "Alt+Right"]),
);

export function isFieldChord(chord: string): boolean {
  return FIELD_CHORDS.has(chord);
}

function splitChord(chord: string): string[] {
  return chord.split("+").filter((part) => part !== "");
}
