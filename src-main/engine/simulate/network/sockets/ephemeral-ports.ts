/** Local ports for those who do not ask for one: drawn at random, as Linux does, from the namespace's own stream. */
import type { NetStack } from "../parts";
import type { Random } from "../random";

export class EphemeralPorts {
  readonly #stack: NetStack;
  readonly #random: Random;

  constructor(stack: NetStack, protocol: string) {
    this.#stack = stack;
    this.#random = stack.world.random(`${protocol} ports ${stack.name}`);
  }

  /** Throws a RangeError if none is free. */
  draw(isFree: (port: number) => boolean): number {
    const { ephemeralFirst, ephemeralLast, name } = this.#stack;
    const count = ephemeralLast - ephemeralFirst + 1;
    const offset = this.#random.integer(count);
    for (let i = 0; i < count; i++) {
      const port = ephemeralFirst + ((offset + i) % count);
      if (isFree(port)) return port;
    }
    throw new RangeError(`${name}: all ports from ${ephemeralFirst} to ${ephemeralLast} are in use`);
  }
}
