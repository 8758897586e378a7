/** Icons: paths on a 16×16 grid, drawn as lines 1.25 wide with round ends (filled where `fill` says so). */

export interface IconShape {
  readonly path: string;
  readonly fill?: boolean;
}

export const ICONS = {
  open: {
    path: "M1.75 12.5V3.75a1 1 0 0 1 1-1h3l1.5 1.75h5a1 1 0 0 1 1 1V7M1.75 12.5 3.6 7.6a1 1 0 0 1 .94-.6h9a.75.75 0 0 1 .7 1l-1.5 4.3a1 1 0 0 1-.94.7H2.25a.5.5 0 0 1-.5-.5Z",
  },
  folder: {
    path: "M1.75 12.25v-8.5a1 1 0 0 1 1-1h3.1L7.5 4.5h5.75a1 1 0 0 1 1 1v6.75a1 1 0 0 1-1 1H2.75a1 1 0 0 1-1-1Z",
  },
  file: { path: "M9 1.75H4.25a1 1 0 0 0-1 1v10.5a1 1 0 0 0 1 1h7.5a1 1 0 0 0 1-1V5.5L9 1.75Zm0 0V5.5h3.75" },
  capture: { path: "M1.5 8h2.25l1.5-4.5 2.5 9 2.25-7 1.25 2.5h3.25" },
  add: { path: "M8 3v10M3 8h10" },
  close: { path: "m4 4 8 8M12 4l-8 8" },
  save: {
    path: "M8 2.5v7.25m0 0L5 6.75m3 3 3-3M2.75 10.5v2a1 1 0 0 0 1 1h8.5a1 1 0 0 0 1-1v-2",
  },
  reload: { path: "M13 8a5 5 0 1 1-1.5-3.55M13.25 2v3h-3" },
  record: { path: "M8 12.5a4.5 4.5 0 1 0 0-9 4.5 4.5 0 0 0 0 9Z", fill: true },
  pause: { path: "M5.5 3.5v9M10.5 3.5v9" },
  play: { path: "M5 3.25v9.5L12.75 8 5 3.25Z" },
  step: { path: "M4 3.5v9L10 8 4 3.5ZM12.25 3.5v9" },
  stop: { path: "M4.25 4.25h7.5v7.5h-7.5z" },
  search: { path: "M7 11.5a4.5 4.5 0 1 0 0-9 4.5 4.5 0 0 0 0 9ZM10.3 10.3 13.75 13.75" },
  back: { path: "M13 8H3m0 0 4-4M3 8l4 4" },
  forward: { path: "M3 8h10m0 0L9 4m4 4-4 4" },
  undo: { path: "M5.5 3 2.5 6l3 3M2.75 6h6.5a3.75 3.75 0 0 1 0 7.5H6" },
  redo: { path: "m10.5 3 3 3-3 3M13.25 6h-6.5a3.75 3.75 0 0 0 0 7.5H10" },
  up: { path: "M8 13V3m0 0L4 7m4-4 4 4" },
  down: { path: "M8 3v10m0 0 4-4m-4 4L4 9" },
  first: { path: "M3.5 2.75h9M8 13.5v-8m0 0L4.5 9M8 5.5 11.5 9" },
  last: { path: "M3.5 13.25h9M8 2.5v8m0 0L11.5 7M8 10.5 4.5 7" },
  "chevron-right": { path: "m6 4 4 4-4 4" },
  "chevron-down": { path: "m4 6 4 4 4-4" },
  "chevron-up": { path: "m4 10 4-4 4 4" },
  check: { path: "m3 8.5 3.25 3.25L13 4.75" },
  minus: { path: "M3.5 8h9" },
  warning: { path: "M8 2.25 14.25 13H1.75L8 2.25ZM8 6.5v3M8 11.2v.1" },
  error: { path: "M8 14.25A6.25 6.25 0 1 0 8 1.75a6.25 6.25 0 0 0 0 12.5ZM8 4.75v4M8 11v.1" },
  info: { path: "M8 14.25A6.25 6.25 0 1 0 8 1.75a6.25 6.25 0 0 0 0 12.5ZM8 7.25v4M8 5v.1" },
  ok: { path: "M8 14.25A6.25 6.25 0 1 0 8 1.75a6.25 6.25 0 0 0 0 12.5ZM5.25 8.25l2 2 3.5-4" },
  filter: { path: "M1.75 3h12.5L9.5 8.5v4.25l-3 1.25V8.5L1.75 3Z" },
  bookmark: { path: "M4 2.25h8v11.5l-4-3-4 3V2.25Z" },
  history: { path: "M2.75 8A5.25 5.25 0 1 0 4.3 4.3L2.5 6M2.5 2.75V6h3.25M8 5v3.25l2.25 1.25" },
  apply: { path: "M2.5 8h10.5m0 0L9.25 4.25M13 8l-3.75 3.75" },
  clear: { path: "m4.5 4.5 7 7M11.5 4.5l-7 7" },
  command: { path: "m2.75 4 4 4-4 4M8.5 12.25h4.75" },
  goto: { path: "M2.5 3v10M5 8h8.5m0 0L10 4.5M13.5 8 10 11.5" },
  settings: {
    path: "M2 4.5h6m4 0h2M2 11.5h2m4 0h6M10 6.25a1.75 1.75 0 1 0 0-3.5 1.75 1.75 0 0 0 0 3.5ZM6 13.25a1.75 1.75 0 1 0 0-3.5 1.75 1.75 0 0 0 0 3.5Z",
  },
  menu: { path: "M2.5 4.25h11M2.5 8h11M2.5 11.75h11" },
  more: {
    path: "M3.5 8.5a.75.75 0 1 0 0-1.5.75.75 0 0 0 0 1.5ZM8 8.5A.75.75 0 1 0 8 7a.75.75 0 0 0 0 1.5ZM12.5 8.5a.75.75 0 1 0 0-1.5.75.75 0 0 0 0 1.5Z",
    fill: true,
  },
  sidebar: {
    path: "M2.75 2.75h10.5a1 1 0 0 1 1 1v8.5a1 1 0 0 1-1 1H2.75a1 1 0 0 1-1-1v-8.5a1 1 0 0 1 1-1ZM6 2.75v10.5",
  },
  panel: {
    path: "M2.75 2.75h10.5a1 1 0 0 1 1 1v8.5a1 1 0 0 1-1 1H2.75a1 1 0 0 1-1-1v-8.5a1 1 0 0 1 1-1ZM1.75 9.5h12.5",
  },
  list: { path: "M2 3.5h12M2 6.5h12M2 9.5h12M2 12.5h12" },
  tree: { path: "M2.5 3h5M5.5 8h8M5.5 13h8M3.5 3v9.25a.75.75 0 0 0 .75.75H5.5M3.5 8h2" },
  bytes: { path: "M2.5 3.5h2.75v4H2.5zM9 3.5v4M2.5 10h0M12.5 3.5v4M3.75 9.5v4M7 9.5h2.75v4H7zM12.75 9.5v4" },
  diagram: { path: "M2 3h12v10H2zM2 6.33h12M2 9.66h12M8 3v3.33M5 6.33v3.33M10.5 9.66V13" },
  table: { path: "M2 3h12v10H2zM2 6.25h12M6.25 3v10" },
  chart: { path: "M2 2.5v11h12M4.75 10.5V7.75M7.75 10.5V4.5M10.75 10.5V6.5" },
  network: { path: "M6 2h4v3.5H6zM1.5 10.5h4V14h-4zM10.5 10.5h4V14h-4zM8 5.5V8M3.5 10.5V8h9v2.5" },
  finding: { path: "M3.5 14V2.25m0 .5c3-1.75 5.5 1.5 9 0v6.5c-3.5 1.5-6-1.75-9 0" },
  clock: { path: "M8 14.25A6.25 6.25 0 1 0 8 1.75a6.25 6.25 0 0 0 0 12.5ZM8 4.5V8l2.5 1.75" },
  follow: { path: "M2 5.25h9m0 0L8.25 2.5M11 5.25 8.25 8M14 10.75H5m0 0L7.75 8M5 10.75l2.75 2.75" },
  copy: { path: "M5.75 5.75h7.5v7.5h-7.5zM10.25 5.75v-3h-7.5v7.5h3" },
  edit: { path: "m2.5 13.5.75-3L10.75 3 13 5.25 5.5 12.75l-3 .75ZM9.25 4.5l2.25 2.25" },
  mark: { path: "M3.75 2h8.5v12L8 10.75 3.75 14z", fill: true },
  note: { path: "M2.75 2.75h10.5v7.5l-3 3h-7.5zM13.25 10.25h-3v3M5.25 5.75h5.5M5.25 8.25h3" },
  export: { path: "M8 10V2.25m0 0L5 5.25m3-3 3 3M2.5 9.5v3.25a1 1 0 0 0 1 1h9a1 1 0 0 0 1-1V9.5" },
  sun: {
    path: "M8 11a3 3 0 1 0 0-6 3 3 0 0 0 0 6ZM8 1.5v1.25M8 13.25v1.25M1.5 8h1.25M13.25 8h1.25M3.4 3.4l.9.9M11.7 11.7l.9.9M3.4 12.6l.9-.9M11.7 4.3l.9-.9",
  },
  moon: { path: "M13.5 9.5A6 6 0 0 1 6.5 2.5a6 6 0 1 0 7 7Z" },
  keyboard: { path: "M1.75 4h12.5v8H1.75zM4 6.5h.1M6.6 6.5h.1M9.3 6.5h.1M12 6.5h.1M4.5 9.5h7" },
  plug: { path: "M6 1.75V5M10 1.75V5M4 5h8v2.5a4 4 0 0 1-8 0V5ZM8 11.5v2.75" },
  cluster: { path: "m8 1.75 5.5 3v6.5L8 14.25l-5.5-3v-6.5L8 1.75ZM8 8v6.25M8 8 2.5 4.75M8 8l5.5-3.25" },
  home: { path: "M2.25 7.5 8 2.5l5.75 5M3.75 6.5v7h8.5v-7" },
  sort: { path: "M5 13V3m0 0L2.5 5.5M5 3l2.5 2.5M11 3v10m0 0 2.5-2.5M11 13l-2.5-2.5" },
} as const satisfies Record<string, IconShape>;

export type IconName = keyof typeof ICONS;
