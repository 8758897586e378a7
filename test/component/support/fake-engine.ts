/**
 * The other end of the contract for tests of the window's state: answers as a test says, notes what it was asked.
 *
 * ```ts
 * const engine = startFakeEngine({ "packets.open": () => ({ view: 7, … }) });   // before the window's modules are imported
 * engine.emit("view", { view: 7, … });
 * engine.asked("packets.open");                                                 // parameters of every such request
 * ```
 * It stands where Electron's preload does, so bridge/engine.ts runs as it is.
 */
import type { EventName, Events } from "../../../src-shared/contract/events";
import { ContractError, type FromEngine, type ToEngine } from "../../../src-shared/contract/messages";
import type { MethodName, Params, Results } from "../../../src-shared/contract/requests";
import type { FileState, PointState, ViewState, WorkspaceState } from "../../../src-shared/contract/results";

/** Answers at once, later (a promise), or refuses (throws a ContractError). */
export type Answers = {
  [M in MethodName]?: (params: Params<M>) => Results[M] | Promise<Results[M]>;
};

export interface FakeEngine {
  answers: Answers;
  emit<E extends EventName>(event: E, data: Events[E]): void;
  asked<M extends MethodName>(method: M): Params<M>[];
  /** Ids of requests that were cancelled. */
  readonly cancelled: number[];
  /** Resolves when everything that was asked is answered and what followed from it was done. */
  settle(): Promise<void>;
  /** As settle(), but does not wait for answers that a test keeps back. */
  settleNow(): Promise<void>;
}

export function startFakeEngine(answers: Answers = {}): FakeEngine {
  const requests: { method: MethodName; params: unknown }[] = [];
  const cancelled: number[] = [];
  let listener: (message: FromEngine) => void = () => undefined;
  let unanswered = 0;

  const post = (message: ToEngine): void => {
    if (message.kind === "cancel") {
      cancelled.push(message.id);
      return;
    }
    requests.push(message);
    unanswered++;
    void answer(message.id, message.method, message.params);
  };
  const answer = async (id: number, method: MethodName, params: unknown): Promise<void> => {
    // A message is never answered before post() returned.
    await Promise.resolve();
    try {
      const find = engine.answers[method] as ((given: unknown) => unknown) | undefined;
      if (!find) throw new ContractError("unsupported", `The test says nothing about ${method}`);
      listener({ kind: "result", id, ok: true, value: await find(params) });
    } catch (error) {
      if (!(error instanceof ContractError)) throw error;
      listener({ kind: "result", id, ok: false, code: error.code, message: error.message, detail: error.detail });
    } finally {
      unanswered--;
    }
  };
  const engine: FakeEngine = {
    answers,
    emit: (event, data) => listener({ kind: "event", event, data }),
    asked: (method) =>
      requests.filter((request) => request.method === method).map((request) => request.params as never),
    cancelled,
    settle: async () => {
      do await new Promise((resolve) => setImmediate(resolve));
      while (unanswered > 0);
    },
    settleNow: () => new Promise((resolve) => setImmediate(resolve)),
  };
  const hopscope = {
    post,
    onMessage: (given: (message: FromEngine) => void) => {
      listener = given;
      return () => undefined;
    },
    pathForFile: () => "",
  };
  Object.assign(globalThis, { window: { hopscope, addEventListener: () => undefined } });
  return engine;
}

/** A workspace with these files; each has `points` capture points. */
export function workspaceOf(
  number: number,
  names: readonly string[],
  change: Partial<WorkspaceState> = {},
): WorkspaceState {
  const files = names.map(
    (name, file) =>
      ({ file, path: `/${name}`, name, problems: [], state: "done", clockOffset: null }) as unknown as FileState,
  );
  const points = names.map((name, file) => ({ point: file, file, name, enabled: true }) as unknown as PointState);
  return {
    workspace: number,
    state: names.length > 0 ? "ready" : "empty",
    files,
    points,
    packets: 100,
    bytes: 1000,
    read: 1000,
    total: 1000,
    firstTime: [0, 0],
    lastTime: [1, 0],
    decodeAs: [],
    clusterFiles: [],
    conntrackFiles: [],
    ...change,
  };
}

export function viewOf(view: number, rows: number, complete = true): ViewState {
  return { view, rows, scanned: rows, packets: rows, complete, problem: null, failed: false };
}
