/**
 * Where the packet list stands, in rows instead of pixels: a browser's elements end at about 33 million pixels, which is
 * 1.5 million rows; and a browser that scrolls by itself shows its background before the rows are there.
 *
 * ```
 *          0 ┌──────────────┐                 track
 *            │              │                ┌───┐ 0
 *     top ─► ├──────────────┤ ┐              │   │
 *            │ visible rows │ │ page         ├───┤ thumbTop
 *            ├──────────────┤ ┘              │ ▒ │ thumbLength
 *            │              │                ├───┤
 *       rows └──────────────┘                └───┘ trackPx
 * ```
 *
 * `top` is the row at the upper edge and may have a fraction; a page is the number of whole rows that fit.
 */

export interface ScrollArea {
  readonly rows: number;
  /** Rows that fit, with a fraction. */
  readonly page: number;
}

export interface Thumb {
  readonly topPx: number;
  readonly lengthPx: number;
}

/** A thumb shorter than this cannot be grabbed. */
export const MIN_THUMB_PX = 24;

export function maxTop(area: ScrollArea): number {
  return Math.max(0, area.rows - area.page);
}

export function clampTop(top: number, area: ScrollArea): number {
  if (!Number.isFinite(top)) return 0;
  return Math.max(0, Math.min(maxTop(area), top));
}

/** `deltaMode` of a wheel event: 0 pixels, 1 lines, 2 pages. */
export function wheelRows(delta: number, deltaMode: number, rowPx: number, page: number): number {
  if (deltaMode === 1) return delta;
  if (deltaMode === 2) return delta * page;
  return delta / rowPx;
}

export function thumbAt(top: number, area: ScrollArea, trackPx: number): Thumb | null {
  if (area.rows <= area.page || trackPx <= 0) return null;
  const lengthPx = Math.min(trackPx, Math.max(MIN_THUMB_PX, (trackPx * area.page) / area.rows));
  return { topPx: (clampTop(top, area) / maxTop(area)) * (trackPx - lengthPx), lengthPx };
}

/** The top row when the thumb's upper edge is dragged to `thumbTopPx`. */
export function topAtThumb(thumbTopPx: number, area: ScrollArea, trackPx: number): number {
  const thumb = thumbAt(0, area, trackPx);
  if (!thumb || trackPx <= thumb.lengthPx) return 0;
  return clampTop((thumbTopPx / (trackPx - thumb.lengthPx)) * maxTop(area), area);
}

/** The top that shows `row` with the least movement; `margin` rows stay between it and the edge where there is room. */
export function topShowing(row: number, top: number, area: ScrollArea, margin = 1): number {
  const space = Math.min(margin, Math.max(0, (area.page - 1) / 2));
  if (row < top + space) return clampTop(row - space, area);
  if (row + 1 + space > top + area.page) return clampTop(row + 1 + space - area.page, area);
  return clampTop(top, area);
}

/** The top that shows `row` in the middle, for jumps: what is around it matters too. */
export function topCentring(row: number, area: ScrollArea): number {
  return clampTop(row + 0.5 - area.page / 2, area);
}

/** True if the whole row is on screen. */
export function isShown(row: number, top: number, area: ScrollArea): boolean {
  return row >= top && row + 1 <= top + area.page;
}

/** Row a key moves the selection to; null: not a key of the list. Nothing selected: `row` -1. */
export function rowAfterKey(key: string, row: number, top: number, area: ScrollArea): number | null {
  if (area.rows === 0) return null;
  const last = area.rows - 1;
  const page = Math.max(1, Math.floor(area.page) - 1);
  const from = row < 0 ? Math.ceil(top) : row;
  const bounded = (to: number): number => Math.max(0, Math.min(last, to));
  switch (key) {
    case "ArrowUp":
      return row < 0 ? bounded(from) : bounded(from - 1);
    case "ArrowDown":
      return row < 0 ? bounded(from) : bounded(from + 1);
    case "PageUp":
      return bounded(from - page);
    case "PageDown":
      return bounded(from + page);
    case "Home":
      return 0;
    case "End":
      return last;
    default:
      return null;
  }
}
