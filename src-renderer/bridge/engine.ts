/**
 * Requests to the engine and its events, typed by the contract. The rest of the interface talks to it through this file.
 *
 * ```
 * call("packets.open", {…}) ──► request 7 ──►             ◄── progress 7 ──► onProgress
 *        ▲ promise              cancel 7  ──► (signal)    ◄── result 7   ──► resolve, or ContractError
 * on("view", listener)                                    ◄── event view ──► listeners
 * ```
 */
import type { EventName, Events } from "../../src-shared/contract/events";
import {
  ContractError,
  type FromEngine,
  type ProgressMessage,
  type ResultMessage,
} from "../../src-shared/contract/messages";
import type { MethodName, Params, Results } from "../../src-shared/contract/requests";
import { holdIdle } from "./idle";
import { openTransport, type ConnectionState, type Transport } from "./transport";

export interface CallOptions<T> {
  /** Aborting it cancels the request: the promise is rejected at once with code "cancelled". */
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: ((progress: ProgressMessage) => void) | undefined;
  /** The result of a request that was cancelled too late: give back what it holds (a view, a table). */
  readonly onLate?: ((value: T) => void) | undefined;
}

interface Waiting {
  readonly settle: (result: ResultMessage) => void;
  readonly fail: (error: ContractError) => void;
  readonly progress: ((progress: ProgressMessage) => void) | undefined;
}

type Listener = (data: never) => void;

let transport: Transport | null = null;
let connection: ConnectionState = "connecting";
let nextId = 1;
/** Requests without an answer, by id. */
const waiting = new Map<number, Waiting>();
/** How many of them ask for what. */
const asked = new Map<MethodName, number>();
const answerListeners: (() => void)[] = [];
/** Requests made before the first connection stood. */
let unsent: (() => void)[] = [];
const listeners = new Map<EventName, Set<Listener>>();
const connectionListeners = new Set<(state: ConnectionState) => void>();

/** Connects. Call once, before anything else is asked. */
export function connect(): void {
  transport ??= openTransport({ message: receive, state: changeConnection });
}

/** Tries to connect again now. */
export function reconnect(): void {
  transport?.retry();
}

/**
 * Called with every change of the connection; once more with "open" after each reconnection; at once, if it is no longer
 * being made. Returns "stop listening".
 */
export function onConnection(listener: (state: ConnectionState) => void): () => void {
  connectionListeners.add(listener);
  if (connection !== "connecting") listener(connection);
  return () => connectionListeners.delete(listener);
}

/**
 * Asks the engine (or the host) to do something. Rejected with a ContractError, never with anything else.
 * While the connection is lost it is rejected at once with code "gone".
 */
export function call<M extends MethodName>(
  method: M,
  params: Params<M>,
  options: CallOptions<Results[M]> = {},
): Promise<Results[M]> {
  const { signal, onProgress, onLate } = options;
  return new Promise((resolve, reject) => {
    if (signal?.aborted) return reject(cancelled());
    if (isLost()) return reject(lost());
    const id = nextId++;
    const release = holdIdle();
    asked.set(method, (asked.get(method) ?? 0) + 1);
    let aborted = false;
    const abort = (): void => {
      aborted = true;
      transport?.post({ kind: "cancel", id });
      reject(cancelled());
    };
    const done = (): void => {
      release();
      asked.set(method, (asked.get(method) ?? 1) - 1);
      for (const listener of answerListeners.splice(0)) listener();
      signal?.removeEventListener("abort", abort);
    };
    waiting.set(id, {
      settle: (result) => {
        done();
        if (!result.ok) return reject(new ContractError(result.code, result.message, result.detail));
        if (aborted) onLate?.(result.value as Results[M]);
        else resolve(result.value as Results[M]);
      },
      fail: (error) => {
        done();
        reject(error);
      },
      progress: onProgress,
    });
    signal?.addEventListener("abort", abort, { once: true });
    const send = (): void => transport?.post({ kind: "request", id, method, params });
    if (connection === "open") send();
    else unsent.push(send);
  });
}

/** Resolves when no request of this method is without an answer, for what should not stand in its way: whether one was. */
export async function answered(method: MethodName): Promise<boolean> {
  let waited = false;
  for (; (asked.get(method) ?? 0) > 0; waited = true)
    await new Promise<void>((resolve) => answerListeners.push(resolve));
  return waited;
}

/** Listens to an event of the engine. Returns "stop listening". */
export function on<E extends EventName>(event: E, listener: (data: Events[E]) => void): () => void {
  let set = listeners.get(event);
  if (!set) listeners.set(event, (set = new Set()));
  set.add(listener);
  return () => set.delete(listener);
}

/** True for the rejection of a request that was cancelled: nothing to tell anybody. */
export function isCancelled(error: unknown): boolean {
  return error instanceof ContractError && error.code === "cancelled";
}

/** What to tell a person about a rejection. */
export function errorText(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

function receive(message: FromEngine): void {
  switch (message.kind) {
    case "result": {
      const request = waiting.get(message.id);
      waiting.delete(message.id);
      request?.settle(message);
      return;
    }
    case "progress":
      waiting.get(message.id)?.progress?.(message);
      return;
    case "event":
      for (const listener of listeners.get(message.event) ?? []) listener(message.data as never);
  }
}

function changeConnection(state: ConnectionState): void {
  connection = state;
  if (state === "open") {
    const sends = unsent;
    unsent = [];
    for (const send of sends) send();
  } else if (state === "lost") {
    unsent = [];
    const requests = [...waiting.values()];
    waiting.clear();
    for (const request of requests) request.fail(lost());
  }
  for (const listener of connectionListeners) listener(state);
}

function cancelled(): ContractError {
  return new ContractError("cancelled", "Cancelled.");
}

/** Nothing can be asked: there is no connection, and none is on its way for the first time. */
export function isLost(): boolean {
  return connection === "lost" || connection === "ended";
}

function lost(): ContractError {
  return new ContractError("gone", "The connection to Hopscope is lost.");
}
