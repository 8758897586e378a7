/**
 * Helps to write a filter: is it one, and what could come next at the cursor: fields, protocols, functions, operators, values
 * that occur in the open captures.
 *
 * ```
 * ip.src == 10.0.0.1 and tcp.po|            fields that begin with, or hold, "tcp.po"
 * ip.src == |                               addresses that occur, the most frequent first
 * tcp.port |                                == != > … in contains matches
 * tcp.port == 80 |                          and or xor
 * ```
 */
import type { Completion, FilterCheck } from "../../../src-shared/contract/results";
import { TextWriter } from "../../../src-shared/base/text-writer";
import type { ValueKind } from "../../../src-shared/tables/value-column";
import { textLiteral } from "../../../src-shared/model/filter-text";
import { FieldColumns, printValue } from "../fields/field-columns";
import type { Field } from "../fields/field";
import { fieldNames, findField } from "../fields/registry";
import { GrowableU32 } from "../packet-index/growable";
import type { Engine, Handlers, OpenCaptures } from "../service/handlers";
import { compileFilter } from "./compile";
import { FILTER_REGISTRY } from "./engine-registry";
import { FilterError } from "./filter-error";
import { type TestNode, parseFilter } from "./parse";
import { type Token, readTokens } from "./tokens";

export interface Completions {
  /** Characters that an item's text takes the place of. */
  readonly from: number;
  readonly to: number;
  readonly items: readonly Completion[];
}

/** Values of a field that occur, most frequent first. */
export interface OccurringValues {
  /** `count`: packets with this value among those looked at. */
  readonly values: readonly { readonly literal: string; readonly count: number }[];
  /** All packets were looked at: a filter finds as many. Else it finds at least as many. */
  readonly isWhole: boolean;
}

export type ValuesOf = (field: Field) => OccurringValues;

const NO_VALUES: OccurringValues = { values: [], isWhole: true };

const MOST_ITEMS = 80;

export function filterHandlers(engine: Engine): Handlers {
  return {
    "filter.check": ({ filter }) => checkFilter(filter),
    "filter.complete": ({ filter, cursor }) =>
      completeFilter(filter, cursor, (field) => {
        const captures = openCaptures(engine);
        return captures === undefined ? NO_VALUES : sampleValues(captures, field);
      }),
  };
}

/** Without captures there are no values, but fields and operators all the same. */
function openCaptures(engine: Engine): OpenCaptures | undefined {
  try {
    return engine.captures();
  } catch {
    return undefined;
  }
}

export function checkFilter(filter: string): FilterCheck {
  try {
    compileFilter(filter, FILTER_REGISTRY);
    const node = filter.trim() === "" ? undefined : parseFilter(filter);
    return { valid: true, problem: null, warning: node && mixesAndOr(node, filter) ? MIXED : null };
  } catch (error) {
    if (!(error instanceof FilterError)) throw error;
    return { valid: false, problem: { message: error.message, from: error.start, to: error.end }, warning: null };
  }
}

const MIXED = '"and" binds before "or": put parentheses around what belongs together';

/** An "and" inside an "or" that no parentheses hold together. */
function mixesAndOr(node: TestNode, source: string): boolean {
  if (node.type === "not") return mixesAndOr(node.operand, source);
  if (node.type !== "and" && node.type !== "or" && node.type !== "xor") return false;
  const bare = (operand: TestNode): boolean =>
    operand.type === "and" && !/\(\s*$/.test(source.slice(0, operand.start)) && source[operand.start] !== "(";
  return (node.type === "or" && node.operands.some(bare)) || node.operands.some((o) => mixesAndOr(o, source));
}

const COMPARISONS: readonly (readonly [string, string])[] = [
  ["==", "equal (any occurrence)"],
  ["!=", "not equal (no occurrence is)"],
  ["===", "equal (all occurrences)"],
  ["!==", "not equal (some occurrence)"],
  [">", "greater"],
  [">=", "greater or equal"],
  ["<", "less"],
  ["<=", "less or equal"],
  ["in", "one of a set: in {80, 443, 4430..4434}"],
];
const TEXT_COMPARISONS: readonly (readonly [string, string])[] = [
  ["contains", "holds the text or bytes"],
  ["matches", "regular expression"],
];
const CONNECTIVES: readonly (readonly [string, string])[] = [
  ["and", "both"],
  ["or", "either or both"],
  ["xor", "one of them"],
];
const FUNCTIONS: readonly (readonly [string, string])[] = [
  ["upper", "in upper case"],
  ["lower", "in lower case"],
  ["len", "length in bytes"],
  ["count", "number of occurrences"],
  ["string", "as text"],
  ["max", "largest"],
  ["min", "smallest"],
  ["abs", "without sign"],
];
const COMPARING = new Set(["==", "!=", "===", "!==", ">", ">=", "<", "<=", "contains", "matches"]);
const WORD_BEFORE = /[A-Za-z0-9_:./-]*$/;
const WORD_AFTER = /^[A-Za-z0-9_:./-]*/;

/** What could stand at `cursor` (a position between characters). Never throws: a filter that cannot be read completes nothing. */
export function completeFilter(filter: string, cursor: number, valuesOf: ValuesOf): Completions {
  const at = Math.min(Math.max(cursor, 0), filter.length);
  const quoted = openQuote(filter.slice(0, at));
  const from = quoted ?? at - (WORD_BEFORE.exec(filter.slice(0, at))?.[0].length ?? 0);
  const to = quoted === undefined ? at + (WORD_AFTER.exec(filter.slice(at))?.[0].length ?? 0) : at;
  const typed = filter.slice(from, at);
  let before: Token[];
  try {
    before = readTokens(filter.slice(0, from)).slice(0, -1);
  } catch {
    return { from: at, to: at, items: [] };
  }
  return { from, to, items: itemsAfter(before, typed, valuesOf).slice(0, MOST_ITEMS) };
}

/** Where a string begins that is not closed. */
function openQuote(text: string): number | undefined {
  let open: number | undefined;
  for (let i = 0; i < text.length; i++) {
    if (text[i] === "\\" && open !== undefined) i++;
    else if (text[i] === '"') open = open === undefined ? i : undefined;
  }
  return open;
}

function itemsAfter(before: readonly Token[], typed: string, valuesOf: ValuesOf): Completion[] {
  const last = before[before.length - 1];
  if (!last || isBeginning(last)) {
    const inSet = last !== undefined && setOperator(before);
    if (inSet !== undefined && inSet !== false) return values(before.slice(0, inSet), typed, valuesOf);
    return startItems(typed, last?.text === "any" || last?.text === "all");
  }
  if (last.type === "op" && COMPARING.has(last.text)) return values(before.slice(0, -1), typed, valuesOf);
  if (last.type === "op" && last.text === "in") return typed === "" ? [operator("{", "a set of values")] : [];
  const field = fieldBefore(before);
  const comparisons = field && !isCompared(before) ? comparisonsOf(field.kind) : [];
  return [...comparisons, ...CONNECTIVES]
    .filter(([text]) => text.startsWith(typed))
    .map(([text, label]) => operator(text, label));
}

const operator = (text: string, label: string): Completion => ({ text, label, kind: "operator" });

/** A test begins behind it. */
function isBeginning({ type, text }: Token): boolean {
  return (
    type === "op" &&
    ["and", "or", "xor", "not", "(", "{", ",", "..", "any", "all", "&", "+", "-", "*", "/", "%"].includes(text)
  );
}

/** Inside the braces of "in {…": position of "in"; false if it is no set. */
function setOperator(before: readonly Token[]): number | false {
  for (let i = before.length - 1; i >= 0; i--) {
    const { type, text } = before[i] as Token;
    if (type === "op" && text === "}") return false;
    if (type === "op" && text === "{") {
      const previous = before[i - 1];
      return previous?.type === "op" && previous.text === "in" ? i - 1 : false;
    }
    if (type === "op" && (text === "and" || text === "or" || text === "(")) return false;
  }
  return false;
}

/** The field whose value or operator comes next: "ip.src", "ip.src#2", "eth.src[0:3]". */
function fieldBefore(before: readonly Token[]): Field | undefined {
  let i = before.length - 1;
  while (i >= 0) {
    const token = before[i] as Token;
    if (token.type === "word") return findField(token.text.replace(/^\./, ""));
    const part = token.type === "range" || (token.type === "op" && ["#", "[", "]", ","].includes(token.text));
    if (!part) return undefined;
    i--;
  }
  return undefined;
}

/** The word at the end is itself what a field is compared with. */
function isCompared(before: readonly Token[]): boolean {
  const previous = before[before.length - 2];
  return previous?.type === "op" && COMPARING.has(previous.text);
}

function comparisonsOf(kind: ValueKind): readonly (readonly [string, string])[] {
  if (kind === "none") return [];
  const text = kind === "string" || kind === "bytes" || kind === "mac";
  return text ? [...COMPARISONS, ...TEXT_COMPARISONS] : COMPARISONS;
}

function values(before: readonly Token[], typed: string, valuesOf: ValuesOf): Completion[] {
  const field = fieldBefore(before);
  if (!field || field.kind === "none" || field.isProtocol || field.kind === "time") return [];
  const wanted = typed.toLowerCase();
  const plain = wanted.replace(/^"/, "");
  const occurring = valuesOf(field);
  const label = (count: number): string =>
    `${occurring.isWhole ? "" : "≥ "}${count} ${count === 1 ? "packet" : "packets"}`;
  return occurring.values
    .filter(({ literal }) => literal.toLowerCase().replace(/^"/, "").includes(plain))
    .map(({ literal, count }) => ({ text: literal, label: label(count), kind: "value" as const }));
}

/** Fields and protocols: those that begin with what is typed, shorter ones first; then those that hold it, or are labelled so. */
function startItems(typed: string, afterQuantifier: boolean): Completion[] {
  const wanted = typed.toLowerCase();
  const ranked: { readonly rank: number; readonly item: Completion }[] = [];
  for (const name of fieldNames()) {
    const field = findField(name) as Field;
    const isProtocol = field.isProtocol === true || (field.kind === "none" && !name.includes("."));
    // Nothing typed: protocols, to begin with.
    if (wanted === "" && !isProtocol) continue;
    const at = name.indexOf(wanted);
    const rank =
      at === 0 ? 0 : name.includes(`.${wanted}`) ? 1 : at > 0 ? 2 : field.label.toLowerCase().includes(wanted) ? 3 : -1;
    if (rank < 0 || (rank === 3 && wanted.length < 3)) continue;
    ranked.push({ rank, item: { text: name, label: field.label, kind: isProtocol ? "protocol" : "field" } });
  }
  ranked.sort(
    (a, b) => a.rank - b.rank || dots(a.item.text) - dots(b.item.text) || (a.item.text < b.item.text ? -1 : 1),
  );
  const items = ranked.map((r) => r.item);
  if (wanted !== "" && !afterQuantifier) {
    for (const [name, label] of FUNCTIONS)
      if (name.startsWith(wanted)) items.push({ text: `${name}(`, label, kind: "function" });
    for (const word of ["not", "any", "all"])
      if (word.startsWith(wanted)) items.push(operator(word, QUANTIFIERS[word] ?? ""));
  }
  return items;
}

const dots = (name: string): number => name.split(".").length;
const QUANTIFIERS: Readonly<Record<string, string>> = {
  not: "the opposite",
  any: "some occurrence",
  all: "every occurrence",
};

/** Packets looked at for values: the first ones, and runs spread over all. */
const SAMPLE_FIRST = 1024;
const SAMPLE_RUNS = 24;
const SAMPLE_RUN = 64;
const SAMPLE_MS = 120;
const MOST_VALUES = 200;

/**
 * Values of a field in a sample of the packets that are not switched off, the most frequent first. Ends after 0.12 s with what it has.
 * A packet counts once for a value, however often it holds it: as for a filter.
 */
export function sampleValues(captures: OpenCaptures, field: Field): OccurringValues {
  const { index, reader, enabledPoints } = captures;
  const ids = new GrowableU32();
  const first = Math.min(index.count, SAMPLE_FIRST);
  for (let id = 0; id < first; id++) ids.push(id);
  const rest = index.count - first;
  const step = Math.max(SAMPLE_RUN, Math.floor(rest / SAMPLE_RUNS));
  for (let from = first; from < index.count; from += step)
    for (let id = from; id < Math.min(from + SAMPLE_RUN, index.count); id++) ids.push(id);
  const counts = new Map<string, number>();
  const writer = new TextWriter();
  const deadline = performance.now() + SAMPLE_MS;
  const all = ids.array().filter((id) => enabledPoints[index.pointOf(id)] !== false);
  let at = 0;
  for (; at < all.length && performance.now() < deadline; at += SAMPLE_RUN)
    reader.decodeAll(all.subarray(at, at + SAMPLE_RUN), (run) => {
      const columns = new FieldColumns(run.context);
      columns.begin(run.batch);
      const column = columns.column(field.name);
      let packet = -1;
      const counted = new Set<string>();
      for (let i = 0; i < column.count; i++) {
        if (column.packet[i] !== packet) counted.clear();
        packet = column.packet[i] as number;
        writer.clear();
        printValue(writer, field, column, i);
        const text =
          column.kind === "string" ? textLiteral(column.strings[column.numbers[i] as number] ?? "") : writer.toString();
        if (text === "" || counted.has(text)) continue;
        counted.add(text);
        counts.set(text, (counts.get(text) ?? 0) + 1);
      }
    });
  const values = [...counts]
    .map(([literal, count]) => ({ literal, count }))
    .sort((a, b) => b.count - a.count || (a.literal < b.literal ? -1 : 1))
    .slice(0, MOST_VALUES);
  return { values, isWhole: captures.complete && ids.length === index.count && at >= all.length };
}
