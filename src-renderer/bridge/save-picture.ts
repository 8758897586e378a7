/**
 * A drawing of the window as a file that looks the same elsewhere.
 *
 * ```
 * <svg> in the page ─► computed colours and fonts written into a copy ─► SVG document ─► file.svg
 *                                                                             └► drawn to a canvas, twice as large ─► file.png
 * ```
 * Style sheets do not travel with an SVG file, so the theme's colours are resolved; what sticks while scrolling (`data-sticky`) lies
 * at its own place again.
 */
import { saveBytes, saveText } from "./save";

const PROPERTIES = [
  "fill",
  "fill-opacity",
  "stroke",
  "stroke-width",
  "stroke-dasharray",
  "stroke-opacity",
  "font-family",
  "font-size",
  "font-weight",
  "text-anchor",
  "opacity",
] as const;

export type PictureFormat = "svg" | "png";

/** The drawing as a document of its own. */
export function pictureText(picture: SVGSVGElement): string {
  return documentText(drawnCopy(picture));
}

/** Around a picture: in the window the pane has the margin. */
const MARGIN_PX = 12;

function documentText(picture: SVGElement): string {
  return `<?xml version="1.0" encoding="UTF-8"?>\n${new XMLSerializer().serializeToString(framed(picture))}\n`;
}

function framed(picture: SVGElement): SVGElement {
  const [width, height] = ["width", "height"].map((name) => Number(picture.getAttribute(name) ?? Number.NaN));
  // In parts of the page: it says no size of its own.
  if (width === undefined || height === undefined || !(width > 0 && height > 0)) return picture;
  const frame = element("svg");
  frame.setAttribute("width", String(width + 2 * MARGIN_PX));
  frame.setAttribute("height", String(height + 2 * MARGIN_PX));
  picture.setAttribute("x", String(MARGIN_PX));
  picture.setAttribute("y", String(MARGIN_PX));
  frame.append(background(), picture);
  return frame;
}

/** The page's own background, behind everything. */
function background(): SVGElement {
  const back = element("rect");
  back.setAttribute("width", "100%");
  back.setAttribute("height", "100%");
  back.setAttribute("fill", getComputedStyle(document.body).backgroundColor);
  return back;
}

function element<K extends keyof SVGElementTagNameMap>(name: K): SVGElementTagNameMap[K] {
  return document.createElementNS("http://www.w3.org/2000/svg", name);
}

/** A copy that needs no style sheet. */
function drawnCopy(picture: SVGSVGElement): SVGSVGElement {
  const copy = picture.cloneNode(true) as SVGSVGElement;
  const from = [picture, ...picture.querySelectorAll<SVGElement>("*")];
  const to = [copy, ...copy.querySelectorAll<SVGElement>("*")];
  from.forEach((element, at) => {
    const target = to[at];
    if (!target || element.tagName === "title") return;
    const style = getComputedStyle(element);
    for (const property of PROPERTIES) {
      const value = style.getPropertyValue(property);
      if (value !== "") target.setAttribute(property, value);
    }
    if (element.hasAttribute("data-sticky")) target.removeAttribute("transform");
    for (const name of ["class", "role", "style", "data-sticky", "tabindex"]) target.removeAttribute(name);
  });
  copy.prepend(background());
  return copy;
}

/** Drawings under each other, each below its title, as one document. */
export function stackedText(parts: readonly { readonly title: string; readonly picture: SVGSVGElement }[]): string {
  const TITLE_PX = 20;
  const GAP_PX = 10;
  const outer = element("svg");
  const style = getComputedStyle(document.body);
  let y = 0;
  let width = 0;
  for (const { title, picture } of parts) {
    const text = element("text");
    for (const [name, value] of Object.entries({
      x: "2",
      y: String(y + 14),
      fill: style.color,
      "font-family": style.fontFamily,
      "font-size": "12px",
      "font-weight": "600",
    }))
      text.setAttribute(name, value);
    text.textContent = title;
    const size = picture.getBoundingClientRect();
    const inner = drawnCopy(picture);
    inner.setAttribute("y", String(y + TITLE_PX));
    outer.append(text, inner);
    y += TITLE_PX + size.height + GAP_PX;
    width = Math.max(width, size.width);
  }
  outer.setAttribute("width", String(Math.ceil(width)));
  outer.setAttribute("height", String(Math.ceil(y)));
  outer.prepend(background());
  return documentText(outer);
}

/** @param svg a document of its own (pictureText) with width and height in pixels */
export async function saveSvgText(name: string, svg: string, format: PictureFormat): Promise<void> {
  if (format === "svg") return saveText(`${name}.svg`, "image/svg+xml", svg);
  saveBytes(`${name}.png`, "image/png", await rasterise(svg));
}

const SCALE = 2;
/** Chromium's canvases have no more pixels on a side. */
const MOST_PIXELS = 16_384;

/** @throws Error when the document cannot be drawn */
async function rasterise(svg: string): Promise<Blob> {
  const image = new Image();
  const url = `data:image/svg+xml;charset=utf-8,${encodeURIComponent(svg)}`;
  await new Promise<void>((resolve, reject) => {
    image.onload = () => resolve();
    image.onerror = () => reject(new Error("the picture could not be drawn as PNG: save it as SVG instead"));
    image.src = url;
  });
  const { width, height } = image;
  if (width === 0 || height === 0) throw new Error("the picture is empty");
  const scale = Math.min(SCALE, MOST_PIXELS / width, MOST_PIXELS / height);
  const canvas = document.createElement("canvas");
  canvas.width = Math.round(width * scale);
  canvas.height = Math.round(height * scale);
  const context = canvas.getContext("2d");
  if (!context) throw new Error("this browser has no canvas to draw the picture on");
  context.scale(scale, scale);
  context.drawImage(image, 0, 0, width, height);
  return new Promise((resolve, reject) => {
    canvas.toBlob(
      (blob) => (blob ? resolve(blob) : reject(new Error("the picture is too large for PNG"))),
      "image/png",
    );
  });
}
