/** An engine whose answers a test gives by hand: what the hub sends to it is seen, what it says is chosen. */
import type { FromEngine, RequestMessage, ToEngine } from "../../../src-shared/contract/messages";
import type { MethodName } from "../../../src-shared/contract/requests";
import type { EngineLink } from "../../../src-main/hosts/shared/engine-hub";

export class ScriptedEngine implements EngineLink {
  readonly received: ToEngine[] = [];
  closed = false;
  private listener: (message: FromEngine) => void = () => {};
  private readonly replies = new Map<MethodName, unknown>();

  /** From now on answers every request of this method so. */
  answers(method: MethodName, value: unknown): this {
    this.replies.set(method, value);
    return this;
  }

  send(message: ToEngine): void {
    this.received.push(message);
    if (message.kind !== "request" || !this.replies.has(message.method)) return;
    const value = this.replies.get(message.method);
    queueMicrotask(() => this.says({ kind: "result", id: message.id, ok: true, value }));
  }

  onMessage(listener: (message: FromEngine) => void): void {
    this.listener = listener;
  }

  says(message: FromEngine): void {
    this.listener(message);
  }

  close(): Promise<void> {
    this.closed = true;
    return Promise.resolve();
  }

  /** Requests of a method, in the order they came. */
  requests(method: MethodName): RequestMessage[] {
    return this.received.filter((m): m is RequestMessage => m.kind === "request" && m.method === method);
  }
}
