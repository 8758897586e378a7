/** Commands about what is shown where: tabs, panes, moving between them, history of packets. */
import type { CommandSpec } from "../../state/commands.svelte";
import { bytesTab, layout, showBytes, showDetails, showDiagram, showPoints } from "../../state/layout.svelte";
import { selection } from "../../state/selection.svelte";
import type { Setting } from "../../state/settings.svelte";
import { workspace } from "../../state/workspace.svelte";

interface NamedPane {
  readonly id: string;
  readonly title: string;
  readonly extra?: boolean;
}

/** What Wireshark calls them. */
const ALSO_CALLED: Readonly<Record<string, string>> = {
  timeline: "I/O Graphs",
  connections: "Flow Graph",
  notes: "Packet Comments",
};

/** @param panes the main area's tabs */
export function paneCommands(panes: readonly NamedPane[]): CommandSpec[] {
  const open = (): boolean => !workspace.isEmpty;
  const tabs = panes
    .filter((pane) => !pane.extra)
    .map(({ id, title }, index) => ({
      id: `pane.${id}`,
      title,
      group: "Statistics",
      ...(ALSO_CALLED[id] !== undefined && { alsoCalled: ALSO_CALLED[id] }),
      ...(index < 9 && { keys: `Alt+${index + 1}` }),
      enabled: open,
      run: () => layout.showTab(id),
    }));
  return [
    ...tabs,
    toggle("view.points", showPoints),
    toggle("view.details", showDetails),
    toggle("view.bytes", showBytes, "bytes"),
    toggle("view.diagram", showDiagram, "diagram"),
    {
      id: "view.closeTab",
      title: "Close Tab",
      group: "View",
      keys: "Alt+W",
      enabled: () => layout.extraTabs.some((tab) => tab.id === layout.mainTab),
      run: () => layout.closeTab(layout.mainTab),
    },
    { id: "go.back", enabled: () => selection.canGoBack, run: () => selection.back() },
    { id: "go.forward", enabled: () => selection.canGoForward, run: () => selection.forward() },
    { id: "view.nextPane", title: "Next Pane", group: "View", keys: "F6", run: () => movePane(1) },
    { id: "view.previousPane", title: "Previous Pane", group: "View", keys: "Shift+F6", run: () => movePane(-1) },
  ];
}

function toggle(id: string, setting: Setting<boolean>, tab?: string): CommandSpec {
  return {
    id,
    enabled: () => !workspace.isEmpty,
    checked: () => setting.value,
    run: () => {
      setting.value = !setting.value;
      if (tab !== undefined && setting.value) bytesTab.value = tab;
    },
  };
}

/** Gives the keyboard to the next pane that is in sight (in the order of the page), from the last one to the first. */
export function movePane(step: 1 | -1): void {
  const panes = [...document.querySelectorAll<HTMLElement>("[data-pane]")].filter((pane) => pane.checkVisibility());
  if (panes.length === 0) return;
  const at = panes.findIndex((pane) => pane.contains(document.activeElement));
  for (let n = 1; n <= panes.length; n++) {
    const from = at < 0 && step < 0 ? 0 : at;
    const pane = panes[(((from + n * step) % panes.length) + panes.length) % panes.length];
    const target = pane && firstStop(pane);
    if (target) return target.focus();
  }
}

/** What has the keyboard in a pane first. */
function firstStop(pane: HTMLElement): HTMLElement | null {
  if (pane.matches("[tabindex='0']")) return pane;
  const stops = "[data-pane-focus], [tabindex='0'], button:not(:disabled, [tabindex='-1']), input:not(:disabled)";
  const marked = pane.querySelector<HTMLElement>("[data-pane-focus]");
  if (marked) return marked;
  return [...pane.querySelectorAll<HTMLElement>(stops)].find((element) => element.checkVisibility()) ?? null;
}
