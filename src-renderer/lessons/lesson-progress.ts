/** How far a person is in each lesson, as it is kept in the settings. Pure. */
export interface LessonProgress {
  /** Steps that were read, or whose question was answered. */
  readonly done: readonly number[];
  /** Step that is shown when the lesson is opened again. */
  readonly at: number;
}
export type ProgressByLesson = Readonly<Record<string, LessonProgress>>;

const NOTHING: LessonProgress = { done: [], at: 0 };

/** What was kept, or undefined if it is none. */
export function checkProgress(value: unknown): ProgressByLesson | undefined {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return undefined;
  const isStep = (n: unknown): n is number => typeof n === "number" && Number.isInteger(n) && n >= 0 && n < 1000;
  return Object.fromEntries(
    Object.entries(value).flatMap(([id, entry]): [string, LessonProgress][] => {
      const { done, at } = (entry ?? {}) as { done?: unknown; at?: unknown };
      return Array.isArray(done) && done.every(isStep) && isStep(at) ? [[id, { done, at }]] : [];
    }),
  );
}

export function progressOf(all: ProgressByLesson, id: string): LessonProgress {
  return (Object.hasOwn(all, id) ? all[id] : undefined) ?? NOTHING;
}

export function withDone(all: ProgressByLesson, id: string, step: number): ProgressByLesson {
  const { done, at } = progressOf(all, id);
  return { ...all, [id]: { done: done.includes(step) ? done : [...done, step].sort((a, b) => a - b), at } };
}

export function withStep(all: ProgressByLesson, id: string, at: number): ProgressByLesson {
  return { ...all, [id]: { done: progressOf(all, id).done, at } };
}

export function withoutLesson(all: ProgressByLesson, id: string): ProgressByLesson {
  return Object.fromEntries(Object.entries(all).filter(([other]) => other !== id));
}
