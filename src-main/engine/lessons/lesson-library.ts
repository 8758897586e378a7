/** The lessons that come with Hopscope: `lessons/*.yaml`, beside package.json in a checkout and in the packaged app alike. */
import { existsSync, readFileSync, readdirSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { parse } from "yaml";
import { type Lesson, parseLesson } from "../../../src-shared/lessons/lesson";
import { unwrapMarkdown } from "../../../src-shared/lessons/unwrap";

export interface LibraryLesson {
  readonly file: string;
  /** undefined: `problem` says why. */
  readonly lesson: Lesson | undefined;
  readonly problem: string | null;
}

/** Longer is no lesson. */
const MAX_CHARACTERS = 2_000_000;

/** The folder, or undefined where this installation has none. */
function lessonFolder(): string | undefined {
  for (let folder = dirname(fileURLToPath(import.meta.url)); ; folder = dirname(folder)) {
    if (existsSync(join(folder, "package.json")) && existsSync(join(folder, "lessons"))) return join(folder, "lessons");
    if (dirname(folder) === folder) return undefined;
  }
}

/** All of them in the course's order, also those that cannot be read, which say why. */
export function readLibrary(folder: string | undefined = lessonFolder()): LibraryLesson[] {
  if (folder === undefined) return [];
  const lessons = readdirSync(folder)
    .filter((name) => name.endsWith(".yaml"))
    .sort()
    .map((name) => readLesson(join(folder, name)));
  const key = ({ lesson, file }: LibraryLesson): [string, number, string] => [
    lesson?.chapter ?? "~",
    lesson?.order ?? 0,
    file,
  ];
  return lessons.sort((a, b) => {
    const [x, y] = [key(a), key(b)];
    return x[0] < y[0] ? -1 : x[0] > y[0] ? 1 : x[1] - y[1] || (x[2] < y[2] ? -1 : 1);
  });
}

function readLesson(file: string): LibraryLesson {
  try {
    const text = readFileSync(file, "utf8");
    if (text.length > MAX_CHARACTERS) throw new Error(`it is longer than ${MAX_CHARACTERS} characters`);
    return { file, lesson: unwrapped(parseLesson(parse(text, { maxAliasCount: 0 }))), problem: null };
  } catch (error) {
    return { file, lesson: undefined, problem: `${file}: ${error instanceof Error ? error.message : String(error)}` };
  }
}

/** Lines are wrapped in the files, not on screen. */
function unwrapped(lesson: Lesson): Lesson {
  const steps = lesson.steps.map((step) => ({
    ...step,
    text: unwrapMarkdown(step.text),
    ...(step.question && {
      question: {
        ...step.question,
        ...(step.question.explain !== undefined && { explain: unwrapMarkdown(step.question.explain) }),
      },
    }),
  }));
  return { ...lesson, steps };
}
