/**
 * One packet's way as a picture for paper: a box a sighting, in hop order, what carries it around, what changed in colour and in words.
 *
 * ```
 * ┌ cni0 ──────────┐  +28 µs  ┌ flannel.1 ─────┐
 * │ from 10.244…   │ ───────► │ from 10.244…   │
 * │ to   10.96…:80 │          │ to   10.244…   │  ◄ in colour, "changed"
 * └────────────────┘          └────────────────┘
 * ```
 * An SVG document without styles from elsewhere, scripts or links. Every text is escaped.
 */
import { endpointText } from "../model/endpoint-text";
import { escapeHtml } from "../annotations/markdown";
import type { ConnectionJourneys, JourneyInfo, SightingInfo } from "../contract/join";

const BOX = 212;
const GAP = 62;
const HEAD = 40;
const LINE = 17;
const LINES = 5;
const HEIGHT = HEAD + LINES * LINE + 14;
const ROW_GAP = 26;
const MARGIN = 14;
const PER_ROW = 4;
/** A longer way is a table, not a picture. */
const MOST = 24;

export function journeyPicture(data: ConnectionJourneys, journey: JourneyInfo): string {
  const sightings = journey.sightings.slice(0, MOST);
  const rows = Math.ceil(sightings.length / PER_ROW);
  const columns = Math.min(PER_ROW, Math.max(1, sightings.length));
  const width = MARGIN * 2 + columns * BOX + (columns - 1) * GAP;
  const height = MARGIN * 2 + rows * HEIGHT + Math.max(0, rows - 1) * ROW_GAP;
  const parts = sightings.map((sighting, i) => {
    const left = MARGIN + (i % PER_ROW) * (BOX + GAP);
    const top = MARGIN + Math.floor(i / PER_ROW) * (HEIGHT + ROW_GAP);
    return (
      arrow(sightings[i - 1], sighting, left, top, i % PER_ROW === 0) + box(data, sightings[i - 1], sighting, left, top)
    );
  });
  return `<?xml version="1.0" encoding="UTF-8"?>
<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" font-family="system-ui, 'Noto Sans', 'Liberation Sans', sans-serif" font-size="12">
<title>${escapeHtml(journeyCaption(data, journey))}</title>
<rect width="100%" height="100%" fill="#ffffff"/>
${parts.join("")}</svg>
`;
}

/** "SYN to the server, seen at 7 capture points" */
export function journeyCaption(
  data: ConnectionJourneys,
  { label, direction, sightings, missingAt }: JourneyInfo,
): string {
  const to = direction === "to-server" ? "to the server" : "to the client";
  const missing = data.points.find(({ point }) => point === missingAt);
  const end = missing ? `, not seen at ${missing.name}` : "";
  return `${label} ${to}, seen at ${sightings.length} capture point${sightings.length === 1 ? "" : "s"}${end}`;
}

function box(
  data: ConnectionJourneys,
  before: SightingInfo | undefined,
  sighting: SightingInfo,
  left: number,
  top: number,
): string {
  const point = data.points.find((one) => one.point === sighting.point);
  const where = [point?.role === "unknown" ? undefined : point?.role, point?.node].filter(Boolean).join(", ");
  const from = endpointText(sighting.source);
  const to = endpointText(sighting.destination);
  const carrier = tunnelText(sighting);
  const lines: [string, string, boolean][] = [
    ["from", from, before !== undefined && endpointText(before.source) !== from],
    ["to", to, before !== undefined && endpointText(before.destination) !== to],
    ["TTL", String(sighting.ttl), before !== undefined && before.ttl !== sighting.ttl],
    ["in", carrier === "" ? "no tunnel" : carrier, before !== undefined && tunnelText(before) !== carrier],
    ["packet", String(sighting.number), false],
  ];
  const text = lines
    .map(([name, value, changed], i) => {
      const y = top + HEAD + 14 + i * LINE;
      const style = changed ? ' fill="#a3320b" font-weight="700"' : ' fill="#1c2027"';
      return `<text x="${left + 10}" y="${y}" fill="#59606c">${name}</text><text x="${left + 58}" y="${y}"${style}>${escapeHtml(cut(value, 22))}${changed ? " ◄" : ""}</text>`;
    })
    .join("");
  const frame =
    carrier === ""
      ? ""
      : `<rect x="${left - 4}" y="${top - 4}" width="${BOX + 8}" height="${HEIGHT + 8}" rx="8" fill="none" stroke="#7a5af0" stroke-width="1.5" stroke-dasharray="5 3"/>`;
  return `${frame}<rect x="${left}" y="${top}" width="${BOX}" height="${HEIGHT}" rx="6" fill="#f7f8f9" stroke="#868d98"/><text x="${left + 10}" y="${top + 17}" fill="#1c2027" font-weight="700">${escapeHtml(cut(shortName(point?.name ?? "?", point?.node ?? null), 28))}</text><text x="${left + 10}" y="${top + 33}" fill="#59606c">${escapeHtml(cut(where, 32))}</text>${text}
`;
}

/** "node1 eth0" is "eth0" where the node stands below it. */
function shortName(name: string, node: string | null): string {
  return node !== null && name.startsWith(`${node} `) ? name.slice(node.length + 1) : name;
}

function arrow(
  before: SightingInfo | undefined,
  sighting: SightingInfo,
  left: number,
  top: number,
  firstOfRow: boolean,
): string {
  if (!before) return "";
  const time = `+${durationText(sighting.sinceFirstNs - before.sinceFirstNs)}`;
  if (firstOfRow)
    return `<text x="${left}" y="${top - 9}" fill="#59606c" font-size="11">then, ${escapeHtml(time)}:</text>`;
  const y = top + HEIGHT / 2;
  return `<path d="M ${left - GAP + 8} ${y} h ${GAP - 18} m -6 -5 l 6 5 l -6 5" fill="none" stroke="#1460bf" stroke-width="1.5"/><text x="${left - GAP / 2}" y="${y - 8}" text-anchor="middle" fill="#59606c" font-size="11">${escapeHtml(time)}</text>`;
}

export function tunnelText({ tunnel }: SightingInfo): string {
  if (!tunnel) return "";
  return `${tunnel.kind}${tunnel.vni === null ? "" : ` VNI ${tunnel.vni}`}${tunnel.port === null ? "" : ` :${tunnel.port}`}`;
}

export function durationText(ns: number): string {
  const size = Math.abs(ns);
  if (size < 1e3) return `${ns} ns`;
  if (size < 1e6) return `${trim(ns / 1e3)} µs`;
  if (size < 1e9) return `${trim(ns / 1e6)} ms`;
  return `${trim(ns / 1e9)} s`;
}

function trim(value: number): string {
  return value.toFixed(Math.abs(value) < 10 ? 2 : 1).replace(/\.?0+$/, "");
}

function cut(text: string, limit: number): string {
  const signs = Array.from(text);
  return signs.length > limit ? `${signs.slice(0, limit - 1).join("")}…` : text;
}
