/**
 * Fields of one application protocol, read together: a message is visited once a batch, whichever of its fields are asked
 * for. The first field collected fills a column for each field that was asked for before; the others copy theirs.
 */
import {
  type ValueColumn,
  type ValueKind,
  appendString,
  appendValue,
  clearValueColumn,
  createValueColumn,
} from "../../../src-shared/tables/value-column";
import type { Batch } from "../kernel/batch";
import { ApplicationLayers } from "./application-layers";
import type { Field } from "./field";
import type { FieldContext } from "./field-context";

/** What a reader knows of the message it is given. */
export interface Message {
  readonly batch: Batch;
  readonly bytes: Uint8Array;
  /** MESSAGE_* */
  readonly kind: number;
  readonly start: number;
  readonly end: number;
  /** Where it would end if it were all captured. */
  readonly statedEnd: number;
}

export interface MessageField {
  readonly name: string;
  readonly label: string;
  readonly kind: ValueKind;
  readonly hexDigits?: number;
  /** The message itself. */
  readonly isProtocol?: boolean;
}

/** Visits a message and gives its values to `into`. */
export type ReadMessage = (message: Message, into: MessageColumns) => void;

/** The columns of one protocol's fields over one batch. */
class MessageColumns {
  private readonly columns = new Map<string, ValueColumn>();
  private serial = -1;
  private packet = 0;
  private ordinal = 1;

  constructor(
    private readonly kinds: readonly number[],
    private readonly read: ReadMessage,
  ) {}

  wants(name: string): boolean {
    return this.columns.has(name);
  }

  value(name: string, number: number, length = 0): void {
    const column = this.columns.get(name);
    if (column) appendValue(column, this.packet, this.ordinal, number, length);
  }

  /** The bytes of a message; none of one that was unpacked, since it lies elsewhere. */
  whole(name: string, { batch, bytes, start, end }: Message): void {
    if (bytes === batch.bytes) this.value(name, start, Math.max(end - start, 0));
    else this.value(name, 0);
  }

  text(name: string, text: string): void {
    const column = this.columns.get(name);
    if (column) appendString(column, this.packet, this.ordinal, text);
  }

  /** The column of a field, filled for this batch. */
  column(field: MessageField, batch: Batch, layers: ApplicationLayers): ValueColumn {
    let column = this.columns.get(field.name);
    if (!column) {
      column = createValueColumn(field.kind, batch.bytes, 64);
      this.columns.set(field.name, column);
      this.serial = -1;
    }
    if (this.serial !== layers.serial) {
      this.fill(batch, layers);
      this.serial = layers.serial;
    }
    return column;
  }

  private fill(batch: Batch, layers: ApplicationLayers): void {
    for (const column of this.columns.values()) clearValueColumn(column);
    const { messageRows, messagePackets, messages } = layers;
    for (let i = 0; i < messageRows.length; i++) {
      const row = messageRows[i] as number;
      const kind = messages[row] as number;
      if (!this.kinds.includes(kind)) continue;
      const packet = messagePackets[i] as number;
      this.ordinal = i > 0 && packet === this.packet ? this.ordinal + 1 : 1;
      this.packet = packet;
      this.read(
        {
          batch,
          bytes: layers.unpacked.get(row) ?? batch.bytes,
          kind,
          start: layers.starts[row] as number,
          end: layers.ends[row] as number,
          statedEnd: layers.statedEnds[row] as number,
        },
        this,
      );
    }
    this.packet = -1;
  }
}

/** The fields of a protocol whose messages are of these kinds. */
export function messageFields(
  protocol: string,
  kinds: readonly number[],
  fields: readonly MessageField[],
  read: ReadMessage,
): Field[] {
  const runs = new WeakMap<FieldContext, MessageColumns>();
  return fields.map((field) => ({
    ...field,
    protocol,
    hexDigits: field.hexDigits ?? 0,
    needsStreams: true,
    collect(index, out, context): void {
      const layers = ApplicationLayers.of(index.batch, context);
      let columns = runs.get(context);
      if (!columns) {
        columns = new MessageColumns(kinds, read);
        runs.set(context, columns);
      }
      const from = columns.column(field, index.batch, layers);
      for (let i = 0; i < from.count; i++) {
        const packet = from.packet[i] as number;
        const ordinal = from.layer[i] as number;
        const number = from.numbers[i] as number;
        if (field.kind === "string") appendString(out, packet, ordinal, from.strings[number] as string);
        else appendValue(out, packet, ordinal, number, from.lengths[i]);
      }
    },
  }));
}
