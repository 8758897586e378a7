/** Where the ladder's rows and rails lie, in pixels; which rows are in sight. */
export const ROW_PX = 40;
export const HEAD_PX = 46;
export const LEFT_PX = 96;
const LABEL_PX = 170;
const LEAST_SPACING_PX = 62;
/** Nearer, names of neighbouring points stand on two lines. */
export const ROOMY_PX = 112;
/** Rows drawn beyond the edges: what a turn of the wheel brings into sight is there already. */
const OVERSCAN = 6;

export interface LadderWidths {
  /** Between two rails. */
  readonly spacing: number;
  readonly totalWidth: number;
  /** Of a column's rail. */
  readonly x: (column: number) => number;
}

export function ladderWidths(columns: number, widthPx: number): LadderWidths {
  const spacing = Math.max(LEAST_SPACING_PX, (widthPx - LEFT_PX - LABEL_PX - 40) / Math.max(1, columns - 1));
  const x = (column: number): number => LEFT_PX + 20 + column * spacing;
  return { spacing, x, totalWidth: x(columns - 1) + LABEL_PX };
}

/** Middle of a row. */
export function rowY(at: number): number {
  return HEAD_PX + at * ROW_PX + 26;
}

/** From the first row that may be in sight to behind the last. */
export function rowsInSight(count: number, topPx: number, heightPx: number): readonly [from: number, to: number] {
  const from = Math.max(0, Math.floor((topPx - HEAD_PX) / ROW_PX) - OVERSCAN);
  return [Math.min(from, count), Math.min(count, Math.ceil((topPx + heightPx) / ROW_PX) + OVERSCAN)];
}
