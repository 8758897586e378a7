/**
 * The text of frame.protocols, put together name by name: each prefix is made once, so that a packet costs one look-up a
 * layer and no string.
 */
const MOST_PATHS = 20_000;

export class ProtocolPath {
  private readonly longer = new Map<string, ProtocolPath>();

  private constructor(
    readonly text: string,
    private readonly counter: { paths: number },
  ) {}

  /** The empty path. */
  static root(): ProtocolPath {
    return new ProtocolPath("", { paths: 0 });
  }

  /** This path and one more layer, or several joined by ":"; an empty name adds nothing. */
  then(name: string): ProtocolPath {
    if (name === "") return this;
    let path = this.longer.get(name);
    if (path === undefined) {
      path = new ProtocolPath(this.text === "" ? name : `${this.text}:${name}`, this.counter);
      this.longer.set(name, path);
      this.counter.paths++;
    }
    return path;
  }

  /** Hostile files can make up new paths for ever: time to begin with a new root. */
  get isFull(): boolean {
    return this.counter.paths > MOST_PATHS;
  }
}
