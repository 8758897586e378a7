/**
 * Finds the answers of a lesson's questions in the packets. A question holds no answer: it holds a query, and right is what the
 * query gives for the recording that is open. So a lesson cannot be wrong about its packets, only badly asked (`questionProblem`).
 */
import type { ConnectionJson, ConnectionJourneys } from "../../../src-shared/contract/join";
import type { PacketId } from "../../../src-shared/contract/results";
import type { ConnectionPredicate, Query, Question } from "../../../src-shared/lessons/lesson";
import type { Finding } from "../../../src-shared/model/finding";
import type { RuleVerdict } from "../../../src-shared/model/model-rule";

/** What answers are made of; the engine's own requests behind it. */
export interface LessonSource {
  matching(filter: string): Promise<readonly PacketId[]>;
  /** A field's values in a packet. */
  values(field: string, packets: readonly PacketId[]): readonly (readonly string[])[];
  /** In order of time. */
  connections(): Promise<readonly ConnectionJson[]>;
  journeys(connection: string): Promise<ConnectionJourneys>;
  findings(): Promise<readonly Finding[]>;
  rules(): Promise<readonly RuleVerdict[]>;
}

export type Value = string | number | boolean | null;

/** The values that are right. Empty: the recording has no answer. @throws ContractError "invalid-filter" */
export async function evaluate(query: Query, source: LessonSource): Promise<Value[]> {
  if ("count" in query) return [(await source.matching(query.count)).length];
  if ("field" in query) {
    const values = source.values(query.field, await source.matching(query.of));
    return [...new Set(values.flat())];
  }
  if ("connections" in query) return [(await matchingConnections(query.connections, source)).length];
  if ("connection" in query) {
    const [first] = await matchingConnections(query.connection, source);
    const value = first === undefined ? undefined : valueAt(first, query.get);
    return isValue(value) ? [value] : [];
  }
  if ("translation" in query) return translationValues(query, source);
  if ("lastSeen" in query) {
    const [first] = await matchingConnections(query.lastSeen, source);
    if (!first) return [];
    const data = await source.journeys(first.id);
    return [...new Set(data.journeys.filter((j) => j.missingAt >= 0).map((j) => pointName(data, j.lastSeen)))];
  }
  if ("finding" in query) {
    const found = (await source.findings()).filter(({ kind }) => kind === query.finding);
    return query.get === "count" ? [found.length] : found.slice(0, 1).map(({ severity }) => severity);
  }
  return (await source.rules()).filter(({ id }) => id === query.rule).map(({ verdict }) => verdict);
}

async function translationValues(
  query: Extract<Query, { translation: unknown }>,
  source: LessonSource,
): Promise<Value[]> {
  const [first] = await matchingConnections(query.of, source);
  if (!first) return [];
  const data = await source.journeys(first.id);
  const found = first.translations.filter(({ kind }) => kind === query.translation);
  return found.flatMap((translation): Value[] => {
    const [before = null, after = null] = translation.between;
    switch (query.get) {
      case "hop":
        return [hopName(data, before, after)];
      case "before":
        return before === null ? [] : [nameOfId(data, before)];
      case "after":
        return after === null ? [] : [nameOfId(data, after)];
      default: {
        const value = valueAt(translation, query.get);
        return isValue(value) && value !== null ? [value] : [];
      }
    }
  });
}

/** Connections that fit, in order of time. */
export async function matchingConnections(
  predicate: ConnectionPredicate,
  source: LessonSource,
): Promise<ConnectionJson[]> {
  const wanted = Object.entries(predicate);
  return (await source.connections()).filter((connection) =>
    wanted.every(([path, value]) => valueAt(connection, path) === value),
  );
}

/** "translations.0.to.ip", "path.length"; undefined: there is no such thing. Own properties only. */
export function valueAt(from: unknown, path: string): unknown {
  let at: unknown = from;
  for (const name of path.split(".")) {
    if (Array.isArray(at) && name === "length") at = at.length;
    else if (typeof at === "object" && at !== null && Object.hasOwn(at, name))
      at = (at as Readonly<Record<string, unknown>>)[name];
    else return undefined;
  }
  return at;
}

function isValue(value: unknown): value is Value {
  return value === null || ["string", "number", "boolean"].includes(typeof value);
}

/** The hops the connection's packets took to the server, by the names of their capture points: "cni0 → flannel.1". */
export async function hopOptions(question: Question, source: LessonSource): Promise<{ text: string; value: string }[]> {
  if (question.kind !== "hop") return [];
  const [first] = await matchingConnections(question.answer.of, source);
  if (!first) return [];
  const data = await source.journeys(first.id);
  const names = first.path.slice(1).map((to, i) => hopName(data, first.path[i] ?? null, to));
  return [...new Set(names)].map((text) => ({ text, value: text }));
}

function hopName(data: ConnectionJourneys, before: string | null, after: string | null): string {
  const name = (id: string | null): string => (id === null ? "not captured" : nameOfId(data, id));
  return `${name(before)} → ${name(after)}`;
}

function nameOfId(data: ConnectionJourneys, id: string): string {
  const point = data.points.find((one) => one.id === id);
  return point === undefined ? id : pointText(point);
}

function pointName(data: ConnectionJourneys, point: number): string {
  const found = data.points.find((one) => one.point === point);
  return found === undefined ? "nowhere" : pointText(found);
}

/** The interface's own name, and its node where it is known: two nodes both have a cni0. */
function pointText({ name, node }: { readonly name: string; readonly node: string | null }): string {
  if (node === null) return name;
  return `${name.startsWith(`${node} `) ? name.slice(node.length + 1) : name} on ${node}`;
}

export interface Given {
  readonly given: Value;
  readonly packet: PacketId | null;
}

/** Whether an answer is right. @throws ContractError "invalid-filter" */
export async function isRight(question: Question, { given, packet }: Given, source: LessonSource): Promise<boolean> {
  if (question.kind === "packet")
    return packet !== null && (await source.matching(question.answer.packet)).includes(packet);
  if (given === null) return false;
  const values = await rightValues(question, source);
  switch (question.kind) {
    case "number": {
      const number = typeof given === "number" ? given : Number(given);
      return String(given).trim() !== "" && values.some((value) => Number(value) === number);
    }
    case "text":
      return values.some((value) =>
        asksForPoint(question.answer) ? namesPoint(String(given), String(value)) : plain(value) === plain(given),
      );
    default:
      return values.some((value) => String(value) === String(given));
  }
}

function asksForPoint(query: Query): boolean {
  return "lastSeen" in query || ("translation" in query && (query.get === "before" || query.get === "after"));
}

/**
 * Whether a person means the capture point `full`, "eth0 on n1": the window writes points in many ways ("n1 eth0", "eth0 · n1"), and the
 * interface alone will do, but nothing may be said that is not so.
 */
function namesPoint(said: string, full: string): boolean {
  const words = (text: string): string[] =>
    plain(text)
      .split(/[\s·@,()]+/)
      .filter((word) => !/^(on|of|)$/.test(word));
  const own = words(full.replace(/ on \S+$/, "")).at(-1);
  const known = new Set(words(full));
  const given = words(said);
  return own !== undefined && given.includes(own) && given.every((word) => known.has(word));
}

function plain(value: Value): string {
  return String(value).trim().toLowerCase();
}

/** @throws ContractError "invalid-filter" */
async function rightValues(question: Exclude<Question, { kind: "packet" }>, source: LessonSource): Promise<Value[]> {
  return question.kind === "hop"
    ? evaluate({ ...question.answer, get: "hop" }, source)
    : evaluate(question.answer, source);
}

/** The right answer in words, and the packet that shows it. */
export async function answerText(
  question: Question,
  source: LessonSource,
): Promise<{ readonly text: string; readonly packet: PacketId | null }> {
  if (question.kind === "packet") {
    const [packet = null] = await source.matching(question.answer.packet);
    return { text: packet === null ? "The recording has no such packet." : "This packet.", packet };
  }
  const values = await rightValues(question, source);
  const shown =
    question.kind === "choice"
      ? question.options.filter(({ value }) => values.some((v) => String(v) === String(value))).map(({ text }) => text)
      : values.map(String);
  return { text: shown.join(", ") || "The recording has no answer.", packet: null };
}

/** What is wrong with a question over this recording; null: it can be answered, and also wrongly. */
export async function questionProblem(
  question: Question,
  source: LessonSource,
  packets: number,
): Promise<string | null> {
  if (question.kind === "packet") {
    const found = (await source.matching(question.answer.packet)).length;
    if (found === 0) return `no packet matches ${question.answer.packet}`;
    return found === packets ? `every packet matches ${question.answer.packet}` : null;
  }
  const values = (await rightValues(question, source)).filter((value) => value !== null);
  if (values.length === 0) return "the query finds no answer";
  if (question.kind === "number" && values.some((value) => !Number.isFinite(Number(value))))
    return `the query gives "${String(values.find((value) => !Number.isFinite(Number(value))))}", which is no number`;
  const choices =
    question.kind === "choice"
      ? question.options.map(({ value }) => String(value))
      : question.kind === "hop"
        ? (await hopOptions(question, source)).map(({ value }) => value)
        : null;
  if (!choices) return null;
  const right = choices.filter((choice) => values.some((value) => String(value) === choice));
  if (right.length === 0) return `none of the choices is right; the query gives ${values.map(String).join(", ")}`;
  return right.length === choices.length ? "every choice is right" : null;
}
