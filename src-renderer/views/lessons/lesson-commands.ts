/** Commands about lessons. */
import { lessonState } from "../../lessons/lesson-state.svelte";
import type { CommandSpec } from "../../state/commands.svelte";
import { openDialog } from "../../state/dialogs.svelte";
import { layout } from "../../state/layout.svelte";
import { workspace } from "../../state/workspace.svelte";
import CatalogueDialog from "./catalogue-dialog.svelte";

const GROUP = "Lessons";
const isOpen = (): boolean => lessonState.lesson !== null;

export const lessonCommands: readonly CommandSpec[] = [
  {
    id: "learn.open",
    title: "Open a Lesson…",
    group: GROUP,
    run: async () => {
      if (workspace.isEmpty) await openDialog(CatalogueDialog, {});
      else layout.showTab("learn");
    },
  },
  { id: "learn.start", title: "Start a Lesson", group: GROUP, hidden: true, run: (id) => lessonState.start(id ?? "") },
  {
    id: "learn.edit",
    title: "Write a Lesson",
    group: GROUP,
    enabled: () => !workspace.isEmpty,
    run: () => lessonState.edit(),
  },
  {
    id: "learn.next",
    title: "Next Step of the Lesson",
    group: GROUP,
    keys: "Alt+PageDown",
    enabled: isOpen,
    run: () => lessonState.next(),
  },
  {
    id: "learn.previous",
    title: "Previous Step of the Lesson",
    group: GROUP,
    keys: "Alt+PageUp",
    enabled: isOpen,
    run: () => lessonState.goTo(lessonState.at - 1),
  },
  {
    id: "learn.show",
    title: "Show What the Step Points at",
    group: GROUP,
    enabled: isOpen,
    run: () => lessonState.show(),
  },
  { id: "learn.close", title: "Close the Lesson", group: GROUP, enabled: isOpen, run: () => lessonState.close() },
];
