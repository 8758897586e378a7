/** The filter's view of the engine's fields. */
import { fieldNames, findField } from "../fields/registry";
import type { FieldRegistry } from "./field-registry";

/** Names of before, which people still type and tshark still takes. */
const RENAMED: readonly (readonly [old: RegExp, now: string])[] = [
  [/^ssl(?=$|\.)/, "tls"],
  [/^bootp(?=$|\.)/, "dhcp"],
  [/^frame\.time$/, "frame.time_epoch"],
];

const current = (name: string): string => RENAMED.reduce((text, [old, now]) => text.replace(old, now), name);

export const FILTER_REGISTRY: FieldRegistry = { find: (name) => findField(current(name)), names: fieldNames };
