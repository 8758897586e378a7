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
import { type CardField, type HopColumn, type LayerCard, type LayerViewModel, PHYSICAL_LANE } from "./layer-view";

const COLUMN_PX = 268;
/** Narrower, a MAC address does not fit. */
const NARROWEST_PX = 132;
/** From here on a field has its label before it. */
const LABELLED_PX = 200;
const GAP_PX = 34;
const NARROW_GAP_PX = 14;
export const LABEL_PX = 118;
const LINE_PX = 16;
const COMPACT_LINE_PX = 14;
const LANE_PAD_PX = 6;
const INSET_PX = 4;
const COMPACT_INSET_PX = 1.5;
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
  readonly label: string;
  readonly carrier: number;
  readonly top: number;
  readonly height: number;
}

export interface LayerGeometry {
  readonly width: number;
  readonly height: number;
  readonly columnPx: number;
  readonly gapPx: number;
  /** Columns are narrow: values without labels. */
  readonly compact: boolean;
  /** The axis of time. */
  readonly axisY: number;
  readonly lanesTop: number;
  readonly lanesBottom: number;
  readonly lanes: readonly PlacedLane[];
  readonly columns: readonly PlacedColumn[];
}

/** `fitPx`: columns become as narrow as needed (and sensible) to stand in so many pixels; left out: as wide as is easy to read. */
export function layoutLayerView(model: LayerViewModel, fitPx?: number): LayerGeometry {
  const count = Math.max(1, model.columns.length);
  const room = fitPx === undefined ? Infinity : (fitPx - LABEL_PX - 6) / count;
  const gapPx = room >= COLUMN_PX + GAP_PX ? GAP_PX : NARROW_GAP_PX;
  const columnPx = Math.floor(Math.max(NARROWEST_PX, Math.min(COLUMN_PX, room - gapPx)));
  const compact = columnPx < LABELLED_PX;
  const wrapped = model.columns.map((column) =>
    column.happened.flatMap((sentence) => wrapText(sentence, Math.floor(columnPx / CHAR_PX))),
  );
  const linePx = compact ? COMPACT_LINE_PX : LINE_PX;
  const headLines = compact ? 2 : 3;
  const insetPx = compact ? COMPACT_INSET_PX : INSET_PX;
  const happenedLines = wrapped.reduce((most, lines) => Math.max(most, lines.length), 0);
  const deepest = model.columns.reduce((most, column) => Math.max(most, column.cards.length), 0);
  const axisY = 16;
  const headTop = 22;
  const happenedTop = headTop + headLines * linePx + 5;
  const lanesTop = happenedTop + happenedLines * linePx + 8 + deepest * insetPx;
  let y = lanesTop;
  const lanes: PlacedLane[] = [];
  for (const lane of model.lanes) {
    const height = lane.lines * linePx + 2 * LANE_PAD_PX;
    lanes.push({ id: lane.id, label: lane.label, carrier: lane.carrier, top: y, height });
    y += height;
  }
  const columns = model.columns.map((column, at): PlacedColumn => {
    const left = LABEL_PX + at * (columnPx + gapPx);
    return {
      column,
      left,
      head: headOf(column, compact).map((text, line) => ({
        text: line === 0 ? shortenStart(text, columnPx + 4, TITLE_CHAR_PX) : shorten(text, columnPx + 8, CHAR_PX),
        x: left + 2,
        y: headTop + (line + 0.75) * linePx,
      })),
      happened: (wrapped[at] ?? []).map((text, line) => ({
        text,
        x: left + 2,
        y: happenedTop + (line + 0.75) * linePx,
      })),
      cards: placeCards(column, lanes, left, { columnPx, compact, linePx, insetPx }),
    };
  });
  return {
    width: LABEL_PX + count * (columnPx + gapPx),
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
}

function headOf({ title, subtitle, sighting }: HopColumn, compact: boolean): readonly string[] {
  return compact ? [title, `#${sighting.number} ${subtitle}`] : [title, subtitle, `packet ${sighting.number}`];
}

function placeCards(
  column: HopColumn,
  lanes: readonly PlacedLane[],
  left: number,
  { columnPx, compact, linePx, insetPx }: Density,
): readonly PlacedCard[] {
  // The cards come innermost first; an envelope is wider the further out it is.
  const placed: PlacedCard[] = [];
  const linesIn = new Map<string, number>();
  const count = column.cards.length;
  const lanesTop = lanes[0]?.top ?? 0;
  column.cards.forEach((card, at) => {
    const lane = lanes.find((l) => l.id === card.lane);
    if (!lane) return;
    const before = linesIn.get(card.lane) ?? 0;
    linesIn.set(card.lane, before + card.fields.length + 1);
    // Bits are no envelope: they lie below.
    const isBits = card.lane === PHYSICAL_LANE;
    const inset = isBits ? 0 : (count - 1 - at) * insetPx;
    const cardLeft = left + inset;
    const width = columnPx - 2 * inset;
    const top = isBits ? lane.top + 2 : lanesTop - at * insetPx;
    const textTop = lane.top + LANE_PAD_PX + before * linePx;
    const lastInLane = !column.cards.slice(at + 1).some((other) => other.lane === card.lane);
    const bottom = lastInLane ? lane.top + lane.height - 1 : textTop + (card.fields.length + 1) * linePx;
    placed.push({
      card,
      left: cardLeft,
      top,
      width,
      height: bottom - top,
      isCarrier: lane.carrier > 0,
      title: { text: card.title, x: cardLeft + 8, y: textTop + 0.75 * linePx },
      fields: card.fields.map((field, line) => {
        const fieldTop = textTop + (line + 1) * linePx;
        const valueX = compact ? 6 : 76;
        return {
          field,
          label: { text: compact ? "" : field.label, x: cardLeft + 14, y: fieldTop + 0.75 * linePx },
          value: {
            text: compact
              ? shorten(field.short + field.value, width - 7, COMPACT_CHAR_PX)
              : shorten(field.value, width - 84 - reasonPx(field.reason)),
            x: cardLeft + valueX,
            y: fieldTop + 0.75 * linePx,
          },
          reason: compact ? null : field.reason,
          left: cardLeft + (compact ? 3 : 4),
          top: fieldTop,
          width: width - (compact ? 6 : 8),
          height: linePx,
        };
      }),
    });
  });
  return placed.reverse();
}

/** The reason stands behind the value, 10 px bold. */
function reasonPx(reason: string | null): number {
  return reason === null ? 0 : reason.length * 5.8 + 8;
}

/** 13 px, bold. */
const TITLE_CHAR_PX = 7.7;

/** Names of capture points differ at their end: "…node1 eth0". */
export function shortenStart(text: string, widthPx: number, charPx: number): string {
  const most = Math.max(4, Math.floor(widthPx / charPx));
  return text.length <= most ? text : `…${text.slice(text.length - most + 1)}`;
}

/** Of narrow columns: monospaced 10 px. */
const COMPACT_CHAR_PX = 6.05;

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
