/** Draws docs/flows.svg: the real output of `hopscope flows` on two of the project's captures. Run: node build/picture.mjs */
import { spawnSync } from "node:child_process";
import { writeFileSync } from "node:fs";

const FILES = ["fixtures/service-dnat.pcapng", "fixtures/vxlan-ports.pcapng", "fixtures/ip-over-udp.pcapng"];
const COLUMNS = [
  "flow",
  "proto",
  "source",
  "sport",
  "destination",
  "dport",
  "tunnel",
  "pkts>",
  "pkts<",
  "state",
  "history",
  "carrier",
  "points",
];
const MAX_ROWS = 14;

const r = spawnSync(process.execPath, ["bin/hopscope.js", "flows", ...FILES], { encoding: "utf8" });
const [head = "", ...lines] = r.stdout.trimEnd().split("\n");
const names = head.split("\t");
const pick = COLUMNS.map((c) => names.indexOf(c));
const rows = [COLUMNS, ...lines.slice(0, MAX_ROWS).map((l) => pick.map((i) => l.split("\t")[i] ?? ""))];
const widths = COLUMNS.map((_, c) => Math.max(...rows.map((row) => row[c].length)));
const numeric = COLUMNS.map((_, c) => rows.slice(1).every((row) => /^[\d.-]*$/.test(row[c])));
const text = rows.map((row) =>
  row
    .map((cell, c) => (numeric[c] ? cell.padStart(widths[c]) : cell.padEnd(widths[c])))
    .join("  ")
    .trimEnd(),
);
text.unshift(`$ hopscope flows ${FILES.map((f) => f.replace("fixtures/", "")).join(" ")}`, "");

const escape = (s) =>
  s.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;").replaceAll(" ", "\u00a0");
const CHARACTER = 8.43;
const LINE = 20;
const width = Math.ceil(Math.max(...text.map((t) => t.length)) * CHARACTER) + 48;
const height = text.length * LINE + 48;
const colour = (i, t) =>
  i === 0 ? "#7ee787" : i === 2 ? "#8b949e" : / (vxlan\/\d+|ip-udp) /.test(t) ? "#79c0ff" : "#e6edf3";
const svg = `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" role="img" aria-label="hopscope flows in a terminal: a Service call seen before and after its translation, and flows inside VXLAN and UDP tunnels">
<rect width="100%" height="100%" rx="10" fill="#0d1117"/>
<g font-family="DejaVu Sans Mono, Menlo, Consolas, monospace" font-size="14">
${text.map((t, i) => `<text x="24" y="${38 + i * LINE}" fill="${colour(i, t)}">${escape(t)}</text>`).join("\n")}
</g>
</svg>
`;
writeFileSync("docs/flows.svg", svg);
