/** All fields, by name: what `-e`, the filter and the exports know. */
import { ANNOTATION_FIELDS } from "./annotation-fields";
import { APPLICATION_FIELDS } from "./application-fields";
import { LAYOUT_FIELDS } from "../layouts/layout-fields";
import { CHECKSUM_FIELDS } from "./checksum-fields";
import { COLUMN_FIELDS } from "../packets/column-fields";
import { EXPERT_FIELDS } from "./expert-fields";
import { FRAME_FIELDS } from "./frame-fields";
import { FRAME_TIME_FIELDS } from "./frame-times";
import { HTTP_FIELDS } from "./http-fields";
import { JOURNEY_FIELDS } from "./journey-fields";
import { LINK_FIELDS } from "./link-fields";
import { NETWORK_FIELDS } from "./network-fields";
import { protocolByName } from "./protocol-name-fields";
import { SEGMENT_FIELDS } from "./segment-fields";
import { STREAM_TIME_FIELDS } from "./stream-times";
import { TRANSPORT_FIELDS } from "./transport-fields";
import type { Field } from "./field";

const FIELDS: ReadonlyMap<string, Field> = new Map(
  [
    ...LAYOUT_FIELDS,
    ...FRAME_FIELDS,
    ...FRAME_TIME_FIELDS,
    ...LINK_FIELDS,
    ...NETWORK_FIELDS,
    ...TRANSPORT_FIELDS,
    ...SEGMENT_FIELDS,
    ...CHECKSUM_FIELDS,
    ...APPLICATION_FIELDS,
    ...HTTP_FIELDS,
    ...JOURNEY_FIELDS,
    ...ANNOTATION_FIELDS,
    ...EXPERT_FIELDS,
    ...STREAM_TIME_FIELDS,
    ...COLUMN_FIELDS,
  ].map((f) => [f.name, f]),
);

export function findField(name: string): Field | undefined {
  return FIELDS.get(name) ?? protocolByName(name);
}

/** Without the protocols that are known by their names alone. */
export function fieldNames(): IterableIterator<string> {
  return FIELDS.keys();
}
