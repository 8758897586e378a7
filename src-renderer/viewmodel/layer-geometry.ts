/**
 * Where the layer view's parts lie, in pixels. An outer header's box holds everything inside it: the envelope.
 *
 * ```
 *  ┌ column ───────────┐        lanesTop
 *  │┌ network ────────┐│
 *  ││┌ transport ────┐││
 *  │││┌ application ┐│││        application lane
 *  │││└─────────────┘│││
 *  │││  TCP 80 → …   │││        transport lane
 *  ││└───────────────┘││
 *  ││  IPv4 10.0.0.1  ││        network lane
 *  │└─────────────────┘│
 *  │  Ethernet aa → bb │        data link lane
 *  └───────────────────┘
 * ```
 */
import { PHYSICAL_LANE } from "./layer-cards";
import { condensed } from "./layer-condensed";
import { textWidthPx } from "./text-width";
import type { CardField, HopColumn, LayerCard, LayerViewModel } from "./layer-view";

const COLUMN_PX = 268;
/** Narrower, a MAC address does not fit. */
const NARROWEST_PX = 132;
/** From here on a field has its label before it. */
const LABELLED_PX = 200;
const GAP_PX = 34;
const NARROW_GAP_PX = 14;
const LABEL_PX = 118;
/** Where even narrow columns do not fit: the ends of MAC addresses, names of lanes on two lines, and all of it smaller. */
const DENSEST_PX = 108;
const DENSE_GAP_PX = 8;
const DENSE_LABEL_PX = 94;
/** Smaller, nobody reads it. */
const LEAST_SCALE = 0.85;
const LINE_PX = 16;
const COMPACT_LINE_PX = 14;
const LANE_PAD_PX = 6;
/** Where height is short. */
const CONDENSED_LINE_PX = 13;
const CONDENSED_LANE_PAD_PX = 3;
const INSET_PX = 4;
const COMPACT_INSET_PX = 1;
/** Of a sentence, 11 px: 6 px a character. */
const CHAR_PX = 6.1;

export interface PlacedLine {
  readonly text: string;
  readonly x: number;
  readonly y: number;
}

export interface PlacedField {
  readonly field: CardField;
  readonly label: PlacedLine;
  readonly value: PlacedLine;
  /** Where there is room for it; else in the tooltip, and in the sentences above. */
  readonly reason: string | null;
  /** Of the whole line, for clicks and marks. */
  readonly left: number;
  readonly top: number;
  readonly width: number;
  readonly height: number;
}

export interface PlacedCard {
  readonly card: LayerCard;
  readonly left: number;
  readonly top: number;
  readonly width: number;
  readonly height: number;
  readonly isCarrier: boolean;
  readonly title: PlacedLine;
  readonly fields: readonly PlacedField[];
}

export interface PlacedColumn {
  readonly column: HopColumn;
  readonly left: number;
  readonly head: readonly PlacedLine[];
  readonly happened: readonly PlacedLine[];
  /** Outermost first: drawn in this order. */
  readonly cards: readonly PlacedCard[];
}

export interface PlacedLane {
  readonly id: string;
  readonly label: readonly PlacedLine[];
  readonly carrier: number;
  readonly top: number;
  readonly height: number;
}

export interface LayerGeometry {
  /** All lengths are the picture's own: on the screen they are `scale` as long. */
  readonly scale: number;
  readonly width: number;
  readonly height: number;
  readonly columnPx: number;
  readonly gapPx: number;
  /** Of the lanes' names. */
  readonly labelPx: number;
  /** Columns are narrow: values without labels. */
  readonly compact: boolean;
  /** The axis of time. */
  readonly axisY: number;
  readonly lanesTop: number;
  readonly lanesBottom: number;
  readonly lanes: readonly PlacedLane[];
  readonly columns: readonly PlacedColumn[];
}

interface Widths {
  readonly columnPx: number;
  readonly gapPx: number;
  readonly labelPx: number;
  readonly scale: number;
}

/** Columns as wide as `fitPx` allows: wide ones, narrow ones, and at last narrow ones drawn smaller than `mostScale`. */
function widthsFor(count: number, fitPx: number, mostScale: number): Widths {
  const room = (fitPx / mostScale - LABEL_PX - 6) / count;
  if (room >= COLUMN_PX + GAP_PX) return { columnPx: COLUMN_PX, gapPx: GAP_PX, labelPx: LABEL_PX, scale: mostScale };
  if (room >= NARROWEST_PX + NARROW_GAP_PX) {
    const columnPx = Math.floor(Math.min(COLUMN_PX, room - NARROW_GAP_PX));
    return { columnPx, gapPx: NARROW_GAP_PX, labelPx: LABEL_PX, scale: mostScale };
  }
  const densest = DENSE_LABEL_PX + 6 + count * (DENSEST_PX + DENSE_GAP_PX);
  const scale = Math.max(LEAST_SCALE, Math.min(mostScale, fitPx / densest));
  const wide = (fitPx / scale - DENSE_LABEL_PX - 6) / count - DENSE_GAP_PX;
  const columnPx = Math.floor(Math.max(DENSEST_PX, Math.min(NARROWEST_PX, wide)));
  return { columnPx, gapPx: DENSE_GAP_PX, labelPx: DENSE_LABEL_PX, scale };
}

/**
 * `fitWidthPx`, `fitHeightPx`: the picture is made to stand in so many pixels, as far as it can be read then: columns become narrow,
 * headers show less, and all of it becomes smaller. Left out: as large as is easy to read.
 */
export function layoutLayerView(model: LayerViewModel, fitWidthPx = Infinity, fitHeightPx = Infinity): LayerGeometry {
  const count = Math.max(1, model.columns.length);
  const whole = layOut(model, widthsFor(count, fitWidthPx, 1), false);
  if (whole.height * whole.scale <= fitHeightPx) return whole;
  const short = condensed(model);
  const large = layOut(short, widthsFor(count, fitWidthPx, 1), true);
  const fitting = fitHeightPx / large.height;
  if (large.scale <= fitting) return large;
  // Drawn smaller, columns may be wider.
  return layOut(short, widthsFor(count, fitWidthPx, Math.max(LEAST_SCALE, fitting)), true);
}

function layOut(model: LayerViewModel, widths: Widths, isCondensed: boolean): LayerGeometry {
  const { columnPx, gapPx, labelPx, scale } = widths;
  const compact = columnPx < LABELLED_PX;
  const linePx = isCondensed ? CONDENSED_LINE_PX : compact ? COMPACT_LINE_PX : LINE_PX;
  const density: Density = {
    columnPx,
    compact,
    linePx,
    insetPx: compact ? COMPACT_INSET_PX : INSET_PX,
    lanePadPx: isCondensed ? CONDENSED_LANE_PAD_PX : LANE_PAD_PX,
    beside: isCondensed ? besideTitles(model, columnPx) : new Set(),
  };
  const wrapped = model.columns.map(({ happened, inShort }) => {
    const said = isCondensed && compact ? [inShort.join(", ")] : happened;
    return said.flatMap((sentence) => wrapText(sentence, Math.floor(columnPx / CHAR_PX)));
  });
  const headLines = compact || isCondensed ? 2 : 3;
  const happenedLines = wrapped.reduce((most, lines) => Math.max(most, lines.length), 0);
  const deepest = model.columns.reduce((most, column) => Math.max(most, column.cards.length), 0);
  // A name may reach into the gap behind its column, if there is one to speak of.
  const headPx = columnPx + (gapPx > DENSE_GAP_PX ? 4 : -2);
  const axisY = 16;
  const headTop = 22;
  const happenedTop = headTop + headLines * linePx + 5;
  const lanesTop = happenedTop + happenedLines * linePx + 8 + deepest * density.insetPx;
  let y = lanesTop;
  const lanes: PlacedLane[] = [];
  for (const lane of model.lanes) {
    const height = linesIn(model, lane.id, density.beside) * linePx + 2 * density.lanePadPx;
    const label = wrapText(lane.label, Math.floor((labelPx - 12) / LANE_CHAR_PX)).map((text, line) => ({
      text,
      x: 6,
      y: y + density.lanePadPx + 0.85 * linePx + line * 13,
    }));
    lanes.push({ id: lane.id, label, carrier: lane.carrier, top: y, height });
    y += height;
  }
  const columns = model.columns.map((column, at): PlacedColumn => {
    const left = labelPx + at * (columnPx + gapPx);
    return {
      column,
      left,
      head: headOf(column, headLines === 2).map((text, line) => ({
        text: line === 0 ? shortenTitle(text, headPx) : shorten(text, headPx + 4, CHAR_PX),
        x: left + 2,
        y: headTop + (line + 0.75) * linePx,
      })),
      happened: (wrapped[at] ?? []).map((text, line) => ({
        text,
        x: left + 2,
        y: happenedTop + (line + 0.75) * linePx,
      })),
      cards: placeCards(column, lanes, left, density),
    };
  });
  return {
    scale,
    labelPx,
    width: labelPx + Math.max(1, model.columns.length) * (columnPx + gapPx),
    height: y + 12,
    columnPx,
    gapPx,
    compact,
    axisY,
    lanesTop,
    lanesBottom: y,
    lanes,
    columns,
  };
}

interface Density {
  readonly columnPx: number;
  readonly compact: boolean;
  readonly linePx: number;
  readonly insetPx: number;
  readonly lanePadPx: number;
  /** Fields that stand beside their header's title: see besideTitles. */
  readonly beside: ReadonlySet<string>;
}

const besideKey = (card: LayerCard, field: CardField): string => `${card.lane} ${card.protocol} ${field.name}`;

/** Of each header the first field that is no address, where it has room beside the title in all columns. */
function besideTitles(model: LayerViewModel, columnPx: number): ReadonlySet<string> {
  const fits = new Map<string, boolean>();
  for (const { cards } of model.columns)
    cards.forEach((card, at) => {
      const field = card.fields.find(({ name }) => !/src|dst/.test(name));
      if (!field) return;
      const key = besideKey(card, field);
      const inset = card.lane === PHYSICAL_LANE ? 0 : (cards.length - 1 - at) * COMPACT_INSET_PX;
      const neededPx = 8 + cardTitlePx(card) + besideText(field).length * COMPACT_CHAR_PX + 4;
      fits.set(key, (fits.get(key) ?? true) && neededPx <= columnPx - 2 * inset);
    });
  return new Set([...fits].filter(([, fit]) => fit).map(([key]) => key));
}

/** "VXLAN" says what its number is. */
function besideText({ name, short, value }: CardField): string {
  return name.endsWith(".vni") ? value : short + value;
}

/** With what is kept free behind it. */
function cardTitlePx({ title }: LayerCard): number {
  return textWidthPx(title, 11, true) + 6;
}

/** Lines of text that the fullest column has in the lane, titles included. */
function linesIn(model: LayerViewModel, lane: string, beside: ReadonlySet<string>): number {
  let most = 0;
  for (const { cards } of model.columns) {
    let lines = 0;
    for (const card of cards) if (card.lane === lane) lines += linesOf(card, beside);
    most = Math.max(most, lines);
  }
  return most;
}

function linesOf(card: LayerCard, beside: ReadonlySet<string>): number {
  return 1 + card.fields.filter((field) => !beside.has(besideKey(card, field))).length;
}

function headOf({ title, subtitle, sighting }: HopColumn, compact: boolean): readonly string[] {
  return compact ? [title, `#${sighting.number} ${subtitle}`] : [title, subtitle, `packet ${sighting.number}`];
}

function placeCards(
  column: HopColumn,
  lanes: readonly PlacedLane[],
  left: number,
  density: Density,
): readonly PlacedCard[] {
  const { columnPx, linePx, insetPx, lanePadPx, beside } = density;
  // The cards come innermost first; an envelope is wider the further out it is.
  const placed: PlacedCard[] = [];
  const linesBefore = new Map<string, number>();
  const depth = column.cards.length;
  const lanesTop = lanes[0]?.top ?? 0;
  column.cards.forEach((card, at) => {
    const lane = lanes.find((l) => l.id === card.lane);
    if (!lane) return;
    const before = linesBefore.get(card.lane) ?? 0;
    const lines = linesOf(card, beside);
    linesBefore.set(card.lane, before + lines);
    // Bits are no envelope: they lie below.
    const isBits = card.lane === PHYSICAL_LANE;
    const inset = isBits ? 0 : (depth - 1 - at) * insetPx;
    const cardLeft = left + inset;
    const width = columnPx - 2 * inset;
    const top = isBits ? lane.top + 2 : lanesTop - at * insetPx;
    const textTop = lane.top + lanePadPx + before * linePx;
    const lastInLane = !column.cards.slice(at + 1).some((other) => other.lane === card.lane);
    const bottom = lastInLane ? lane.top + lane.height - 1 : textTop + lines * linePx;
    placed.push({
      card,
      left: cardLeft,
      top,
      width,
      height: bottom - top,
      isCarrier: lane.carrier > 0,
      title: { text: card.title, x: cardLeft + 8, y: textTop + 0.75 * linePx },
      fields: placeFields(card, cardLeft, textTop, width, density),
    });
  });
  return placed.reverse();
}

function placeFields(
  card: LayerCard,
  cardLeft: number,
  textTop: number,
  width: number,
  { compact, linePx, beside }: Density,
): readonly PlacedField[] {
  let line = 0;
  return card.fields.map((field) => {
    if (beside.has(besideKey(card, field))) {
      const left = cardLeft + 8 + cardTitlePx(card);
      const text = besideText(field);
      const y = textTop + 0.75 * linePx;
      return {
        field,
        label: { text: "", x: left, y },
        value: { text, x: left, y },
        reason: null,
        left: left - 3,
        top: textTop,
        width: text.length * (compact ? COMPACT_CHAR_PX : 6.7) + 6,
        height: linePx,
      };
    }
    line++;
    const fieldTop = textTop + line * linePx;
    const y = fieldTop + 0.75 * linePx;
    return {
      field,
      label: { text: compact ? "" : field.label, x: cardLeft + 14, y },
      value: {
        text: compact ? compactValue(field, width - 10) : shorten(field.value, width - 84 - reasonPx(field.reason)),
        x: cardLeft + (compact ? 6 : 76),
        y,
      },
      reason: compact ? null : field.reason,
      left: cardLeft + (compact ? 3 : 4),
      top: fieldTop,
      width: width - (compact ? 6 : 8),
      height: linePx,
    };
  });
}

/** The reason stands behind the value, 10 px bold. */
function reasonPx(reason: string | null): number {
  return reason === null ? 0 : reason.length * 5.8 + 8;
}

/** Names of capture points, 13 px, bold, by the widths of their letters, which differ threefold. */
function shortenTitle(text: string, widthPx: number): string {
  if (textWidthPx(text, 13, true) <= widthPx) return text;
  let end = text.slice(1);
  while (end.length > 4 && textWidthPx(end, 13, true) > widthPx - ELLIPSIS_PX) end = end.slice(1);
  return `…${end}`;
}

const ELLIPSIS_PX = 13;

/** Names of one kind differ at their end: "…node1 eth0". */
export function shortenStart(text: string, widthPx: number, charPx: number): string {
  const most = Math.max(4, Math.floor(widthPx / charPx));
  return text.length <= most ? text : `…${text.slice(text.length - most + 1)}`;
}

/** Of narrow columns: monospaced 10 px. */
const COMPACT_CHAR_PX = 6.05;
/** Names of lanes, 11 px, bold. */
const LANE_CHAR_PX = 6;

/** Addresses of one network differ at their end. */
function compactValue({ name, short, value }: CardField, widthPx: number): string {
  if (!/\.(src|dst|eth)$/.test(name)) return shorten(short + value, widthPx, COMPACT_CHAR_PX);
  return short + shortenStart(value, widthPx - short.length * COMPACT_CHAR_PX, COMPACT_CHAR_PX);
}

/** Monospaced 11 px: 6.7 px a character. */
function shorten(text: string, widthPx: number, charPx = 6.7): string {
  const most = Math.max(4, Math.floor(widthPx / charPx));
  return text.length <= most ? text : `${text.slice(0, most - 1)}…`;
}

/** Breaks at spaces; longer words are cut. */
export function wrapText(text: string, most: number): readonly string[] {
  const lines: string[] = [];
  let line = "";
  for (const word of text.split(" ")) {
    if (line !== "" && line.length + 1 + word.length > most) {
      lines.push(line);
      line = "";
    }
    let rest = word;
    while (rest.length > most) {
      lines.push(rest.slice(0, most));
      rest = rest.slice(most);
    }
    line = line === "" ? rest : `${line} ${rest}`;
  }
  if (line !== "") lines.push(line);
  return lines;
}
