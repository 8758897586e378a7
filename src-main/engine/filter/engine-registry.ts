/** The filter's view of the engine's fields. */
import { fieldNames, findField } from "../fields/registry";
import type { FieldRegistry } from "./field-registry";
import { valueNames } from "./value-names";

/** Names of before, which people still type and tshark still takes. */
const RENAMED: readonly (readonly [old: RegExp, now: string])[] = [
  [/^ssl(?=$|\.)/, "tls"],
  [/^bootp(?=$|\.)/, "dhcp"],
  [/^frame\.time$/, "frame.time_epoch"],
  // As tshark 4.0 writes its columns; later ones begin with a small letter.
  [/^_ws\.col\.Protocol$/, "_ws.col.protocol"],
  [/^_ws\.col\.Info$/, "_ws.col.info"],
];

const current = (name: string): string => RENAMED.reduce((text, [old, now]) => text.replace(old, now), name);

export const FILTER_REGISTRY: FieldRegistry = {
  find(name) {
    const field = findField(current(name));
    const names = field?.kind === "uint" ? valueNames(field.name) : undefined;
    return field && names ? { ...field, names } : field;
  },
  names: fieldNames,
};
