/** Bytes that no other writer describes: application data, a quoted packet, a fragment's slice, garbage. */
import { encodeUtf8 } from "./byte-builder";
import type { CarriedAs, Layer } from "./layer";

/** @param carriedAs what the layer before should call these bytes, if it has to call them anything */
export function payload(bytes: Uint8Array, carriedAs: CarriedAs = {}): Layer {
  return {
    name: "payload",
    carriedAs,
    append(out) {
      out.bytes(bytes);
    },
  };
}

export function text(value: string): Layer {
  return payload(encodeUtf8(value));
}

/** `length` bytes a person recognises in a hex dump: abc…wabc…, as Windows ping fills its echoes. */
export function filler(length: number): Layer {
  return payload(Uint8Array.from({ length }, (_, i) => 0x61 + (i % 23)));
}
