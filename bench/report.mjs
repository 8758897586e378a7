/** Figures as text: medians, ratios, tables. */

/**
 * @typedef {object} Result
 * @property {string} name
 * @property {string} what
 * @property {boolean} ours
 * @property {string} [absent] why there are no figures
 * @property {number} packets what it read of the input
 * @property {number} bytes
 * @property {boolean} partial not all of the input
 * @property {import("./measure.mjs").Sample[]} samples
 * @property {Figures} [figures]
 * @property {{ against: string, wall: number, cpu?: number }} [ratio] its time for a packet, divided by that of `against`
 */

/**
 * @typedef {{ wall: number, wallMin: number, cpu?: number, peakMiB?: number, packetsPerSecond: number, bytesPerSecond: number }} Figures
 * Medians; wallMin is the best run.
 */

/** @param {number[]} values at least one */
export function median(values) {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length & 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

/**
 * @param {readonly number[]} values
 * @param {number} share 0 to 1: 0.95 is the value that 95 % stay below
 * @returns {number} NaN without values
 */
export function percentile(values, share) {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? NaN;
}

/**
 * @param {Pick<Result, "packets" | "bytes" | "samples">} result with at least one sample
 * @returns {Figures}
 */
export function figuresOf({ packets, bytes, samples }) {
  const wall = median(samples.map((sample) => sample.wall));
  /** @param {"cpu" | "peakMiB"} key */
  const known = (key) => {
    const values = samples.map((sample) => sample[key]).filter((value) => value !== undefined);
    return values.length ? median(values) : undefined;
  };
  return {
    wall,
    wallMin: Math.min(...samples.map((sample) => sample.wall)),
    cpu: known("cpu"),
    peakMiB: known("peakMiB"),
    packetsPerSecond: packets / wall,
    bytesPerSecond: bytes / wall,
  };
}

/**
 * How many times as long as `base` it takes for a packet.
 * @param {Result} result
 * @param {Result} base
 * @returns {Result["ratio"]}
 */
export function ratioOf(result, base) {
  if (!result.figures || !base.figures) return undefined;
  const share = base.packets / result.packets;
  const { cpu } = result.figures;
  const baseCpu = base.figures.cpu;
  return {
    against: base.name,
    wall: (result.figures.wall / base.figures.wall) * share,
    // Processor time comes in steps of 10 ms: nothing can be divided by none.
    cpu: cpu !== undefined && baseCpu ? (cpu / baseCpu) * share : undefined,
  };
}

/**
 * @param {Result[]} results
 * @returns {string}
 */
export function formatTable(results) {
  const header = [
    "",
    "what",
    "packets/s",
    "MB/s",
    "wall s (min)",
    "CPU s",
    "peak MiB",
    "runs",
    "wall",
    "CPU",
    "times as long as",
  ];
  const rows = results
    .filter((result) => result.figures)
    .map((result) => {
      const { figures, ratio } = result;
      if (!figures) throw new Error("filtered above");
      return [
        result.name + (result.partial ? " *" : ""),
        result.what,
        thousands(figures.packetsPerSecond),
        (figures.bytesPerSecond / 1e6).toFixed(figures.bytesPerSecond < 1e8 ? 1 : 0),
        `${figures.wall.toFixed(2)} (${figures.wallMin.toFixed(2)})`,
        figures.cpu?.toFixed(2) ?? "?",
        figures.peakMiB?.toFixed(0) ?? "?",
        String(result.samples.length),
        ratio ? times(ratio.wall) : "",
        ratio?.cpu === undefined ? "" : times(ratio.cpu),
        ratio?.against ?? "",
      ];
    });
  const lines = [align([header, ...rows], [0, 1, 10])];
  const partial = results.find((result) => result.partial && result.figures);
  if (partial)
    lines.push(`* read the first ${thousands(partial.packets)} packets only; its MB/s take them as of average size.`);
  for (const { name, absent } of results) if (absent !== undefined) lines.push(`${name}: ${absent}`);
  return lines.join("\n");
}

/**
 * @param {string[][]} rows
 * @param {number[]} left the columns that are text
 */
export function align(rows, left) {
  const widths = rows[0].map((_, column) => Math.max(...rows.map((row) => row[column].length)));
  return rows
    .map((row) =>
      row
        .map((cell, column) => (left.includes(column) ? cell.padEnd(widths[column]) : cell.padStart(widths[column])))
        .join("  ")
        .trimEnd(),
    )
    .join("\n");
}

/** @param {number} value */
export function thousands(value) {
  return Math.round(value)
    .toString()
    .replace(/\B(?=(\d{3})+$)/g, ",");
}

/** @param {number} ratio */
function times(ratio) {
  return `${ratio.toFixed(ratio < 10 ? 2 : 1)}x`;
}
