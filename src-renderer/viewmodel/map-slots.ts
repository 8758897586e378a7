/** Places that are kept: who once had a slot of a box has it as long as the same files are open. */

/** Slots by "container|key", and sizes that were once decided. Replaced, never changed. */
export type MapMemory = ReadonlyMap<string, number>;

export class Slots {
  readonly memory: Map<string, number>;
  readonly #used = new Map<string, Set<number>>();
  readonly #keys = new Map<string, Set<string>>();

  constructor(before: MapMemory) {
    this.memory = new Map(before);
    for (const [name, slot] of before) {
      const [container, key] = [name.slice(0, name.indexOf("|")), name.slice(name.indexOf("|") + 1)];
      this.#of(container).add(slot);
      const keys = this.#keys.get(container);
      if (keys) keys.add(key);
      else this.#keys.set(container, new Set([key]));
    }
  }

  /** Slots of `keys`, all of a container: known ones keep theirs, new ones take the first free; who is not there any more has none. */
  give(container: string, keys: readonly string[]): number[] {
    const used = this.#of(container);
    this.#forget(container, new Set(keys));
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

  #forget(container: string, keys: ReadonlySet<string>): void {
    const known = this.#keys.get(container);
    for (const key of known ?? []) {
      if (keys.has(key)) continue;
      const name = `${container}|${key}`;
      this.#used.get(container)?.delete(this.memory.get(name) ?? -1);
      this.memory.delete(name);
    }
    this.#keys.set(container, new Set(keys));
  }

  #of(container: string): Set<number> {
    let used = this.#used.get(container);
    if (!used) this.#used.set(container, (used = new Set()));
    return used;
  }
}
