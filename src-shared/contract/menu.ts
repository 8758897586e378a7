/**
 * The application menu: what is in it, by the ids of the window's commands. The window's own menu bar (in a browser) and
 * the native menus (Electron) are made from it; a native item sends event "command" with the id.
 *
 * Keys: "Mod" is Ctrl, on a Mac Cmd. Electron's accelerator is the same text with "CmdOrCtrl" in its place.
 */
export interface AppMenuItem {
  readonly command: string;
  readonly title: string;
  readonly keys?: string;
  /** Only where the window has this host. */
  readonly host?: "electron" | "browser";
}

export interface AppMenu {
  readonly label: string;
  readonly items: readonly (AppMenuItem | "separator")[];
}

export const APP_MENUS: readonly AppMenu[] = [
  {
    label: "File",
    items: [
      { command: "file.open", title: "Open…", keys: "Mod+O" },
      { command: "file.openFolder", title: "Open Folder…", keys: "Mod+Shift+O" },
      { command: "file.add", title: "Add to Workspace…" },
      { command: "file.recent", title: "Recent Files…" },
      { command: "file.cluster", title: "Cluster Files…" },
      { command: "file.conntrack", title: "Import Conntrack…" },
      "separator",
      { command: "file.save", title: "Save Workspace", keys: "Mod+S" },
      { command: "file.saveAs", title: "Save Workspace As…", keys: "Mod+Shift+S" },
      { command: "file.report", title: "Report…", keys: "Mod+Alt+R" },
      "separator",
      { command: "file.reload", title: "Reload", keys: "Mod+R" },
      { command: "file.stop", title: "Stop Loading" },
      { command: "file.close", title: "Close All", keys: "Mod+W" },
      "separator",
      { command: "file.export", title: "Export Packets…", keys: "Mod+Shift+E" },
      { command: "picture.saveSvg", title: "Save Picture as SVG", keys: "Mod+Alt+S" },
      { command: "picture.savePng", title: "Save Picture as PNG", keys: "Mod+Alt+P" },
    ],
  },
  {
    label: "Edit",
    items: [
      { command: "notes.undo", title: "Undo Note Change", keys: "Mod+Z" },
      { command: "notes.redo", title: "Redo Note Change", keys: "Mod+Shift+Z" },
      "separator",
      { command: "edit.copySummary", title: "Copy Packet as Text", keys: "Mod+Shift+C" },
      "separator",
      { command: "edit.find", title: "Find Packet…", keys: "Mod+F" },
      { command: "edit.findNext", title: "Find Next", keys: "Mod+N" },
      { command: "edit.findPrevious", title: "Find Previous", keys: "Mod+B" },
      "separator",
      { command: "notes.comment", title: "Comment on Packet…", keys: "Mod+Alt+C" },
      { command: "edit.mark", title: "Mark or Unmark Packet", keys: "Mod+M" },
      { command: "edit.ignore", title: "Ignore or Unignore Packet", keys: "Mod+D" },
      { command: "edit.timeReference", title: "Set or Unset Time Reference", keys: "Mod+T" },
      "separator",
      { command: "app.settings", title: "Settings…", keys: "Mod+Shift+P" },
    ],
  },
  {
    label: "View",
    items: [
      { command: "view.points", title: "Capture Points", keys: "Mod+Shift+1" },
      { command: "view.details", title: "Packet Details", keys: "Mod+Shift+2" },
      { command: "view.bytes", title: "Packet Bytes", keys: "Mod+Shift+3" },
      { command: "view.diagram", title: "Packet Diagram", keys: "Mod+Shift+4" },
      "separator",
      { command: "view.timeFormat", title: "Time Display…" },
      { command: "view.columns", title: "Columns…" },
      { command: "view.theme", title: "Switch Theme" },
      "separator",
      { command: "view.zoomIn", title: "Zoom In", keys: "Mod+Plus" },
      { command: "view.zoomOut", title: "Zoom Out", keys: "Mod+-" },
      { command: "view.zoomReset", title: "Normal Size", keys: "Mod+0" },
    ],
  },
  {
    label: "Go",
    items: [
      { command: "go.back", title: "Back", keys: "Alt+Left" },
      { command: "go.forward", title: "Forward", keys: "Alt+Right" },
      "separator",
      { command: "go.packet", title: "Go to Packet…", keys: "Mod+G" },
      { command: "go.next", title: "Next Packet", keys: "Mod+Down" },
      { command: "go.previous", title: "Previous Packet", keys: "Mod+Up" },
      { command: "go.first", title: "First Packet", keys: "Mod+Home" },
      { command: "go.last", title: "Last Packet", keys: "Mod+End" },
      { command: "go.nextInConversation", title: "Next in Conversation", keys: "Mod+." },
      { command: "go.previousInConversation", title: "Previous in Conversation", keys: "Mod+," },
      { command: "notes.next", title: "Next Packet with a Note", keys: "Mod+Alt+N" },
      { command: "notes.previous", title: "Previous Packet with a Note", keys: "Mod+Alt+B" },
    ],
  },
  {
    label: "Capture",
    items: [
      { command: "capture.options", title: "Capture Options…", keys: "Mod+K" },
      { command: "capture.toggle", title: "Start or Stop Capture", keys: "Mod+E" },
      { command: "capture.restart", title: "Restart Capture" },
      { command: "capture.save", title: "Save Recording…" },
      "separator",
      { command: "capture.autoScroll", title: "Scroll With New Packets" },
    ],
  },
  {
    label: "Analyze",
    items: [
      { command: "filter.focus", title: "Display Filter…", keys: "Mod+/" },
      { command: "filter.clear", title: "Clear Filter" },
      { command: "filter.save", title: "Save Filter as Button…" },
      "separator",
      { command: "analyze.follow", title: "Follow Stream", keys: "Mod+Alt+Shift+T" },
      { command: "analyze.decodeAs", title: "Decode As…", keys: "Mod+Shift+U" },
      { command: "analyze.clockOffset", title: "Clock Offsets…" },
    ],
  },
  {
    label: "Statistics",
    items: [
      { command: "pane.flows", title: "Flows" },
      { command: "pane.conversations", title: "Conversations" },
      { command: "pane.endpoints", title: "Endpoints" },
      { command: "pane.hierarchy", title: "Protocol Hierarchy" },
      { command: "pane.timeline", title: "Timeline" },
      { command: "pane.findings", title: "Findings" },
      { command: "pane.map", title: "Map" },
      { command: "pane.services", title: "Services" },
      { command: "pane.nat", title: "Translations (NAT)" },
      { command: "pane.learned", title: "Learned Tables" },
    ],
  },
  {
    label: "Notes",
    items: [
      { command: "pane.notes", title: "All Notes" },
      "separator",
      { command: "notes.import", title: "Import Notes…" },
      { command: "notes.exportJson", title: "Export Notes as JSON…" },
      { command: "notes.exportCsv", title: "Export Notes as CSV…" },
      { command: "notes.author", title: "Author of Notes…" },
    ],
  },
  {
    label: "Help",
    items: [
      { command: "help.palette", title: "Command Palette…", keys: "Mod+Shift+K" },
      { command: "help.shortcuts", title: "Keyboard Shortcuts", keys: "F1" },
      { command: "help.about", title: "About Hopscope" },
    ],
  },
];
