/** The filter's view of the engine's fields. */
import { fieldNames, findField } from "../fields/registry";
import type { FieldRegistry } from "./field-registry";

export const FILTER_REGISTRY: FieldRegistry = { find: findField, names: fieldNames };
