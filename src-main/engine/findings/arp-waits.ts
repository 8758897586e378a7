/**
 * Questions of ARP that were answered late: a machine keeps packets for a neighbour it has to ask for, and sends them when it is told.
 *
 * ```
 *   to-rack-b   12.000 who has .12?      13.000 who has .12?   13.0001 .12 is at …   13.0001 what was kept goes out
 *               └────────────── a wait: questions, then the answer ──────┘
 * ```
 * Kept are those of LEAST_NS and more, with their packets.
 */
export interface ArpWait {
  readonly point: number;
  readonly address: string;
  /** Nanoseconds after `PacketObserver.baseSeconds`, clock of the point's file. */
  readonly askedNs: number;
  readonly answeredNs: number;
  /** Questions, at most MOST_SHOWN of them, and the answer, by index over the workspace. */
  readonly packets: readonly number[];
  readonly questions: number;
}

/** Others are over before anybody notices. */
const LEAST_NS = 20e6;
/** Questions further apart are not of one wait: Linux asks every second, three times. */
const APART_NS = 5e9;
const MOST_SHOWN = 5;
/** A scan asks for millions of addresses: of so many at once. */
const MOST_OPEN = 1 << 16;
/** A link that is asked in vain all day must not cost memory. */
const MOST_WAITS = 4096;

interface Open {
  readonly askedNs: number;
  lastNs: number;
  questions: number;
  readonly packets: number[];
}

export class ArpWaits {
  /** By capture point. */
  readonly #waits = new Map<number, ArpWait[]>();
  readonly #open = new Map<string, Open>();
  #count = 0;

  ask(link: string, address: string, atNs: number, packet: number): void {
    const key = `${link} ${address}`;
    const open = this.#open.get(key);
    if (open && atNs >= open.lastNs && atNs - open.lastNs <= APART_NS) {
      open.lastNs = atNs;
      open.questions++;
      if (open.packets.length < MOST_SHOWN) open.packets.push(packet);
    } else if (open || this.#open.size < MOST_OPEN)
      this.#open.set(key, { askedNs: atNs, lastNs: atNs, questions: 1, packets: [packet] });
  }

  answer(link: string, point: number, address: string, atNs: number, packet: number): void {
    const key = `${link} ${address}`;
    const open = this.#open.get(key);
    if (!open) return;
    this.#open.delete(key);
    if (atNs - open.askedNs < LEAST_NS || atNs - open.lastNs > APART_NS || this.#count >= MOST_WAITS) return;
    this.#count++;
    const { askedNs, questions } = open;
    const wait = { point, address, askedNs, answeredNs: atNs, packets: [...open.packets, packet], questions };
    const known = this.#waits.get(point);
    if (known) known.push(wait);
    else this.#waits.set(point, [wait]);
  }

  /** Waits whose questions and answer crossed a capture point. */
  at(point: number): readonly ArpWait[] {
    return this.#waits.get(point) ?? [];
  }
}
