/** Sizes that Ctrl + and Ctrl - go through, in per cent. */
const ZOOM_STEPS = [60, 70, 80, 90, 100, 110, 125, 150, 175, 200, 250] as const;

/** The next larger (1) or smaller (-1) step; at the end it stays. */
export function nextZoom(zoom: number, direction: 1 | -1): number {
  const next = direction > 0 ? ZOOM_STEPS.find((step) => step > zoom) : ZOOM_STEPS.findLast((step) => step < zoom);
  return next ?? zoom;
}
