/**
 * Lets several windows (browser tabs, Electron windows) use one engine.
 *
 * ```
 * window A ─ids 1 2 3…─┐            ┌─ handlers: methods the host answers, or looks at on their way (export.write …)
 * window B ─ids 1 2 3…─┼─► EngineHub ─ids of its own─► engine
 *                      │◄─ results and progress go to who asked, events go to every window
 * ```
 *
 * When a window goes away, what it asked for is cancelled and the views and tables it opened are closed; the workspace stays.
 * Parameters of engine methods are checked by the engine; those of `handlers` are checked here, by the same schemas.
 */
import * as v from "valibot";
import {
  ContractError,
  type Failure,
  failureOf,
  type FromEngine,
  type ResultMessage,
  type ToEngine,
} from "../../../src-shared/contract/messages";
import { type MethodName, type Params, type Results, requests } from "../../../src-shared/contract/requests";

/** The engine as hosts see it (class EngineHost of engine/service). */
export interface EngineLink {
  send(message: ToEngine): void;
  onMessage(listener: (message: FromEngine) => void): unknown;
  close(): Promise<void>;
}

export interface HandlerContext<M extends MethodName> {
  /** Hands the request on to the engine, with parameters of the handler's choice. */
  readonly forward: (params: Params<M>) => Promise<Results[M]>;
  readonly signal: AbortSignal;
}

/** Answers a request in the host. Throws ContractError for failures that the person should read. */
export type HostHandler<M extends MethodName> = (
  params: Params<M>,
  context: HandlerContext<M>,
) => Results[M] | Promise<Results[M]>;
export type HostHandlers = { readonly [M in MethodName]?: HostHandler<M> };

/** Requests of one window that may be unanswered at a time: an interface asks for a screenful, not for thousands. */
export const MAX_UNANSWERED = 256;

type Outcome = { readonly ok: true; readonly value: unknown } | Failure;

interface Pending {
  readonly client: HubClient | undefined;
  readonly method: MethodName;
  readonly finish: (outcome: Outcome) => void;
  readonly progress: (done: number, total: number, text: string) => void;
}

export class EngineHub {
  private readonly clients = new Set<HubClient>();
  private readonly pending = new Map<number, Pending>();
  private readonly listeners = new Set<(message: FromEngine) => void>();
  private nextId = 1;

  constructor(
    private readonly engine: EngineLink,
    readonly handlers: HostHandlers,
  ) {
    engine.onMessage((message) => this.fromEngine(message));
  }

  /** A new window. `post` carries messages to it and must not throw. */
  connect(post: (message: FromEngine) => void): HubClient {
    const client = new HubClient(this, post);
    this.clients.add(client);
    return client;
  }

  /** An event of the host itself ("command"), to every window. */
  broadcast(message: FromEngine): void {
    for (const client of this.clients) client.post(message);
  }

  /** Also calls `listener` with every event. Returns "stop". */
  onEvent(listener: (message: FromEngine) => void): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  /** A request of the host itself. Rejects with ContractError. */
  async request<M extends MethodName>(method: M, params: Params<M>): Promise<Results[M]> {
    return this.forward(undefined, method, params, () => {}).promise as Promise<Results[M]>;
  }

  async close(): Promise<void> {
    for (const client of [...this.clients]) client.disconnect();
    await this.engine.close();
  }

  /** @internal Sends to the engine under an id of the hub's own. */
  forward(
    client: HubClient | undefined,
    method: MethodName,
    params: unknown,
    progress: Pending["progress"],
  ): { readonly promise: Promise<unknown>; readonly cancel: () => void } {
    const id = this.nextId++;
    const promise = new Promise<unknown>((resolve, reject) => {
      const finish = (outcome: Outcome): void => {
        if (outcome.ok) resolve(outcome.value);
        else reject(new ContractError(outcome.code, outcome.message, outcome.detail));
      };
      this.pending.set(id, { client, method, finish, progress });
    });
    this.engine.send({ kind: "request", id, method, params });
    return {
      promise,
      cancel: () => {
        if (this.pending.has(id)) this.engine.send({ kind: "cancel", id });
      },
    };
  }

  /** @internal */
  left(client: HubClient): void {
    this.clients.delete(client);
  }

  private fromEngine(message: FromEngine): void {
    if (message.kind === "event") {
      this.broadcast(message);
      for (const listener of this.listeners) listener(message);
      return;
    }
    const pending = this.pending.get(message.id);
    if (pending === undefined) return;
    if (message.kind === "progress") {
      pending.progress(message.done, message.total, message.text);
      return;
    }
    this.pending.delete(message.id);
    pending.finish(message);
  }
}

const envelope = v.variant("kind", [
  v.strictObject({
    kind: v.literal("request"),
    id: v.pipe(v.number(), v.safeInteger()),
    method: v.pipe(v.string(), v.maxLength(100)),
    params: v.unknown(),
  }),
  v.strictObject({ kind: v.literal("cancel"), id: v.pipe(v.number(), v.safeInteger()) }),
]);

/** Methods that open something the engine keeps for the window, and how it is closed again. */
const OPENED = {
  "packets.open": { result: "view", close: "packets.close" },
  "table.open": { result: "table", close: "table.close" },
} as const;

export class HubClient {
  private readonly running = new Map<number, { cancel: () => void }>();
  private readonly opened = { view: new Set<number>(), table: new Set<number>() };
  private gone = false;

  /** @internal Made by EngineHub.connect. */
  constructor(
    private readonly hub: EngineHub,
    private readonly send: (message: FromEngine) => void,
  ) {}

  /**
   * A message from the window, not trusted: anything may be in it.
   * @returns false if it is no message of the contract (the transport should then end the connection)
   */
  receive(message: unknown): boolean {
    if (this.gone) return true;
    const parsed = v.safeParse(envelope, message);
    if (!parsed.success) return false;
    const { output } = parsed;
    if (output.kind === "cancel") {
      this.running.get(output.id)?.cancel();
      return true;
    }
    const { id, method, params } = output;
    if (this.running.has(id)) {
      this.refuse(id, `request ${id} is still being worked on; give every request an id of its own`);
    } else if (this.running.size >= MAX_UNANSWERED) {
      this.refuse(id, `more than ${MAX_UNANSWERED} requests are unanswered; wait for some, or cancel them`);
    } else if (!isMethod(method)) {
      this.refuse(id, `there is no method "${method}"`);
    } else {
      void this.run(id, method, params);
    }
    return true;
  }

  /** The window is gone, or starts anew. */
  disconnect(): void {
    if (this.gone) return;
    this.gone = true;
    for (const { cancel } of this.running.values()) cancel();
    this.running.clear();
    for (const { result, close } of Object.values(OPENED)) {
      for (const id of this.opened[result]) this.closeOpened(close, id);
    }
    this.hub.left(this);
  }

  /** @internal */
  post(message: FromEngine): void {
    if (this.gone) return;
    // What was open in the engine that stopped is gone with it.
    if (message.kind === "event" && message.event === "restarted") {
      this.opened.view.clear();
      this.opened.table.clear();
    }
    this.send(message);
  }

  private async run(id: number, method: MethodName, params: unknown): Promise<void> {
    const abort = new AbortController();
    let cancelForwarded = (): void => {};
    this.running.set(id, {
      cancel: () => {
        abort.abort();
        cancelForwarded();
      },
    });
    const forward = (forwarded: unknown): Promise<unknown> => {
      const { promise, cancel } = this.hub.forward(this, method, forwarded, (done, total, text) =>
        this.post({ kind: "progress", id, done, total, text }),
      );
      cancelForwarded = cancel;
      if (abort.signal.aborted) cancel();
      return promise;
    };
    let result: ResultMessage;
    try {
      result = { kind: "result", id, ok: true, value: await this.answer(method, params, forward, abort.signal) };
    } catch (error) {
      result = { kind: "result", id, ...failureOf(error) };
    }
    this.running.delete(id);
    this.keepTrack(method, params, result);
    this.post(result);
  }

  private async answer(
    method: MethodName,
    params: unknown,
    forward: (params: unknown) => Promise<unknown>,
    signal: AbortSignal,
  ): Promise<unknown> {
    // One cast: TypeScript does not follow that handler, schema and parameters belong to the same method.
    const handler = this.hub.handlers[method] as
      ((params: unknown, context: { forward: typeof forward; signal: AbortSignal }) => unknown) | undefined;
    if (handler === undefined) return forward(params);
    const checked = v.safeParse(requests[method], params);
    if (!checked.success) {
      const [issue] = checked.issues;
      const where = v.getDotPath(issue);
      throw new ContractError("invalid-request", `${method}: ${where === null ? "" : `${where}: `}${issue.message}`);
    }
    return handler(checked.output, { forward, signal });
  }

  private keepTrack(method: MethodName, params: unknown, result: ResultMessage): void {
    if (!result.ok) return;
    if (method === "packets.open" || method === "table.open") {
      const { result: name, close } = OPENED[method];
      const id = (result.value as Record<string, unknown>)[name];
      if (typeof id !== "number") return;
      if (this.gone) this.closeOpened(close, id);
      else this.opened[name].add(id);
    } else if (method === "packets.close") this.opened.view.delete((params as Params<"packets.close">).view);
    else if (method === "table.close") this.opened.table.delete((params as Params<"table.close">).table);
  }

  /** The window that opened it is gone: nobody is left who would read a failure. */
  private closeOpened(method: "packets.close" | "table.close", id: number): void {
    const params = method === "packets.close" ? { view: id } : { table: id };
    this.hub.forward(undefined, method, params, () => {}).promise.catch(() => {});
  }

  private refuse(id: number, message: string): void {
    this.post({ kind: "result", id, ok: false, code: "invalid-request", message, detail: null });
  }
}

function isMethod(name: string): name is MethodName {
  return Object.hasOwn(requests, name);
}
