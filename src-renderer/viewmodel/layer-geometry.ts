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
import type { CardField, HopColumn, LayerCard, LayerViewModel } from "./layer-view";

export const COLUMN_PX = 268;
export const GAP_PX = 34;
export const LABEL_PX = 112;
const LINE_PX = 16;
const LANE_PAD_PX = 7;
const INSET_PX = 4;
const HEAD_LINES = 3;
const HAPPENED_CHARS = 42;

export interface PlacedLine {
  readonly text: string;
  readonly x: number;
  readonly y: number;
}

export interface PlacedField {
  readonly field: CardField;
  readonly label: PlacedLine;
  readonly value: PlacedLine;
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
  readonly lanesTop: number;
  readonly lanesBottom: number;
  readonly lanes: readonly PlacedLane[];
  readonly columns: readonly PlacedColumn[];
}

export function layoutLayerView(model: LayerViewModel): LayerGeometry {
  const wrapped = model.columns.map((column) =>
    column.happened.flatMap((sentence) => wrapText(sentence, HAPPENED_CHARS)),
  );
  const happenedLines = wrapped.reduce((most, lines) => Math.max(most, lines.length), 0);
  const deepest = model.columns.reduce((most, column) => Math.max(most, column.cards.length), 0);
  const headTop = 4;
  const happenedTop = headTop + HEAD_LINES * LINE_PX + 6;
  const lanesTop = happenedTop + happenedLines * LINE_PX + 10 + deepest * INSET_PX;
  let y = lanesTop;
  const lanes: PlacedLane[] = [];
  for (const lane of model.lanes) {
    const height = lane.lines * LINE_PX + 2 * LANE_PAD_PX;
    lanes.push({ id: lane.id, label: lane.label, carrier: lane.carrier, top: y, height });
    y += height;
  }
  const columns = model.columns.map((column, at): PlacedColumn => {
    const left = LABEL_PX + at * (COLUMN_PX + GAP_PX);
    return {
      column,
      left,
      head: [column.title, column.subtitle, `packet ${column.sighting.number}`].map((text, line) => ({
        text,
        x: left + 2,
        y: headTop + (line + 0.75) * LINE_PX,
      })),
      happened: (wrapped[at] ?? []).map((text, line) => ({
        text,
        x: left + 2,
        y: happenedTop + (line + 0.75) * LINE_PX,
      })),
      cards: placeCards(column, lanes, left),
    };
  });
  return {
    width: LABEL_PX + Math.max(1, columns.length) * (COLUMN_PX + GAP_PX),
    height: y + 12,
    lanesTop,
    lanesBottom: y,
    lanes,
    columns,
  };
}

function placeCards(column: HopColumn, lanes: readonly PlacedLane[], left: number): readonly PlacedCard[] {
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
    const inset = (count - 1 - at) * INSET_PX;
    const cardLeft = left + inset;
    const width = COLUMN_PX - 2 * inset;
    const top = lanesTop - at * INSET_PX;
    const textTop = lane.top + LANE_PAD_PX + before * LINE_PX;
    const lastInLane = !column.cards.slice(at + 1).some((other) => other.lane === card.lane);
    const bottom = lastInLane ? lane.top + lane.height - 1 : textTop + (card.fields.length + 1) * LINE_PX;
    placed.push({
      card,
      left: cardLeft,
      top,
      width,
      height: bottom - top,
      isCarrier: lane.carrier > 0,
      title: { text: card.title, x: cardLeft + 8, y: textTop + 0.75 * LINE_PX },
      fields: card.fields.map((field, line) => {
        const fieldTop = textTop + (line + 1) * LINE_PX;
        return {
          field,
          label: { text: field.label, x: cardLeft + 14, y: fieldTop + 0.75 * LINE_PX },
          value: {
            text: shorten(field.value, width - 84 - reasonPx(field.reason)),
            x: cardLeft + 76,
            y: fieldTop + 0.75 * LINE_PX,
          },
          left: cardLeft + 4,
          top: fieldTop,
          width: width - 8,
          height: LINE_PX,
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

/** Monospaced 11 px: 6.7 px a character. */
function shorten(text: string, widthPx: number): string {
  const most = Math.max(4, Math.floor(widthPx / 6.7));
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
