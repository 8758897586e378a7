/**
 * The rows on screen: as many elements as fit, used again for other rows while scrolling. Made by hand and not by a template,
 * because every frame of a scroll gives all of them other contents.
 *
 * ```
 * layer ── translateY(-(top - base) × row height)
 *   ├ row element 0   top: (index - base) × row height           index % elements = 0
 *   ├ row element 1 …
 *   │    └ gutter │ cell │ cell │ …                              text nodes: contents are only ever text
 * ```
 * Cells stand in a row (flex) and are clipped only where their text does not fit: clips and layers of their own for some 300 cells
 * were a quarter of a frame.
 */
import type { GutterCell } from "../../viewmodel/packet-gutter";
import { isMonospaced, type ListColumn } from "../../viewmodel/packet-columns";
import { TextFit } from "../../viewmodel/text-fit";
import { tooltip } from "../../ui/tooltip";

/** How one row looks. */
export interface RowLook {
  readonly cells: readonly string[];
  /** "" the theme's. */
  readonly background: string;
  readonly text: string;
  /** "selected marked ignored reference", any of them. */
  readonly states: string;
  readonly gutter: GutterCell;
}

export const GUTTER_PX = 26;
/** On both sides of a cell's text together. */
const PADDING_PX = 12;

const MARK_GLYPHS = { request: "→", response: "←", acknowledged: "✓", "same-journey": "=" } as const;

interface PoolCell {
  readonly element: HTMLElement;
  readonly text: Text;
  /** For its text, in pixels. */
  readonly widthPx: number;
  isCut: boolean;
}

interface PoolRow {
  readonly element: HTMLElement;
  readonly gutter: HTMLElement;
  readonly cells: readonly PoolCell[];
  index: number;
  /** What it was drawn from: the same again needs no drawing. */
  look: RowLook | null;
  states: string;
  background: string;
  color: string;
  gutterText: string;
}

/** Positions count from a row near by: a browser's lengths lose precision in the millions. */
const BASE_ROWS = 4096;

const fits = new Map<string, TextFit>();

/**
 * For the font of an element. Its parts and not the shorthand `font`, which is "" as soon as one of them cannot be said in it (a
 * monospaced cell's ligatures): a canvas would then measure in a small font of its own.
 */
function fitOf(element: HTMLElement): TextFit {
  const { fontStyle, fontWeight, fontSize, fontFamily } = getComputedStyle(element);
  const font = fontSize === "" || fontFamily === "" ? "" : `${fontStyle} ${fontWeight} ${fontSize} ${fontFamily}`;
  let fit = fits.get(font);
  if (!fit) {
    const canvas = font === "" ? null : document.createElement("canvas").getContext("2d");
    if (canvas) canvas.font = font;
    fit = new TextFit((character) => canvas?.measureText(character).width ?? Infinity);
    fits.set(font, fit);
  }
  return fit;
}

export class RowPool {
  #pool: PoolRow[] = [];
  #base = 0;
  #columnIds = "";
  #rowPx = 20;
  /** By column. */
  #fits: readonly TextFit[] = [];

  /** `layer` holds the rows; `idPrefix` makes their ids, unique in the page. */
  constructor(
    private readonly layer: HTMLElement,
    private readonly idPrefix: string,
  ) {}

  /**
   * Makes the elements anew: for other columns, widths, row heights, or a higher pane. Of the same columns they show what they showed
   * until they are drawn: there may be nothing to draw them from just now.
   */
  build(size: number, columns: readonly ListColumn[], widths: readonly number[], rowPx: number): void {
    const ids = columns.map((column) => column.id).join("\n");
    const before = ids === this.#columnIds ? this.#pool : [];
    this.#columnIds = ids;
    this.#rowPx = rowPx;
    this.layer.replaceChildren();
    // An even number: a row element is always an odd one or never.
    const even = size + (size % 2);
    this.#pool = Array.from({ length: even }, (_, slot) => this.#makeRow(slot, columns, widths));
    this.layer.append(...this.#pool.map((row) => row.element));
    this.#fits = (this.#pool[0]?.cells ?? []).map((cell) => fitOf(cell.element));
    for (const { index, look } of before) {
      const row = this.#pool[index % this.#pool.length];
      if (!look || row?.index !== -1) continue;
      this.#place(row, index);
      this.#fill(row, look);
    }
  }

  get size(): number {
    return this.#pool.length;
  }

  /** Draws the rows of a screen whose upper edge is at row `top`. */
  draw(top: number, first: number, last: number, look: (index: number) => RowLook | null): void {
    const base = Math.floor(top / BASE_ROWS) * BASE_ROWS;
    const moved = base !== this.#base;
    this.#base = base;
    this.layer.style.transform = `translateY(${-Math.round((top - base) * this.#rowPx)}px)`;
    for (let index = first; index < first + this.#pool.length; index++) {
      const row = this.#pool[index % this.#pool.length] as PoolRow;
      const drawn = index <= last ? look(index) : null;
      if (!drawn) {
        if (row.index >= 0) this.#hide(row);
        continue;
      }
      if (row.index !== index || moved) this.#place(row, index);
      if (row.look !== drawn) this.#fill(row, drawn);
    }
  }

  /** Id of the element that shows a row, null if none does. */
  idOf(index: number): string | null {
    const row = this.#pool.find((shown) => shown.index === index);
    return row ? row.element.id : null;
  }

  /** Row and column under an element: of a pointer event. Column -1: the gutter. Null: no row. */
  placeOf(target: EventTarget | null): { readonly index: number; readonly column: number } | null {
    if (!(target instanceof Element)) return null;
    const element = target.closest<HTMLElement>('[role="row"]');
    const row = this.#pool.find((shown) => shown.element === element);
    if (!row || row.index < 0) return null;
    const cell = target.closest<HTMLElement>('[role="gridcell"]');
    return { index: row.index, column: Number(cell?.getAttribute("aria-colindex") ?? 1) - 2 };
  }

  /** Where a row is on screen, for menus opened by keyboard. */
  elementOf(index: number): HTMLElement | null {
    return this.#pool.find((shown) => shown.index === index)?.element ?? null;
  }

  #makeRow(slot: number, columns: readonly ListColumn[], widths: readonly number[]): PoolRow {
    const element = document.createElement("div");
    element.className = "row";
    element.id = `${this.idPrefix}-${slot}`;
    element.setAttribute("role", "row");
    element.hidden = true;
    const gutter = document.createElement("div");
    gutter.className = "gutter";
    gutter.setAttribute("role", "gridcell");
    gutter.setAttribute("aria-colindex", "1");
    element.append(gutter);
    const cells = columns.map((column, index): PoolCell => {
      const cell = document.createElement("div");
      cell.className = `cell ${column.align}${isMonospaced(column.id) ? " mono" : ""}`;
      cell.setAttribute("role", "gridcell");
      cell.setAttribute("aria-colindex", String(index + 2));
      const widthPx = widths[index] ?? column.widthPx;
      cell.style.width = `${widthPx}px`;
      const text = document.createTextNode("");
      cell.append(text);
      tooltip(() => (cell.scrollWidth > cell.clientWidth ? text.data : null))(cell);
      element.append(cell);
      return { element: cell, text, widthPx: widthPx - PADDING_PX, isCut: false };
    });
    tooltip(() => gutter.getAttribute("aria-label"))(gutter);
    return {
      element,
      gutter,
      cells,
      index: -1,
      look: null,
      states: "",
      background: "",
      color: "",
      gutterText: "",
    };
  }

  #place(row: PoolRow, index: number): void {
    if (row.index < 0) row.element.hidden = false;
    row.index = index;
    row.element.style.top = `${(index - this.#base) * this.#rowPx}px`;
    // Row 1 is the header.
    row.element.setAttribute("aria-rowindex", String(index + 2));
    row.element.classList.toggle("odd", index % 2 === 1);
  }

  #hide(row: PoolRow): void {
    row.element.hidden = true;
    row.element.className = "row";
    row.element.setAttribute("aria-selected", "false");
    row.index = -1;
    row.look = null;
    row.states = "";
  }

  #fill(row: PoolRow, look: RowLook): void {
    // Times of a reference are bold.
    const isWide = look.states.includes("reference");
    for (const [index, cell] of row.cells.entries()) {
      const text = look.cells[index] ?? "";
      if (cell.text.data !== text) cell.text.data = text;
      const isCut = isWide || !(this.#fits[index]?.fits(text, cell.widthPx) ?? false);
      if (isCut !== cell.isCut) cell.element.classList.toggle("cut", (cell.isCut = isCut));
    }
    if (row.states !== look.states) {
      row.element.className = `row ${look.states}${row.index % 2 === 1 ? " odd" : ""}`;
      row.element.setAttribute("aria-selected", String(look.states.includes("selected")));
      row.states = look.states;
    }
    if (row.background !== look.background) row.element.style.backgroundColor = row.background = look.background;
    if (row.color !== look.text) row.element.style.color = row.color = look.text;
    const { line, mark, text, note } = look.gutter;
    const flag = look.states.includes("marked") ? "marked" : "";
    const gutterText = `${line}|${mark ?? ""}|${flag}|${text}|${note?.colour ?? ""}|${note?.text ?? ""}`;
    if (row.gutterText !== gutterText) {
      row.gutterText = gutterText;
      // The line and the flag are drawn by the style sheet.
      row.gutter.dataset.line = line;
      if (note) row.gutter.dataset.colour = note.colour;
      else delete row.gutter.dataset.colour;
      row.gutter.textContent = mark === null ? "" : MARK_GLYPHS[mark];
      const label = [flag, text, note?.text].filter(Boolean).join(", ");
      if (label) row.gutter.setAttribute("aria-label", label);
      else row.gutter.removeAttribute("aria-label");
    }
    row.look = look;
  }
}
