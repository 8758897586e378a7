/**
 * The application menu: what is in it, by the ids of the window's commands. The window's own menu bar (in a browser) and
 * the native menus (Electron) are made from it; a native item sends event "command" with the id.
 *
 * Keys: "Mod" is Ctrl, on a Mac Cmd. Electron's accelerator is the same text with "CmdOrCtrl" in its place.
 */
import { TIME_FORMATS, TIME_PRECISIONS, TIME_ZONES } from "./time-choices";

export interface AppMenuItem {
  readonly command: string;
  readonly title: string;
  readonly keys?: string;
  /** It is on or off, or one of several: shown with a check mark while the command says so. */
  readonly mark?: "check" | "radio";
  /** Only where the window has this host. */
  readonly host?: "electron" | "browser";
}

/** A menu within a menu; it holds none itself. */
export interface AppSubmenu {
  readonly label: string;
  readonly items: readonly (AppMenuItem | "separator")[];
}

export type AppMenuEntry = AppMenuItem | AppSubmenu | "separator";

export interface AppMenu {
  readonly label: string;
  readonly items: readonly AppMenuEntry[];
}

/** A line of a menu: the command, what it is called there, its keys; or what is made by one of the functions below. */
type Line = readonly [command: string, title: string, keys?: string] | AppMenuItem | AppSubmenu | "separator";

function menu(label: string, lines: readonly Line[]): AppMenu {
  const items = lines.map((line): AppMenuEntry => {
    if (typeof line === "string" || !isTuple(line)) return line;
    const [command, title, keys] = line;
    return { command, title, ...(keys !== undefined && { keys }) };
  });
  return { label, items };
}

/** Array.isArray does not tell a readonly tuple from the rest. */
function isTuple(line: Exclude<Line, "separator">): line is readonly [string, string, string?] {
  return Array.isArray(line);
}

function check(command: string, title: string, keys?: string): AppMenuItem {
  return { command, title, mark: "check", ...(keys !== undefined && { keys }) };
}

function radio(command: string, title: string): AppMenuItem {
  return { command, title, mark: "radio" };
}

/** One of `TIME_FORMATS`, `TIME_PRECISIONS` and `TIME_ZONES` as a command: "time.format.epoch", "time.precision.9". */
export function timeCommand(what: "format" | "precision" | "zone", choice: string | number): string {
  return `time.${what}.${choice}`;
}

const TIME_DISPLAY: AppSubmenu = {
  label: "Time Display",
  items: [
    ...TIME_FORMATS.map(({ id, label }) => radio(timeCommand("format", id), label)),
    "separator",
    ...TIME_PRECISIONS.map(({ digits, label }) => radio(timeCommand("precision", digits), label)),
    "separator",
    ...TIME_ZONES.map(({ id, label }) => radio(timeCommand("zone", id), label)),
    radio(timeCommand("zone", "other"), "Another Zone…"),
  ],
};

export const APP_MENUS: readonly AppMenu[] = [
  menu("File", [
    ["file.open", "Open…", "Mod+O"],
    ["file.openFolder", "Open Folder…", "Mod+Shift+O"],
    ["file.add", "Add to Workspace…"],
    ["file.recent", "Recent Files…"],
    ["file.cluster", "Cluster Files…"],
    ["file.conntrack", "Import Conntrack…"],
    "separator",
    ["file.save", "Save Workspace", "Mod+S"],
    ["file.saveAs", "Save Workspace As…", "Mod+Shift+S"],
    ["file.report", "Report…", "Mod+Alt+R"],
    "separator",
    ["file.reload", "Reload", "Mod+R"],
    ["file.stop", "Stop Loading"],
    ["file.close", "Close All", "Mod+W"],
    "separator",
    ["file.export", "Export Packets…", "Mod+Shift+E"],
    ["picture.saveSvg", "Save Picture as SVG", "Mod+Alt+S"],
    ["picture.savePng", "Save Picture as PNG", "Mod+Alt+P"],
  ]),
  menu("Edit", [
    ["notes.undo", "Undo", "Mod+Z"],
    ["notes.redo", "Redo", "Mod+Shift+Z"],
    "separator",
    ["edit.copySummary", "Copy Packet as Text", "Mod+Shift+C"],
    "separator",
    ["edit.find", "Find Packet…", "Mod+F"],
    ["edit.findNext", "Find Next", "Mod+N"],
    ["edit.findPrevious", "Find Previous", "Mod+B"],
    "separator",
    ["notes.comment", "Comment on Packet…", "Mod+Alt+C"],
    ["edit.mark", "Mark or Unmark Packet", "Mod+M"],
    ["edit.ignore", "Ignore or Unignore Packet", "Mod+D"],
    ["edit.timeReference", "Set or Unset Time Reference", "Mod+T"],
    "separator",
    ["edit.markAll", "Mark All Displayed", "Mod+Shift+M"],
    ["edit.unmarkAll", "Unmark All Displayed", "Mod+Alt+M"],
    ["edit.ignoreAll", "Ignore All Displayed", "Mod+Shift+D"],
    ["edit.unignoreAll", "Unignore All", "Mod+Alt+D"],
    ["edit.unsetReferences", "Unset All Time References", "Mod+Alt+T"],
    "separator",
    ["app.settings", "Settings…", "Mod+Shift+P"],
  ]),
  menu("View", [
    check("view.points", "Capture Points", "Mod+Shift+1"),
    check("view.details", "Packet Details", "Mod+Shift+2"),
    check("view.bytes", "Packet Bytes", "Mod+Shift+3"),
    check("view.diagram", "Packet Diagram", "Mod+Shift+4"),
    "separator",
    TIME_DISPLAY,
    ["view.columns", "Columns…"],
    check("view.theme", "Dark Theme"),
    "separator",
    ["view.zoomIn", "Zoom In", "Mod+Plus"],
    ["view.zoomOut", "Zoom Out", "Mod+-"],
    ["view.zoomReset", "Normal Size", "Mod+0"],
  ]),
  menu("Go", [
    ["go.back", "Back", "Alt+Left"],
    ["go.forward", "Forward", "Alt+Right"],
    "separator",
    ["go.packet", "Go to Packet…", "Mod+G"],
    ["go.next", "Next Packet", "Mod+Down"],
    ["go.previous", "Previous Packet", "Mod+Up"],
    ["go.first", "First Packet", "Mod+Home"],
    ["go.last", "Last Packet", "Mod+End"],
    ["go.nextInConversation", "Next in Conversation", "Mod+."],
    ["go.previousInConversation", "Previous in Conversation", "Mod+,"],
    ["notes.next", "Next Packet with a Note", "Mod+Alt+N"],
    ["notes.previous", "Previous Packet with a Note", "Mod+Alt+B"],
  ]),
  menu("Capture", [
    ["capture.options", "Capture Options…", "Mod+K"],
    ["capture.toggle", "Start or Stop Capture", "Mod+E"],
    ["capture.restart", "Restart Capture"],
    ["capture.save", "Save Recording…"],
    "separator",
    check("capture.autoScroll", "Scroll With New Packets"),
  ]),
  menu("Analyze", [
    ["filter.focus", "Display Filter…", "Mod+/"],
    ["filter.clear", "Clear Filter"],
    ["filter.save", "Save Filter as Button…"],
    "separator",
    ["analyze.follow", "Follow Stream", "Mod+Alt+Shift+T"],
    ["analyze.decodeAs", "Decode As…", "Mod+Shift+U"],
    ["analyze.clockOffset", "Clock Offsets…"],
  ]),
  menu("Statistics", [
    ["pane.flows", "Flows"],
    ["pane.conversations", "Conversations"],
    ["pane.endpoints", "Endpoints"],
    ["pane.hierarchy", "Protocol Hierarchy"],
    ["pane.expert", "Expert Information"],
    ["pane.names", "Resolved Names"],
    ["pane.timeline", "Timeline"],
    ["pane.findings", "Findings"],
    ["pane.connections", "Connections"],
    ["pane.map", "Map"],
    ["pane.services", "Services"],
    ["pane.nat", "Translations (NAT)"],
    ["pane.learned", "Device Tables"],
  ]),
  menu("Notes", [
    ["pane.notes", "All Notes"],
    "separator",
    ["notes.import", "Import Notes…"],
    ["notes.exportJson", "Export Notes as JSON…"],
    ["notes.exportCsv", "Export Notes as CSV…"],
    ["notes.author", "Author of Notes…"],
  ]),
  menu("Help", [
    ["help.palette", "Command Palette…", "Mod+Shift+K"],
    ["help.shortcuts", "Keyboard Shortcuts", "F1"],
    ["learn.open", "Open a Lesson…"],
    ["help.about", "About Hopscope"],
  ]),
];

/** All items of a menu, those of its submenus too. */
export function itemsOfMenu(menu: AppMenu): readonly AppMenuItem[] {
  return menu.items.flatMap((entry) => {
    if (entry === "separator") return [];
    return "items" in entry ? entry.items.filter((item) => item !== "separator") : [entry];
  });
}

export const MENU_COMMANDS: readonly string[] = APP_MENUS.flatMap(itemsOfMenu).map(({ command }) => command);
