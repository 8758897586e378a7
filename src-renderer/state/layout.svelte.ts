/**
 * Which panes are shown, and how large. Kept as settings.
 *
 * ```
 * ┌ points ┬ main tabs: packets │ flows │ … │ follow:12 ✕ ┐
 * │        │ packet list                                   │
 * │        ├ details ───────────────┬ bytes │ diagram ─────┤
 * └────────┴────────────────────────┴──────────────────────┘
 * ```
 */
import { defineSetting, isBoolean, isShare, isText } from "./settings.svelte";

export const showPoints = defineSetting("layout.points", true, isBoolean);
export const showDetails = defineSetting("layout.details", true, isBoolean);
export const showBytes = defineSetting("layout.bytes", true, isBoolean);
export const showDiagram = defineSetting("layout.diagram", true, isBoolean);
/** Of the window's width and of the pane's height and width. */
export const pointsShare = defineSetting("layout.points-share", 0.2, isShare);
/** Of the main area's width, beside an open lesson. */
export const lessonShare = defineSetting("layout.lesson-share", 0.7, isShare);
export const listShare = defineSetting("layout.list-share", 0.55, isShare);
export const detailsShare = defineSetting("layout.details-share", 0.5, isShare);
/** "bytes" or "diagram": which of the two is in front. */
export const bytesTab = defineSetting("layout.bytes-tab", "bytes", isText);
const mainTab = defineSetting("layout.main-tab", "packets", isText);

/** What the component of a main tab gets (panes.ts). */
export interface PaneProps {
  /** It is in front. */
  readonly active: boolean;
  /** Of a tab that was opened for something; else "". */
  readonly argument: string;
}

/** A tab that is opened for something and closed again: a followed stream. */
export interface ExtraTab {
  /** Unique: "follow:12". */
  readonly id: string;
  /** Id of the pane (panes.ts) that is shown in it. */
  readonly pane: string;
  readonly title: string;
  /** Handed to the pane. */
  readonly argument: string;
}

class Layout {
  extraTabs = $state.raw<readonly ExtraTab[]>([]);

  /** Id of the tab in front: a pane's, or an extra tab's. */
  get mainTab(): string {
    return mainTab.value;
  }

  showTab(id: string): void {
    mainTab.value = id;
  }

  /** Opens a tab, or brings the one with this id to the front. */
  openTab(tab: ExtraTab): void {
    const known = this.extraTabs.some((other) => other.id === tab.id);
    this.extraTabs = known
      ? this.extraTabs.map((other) => (other.id === tab.id ? tab : other))
      : [...this.extraTabs, tab];
    this.showTab(tab.id);
  }

  closeTab(id: string): void {
    this.extraTabs = this.extraTabs.filter((tab) => tab.id !== id);
    if (this.mainTab === id) this.showTab(this.extraTabs.at(-1)?.id ?? "packets");
  }

  closeExtraTabs(): void {
    for (const tab of this.extraTabs) this.closeTab(tab.id);
  }
}

export const layout = new Layout();
