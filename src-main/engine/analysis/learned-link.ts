/** Link addresses by sighting: what the learners ask for. */
import type { JoinResult } from "../../../src-shared/reconstruct/result";
import type { LearnedObserver } from "./learned-observer";

export interface LinkAddresses {
  /** MACs of the header right around a sighting's network layer; "" where the link has none. */
  source(row: number): string;
  destination(row: number): string;
}

export function linkAddresses(join: JoinResult, observer: LearnedObserver): LinkAddresses {
  const { sightings } = join;
  return {
    source: (row) => observer.source(sightings.packet(row), sightings.depth(row)),
    destination: (row) => observer.destination(sightings.packet(row), sightings.depth(row)),
  };
}

/** Multicast and broadcast (RFC 5771, RFC 4291 section 2.7): nobody's own address. */
export function isGroupAddress(address: string): boolean {
  if (address.includes(":")) return address.startsWith("ff");
  const first = Number.parseInt(address, 10);
  return (first >= 224 && first < 240) || address === "255.255.255.255";
}

/** Group addresses (IEEE 802-2014 section 8.2.2): broadcast and multicast are no next hop. */
export function isGroupMac(mac: string): boolean {
  return (Number.parseInt(mac.slice(0, 2), 16) & 1) === 1;
}
