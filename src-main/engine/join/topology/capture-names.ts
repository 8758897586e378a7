/**
 * Names that captures tell of addresses (pcapng's name resolution blocks), for endpoints whose names nothing better tells: a cluster file comes
 * first. Names are hostile text, of any length.
 */
import type { NameRecord } from "../../readers/capture-file";

/** DNS names are not longer (RFC 1035 section 2.3.4). */
const MOST_CHARACTERS = 255;
/** Names of one address that are shown. */
const MOST_NAMES = 3;

/** The name of each address, by its text; the several ones of different files with "or" between them. */
export function captureNames(records: readonly NameRecord[]): ReadonlyMap<string, string> {
  const all = new Map<string, Set<string>>();
  for (const { address, names } of records) {
    // The first one is the address's own, those behind it are others for it.
    const name = names[0]?.trim().slice(0, MOST_CHARACTERS);
    if (!name) continue;
    const known = all.get(address);
    if (!known) all.set(address, new Set([name]));
    else if (known.size < MOST_NAMES) known.add(name);
  }
  return new Map([...all].map(([address, names]) => [address, [...names].join(" or ")]));
}
