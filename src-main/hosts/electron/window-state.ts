/**
 * Where the window was, kept in window.json. A place is only used again if enough of it is on a screen that is still there.
 */
import * as v from "valibot";
import { JsonFile } from "../shared/json-file";

export interface Rectangle {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

export interface WindowPlace {
  /** null: where the system puts it. */
  readonly x: number | null;
  readonly y: number | null;
  readonly width: number;
  readonly height: number;
  readonly maximized: boolean;
}

export const FIRST_PLACE: WindowPlace = { x: null, y: null, width: 1440, height: 900, maximized: false };
export const SMALLEST = { width: 720, height: 480 };

/** Of the title bar, this much must be on a screen: enough to take hold of it. */
const VISIBLE_WIDTH = 120;
const TITLE_HEIGHT = 32;

const pixel = v.pipe(v.number(), v.integer(), v.minValue(-100_000), v.maxValue(100_000));
const placeSchema = v.object({
  x: v.nullable(pixel),
  y: v.nullable(pixel),
  width: pixel,
  height: pixel,
  maximized: v.boolean(),
});

export function windowPlaceFile(path: string): JsonFile<WindowPlace> {
  return new JsonFile<WindowPlace>(path, placeSchema, FIRST_PLACE);
}

/** @param screens the usable areas of the screens there are now */
export function fittingPlace(place: WindowPlace, screens: readonly Rectangle[]): WindowPlace {
  const largest = {
    width: Math.max(SMALLEST.width, ...screens.map((s) => s.width)),
    height: Math.max(SMALLEST.height, ...screens.map((s) => s.height)),
  };
  const width = Math.min(Math.max(place.width, SMALLEST.width), largest.width);
  const height = Math.min(Math.max(place.height, SMALLEST.height), largest.height);
  const { x, y } = place;
  const isReachable = x !== null && y !== null && screens.some((s) => showsTitle({ x, y, width }, s));
  return { x: isReachable ? x : null, y: isReachable ? y : null, width, height, maximized: place.maximized };
}

function showsTitle(title: { readonly x: number; readonly y: number; readonly width: number }, s: Rectangle): boolean {
  const across = Math.min(title.x + title.width, s.x + s.width) - Math.max(title.x, s.x);
  return across >= VISIBLE_WIDTH && title.y >= s.y && title.y + TITLE_HEIGHT <= s.y + s.height;
}
