/**
 * The lesson that is being read, or written: which step, what it points at, answers, progress.
 *
 * ```
 * start(id) ─► lessons.open (recording) ─► step ─► lessons.target ─► pane, filter, packet, connection shown
 *                                            └─ question ─► lessons.check (the engine asks the packets) ─► right, or again
 * ```
 */
import type { LessonEntry } from "../../src-shared/contract/lessons";
import { LESSON_VERSION, type Lesson, type Question, type Step, type Target } from "../../src-shared/lessons/lesson";
import { jump } from "../annotations/jump.svelte";
import { call, errorText, isCancelled } from "../bridge/engine";
import { details } from "../state/details.svelte";
import { layout } from "../state/layout.svelte";
import { packets } from "../state/packets.svelte";
import { selection } from "../state/selection.svelte";
import { defineSetting } from "../state/settings.svelte";
import { workspace } from "../state/workspace.svelte";
import { type LessonProgress, checkProgress, progressOf, withDone, withStep, withoutLesson } from "./lesson-progress";

const progress = defineSetting("lessons.progress", {}, checkProgress);

export type Given = string | number | boolean | null;

class LessonState {
  /** The course; null until it was asked for. */
  entries = $state.raw<readonly LessonEntry[] | null>(null);
  problem = $state<string | null>(null);
  /** The lesson whose panel is open. */
  lesson = $state.raw<Lesson | null>(null);
  /** Steps that belong to the open workspace: written here, or opened with it. */
  ofWorkspace = $state.raw<Lesson | null>(null);
  /** What is open is the recording of a lesson of the course: nobody's workspace. */
  ofCourse = $state(false);
  editing = $state(false);
  at = $state(0);
  opening = $state(false);
  /** Why the step cannot show what it points at. */
  targetProblem = $state<string | null>(null);
  verdict = $state<"right" | "wrong" | "shown" | null>(null);
  /** What the right answer is, once it was asked for. */
  answer = $state<string | null>(null);
  checking = $state(false);

  #request: AbortController | null = null;

  readonly step = $derived<Step | null>(this.lesson?.steps[this.at] ?? null);

  progressOf(id: string): LessonProgress {
    return progressOf(progress.value, id);
  }

  isDone(step: number): boolean {
    return this.lesson !== null && this.progressOf(this.lesson.id).done.includes(step);
  }

  get isFinished(): boolean {
    const { lesson } = this;
    return lesson !== null && lesson.steps.every((_, step) => this.isDone(step));
  }

  async list(): Promise<void> {
    try {
      this.entries = (await call("lessons.list", {})).lessons;
      this.problem = null;
    } catch (error) {
      this.problem = errorText(error);
    }
  }

  /** Opens a lesson of the course with its recording. Rejected with a ContractError. */
  async start(id: string): Promise<void> {
    this.opening = true;
    try {
      const lesson = await call("lessons.read", { id });
      const state = await call("lessons.open", { id });
      this.ofWorkspace = null;
      this.ofCourse = true;
      workspace.adopt(state);
      this.editing = false;
      this.lesson = lesson;
      const { at } = this.progressOf(id);
      await packets.apply("");
      await this.goTo(at < lesson.steps.length ? at : 0);
    } finally {
      this.opening = false;
    }
  }

  /** The lesson of a workspace file that was opened; null: it has none. */
  adopt(lesson: Lesson | null): void {
    this.ofWorkspace = lesson;
    this.ofCourse = false;
    this.close();
    if (lesson === null) return;
    this.lesson = lesson;
    const { at } = this.progressOf(lesson.id);
    void this.goTo(at < lesson.steps.length ? at : 0);
  }

  close(): void {
    this.#request?.abort();
    this.lesson = null;
    this.editing = false;
    this.#forgetAnswer();
  }

  async goTo(step: number): Promise<void> {
    const { lesson } = this;
    if (!lesson?.steps[step]) return;
    this.at = step;
    progress.value = withStep(progress.value, lesson.id, step);
    this.#forgetAnswer();
    await this.show();
  }

  /** A step without a question is done when it was read. */
  async next(): Promise<void> {
    const { lesson, step } = this;
    if (!lesson || !step) return;
    if (!step.question) this.#done();
    await this.goTo(this.at + 1);
  }

  /** The first other step that is not done; -1: none. */
  get skipped(): number {
    return this.lesson?.steps.findIndex((_, step) => step !== this.at && !this.isDone(step)) ?? -1;
  }

  /** Goes to a step that was skipped, if there is one. */
  finish(): void {
    if (this.step && !this.step.question) this.#done();
    if (this.skipped >= 0) void this.goTo(this.skipped);
  }

  restart(): void {
    if (!this.lesson) return;
    progress.value = withoutLesson(progress.value, this.lesson.id);
    void this.goTo(0);
  }

  /** Shows what the step points at (again). */
  async show(): Promise<void> {
    this.#request?.abort();
    this.targetProblem = null;
    const target = this.step?.target;
    if (!target) return;
    const request = new AbortController();
    this.#request = request;
    try {
      await showTarget(target, request.signal, (problem) => (this.targetProblem = problem));
    } catch (error) {
      if (!isCancelled(error)) this.targetProblem = errorText(error);
    }
  }

  async check(question: Question, given: Given): Promise<void> {
    this.checking = true;
    try {
      const packet = question.kind === "packet" ? selection.packet : null;
      const { right } = await call("lessons.check", { question, given, packet });
      this.verdict = right ? "right" : "wrong";
      if (right) this.#done();
    } catch (error) {
      this.targetProblem = errorText(error);
    } finally {
      this.checking = false;
    }
  }

  /** Gives the answer away; the step counts as done all the same. */
  async reveal(question: Question): Promise<void> {
    const { text, packet } = await call("lessons.answer", { question });
    this.answer = text;
    this.verdict = "shown";
    if (packet !== null) selection.select(packet);
    this.#done();
  }

  /** An answer that is being changed is neither right nor wrong. */
  forgetVerdict(): void {
    if (this.verdict === "wrong") this.verdict = null;
  }

  #forgetAnswer(): void {
    this.verdict = null;
    this.answer = null;
    this.targetProblem = null;
  }

  #done(): void {
    if (this.lesson) progress.value = withDone(progress.value, this.lesson.id, this.at);
  }

  // Writing lessons: the lesson of the workspace, saved with it.

  /** Begins a lesson of the open workspace, or goes on with it. */
  edit(): void {
    const lesson = this.ofWorkspace ?? {
      version: LESSON_VERSION,
      id: "my-lesson",
      title: "My lesson",
      summary: "",
      chapter: "",
      order: 0,
      minutes: 5,
      recording: { workspace: true },
      steps: [{ title: "First step", text: "" }],
    };
    this.#put(lesson, Math.min(this.at, lesson.steps.length - 1));
    this.editing = true;
  }

  change(part: Partial<Pick<Lesson, "title" | "id" | "summary" | "minutes">>): void {
    if (this.lesson) this.#put({ ...this.lesson, ...part }, this.at);
  }

  changeStep(part: Partial<Step>): void {
    const { lesson, at } = this;
    if (!lesson) return;
    const steps = lesson.steps.map((step, i) => (i === at ? withoutUndefined({ ...step, ...part }) : step));
    this.#put({ ...lesson, steps }, at);
  }

  /** After the one that is shown, pointing at what is selected. */
  addStep(target: Target | undefined): void {
    const { lesson, at } = this;
    if (!lesson) return;
    const step: Step = { title: `Step ${lesson.steps.length + 1}`, text: "", ...(target && { target }) };
    this.#put({ ...lesson, steps: [...lesson.steps.slice(0, at + 1), step, ...lesson.steps.slice(at + 1)] }, at + 1);
  }

  removeStep(): void {
    const { lesson, at } = this;
    if (!lesson || lesson.steps.length < 2) return;
    const steps = lesson.steps.filter((_, i) => i !== at);
    this.#put({ ...lesson, steps }, Math.min(at, steps.length - 1));
  }

  moveStep(by: -1 | 1): void {
    const { lesson, at } = this;
    const to = at + by;
    const step = lesson?.steps[at];
    if (!lesson || !step || to < 0 || to >= lesson.steps.length) return;
    const steps = lesson.steps.filter((_, i) => i !== at);
    steps.splice(to, 0, step);
    this.#put({ ...lesson, steps }, to);
  }

  /** For "Undo", while it is the same lesson: what was changed of it since stays. */
  restoreStep(lessonId: string, step: Step, at: number): void {
    const { lesson } = this;
    if (lesson?.id === lessonId) this.#put({ ...lesson, steps: lesson.steps.toSpliced(at, 0, step) }, at);
  }

  /** For "Redo": wherever it stands now. */
  dropStep(lessonId: string, step: Step): void {
    const { lesson } = this;
    const at = lesson?.id === lessonId ? lesson.steps.indexOf(step) : -1;
    if (lesson && at >= 0 && lesson.steps.length > 1)
      this.#put({ ...lesson, steps: lesson.steps.toSpliced(at, 1) }, Math.min(at, lesson.steps.length - 2));
  }

  #put(lesson: Lesson, at: number): void {
    this.lesson = lesson;
    this.ofWorkspace = lesson;
    this.at = at;
    this.#forgetAnswer();
  }
}

export const lessonState = new LessonState();

function withoutUndefined(step: { [K in keyof Step]: Step[K] | undefined }): Step {
  return Object.fromEntries(Object.entries(step).filter(([, value]) => value !== undefined)) as unknown as Step;
}

async function showTarget(target: Target, signal: AbortSignal, tell: (problem: string | null) => void): Promise<void> {
  const found = await call("lessons.target", { target }, { signal });
  if (signal.aborted) return;
  tell(found.problem);
  if (target.filter !== undefined && target.filter !== packets.filter) await packets.apply(target.filter);
  const pane = target.pane ?? (target.connection ? "connections" : target.packet ? "packets" : null);
  if (pane !== null) layout.showTab(pane);
  if (found.connection !== null) jump.connection = { connection: found.connection, packet: found.packet };
  if (found.packet === null) return;
  selection.select(found.packet);
  const { field } = target;
  if (field !== undefined) details.selectWhenShown((node) => node.field === field);
}
