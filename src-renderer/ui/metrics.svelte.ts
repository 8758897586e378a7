/** Sizes and colours that TypeScript has to know: row heights for virtual lists, dark or light for canvases. Reactive. */
import { MediaQuery } from "svelte/reactivity";
import { motion, theme, zoom } from "../state/settings.svelte";

/** 1rem at 100 %. */
const ROOT_PX = 13;
/** --row in tokens.css */
const ROW_REM = 1.5385;

const prefersDark = new MediaQuery("(prefers-color-scheme: dark)");
const prefersReduced = new MediaQuery("(prefers-reduced-motion: reduce)");

/** Font size of the page in pixels. */
export function rootPx(): number {
  return (ROOT_PX * zoom.value) / 100;
}

/** Pixels on screen for one of a width that is kept: widths of columns are kept as they are at 100 %. */
export function zoomScale(): number {
  return zoom.value / 100;
}

/** Height of a row of a list, table or tree in whole pixels: 20 at 100 %. */
export function rowHeightPx(): number {
  return Math.round(ROW_REM * rootPx());
}

export function isDark(): boolean {
  return theme.value === "dark" || (theme.value === "system" && prefersDark.current);
}

export function isMotionReduced(): boolean {
  return motion.value === "reduced" || prefersReduced.current;
}

const THEME_HINT = "hopscope.theme";

/** Writes theme, motion and size where the style sheets see them. Call in an effect. */
export function applyMetrics(): void {
  const root = document.documentElement;
  root.dataset.theme = isDark() ? "dark" : "light";
  root.dataset.motion = isMotionReduced() ? "reduced" : "full";
  root.style.fontSize = `${rootPx()}px`;
  try {
    localStorage.setItem(THEME_HINT, root.dataset.theme);
  } catch {
    // Storage is switched off: the first frame may have the other theme.
  }
}

/** Before the settings are there: the theme of last time, so that the first frame does not flash. */
export function applyThemeHint(): void {
  let hint: string | null = null;
  try {
    hint = localStorage.getItem(THEME_HINT);
  } catch {
    // As above.
  }
  document.documentElement.dataset.theme = hint === "dark" || (hint === null && prefersDark.current) ? "dark" : "light";
}
