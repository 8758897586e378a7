/** Bytes as hexadecimal digits. */

/** Two lower-case digits of each byte from 0 to 255. */
export const HEX_OF_BYTE: readonly string[] = Array.from({ length: 256 }, (_, byte) =>
  byte.toString(16).padStart(2, "0"),
);

/** "0x00ff": lower case, with zeros in front up to `digits`. */
export function hexText(value: number, digits: number): string {
  return `0x${value.toString(16).padStart(digits, "0")}`;
}
