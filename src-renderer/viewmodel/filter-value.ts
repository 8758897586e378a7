/**
 * Values that a person can point at, with the filter each stands for: what every "Apply as filter" outside of lists begins with.
 *
 * ```
 * "10.1.0.5:4000 was lost before 10.96.0.1"   ip.addr == 10.1.0.5        ip.addr == 10.96.0.1
 * point n1.pcapng#2                           point.id == "n1.pcapng#2"
 * ```
 * Names never become filters: what a name stands for does, its address.
 */
import type { PointState } from "../../src-shared/contract/results";
import { addressFilter, endpointFilter, textLiteral } from "../../src-shared/model/filter-text";
import { endpointText } from "../../src-shared/model/endpoint-text";

export interface FilterValue {
  /** What it is: "Endpoint". */
  readonly label: string;
  /** As it is shown and copied. */
  readonly text: string;
  /** Null: nothing can be asked for by it. */
  readonly filter: string | null;
}

/** Longer filters are of no use to anyone. */
const MOST_TOGETHER = 64;

/** Any of several; null: none, or too many for one filter. */
export function anyOf(filters: readonly (string | null)[]): string | null {
  const known = [...new Set(filters.filter((filter) => filter !== null))];
  if (known.length > MOST_TOGETHER) return null;
  if (known.length < 2) return known[0] ?? null;
  return known.map((filter) => (/[&|]/.test(filter) ? `(${filter})` : filter)).join(" || ");
}

export function addressValue(label: string, address: string, text = address): FilterValue {
  return { label, text, filter: addressFilter(address) };
}

/** `protocol` as joining names it: "tcp". */
export function endpointValue(
  label: string,
  endpoint: { readonly ip: string; readonly port: number },
  protocol: string,
  text = endpointText(endpoint),
): FilterValue {
  return { label, text, filter: endpointFilter(endpoint, protocol) };
}

/** Packets of a capture point, whichever file it is in. */
export function pointValue({ id, name }: Pick<PointState, "id" | "name">): FilterValue {
  return { label: "Capture point", text: name, filter: `point.id == ${textLiteral(id)}` };
}

/** A connection of the joining, through every translation and tunnel. */
export function connectionFilter(id: string): string {
  return `connection.id == ${textLiteral(id)}`;
}

const ADDRESSES =
  /(?<![\w.:])(?:(?:[\da-f]{2}:){5}[\da-f]{2}|\d{1,3}(?:\.\d{1,3}){3}|(?:[\da-f]{0,4}:){2,7}[\da-f]{0,4})(?![\w]|\.\d)/gi;

/** The addresses in a sentence, each once, in its order. */
export function valuesInText(text: string): readonly FilterValue[] {
  const found = new Map<string, FilterValue>();
  for (const [address] of text.matchAll(ADDRESSES)) {
    const value = addressValue("Address", address);
    if (value.filter !== null && isAddress(address) && !found.has(address)) found.set(address, value);
  }
  return [...found.values()];
}

/** Of what looks like one: bytes up to 255, a "::" or all eight parts. */
function isAddress(text: string): boolean {
  if (!text.includes(":")) return text.split(".").every((byte) => Number(byte) <= 255);
  return (
    /^([\da-f]{2}:){5}[\da-f]{2}$/i.test(text) || text.split(":").length === 8 || /[\da-f]::|::[\da-f]/i.test(text)
  );
}
