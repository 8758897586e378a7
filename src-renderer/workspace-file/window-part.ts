/** What the window keeps in a workspace file, and how it takes it over again. */
import * as v from "valibot";
import { type WindowPart, windowPartSchema } from "../../src-shared/workspace-file/document";
import { readNotesFile } from "../../src-shared/annotations/notes-file";
import { notes } from "../annotations/notes.svelte";
import { call } from "../bridge/engine";
import { packets } from "../state/packets.svelte";
import { savedFilters } from "../state/saved-filters.svelte";
import { adoptSettings, settingsOf } from "../state/settings.svelte";
import { lessonState } from "../lessons/lesson-state.svelte";

/** Panes, splits, columns. The theme, zoom and other tastes stay with the person. */
const LAYOUT = [
  "layout.points",
  "layout.details",
  "layout.bytes",
  "layout.diagram",
  "layout.points-share",
  "layout.list-share",
  "layout.details-share",
  "layout.bytes-tab",
  "layout.main-tab",
  "packet-list.columns",
  "packet-list.point-column",
  "connections.share",
  "connections.view",
  "time.format",
];
/** Below the contract's limit for one message, in UTF-8 too. */
const PIECE = 3_000_000;

/** `withNotes`: deleted ones too, since tombstones keep a merge from bringing them back. */
function windowPart(withNotes: boolean): WindowPart {
  return {
    filter: packets.filter,
    savedFilters: savedFilters.value.map(({ label, filter }) => ({ label, filter })),
    sort: packets.sort.map(({ column, descending }) => ({ column, descending })),
    layout: settingsOf(LAYOUT),
    notes: withNotes ? [...readNotesFile(notes.asFile(), "notes").annotations] : [],
    lesson: lessonState.ofWorkspace,
  };
}

/** Hands the window's part to the engine in pieces. @returns the token to save it with */
export async function stageWindowPart(withNotes: boolean): Promise<string> {
  const text = JSON.stringify(windowPart(withNotes));
  const token = crypto.randomUUID();
  for (let at = 0; at < text.length || at === 0; at += PIECE)
    await call("workspaceFile.stage", { token, text: text.slice(at, at + PIECE) });
  return token;
}

/** The text was checked by the engine, yet it came over a wire: checked again. @throws Error */
export async function adoptWindowPart(json: string): Promise<void> {
  const part = v.parse(windowPartSchema, JSON.parse(json));
  adoptSettings(part.layout, LAYOUT);
  const known = new Set(savedFilters.value.map(({ label }) => label));
  const fresh = part.savedFilters.filter(({ label }) => !known.has(label));
  if (fresh.length > 0) savedFilters.value = [...savedFilters.value, ...fresh];
  lessonState.adopt(part.lesson);
  packets.draft = part.filter;
  if (part.sort.length > 0) await packets.setSort(part.sort);
  if (part.filter !== packets.filter) await packets.apply(part.filter);
  // They are kept by themselves and show as soon as the captures are read.
  if (part.notes.length > 0) await notes.merge(part.notes);
}
