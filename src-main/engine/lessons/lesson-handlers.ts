/** Answers the requests about lessons (contract/lessons.ts) with the engine's own means. */
import { baseName } from "../../../src-shared/base/file-name";
import type { LessonEntry } from "../../../src-shared/contract/lessons";
import type { ConnectionJson } from "../../../src-shared/contract/join";
import { ContractError } from "../../../src-shared/contract/messages";
import type { Params, Results } from "../../../src-shared/contract/requests";
import type { Lesson } from "../../../src-shared/lessons/lesson";
import type { Engine, Handlers, RequestContext } from "../service/handlers";
import { CellPrinter } from "../service/row-cells";
import {
  type LessonSource,
  answerText,
  hopOptions,
  isRight,
  matchingConnections,
  questionProblem,
} from "./lesson-answers";
import { type LibraryLesson, readLibrary } from "./lesson-library";
import { recordLesson, recordingProblem } from "./lesson-recording";

/** Lessons have small recordings; a predicate over more connections than these would keep everybody waiting. */
const MAX_CONNECTIONS = 5000;

export function lessonHandlers(engine: Engine): Handlers {
  let connections: { readonly serial: number; readonly list: readonly ConnectionJson[] } | undefined;

  const allConnections = async (context: RequestContext): Promise<readonly ConnectionJson[]> => {
    const { serial } = engine.captures();
    if (connections?.serial === serial) return connections.list;
    const { table, rows } = await engine.ask(
      "table.open",
      { name: "connections", options: {}, view: null, search: "", sort: [] },
      context,
    );
    const list: ConnectionJson[] = [];
    try {
      const answer = await engine.ask(
        "table.rows",
        { table, from: 0, count: Math.min(rows, MAX_CONNECTIONS) },
        context,
      );
      for (const { key } of answer.rows) list.push(await engine.ask("join.connection", { id: key }, context));
    } finally {
      await engine.ask("table.close", { table }, context);
    }
    list.sort((a, b) => Number(a.firstTime) - Number(b.firstTime));
    connections = { serial, list };
    return list;
  };

  const sourceOf = (context: RequestContext): LessonSource => ({
    matching: (filter) => engine.packetsMatching(filter, context.signal),
    values: (field, packets) => {
      const rows = new CellPrinter(engine.captures(), [field]).print(packets, -1);
      return rows.map(([cell = ""]) => (cell === "" ? [] : cell.split(",")));
    },
    connections: () => allConnections(context),
    journeys: (connection) => engine.ask("join.journeys", { connection }, context),
    findings: async () => (await engine.ask("join.findings", {}, context)).findings,
    rules: async () => (await engine.ask("join.model", {}, context)).rules,
  });

  return {
    "lessons.list": () => ({ lessons: readLibrary().map(entryOf) }),
    "lessons.read": ({ id }) => libraryLesson(id).lesson,
    "lessons.open": ({ id }) => {
      const { file, lesson } = libraryLesson(id);
      const { captures, cluster } = recordLesson(lesson.recording, file, engine.scratchFolder);
      return engine.openSaved({
        captures: captures.map((path) => ({ path, clockOffset: null, points: [] })),
        decodeAs: [],
        clusterFiles: cluster,
      });
    },
    "lessons.target": ({ target }, context) => findTarget(target, sourceOf(context), engine, context),
    "lessons.options": async ({ question }, context) => ({ options: await hopOptions(question, sourceOf(context)) }),
    "lessons.check": async ({ question, given, packet }, context) => ({
      right: await isRight(question, { given, packet }, sourceOf(context)),
    }),
    "lessons.answer": ({ question }, context) => answerText(question, sourceOf(context)),
    "lessons.verify": async ({ question }, context) => {
      await engine.captures().loaded(context.signal);
      return { problem: await questionProblem(question, sourceOf(context), engine.captures().index.count) };
    },
  };
}

async function findTarget(
  target: Params<"lessons.target">["target"],
  source: LessonSource,
  engine: Engine,
  context: RequestContext,
): Promise<Results["lessons.target"]> {
  await engine.captures().loaded(context.signal);
  const problems: string[] = [];
  if (target.filter !== undefined && target.filter !== "" && (await source.matching(target.filter)).length === 0)
    problems.push(`no packet matches ${target.filter}`);
  let packet: number | null = null;
  if (target.packet !== undefined) {
    packet = (await source.matching(target.packet))[0] ?? null;
    if (packet === null) problems.push(`no packet matches ${target.packet}`);
    else if (target.field !== undefined && source.values(target.field, [packet])[0]?.length === 0)
      problems.push(`the packet that matches ${target.packet} has no ${target.field}`);
  }
  let connection: string | null = null;
  if (target.connection !== undefined) {
    connection = (await matchingConnections(target.connection, source))[0]?.id ?? null;
    if (connection === null) problems.push(`no connection is ${JSON.stringify(target.connection)}`);
  }
  return { packet, connection, problem: problems.length > 0 ? problems.join("; ") : null };
}

function libraryLesson(id: string): { readonly file: string; readonly lesson: Lesson } {
  for (const { file, lesson } of readLibrary()) if (lesson?.id === id) return { file, lesson };
  throw new ContractError("gone", `there is no lesson "${id}"`);
}

function entryOf({ file, lesson, problem }: LibraryLesson): LessonEntry {
  if (!lesson) {
    const name = baseName(file);
    return { id: name, title: name, summary: "", chapter: "", order: 0, minutes: 0, steps: 0, questions: 0, problem };
  }
  const { id, title, summary, chapter, order, minutes, steps, recording } = lesson;
  const questions = steps.filter((step) => step.question).length;
  const missing = recordingProblem(recording, file);
  return { id, title, summary, chapter, order, minutes, steps: steps.length, questions, problem: missing };
}
