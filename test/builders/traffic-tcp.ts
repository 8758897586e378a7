/** TCP in the traffic notation (traffic.ts): segments, whose sequence numbers are counted per connection when left out. */
import type { Checksum } from "../../src-shared/wire/write/checksum";
import { buildPacket, type Layer } from "../../src-shared/wire/write/layer";
import { tcp, TCP_FLAGS, type TcpFlag, type TcpOption } from "../../src-shared/wire/write/tcp";
import { defined } from "./traffic-model";
import { type Endpoint, endpointKey, type Given, type Pair, portsOf } from "./traffic-names";
import { type Arguments, parseNumber, type SourceLine, type Token } from "./traffic-text";

const FIRST_ISN = 1000;
const SECOND_ISN = 5000;

/** One direction of a TCP connection. */
interface SequenceState {
  isn: number;
  next: number;
}

/** A segment's layers, once it is known between whom it goes here and with which checksum. */
export type Segment = (message: Pair & { readonly checksum: Checksum | undefined }) => readonly Layer[];

/** The connections of the lines so far. */
export class TcpStreams {
  readonly #sequences = new Map<string, SequenceState>();
  /** Directions that a translation made out of others: counted with those. */
  readonly #aliases = new Map<string, string>();

  /** From here on both address pairs are one connection. */
  translate(from: Pair, to: Pair): void {
    this.#alias(to.src, to.dst, this.#direction(from.src, from.dst));
    this.#alias(to.dst, to.src, this.#direction(from.dst, from.src));
  }

  #direction(from: Endpoint, to: Endpoint): string {
    const key = `${endpointKey(from)}>${endpointKey(to)}`;
    return this.#aliases.get(key) ?? key;
  }

  #alias(from: Endpoint, to: Endpoint, counted: string): void {
    const key = `${endpointKey(from)}>${endpointKey(to)}`;
    if (key !== counted && !this.#sequences.has(key)) this.#aliases.set(key, counted);
  }

  /** `readContent` is called where the words of the header have been taken. */
  segment(line: SourceLine, pair: Pair, args: Arguments, what: Token, readContent: () => Layer[]): Segment {
    const flagsToken = args.expect("the flags (SYN,ACK,… or none)");
    const flags = flagsToken.word === "none" ? [] : flagsToken.word.split(",");
    for (const flag of flags) {
      if (!TCP_FLAGS.includes(flag as TcpFlag))
        line.fail(`"${flag}" is none of the flags ${TCP_FLAGS.join(", ")}; none is written "none"`, flagsToken);
    }
    const has = (flag: TcpFlag): boolean => flags.includes(flag);
    const key = this.#direction(pair.src, pair.dst);
    const own = this.#sequences.get(key);
    const peer = this.#sequences.get(this.#direction(pair.dst, pair.src));

    const seq =
      this.#sequenceValue(line, args.value("seq"), own) ?? own?.next ?? (peer === undefined ? FIRST_ISN : SECOND_ISN);
    const ack = this.#sequenceValue(line, args.value("ack"), peer) ?? (has("ACK") ? (peer?.next ?? 0) : 0);
    const window = args.number("win");
    const urgent = args.number("urg");
    const options: TcpOption[] = [];
    const mss = args.number("mss");
    if (mss !== undefined) options.push({ kind: "mss", value: mss });
    if (args.flag("sackok")) options.push({ kind: "sack-permitted" });
    const ts = args.value("ts");
    if (ts !== undefined) {
      const [value, echo] = ts.value.split(",").map((part) => parseNumber(line, part, ts.token));
      options.push({ kind: "timestamps", value: value ?? 0, echo: echo ?? 0 });
    }
    const ws = args.number("ws");
    if (ws !== undefined) options.push({ kind: "nop" }, { kind: "window-scale", shift: ws });
    const sack = args.value("sack");
    if (sack !== undefined) {
      // "isn+1-isn+1461" would be ambiguous with "next-1": the blocks' ends are separated by "..", too.
      const blocks = sack.value.split(",").map((block): readonly [number, number] => {
        const ends = block
          .split(block.includes("..") ? ".." : "-")
          .map((end) => this.#sequenceValue(line, { token: sack.token, value: end }, peer));
        const [left, right] = ends;
        if (left === undefined || right === undefined || ends.length !== 2)
          line.fail("sack is written sack=LEFT-RIGHT or sack=isn+1..isn+100", sack.token);
        return [left, right];
      });
      options.push({ kind: "sack", blocks });
    }
    const content = readContent();
    const length = line.check(what, () => buildPacket(content).length);

    const state = own ?? { isn: seq, next: seq };
    const after = (seq + length + (has("SYN") ? 1 : 0) + (has("FIN") ? 1 : 0)) >>> 0;
    // A retransmission written out by hand must not take the count back; 2^31 is where "before" turns into "after".
    if ((after - state.next) >>> 0 < 0x80000000) state.next = after;
    this.#sequences.set(key, state);

    return (m) => [
      tcp({
        ...portsOf(m),
        seq,
        ack,
        flags: flags as TcpFlag[],
        options,
        checksum: m.checksum ?? "right",
        ...defined("window", window),
        ...defined("urgent", urgent),
      }),
      ...content,
    ];
  }

  #sequenceValue(line: SourceLine, given: Given | undefined, state: SequenceState | undefined): number | undefined {
    if (given === undefined) return undefined;
    const [, base, sign, amount] = /^(isn|next)(?:([+-])(\d+))?$/.exec(given.value) ?? [];
    if (base === undefined) return parseNumber(line, given.value, given.token);
    if (state === undefined)
      return line.fail(`"${base}" is not known yet: no segment of that direction came before`, given.token);
    const value = (base === "isn" ? state.isn : state.next) + (sign === "-" ? -1 : 1) * Number(amount ?? 0);
    return ((value % 0x100000000) + 0x100000000) % 0x100000000;
  }
}
