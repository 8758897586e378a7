/**
 * What passes over the files have found out: one bit a packet. The index does not say which packets are DNS or HTTP, because
 * that takes the conversations before them; a filter that asks for it reads the files once, and never again.
 */

/** Bit sets kept: 10 M packets take 1.25 MB each. */
const MOST = 48;

export class Facts {
  /** By field: whether the packet has it. */
  private readonly fields = new Map<string, Uint8Array>();
  /** By filter: whether it holds. The one used last is last. */
  private readonly filters = new Map<string, Uint8Array>();

  /** Bits of the packets that have a field; undefined if nobody looked yet. */
  field(name: string): Uint8Array | undefined {
    return this.fields.get(name);
  }

  filter(source: string): Uint8Array | undefined {
    const bits = this.filters.get(source);
    if (bits) this.keep(this.filters, source, bits);
    return bits;
  }

  learnField(name: string, bits: Uint8Array): void {
    this.keep(this.fields, name, bits);
  }

  learnFilter(source: string, bits: Uint8Array): void {
    this.keep(this.filters, source, bits);
  }

  /** There are other packets now. */
  forget(): void {
    this.fields.clear();
    this.filters.clear();
  }

  private keep(facts: Map<string, Uint8Array>, name: string, bits: Uint8Array): void {
    facts.delete(name);
    facts.set(name, bits);
    for (const oldest of facts.keys()) {
      if (facts.size <= MOST / 2) break;
      facts.delete(oldest);
    }
  }
}

/** Room for a bit a packet, none set. */
export function newBits(packets: number): Uint8Array {
  return new Uint8Array((packets + 7) >>> 3);
}

export function setBit(bits: Uint8Array, packet: number): void {
  bits[packet >>> 3] = (bits[packet >>> 3] as number) | (1 << (packet & 7));
}

/** Sets `out[i]` to 1 or 0 for packet `from + i`. */
export function readBits(bits: Uint8Array, from: number, count: number, out: Uint8Array): void {
  for (let i = 0; i < count; i++) {
    const packet = from + i;
    out[i] = ((bits[packet >>> 3] as number) >> (packet & 7)) & 1;
  }
}
