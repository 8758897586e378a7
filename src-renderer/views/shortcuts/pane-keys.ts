/** Keys that panes and widgets handle themselves; they belong to what has the keyboard, so they are no commands. */
export interface PaneKeys {
  readonly group: string;
  readonly rows: readonly { readonly title: string; readonly keys: readonly string[] }[];
}

export const PANE_KEYS: readonly PaneKeys[] = [
  {
    group: "Filter bar",
    rows: [
      { title: "Apply the filter, or take the completion", keys: ["Enter"] },
      { title: "Complete", keys: ["Mod+Space"] },
      { title: "Back to the filter in force, then to the packets", keys: ["Escape"] },
    ],
  },
  {
    group: "Packet list",
    rows: [
      { title: "Next and previous packet", keys: ["Down", "Up"] },
      { title: "A page down and up", keys: ["PageDown", "PageUp"] },
      { title: "First and last", keys: ["Home", "End"] },
      { title: "Menu of the packet", keys: ["Shift+F10"] },
    ],
  },
  {
    group: "Headings of the packet list",
    rows: [
      { title: "Sort: ascending, descending, by time", keys: ["Enter"] },
      { title: "Width", keys: ["Shift+Left", "Shift+Right"] },
      { title: "Order", keys: ["Mod+Shift+Left", "Mod+Shift+Right"] },
      { title: "Remove the column", keys: ["Delete"] },
    ],
  },
  {
    group: "Packet details",
    rows: [
      { title: "Open, or go inside", keys: ["Right"] },
      { title: "Close, or go outside", keys: ["Left"] },
      { title: "Open everything below", keys: ["Shift+Right"] },
      { title: "Open and close everything", keys: ["Mod+Right", "Mod+Left"] },
    ],
  },
  {
    group: "Packet bytes and diagram",
    rows: [
      { title: "From byte to byte, from field to field", keys: ["Left", "Right", "Up", "Down"] },
      { title: "Start and end of the packet", keys: ["Mod+Home", "Mod+End"] },
      { title: "Copy the field's bytes", keys: ["Mod+C"] },
    ],
  },
  {
    group: "Tables",
    rows: [
      { title: "Show the packets of the row", keys: ["Enter"] },
      { title: "Menu of the row: filters, order, copy", keys: ["Shift+F10"] },
      { title: "Copy the row", keys: ["Mod+C"] },
      { title: "Note on the row", keys: ["N"] },
    ],
  },
  {
    group: "Capture points",
    rows: [
      { title: "Show or hide packets", keys: ["Space"] },
      { title: "Rename", keys: ["F2"] },
      { title: "Close a file", keys: ["Delete"] },
    ],
  },
  {
    group: "Window",
    rows: [
      { title: "Menu bar", keys: ["F10"] },
      { title: "From a tab to what it shows", keys: ["Down"] },
      { title: "Move a separator", keys: ["Left", "Right", "Up", "Down"] },
    ],
  },
];
