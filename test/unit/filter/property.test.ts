/**
 * Random filters on random packets, judged by an evaluator that looks at one packet and one value at a time.
 * `FC_SEED=… npx vitest run test/unit/filter/property.test.ts` repeats a run.
 */
import fc from "fast-check";
import { describe, expect, it } from "vitest";

import { compileFilter } from "../../../src-main/engine/filter/compile";
import { FilterError } from "../../../src-main/engine/filter/filter-error";
import { REGISTRY, matching, packets } from "./notation";

const seed = Number(process.env["FC_SEED"] ?? Date.now() % 0x7fffffff);
console.log(`filter property tests: FC_SEED=${seed}`);

/** Values of a packet by field, one list a layer. */
type Layers<T> = readonly (readonly T[])[];
interface Packet {
  readonly ttl: Layers<number>;
  readonly port: Layers<number>;
  readonly src: Layers<number>;
  readonly mac: Layers<string>;
  readonly host: Layers<string>;
}

const NAMES = { ttl: "ip.ttl", port: "tcp.port", src: "ip.src", mac: "eth.src", host: "http.host" } as const;

const dotted = (n: number): string => `10.0.${n >> 4}.${n & 15}`;
const layers = <T>(value: fc.Arbitrary<T>): fc.Arbitrary<Layers<T>> =>
  fc.array(fc.array(value, { minLength: 1, maxLength: 2 }), { maxLength: 3 });
const small = fc.integer({ min: 0, max: 12 });
const address = fc.integer({ min: 0, max: 63 });
const mac = fc
  .array(fc.constantFrom("00", "01", "02", "ff"), { minLength: 6, maxLength: 6 })
  .map((bytes) => bytes.join(":"));
const host = fc.string({ unit: fc.constantFrom("a", "b", "A", "."), minLength: 1, maxLength: 4 });
const packet: fc.Arbitrary<Packet> = fc.record({
  ttl: layers(small),
  port: layers(small),
  src: layers(address),
  mac: layers(mac),
  host: layers(host),
});

function notation(list: readonly Packet[]): string {
  const field = (name: string, values: Layers<string>): string =>
    values.length ? `${name}=${values.map((l) => l.join("+")).join(",")}` : "";
  return list
    .map((p, i) =>
      [
        `frame.number=${i + 1}`,
        field(
          NAMES.ttl,
          p.ttl.map((l) => l.map(String)),
        ),
        field(
          NAMES.port,
          p.port.map((l) => l.map(String)),
        ),
        field(
          NAMES.src,
          p.src.map((l) => l.map(dotted)),
        ),
        field(NAMES.mac, p.mac),
        field(
          NAMES.host,
          p.host.map((l) => l.map((h) => `"${h}"`)),
        ),
      ].join(" "),
    )
    .join("\n");
}

/** A test as text, and what it says of a packet. */
interface Test {
  readonly text: string;
  readonly holds: (p: Packet) => boolean;
}

type Order = (difference: number) => boolean;
const OPS: readonly { readonly text: string; readonly holds: Order; readonly all: boolean }[] = [
  { text: "==", holds: (d) => d === 0, all: false },
  { text: "!=", holds: (d) => d !== 0, all: true },
  { text: "===", holds: (d) => d === 0, all: true },
  { text: "!==", holds: (d) => d !== 0, all: false },
  { text: "<", holds: (d) => d < 0, all: false },
  { text: "le", holds: (d) => d <= 0, all: false },
  { text: "gt", holds: (d) => d > 0, all: false },
  { text: ">=", holds: (d) => d >= 0, all: false },
];
const op = fc.constantFrom(...OPS);
const quantifier = fc.constantFrom("", "any ", "all ");

function quantified<T>(values: readonly T[], all: boolean, holds: (value: T) => boolean): boolean {
  return values.length > 0 && (all ? values.every(holds) : values.some(holds));
}

const every = (prefix: string, all: boolean): boolean => (prefix === "" ? all : prefix === "all ");

/** Layers chosen by "#": none, one number, or ranges. */
const layerChoice: fc.Arbitrary<{ text: string; keeps: (layer: number, most: number) => boolean }> = fc.oneof(
  fc.constant({ text: "", keeps: () => true }),
  fc.integer({ min: 1, max: 3 }).map((n) => ({ text: `#${n}`, keeps: (layer: number) => layer === n })),
  fc
    .integer({ min: -3, max: 3 })
    .map((n) => ({ text: `#[${n}]`, keeps: (layer: number, most: number) => layer === (n < 0 ? most + 1 + n : n) })),
  fc.tuple(fc.integer({ min: 1, max: 2 }), fc.integer({ min: 1, max: 2 })).map(([from, more]) => ({
    text: `#[${from}-${from + more}]`,
    keeps: (layer: number) => layer >= from && layer <= from + more,
  })),
);

function chosen<T>(values: Layers<T>, keeps: (layer: number, most: number) => boolean): T[] {
  return values.flatMap((list, i) => (keeps(i + 1, values.length) ? list : []));
}

const numbers: fc.Arbitrary<Test> = fc
  .tuple(fc.constantFrom("ttl" as const, "port" as const), layerChoice, quantifier, op, fc.integer({ min: 0, max: 13 }))
  .map(([field, layer, prefix, { text, holds, all }, constant]) => ({
    text: `${prefix}${NAMES[field]}${layer.text} ${text} ${constant}`,
    holds: (p) => quantified(chosen(p[field], layer.keeps), every(prefix, all), (v) => holds(v - constant)),
  }));

const fields: fc.Arbitrary<Test> = fc
  .tuple(layerChoice, quantifier, op, fc.constantFrom("+", "-", "*"), fc.integer({ min: 0, max: 3 }))
  .map(([layer, prefix, { text, holds, all }, sign, constant]) => ({
    text: `${prefix}ip.ttl${layer.text} ${text} tcp.port ${sign} ${constant}`,
    holds: (p) => {
      const right = p.port
        .flat()
        .map((v) => (sign === "+" ? v + constant : sign === "-" ? v - constant : v * constant));
      const pairs = chosen(p.ttl, layer.keeps).flatMap((a) => right.map((b) => a - b));
      return quantified(pairs, every(prefix, all), holds);
    },
  }));

const networks: fc.Arbitrary<Test> = fc
  .tuple(quantifier, op, address, fc.integer({ min: 26, max: 32 }))
  .map(([prefix, { text, holds, all }, base, bits]) => ({
    text: `${prefix}ip.src ${text} ${dotted(base)}/${bits}`,
    holds: (p) => {
      // Bits of 10.0.h.l: h is two of them, shifted by eight.
      const full = (n: number): number => ((n >> 4) << 8) | (n & 15);
      const masked = (n: number): number => full(n) & ~(2 ** (32 - bits) - 1);
      return quantified(p.src.flat(), every(prefix, all), (v) => holds(masked(v) - masked(base)));
    },
  }));

const sets: fc.Arbitrary<Test> = fc
  .tuple(
    quantifier,
    fc.array(fc.tuple(small, fc.option(fc.integer({ min: -1, max: 4 }))), { minLength: 1, maxLength: 4 }),
    fc.boolean(),
  )
  .map(([prefix, elements, negated]) => ({
    text: `${prefix}tcp.port ${negated ? "not in" : "in"} {${elements.map(([from, more]) => (more === null ? `${from}` : `${from}..${Math.max(0, from + more)}`)).join(", ")}}`,
    holds: (p) => {
      const inside = ([from, more]: readonly [number, number | null], v: number): boolean =>
        more === null ? v === from : v >= from && v <= Math.max(0, from + more);
      const values = p.port.flat();
      const found =
        prefix === "all " && !negated
          ? elements.some((e) => quantified(values, true, (v) => inside(e, v)))
          : values.some((v) => elements.some((e) => inside(e, v)));
      return found !== negated;
    },
  }));

const byteText = fc
  .array(fc.constantFrom("00", "01", "02", "ff"), { minLength: 1, maxLength: 3 })
  .map((bytes) => bytes.join(":"));
const slices: fc.Arbitrary<Test> = fc
  .tuple(quantifier, fc.integer({ min: -7, max: 6 }), fc.integer({ min: 1, max: 3 }), op, byteText)
  .map(([prefix, from, length, { text, holds, all }, constant]) => ({
    text: `${prefix}eth.src[${from}:${length}] ${text} ${constant}`,
    holds: (p) => {
      const order = (value: string): number => {
        const start = from < 0 ? 6 + from : from;
        const bytes = start < 0 || start + length > 6 ? [] : value.split(":").slice(start, start + length);
        const other = constant.split(":");
        return bytes.length - other.length || (bytes.join() < other.join() ? -1 : bytes.join() > other.join() ? 1 : 0);
      };
      return quantified(p.mac.flat(), every(prefix, all), (v) => holds(order(v)));
    },
  }));

const texts: fc.Arbitrary<Test> = fc
  .tuple(quantifier, fc.constantFrom("contains", "matches", "upper", "=="), host)
  .map(([prefix, kind, needle]) => ({
    text:
      kind === "upper"
        ? `${prefix}upper(http.host) == "${needle}"`
        : `${prefix}http.host ${kind} "${kind === "matches" ? needle.replaceAll(".", "[.]") : needle}"`,
    holds: (p) =>
      quantified(p.host.flat(), prefix === "all ", (v) =>
        kind === "contains"
          ? v.includes(needle)
          : kind === "matches"
            ? v.toLowerCase().includes(needle.toLowerCase())
            : (kind === "upper" ? v.toUpperCase() : v) === needle,
      ),
  }));

const counts: fc.Arbitrary<Test> = fc
  .tuple(fc.constantFrom("count", "max", "min"), op, small)
  .map(([name, { text, holds }, constant]) => ({
    text: `${name}(ip.ttl) ${text} ${constant}`,
    holds: (p) => {
      const values = p.ttl.flat();
      if (!values.length) return false;
      const result = name === "count" ? values.length : name === "max" ? Math.max(...values) : Math.min(...values);
      return holds(result - constant);
    },
  }));

const exists: fc.Arbitrary<Test> = fc
  .constantFrom("ttl" as const, "src" as const, "host" as const)
  .map((field) => ({ text: NAMES[field], holds: (p) => p[field].length > 0 }));

const leaf = fc.oneof(numbers, fields, networks, sets, slices, texts, counts, exists);

/** As written: a tree of lists, where "and" binds tighter than "xor", and that tighter than "or". */
const RANK: Readonly<Record<string, number>> = { or: 0, xor: 1, and: 2, not: 3, leaf: 4 };
interface Tree extends Test {
  readonly rank: number;
}

const SPELLINGS: Readonly<Record<string, readonly string[]>> = {
  or: ["or", "||"],
  xor: ["xor", "^^"],
  and: ["and", "&&"],
};

const { tree } = fc.letrec<{ tree: Tree }>((tie) => ({
  tree: fc.oneof(
    { maxDepth: 4, depthSize: "medium" },
    leaf.map((test) => ({ ...test, rank: 4 })),
    tie("tree").map((inner) => ({
      text: `not ${inner.rank < 3 ? `(${inner.text})` : inner.text}`,
      holds: (p: Packet) => !inner.holds(p),
      rank: 3,
    })),
    fc
      .tuple(
        fc.constantFrom("or", "xor", "and"),
        fc.array(tie("tree"), { minLength: 2, maxLength: 3 }),
        fc.constantFrom(0, 1),
        fc.boolean(),
      )
      .map(([name, operands, spelling, spare]) => {
        const rank = RANK[name] ?? 0;
        // Parentheses only where they must be, or now and then for nothing.
        const text = operands
          .map((o) => (o.rank <= rank || spare ? `(${o.text})` : o.text))
          .join(` ${SPELLINGS[name]?.[spelling] ?? name} `);
        const holds = (p: Packet): boolean => {
          const results = operands.map((o) => o.holds(p));
          if (name === "and") return results.every(Boolean);
          return name === "or" ? results.some(Boolean) : results.filter(Boolean).length % 2 === 1;
        };
        return { text, holds, rank };
      }),
  ),
}));

describe("random filters", () => {
  it("select the packets a packet-by-packet evaluation selects", () => {
    fc.assert(
      fc.property(fc.array(packet, { minLength: 1, maxLength: 8 }), tree, (list, test) => {
        const expected = list.flatMap((p, i) => (test.holds(p) ? [i + 1] : []));
        expect(matching(test.text, packets(notation(list))), test.text).toEqual(expected);
      }),
      { seed, numRuns: 2000 },
    );
  });

  it("do not depend on how packets are cut into batches", () => {
    fc.assert(
      fc.property(fc.array(packet, { minLength: 2, maxLength: 8 }), tree, fc.nat(), (list, test, at) => {
        const cut = 1 + (at % (list.length - 1));
        const filter = compileFilter(test.text, REGISTRY);
        const run = (part: readonly Packet[]): string => {
          const out = new Uint8Array(part.length);
          filter.evaluate(packets(notation(part)), out);
          return out.join("");
        };
        expect(run(list.slice(0, cut)) + run(list.slice(cut)), test.text).toBe(run(list));
      }),
      { seed, numRuns: 500 },
    );
  });
});

describe("random text", () => {
  const piece = fc.constantFrom(
    ..."tcp ip.src tcp.port eth.src[0:2] http.host frame.time_epoch == != === < > contains matches in not and or xor any all & + - * / % ( ) { } [ ] # #1 , .. 80 0x50 10.0.0.0/8 fe80::1 02:00 'a' len( max( r\" \\ é 😀 . : -".split(
      " ",
    ),
    '"abc"',
    '"(a|b)*"',
    " ",
    "\n",
  );

  it("is a filter or an error within the text, never anything else", () => {
    const data = packets("tcp tcp.port=80 ip.src=10.0.0.1 eth.src=02:00:00:00:00:01\nip");
    const text = fc.oneof(
      fc.array(piece, { maxLength: 12 }).map((p) => p.join(" ")),
      fc.array(piece, { maxLength: 12 }).map((p) => p.join("")),
      fc.string(),
    );
    fc.assert(
      fc.property(text, (source) => {
        try {
          matching(source, data);
        } catch (error) {
          if (!(error instanceof FilterError)) throw error;
          expect(error.message).not.toBe("");
          expect(error.start).toBeGreaterThanOrEqual(0);
          expect(error.end).toBeGreaterThanOrEqual(error.start);
          expect(error.end).toBeLessThanOrEqual(source.length);
        }
      }),
      { seed, numRuns: 5000 },
    );
  });
});
