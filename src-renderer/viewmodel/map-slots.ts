/** Places that are kept: who once had a slot of a box has it as long as the same files are open. */

/** Slots by "container|key", and sizes that were once decided. Replaced, never changed. */
export type MapMemory = ReadonlyMap<string, number>;

export class Slots {
  readonly memory: Map<string, number>;
  readonly #used = new Map<string, Set<number>>();

  constructor(before: MapMemory) {
    this.memory = new Map(before);
    for (const [key, slot] of before) this.#of(key.slice(0, key.indexOf("|"))).add(slot);
  }

  /** Slots of `keys` in a container: known ones keep theirs, new ones take the first free. */
  give(container: string, keys: readonly string[]): number[] {
    const used = this.#of(container);
    let free = 0;
    return keys.map((key) => {
      const name = `${container}|${key}`;
      let slot = this.memory.get(name);
      if (slot === undefined) {
        while (used.has(free)) free++;
        slot = free;
        used.add(slot);
        this.memory.set(name, slot);
      }
      return slot;
    });
  }

  /** A number that stays what it was at first. */
  once(name: string, value: number): number {
    const known = this.memory.get(`once|${name}`);
    if (known !== undefined) return known;
    this.memory.set(`once|${name}`, value);
    return value;
  }

  #of(container: string): Set<number> {
    let used = this.#used.get(container);
    if (!used) this.#used.set(container, (used = new Set()));
    return used;
  }
}
