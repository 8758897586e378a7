/** Requests about lessons: which there are, their recordings, where a step points, whether an answer is right. */
import * as v from "valibot";
import { text } from "../schema/limited";
import { type Lesson, questionSchema, targetSchema } from "../lessons/lesson";
import type { PacketId, WorkspaceState } from "./results";

const id = text(100);

export const lessonRequests = {
  "lessons.list": v.strictObject({}),
  "lessons.read": v.strictObject({ id }),
  /** Opens the lesson's recording as the workspace; a scenario is simulated first. */
  "lessons.open": v.strictObject({ id }),
  /** What a step points at, in the open workspace; waits until it is loaded. */
  "lessons.target": v.strictObject({ target: targetSchema }),
  /** What there is to choose from: hops of a connection. Empty for other questions. */
  "lessons.options": v.strictObject({ question: questionSchema }),
  /** `given`: the text, number, option's or hop's value; `packet`: the selected one. */
  "lessons.check": v.strictObject({
    question: questionSchema,
    given: v.nullable(v.union([text(2000), v.number(), v.boolean()])),
    packet: v.nullable(v.pipe(v.number(), v.integer(), v.minValue(0))),
  }),
  /** For authors: whether the question can be answered over what is open. */
  "lessons.verify": v.strictObject({ question: questionSchema }),
  /** The right answer, for those who want to be shown. */
  "lessons.answer": v.strictObject({ question: questionSchema }),
} as const;

export interface LessonEntry {
  readonly id: string;
  readonly title: string;
  readonly summary: string;
  readonly chapter: string;
  readonly order: number;
  readonly minutes: number;
  readonly steps: number;
  readonly questions: number;
  /** Why it cannot be opened; null: it can. */
  readonly problem: string | null;
}

export interface FoundTarget {
  readonly packet: PacketId | null;
  readonly connection: string | null;
  /** What was to be found and is not there; null: everything was found. */
  readonly problem: string | null;
}

export interface LessonResults {
  "lessons.list": { readonly lessons: readonly LessonEntry[] };
  "lessons.read": Lesson;
  "lessons.open": WorkspaceState;
  "lessons.target": FoundTarget;
  "lessons.options": { readonly options: readonly { readonly text: string; readonly value: string }[] };
  "lessons.check": { readonly right: boolean };
  "lessons.verify": { readonly problem: string | null };
  "lessons.answer": { readonly text: string; readonly packet: PacketId | null };
}
