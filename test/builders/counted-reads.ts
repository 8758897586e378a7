/** How much work a reader of bytes does, without a clock: bytes that count how often one of them is read. */
export interface CountedBytes {
  readonly bytes: Uint8Array;
  /** Reads so far. */
  count(): number;
}

export function countReads(bytes: Uint8Array): CountedBytes {
  let reads = 0;
  const counted = new Proxy(bytes, {
    get(target, key) {
      // Indices come as texts.
      if (typeof key === "string" && /^\d/.test(key)) reads++;
      const value: unknown = Reflect.get(target, key, target);
      return typeof value === "function" ? (value.bind(target) as unknown) : value;
    },
  });
  return { bytes: counted, count: () => reads };
}
