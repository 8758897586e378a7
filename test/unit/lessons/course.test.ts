/**
 * The course is right about its own packets: every lesson's recording is made, every step's target is found, every question can be
 * answered, and answered wrongly. What has no recording yet is listed in WAITING, and nothing else may be without one.
 */
import { execFileSync } from "node:child_process";
import { afterAll, describe, expect, it } from "vitest";
import { readLibrary } from "../../../src-main/engine/lessons/lesson-library";
import { scenarioRecorder } from "../../../src-main/engine/lessons/scenario-recorder";
import type { Lesson, Question } from "../../../src-shared/lessons/lesson";
import { EngineClient } from "../../builders/engine-client";

const library = readLibrary();
/** Over scenarios: they wait for the simulator, and must work from the day it is in the build. */
const waits = (lesson: Lesson): boolean => "scenario" in lesson.recording && scenarioRecorder() === undefined;
const ready = library.flatMap(({ lesson }) => (lesson && !waits(lesson) ? [lesson] : []));
const waiting = library.flatMap(({ lesson }) => (lesson && waits(lesson) ? [lesson.id] : []));
if (waiting.length > 0) console.log(`waiting for the simulator: ${waiting.join(", ")}`);

const client = new EngineClient();
afterAll(() => client.close());

/** Places of the right options of all choices. */
const rightAt: number[] = [];

function escaped(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
}

/** An answer that fits the kind and is as good as never right. */
function wrongAnswer(question: Question, options: readonly string[], right: string): string | number {
  if (question.kind === "choice")
    return (
      question.options
        .map(({ text, value }) => [text, String(value)] as const)
        .find(([text]) => !right.includes(text))?.[1] ?? ""
    );
  if (question.kind === "hop") return options.find((option) => !right.includes(option)) ?? "";
  return question.kind === "number" ? -987_654 : "not this";
}

describe("the course", () => {
  it("reads: every file is a lesson, ids and places are taken once", () => {
    expect(library.map(({ problem }) => problem).filter(Boolean)).toEqual([]);
    const ids = library.map(({ lesson }) => lesson?.id);
    expect(new Set(ids).size).toBe(ids.length);
    expect(ready.map(({ id }) => id)).toContain("follow-one-service-call");
  });

  it("names no file outside of the lessons' folder", () => {
    for (const { lesson } of library)
      if (lesson && "files" in lesson.recording)
        for (const file of lesson.recording.files) expect(file).toMatch(/^recordings\/[\w.-]+$/);
  });

  it("has its recordings in the repository", () => {
    const tracked = execFileSync("git", ["ls-files", "--others", "--cached", "lessons"], { encoding: "utf8" });
    for (const { lesson } of library)
      if (lesson && "files" in lesson.recording)
        for (const file of lesson.recording.files) expect(tracked).toContain(`lessons/${file}`);
  });
});

describe.each(ready.map((lesson) => [lesson.id, lesson] as const))("lesson %s", (id, lesson) => {
  it("shows what it speaks of, and its questions are answered by the packets", async () => {
    await client.loaded(() => client.ask("lessons.open", { id }));
    for (const [at, { title, text: told, target, question }] of lesson.steps.entries()) {
      const where = `step ${at + 1}, ${title}`;
      const shown = target ? await client.ask("lessons.target", { target }) : null;
      expect(shown?.problem ?? null, where).toBeNull();
      if (!question) continue;
      expect((await client.ask("lessons.verify", { question })).problem, where).toBeNull();
      const { text, packet } = await client.ask("lessons.answer", { question });
      const { options } = await client.ask("lessons.options", { question });
      if (question.kind === "packet") {
        // What the step selects for the reader is not the answer already.
        const selected = { question, given: null, packet: shown?.packet ?? null };
        expect((await client.ask("lessons.check", selected)).right, `${where}: is selected from the start`).toBe(false);
        expect((await client.ask("lessons.check", { question, given: null, packet })).right, where).toBe(true);
        expect((await client.ask("lessons.check", { question, given: null, packet: null })).right, where).toBe(false);
        continue;
      }
      if (question.kind === "number" || question.kind === "text")
        expect([lesson.title, title, told, question.ask, question.hint ?? ""].join("\n"), where).not.toMatch(
          new RegExp(`(?<![\\w.])(${text.split(", ").map(escaped).join("|")})(?![\\w]|\\.\\d)`, "i"),
        );
      const right =
        question.kind === "choice"
          ? (question.options.find((option) => text.startsWith(option.text))?.value ?? "")
          : question.kind === "hop"
            ? (options.find(({ value }) => text.includes(value))?.value ?? "")
            : (text.split(", ")[0] ?? "");
      expect((await client.ask("lessons.check", { question, given: right, packet: null })).right, where).toBe(true);
      if (question.kind === "choice") rightAt.push(question.options.findIndex(({ value }) => value === right));
      const wrong = wrongAnswer(
        question,
        options.map(({ value }) => value),
        text,
      );
      expect((await client.ask("lessons.check", { question, given: wrong, packet: null })).right, where).toBe(false);
    }
  });
});

it("does not put the right choice first as a rule", () => {
  const first = rightAt.filter((at) => at === 0).length;
  expect(first, `right options are at ${rightAt.join(" ")}`).toBeLessThanOrEqual(Math.ceil(rightAt.length / 2));
});
