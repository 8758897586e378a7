/** What can be done with a row of the tree of capture points, and its menu. */
import type { Annotation } from "../../../src-shared/annotations/annotation";
import type { FileState, PointState } from "../../../src-shared/contract/results";
import { noteMenu } from "../../annotations/note-actions";
import { keys } from "../../annotations/note-index";
import { notes } from "../../annotations/notes.svelte";
import { pointTarget } from "../../annotations/subjects";
import { copyText } from "../../state/clipboard";
import { runCommand } from "../../state/commands.svelte";
import { openDialog, showError } from "../../state/dialogs.svelte";
import { filterMenu } from "../../state/filter-menu";
import { tellChange } from "../../state/last-change.svelte";
import { type MenuEntry, separator } from "../../state/menus.svelte";
import { openPaths } from "../../state/open-paths";
import { type PointChange, workspace } from "../../state/workspace.svelte";
import { valueEntries } from "../../state/value-menu";
import { type FilterValue, machineValue, podValue, pointValue, roleValue } from "../../viewmodel/filter-value";
import { fileValue } from "../../viewmodel/findings";
import { roleLabel, ROLES, type TreeRow } from "../../viewmodel/points-tree";
import ClockOffsetDialog from "./clock-offset-dialog.svelte";
import ProblemsDialog from "./problems-dialog.svelte";

function setPoint(point: PointState, change: PointChange): void {
  workspace
    .setPoint(point.point, change)
    .catch((error: unknown) => showError("The capture point stays as it was", error));
}

/** Switches a point, or all points of a file, on or off. The tree shows it: no message. */
export function toggle(row: TreeRow): void {
  if (row.kind === "problem") return;
  const enabled = row.kind === "point" ? !row.point.enabled : row.checked !== "true";
  const points = row.kind === "point" ? [row.point] : workspace.pointsOf(row.file.file);
  const name = row.kind === "point" ? row.point.name : row.file.name;
  switchPoints(points, () => enabled, `${name} switched ${enabled ? "on" : "off"}.`, true);
}

/** Those that change. */
function switchPoints(
  points: readonly PointState[],
  isOn: (point: PointState) => boolean,
  text: string,
  quiet: boolean,
): void {
  const changed = points.filter((point) => isOn(point) !== point.enabled);
  for (const point of changed) setPoint(point, { enabled: isOn(point) });
  const found = changed.map((point) => ({ now: sameInterface(point), enabled: point.enabled }));
  const set = async (undone: boolean): Promise<void> => {
    for (const { now, enabled } of found) await changeNow(now, { enabled: enabled === undone });
  };
  if (changed.length > 0 || !quiet)
    tellChange(text, { undo: () => set(true), redo: () => set(false) }, { ofFiles: true, quiet });
}

/** What a person says a point is; null: as it is inferred. */
function setRole(point: PointState, role: PointState["role"] | null): void {
  const before = point.roleTold ? point.role : null;
  if (role === before) return;
  const now = sameInterface(point);
  setPoint(point, { role });
  tellChange(
    role === null ? `The role of ${point.name} is inferred again.` : `${point.name}: ${roleLabel(role)}.`,
    { undo: () => changeNow(now, { role: before }), redo: () => changeNow(now, { role }) },
    { ofFiles: true, quiet: true },
  );
}

/** Switches every other point off; can be undone. */
function showOnly(isMeant: (point: PointState) => boolean, name: string): void {
  switchPoints(workspace.state.points, isMeant, `Only ${name} is shown.`, false);
}

/** Nothing told: the captured name comes back. */
export function renamePoint(point: PointState, told: string): void {
  if (told === point.name) return;
  const before = point.name;
  const now = sameInterface(point);
  const name = told === "" ? null : told;
  setPoint(point, { name });
  tellChange(
    told === "" ? "The captured name is back." : `Renamed to ${told}.`,
    {
      undo: () => changeNow(now, { name: before === (point.capturedName ?? point.description) ? null : before }),
      redo: () => changeNow(now, { name }),
    },
    { ofFiles: true },
  );
}

/** Finds a point again by its file and interface: its number is another one when files were closed or opened since. */
function sameInterface(point: PointState): () => PointState | undefined {
  const path = workspace.file(point.file)?.path;
  const at = workspace.pointsOf(point.file).findIndex((other) => other.point === point.point);
  return () => {
    const file = workspace.state.files.find((other) => other.path === path);
    return file && workspace.pointsOf(file.file)[at];
  };
}

async function changeNow(find: () => PointState | undefined, change: PointChange): Promise<void> {
  const point = find();
  if (point) await workspace.setPoint(point.point, change);
}

export async function closeFile(file: FileState): Promise<void> {
  try {
    await workspace.close(file.file);
    const closeAgain = async (): Promise<void> => {
      const now = workspace.state.files.find((other) => other.path === file.path);
      if (now) await workspace.close(now.file);
    };
    tellChange(
      `Closed ${file.name}.`,
      { undo: () => openPaths([file.path], true), redo: closeAgain },
      { ofFiles: true, label: "Open again" },
    );
  } catch (error) {
    showError(`${file.name} could not be closed`, error);
  }
}

export function showProblems(file: FileState): void {
  void openDialog(ProblemsDialog, { file: file.file });
}

export function notesOf(point: PointState): readonly Annotation[] {
  const number = workspace.pointsOf(point.file).findIndex((other) => other.point === point.point);
  return notes.at(keys.point(notes.hashOf(point.file) ?? "", number));
}

/** `part`: data-part of what is pointed at; null: the row, by keyboard everything on it. */
export function rowMenu(
  row: TreeRow,
  rename: (point: PointState) => void,
  part: string | null,
  byKeyboard: boolean,
): MenuEntry[] {
  if (row.kind === "file") return fileMenu(row.file);
  if (row.kind === "point") return pointMenu(row.point, row, rename, valuesAt(row.point, part, byKeyboard));
  return [
    { label: "All problems…", run: () => showProblems(row.file) },
    { label: "Copy", icon: "copy", run: () => void copyText(row.problem.message, "The problem") },
  ];
}

function fileMenu(file: FileState): MenuEntry[] {
  const hasProblems = file.problems.length > 0;
  return [
    { label: "Show only this file", run: () => showOnly((point) => point.file === file.file, file.name) },
    { label: "Clock offset…", icon: "clock", run: () => void openDialog(ClockOffsetDialog, { file: file.file }) },
    ...(hasProblems ? [{ label: "Problems…", run: () => showProblems(file) }] : []),
    ...filterMenu(fileValue(file.name, { files: [file], points: workspace.pointsOf(file.file) }).filter),
    { label: "Copy path", icon: "copy", run: () => void copyText(file.path, "The path") },
    separator,
    { label: "Add captures…", icon: "add", run: () => runCommand("file.add") },
    { label: "Close this file", icon: "close", keys: "Delete", run: () => void closeFile(file) },
  ];
}

function valuesAt(point: PointState, part: string | null, byKeyboard: boolean): readonly FilterValue[] {
  const role = point.role === "unknown" ? [] : [roleValue(point.role, roleLabel(point.role))];
  const machine = [
    ...(point.pod === null ? [] : [podValue(point.pod)]),
    ...(point.node === null ? [] : [machineValue(point.node)]),
  ];
  if (byKeyboard) return [pointValue(point), ...role, ...machine];
  const pointed = part === "role" ? role : part === "machine" ? machine : [];
  return pointed.length > 0 ? pointed : [pointValue(point)];
}

function pointMenu(
  point: PointState,
  row: TreeRow,
  rename: (point: PointState) => void,
  values: readonly FilterValue[],
): MenuEntry[] {
  return [
    { label: "Shown", checked: point.enabled, keys: "Space", run: () => toggle(row) },
    { label: "Show only this one", run: () => showOnly((other) => other.point === point.point, point.name) },
    separator,
    { label: "Rename…", icon: "edit", keys: "F2", run: () => rename(point) },
    {
      label: "Role",
      items: [
        {
          label: point.roleTold ? "As inferred" : `Inferred: ${roleLabel(point.role)}`,
          radio: true,
          checked: !point.roleTold,
          run: () => setRole(point, null),
        },
        separator,
        ...ROLES.map(({ role, label }) => ({
          label,
          radio: true,
          checked: point.roleTold && point.role === role,
          run: () => setRole(point, role),
        })),
      ],
    },
    separator,
    ...valueEntries(values),
    separator,
    ...noteMenu(notesOf(point), () => pointTarget(point)),
    { label: "Copy name", icon: "copy", run: () => void copyText(point.name, "The name") },
  ];
}
