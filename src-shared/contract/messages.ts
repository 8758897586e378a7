/**
 * What travels between the interface and the engine, whatever carries it (MessagePort in Electron, WebSocket in a browser).
 *
 * ```
 * interface                                   engine
 *   request {id, method, params}  ─────────►  validated against the method's schema
 *                                 ◄─────────  progress {id, done, total, text}      any number of times
 *   cancel {id}                   ─────────►
 *                                 ◄─────────  result {id, ok: true, value} | {id, ok: false, code, message, detail}
 *                                 ◄─────────  event {event, data}                   unasked
 * ```
 *
 * Every value is plain data: strings, numbers, booleans, null, arrays, records, Uint8Array, Float64Array as Uint8Array.
 */
import type { EventName, Events } from "./events";
import type { MethodName } from "./requests";

export type ErrorCode =
  /** No such method, or parameters that its schema refuses. */
  | "invalid-request"
  /** The request was cancelled by `cancel`. */
  | "cancelled"
  /** What the request speaks of is gone: a view, a table, a packet of a closed workspace. */
  | "gone"
  /** A filter that does not parse; detail: FilterProblem. */
  | "invalid-filter"
  /** A file that cannot be read or written; the message says which and why. */
  | "file"
  /** This host cannot do it (a native dialog in a browser, say). */
  | "unsupported"
  /** A defect: the message is for a bug report. */
  | "internal"
  /** The engine stopped and was started again; what was open is being opened again. */
  | "engine-restarted";

export interface RequestMessage {
  readonly kind: "request";
  readonly id: number;
  readonly method: MethodName;
  readonly params: unknown;
}

export interface CancelMessage {
  readonly kind: "cancel";
  readonly id: number;
}

export interface ProgressMessage {
  readonly kind: "progress";
  readonly id: number;
  /** Of `total`, in whatever unit; total 0: unknown. */
  readonly done: number;
  readonly total: number;
  readonly text: string;
}

export type Result<T> = Success<T> | Failure;

export interface Success<T> {
  readonly ok: true;
  readonly value: T;
}

export interface Failure {
  readonly ok: false;
  readonly code: ErrorCode;
  /** What happened and what to do, for people. */
  readonly message: string;
  readonly detail: unknown;
}

export type ResultMessage = { readonly kind: "result"; readonly id: number } & Result<unknown>;

export interface EventMessage<E extends EventName = EventName> {
  readonly kind: "event";
  readonly event: E;
  readonly data: Events[E];
}

export type ToEngine = RequestMessage | CancelMessage;
export type FromEngine = ProgressMessage | ResultMessage | EventMessage;

/** A failure as an exception, on either side. */
export class ContractError extends Error {
  constructor(
    readonly code: ErrorCode,
    message: string,
    readonly detail: unknown = null,
  ) {
    super(message);
    this.name = "ContractError";
  }
}

/** What a request is answered with that ended so. An error that is no ContractError is a defect: "internal", with its stack. */
export function failureOf(error: unknown): Failure {
  if (error instanceof ContractError)
    return { ok: false, code: error.code, message: error.message, detail: error.detail };
  const message = error instanceof Error ? error.message : String(error);
  return { ok: false, code: "internal", message, detail: error instanceof Error ? (error.stack ?? null) : null };
}
