/** Pressed keys as text, and chords as people and screen readers get them. */
import { describe, expect, it } from "vitest";
import { chordOf, formatChord, isFieldChord, isTyping, type KeyPress } from "../../../src-renderer/viewmodel/key-chord";

/** "ctrl shift k": modifiers, then the key as the browser names it. */
function press(text: string, code = ""): KeyPress {
  const parts = text.split(" ");
  const has = (name: string): boolean => parts.slice(0, -1).includes(name);
  const key = parts.at(-1) ?? "";
  const named = key === "space" ? " " : key;
  return {
    key: named,
    code,
    ctrlKey: has("ctrl"),
    metaKey: has("meta"),
    altKey: has("alt"),
    shiftKey: has("shift"),
  };
}

describe("pressed keys", () => {
  it.each([
    ["ctrl shift K", "Mod+Shift+K"],
    ["ctrl o", "Mod+O"],
    ["alt ArrowLeft", "Alt+Left"],
    ["shift F6", "Shift+F6"],
    ["ctrl space", "Mod+Space"],
    // Shift made the sign: which key it is on depends on the keyboard.
    ["shift ?", "?"],
    ["ctrl shift +", "Mod+Plus"],
    ["ctrl +", "Mod+Plus"],
    ["ctrl .", "Mod+."],
    ["a", "A"],
    ["Escape", "Escape"],
  ])("%s is %s", (pressed, chord) => {
    expect(chordOf(press(pressed), false)).toBe(chord);
  });

  it("counts digits by their place, whatever sign Shift makes of them", () => {
    expect(chordOf(press("ctrl shift !", "Digit1"), false)).toBe("Mod+Shift+1");
    expect(chordOf(press('ctrl shift "', "Digit2"), false)).toBe("Mod+Shift+2");
  });

  it("is nothing for a modifier alone", () => {
    expect(chordOf(press("ctrl Control"), false)).toBe("");
  });

  it("takes Cmd for Mod on a Mac, and Ctrl for itself", () => {
    expect(chordOf(press("meta k"), true)).toBe("Mod+K");
    expect(chordOf(press("ctrl k"), true)).toBe("Ctrl+K");
    expect(chordOf(press("meta k"), false)).toBe("K");
  });
});

describe("shown chords", () => {
  it.each([
    ["Mod+Shift+K", "Ctrl+Shift+K", "⇧⌘K"],
    ["Alt+Left", "Alt+←", "⌥←"],
    ["Mod+Plus", "Ctrl++", "⌘+"],
    ["F6", "F6", "F6"],
    ["Escape", "Esc", "Esc"],
  ])("%s is %s, on a Mac %s", (chord, other, mac) => {
    expect(formatChord(chord, false)).toBe(other);
    expect(formatChord(chord, true)).toBe(mac);
  });
});

describe("text fields", () => {
  it("type letters and signs, and move the caret", () => {
    expect(["A", "?", "Left", "Shift+Home", "Enter"].filter(isTyping)).toHaveLength(5);
    expect(["F6", "Shift+F3", "Mod+K", "Alt+Left"].filter(isTyping)).toEqual([]);
  });

  it("keep copying, undo and the caret's keys for themselves", () => {
    expect(["Mod+C", "Mod+Z", "Mod+Left", "Alt+Left"].every(isFieldChord)).toBe(true);
    expect(["Mod+O", "Mod+Shift+K", "Mod+/"].some(isFieldChord)).toBe(false);
  });
});
