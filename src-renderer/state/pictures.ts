/**
 * Pictures that can be saved. A view registers its own; the commands save the one in sight.
 *
 * ```
 * $effect(() => registerPicture({ name: "journey", element: () => svg, svg: () => pictureText(svg) }))
 * ```
 */
import { saveSvgText, type PictureFormat } from "../bridge/save-picture";
import { showError } from "./dialogs.svelte";
import { openMenu } from "./menus.svelte";

export interface Picture {
  /** Of the file, without its ending. */
  readonly name: string;
  /** What is drawn on, to see whether it is in sight. */
  readonly element: () => Element | undefined;
  /** The drawing as an SVG document of its own. */
  readonly svg: () => string | Promise<string>;
}

let registered: readonly Picture[] = [];

/** The returned function takes it away again. */
export function registerPicture(picture: Picture): () => void {
  registered = [...registered, picture];
  return () => {
    registered = registered.filter((other) => other !== picture);
  };
}

/** The picture in sight; of several the one that came last. */
export function pictureInSight(): Picture | undefined {
  return registered.findLast((picture) => picture.element()?.checkVisibility() ?? false);
}

export async function savePicture(picture: Picture, format: PictureFormat): Promise<void> {
  try {
    await saveSvgText(picture.name, await picture.svg(), format);
  } catch (error) {
    showError("Save picture", error);
  }
}

/** The menu of a picture's save button. */
export function openPictureMenu(picture: Picture, at: MouseEvent | Element): void {
  openMenu(
    [
      { label: "Save as SVG", keys: "Mod+Alt+S", run: () => void savePicture(picture, "svg") },
      { label: "Save as PNG, twice as large", keys: "Mod+Alt+P", run: () => void savePicture(picture, "png") },
    ],
    at,
    { label: "Save the picture" },
  );
}
