/** A window without a window: asks an EngineService in this process, as the contract says, and hears its events. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { EventName, Events } from "../../src-shared/contract/events";
import { ContractError, type FromEngine } from "../../src-shared/contract/messages";
import type { MethodName, Params, Results } from "../../src-shared/contract/requests";
import type { ViewState, WorkspaceState } from "../../src-shared/contract/results";
import { EngineService } from "../../src-main/engine/service/engine-service";
import type { Engine, Handlers } from "../../src-main/engine/service/handlers";
import { parseTraffic, trafficToPcapng } from "./traffic";

export class ServiceClient {
  readonly folder = mkdtempSync(join(tmpdir(), "hopscope-service-"));
  readonly scratch = mkdtempSync(join(tmpdir(), "hopscope-scratch-"));
  readonly service: EngineService;
  /** Everything that was told, in order. */
  readonly told: FromEngine[] = [];
  private readonly listeners = new Set<(message: FromEngine) => void>();
  private nextId = 1;

  constructor(modules: readonly ((engine: Engine) => Handlers)[] = [], maxIndexBytes = 1 << 30) {
    this.service = new EngineService({
      scratchFolder: this.scratch,
      maxIndexBytes,
      modules,
      send: (message) => {
        this.told.push(message);
        for (const listener of [...this.listeners]) listener(message);
      },
    });
  }

  /** Sends a request; `cancel` takes it back. */
  start<M extends MethodName>(
    method: M,
    params: Params<M>,
  ): { readonly id: number; readonly answer: Promise<Results[M]>; readonly cancel: () => void } {
    const id = this.nextId++;
    const answer = new Promise<Results[M]>((resolve, reject) => {
      const stop = this.listen((message) => {
        if (message.kind !== "result" || message.id !== id) return;
        stop();
        if (message.ok) resolve(message.value as Results[M]);
        else reject(new ContractError(message.code, message.message, message.detail));
      });
    });
    this.service.receive({ kind: "request", id, method, params });
    return { id, answer, cancel: () => this.service.receive({ kind: "cancel", id }) };
  }

  ask<M extends MethodName>(method: M, params: Params<M>): Promise<Results[M]> {
    return this.start(method, params).answer;
  }

  /** The next event that `wanted` accepts. */
  event<E extends EventName>(name: E, wanted: (data: Events[E]) => boolean): Promise<Events[E]> {
    return new Promise((resolve) => {
      const stop = this.listen((message) => {
        if (message.kind !== "event" || message.event !== name || !wanted(message.data as Events[E])) return;
        stop();
        resolve(message.data as Events[E]);
      });
    });
  }

  private listen(listener: (message: FromEngine) => void): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  /** Writes a capture made from traffic, or from bytes, and returns its path. */
  write(name: string, content: string | Uint8Array): string {
    const path = join(this.folder, name);
    writeFileSync(path, typeof content === "string" ? trafficToPcapng(parseTraffic(content)) : content);
    return path;
  }

  /** Opens files and waits until they are read. */
  async open(...paths: string[]): Promise<WorkspaceState> {
    return this.loaded(() => this.ask("workspace.open", { paths, add: false }));
  }

  /** Does something that makes the workspace load, and waits until it is read. */
  async loaded(action: () => Promise<unknown>): Promise<WorkspaceState> {
    const ready = this.event("workspace", (s) => s.state !== "loading");
    await action();
    await ready;
    return this.ask("workspace.state", {});
  }

  /** Opens a view and waits until it is complete. */
  async view(filter = "", sort: Params<"packets.open">["sort"] = [], ignored: number[] = []): Promise<ViewState> {
    const complete = new Map<number, ViewState>();
    const stop = this.listen((message) => {
      if (message.kind !== "event" || message.event !== "view") return;
      const state = message.data as ViewState;
      // A problem without that is what it waits for: captures that are being joined.
      if (state.complete || state.failed) complete.set(state.view, state);
    });
    const view = await this.ask("packets.open", { filter, sort, ignored });
    stop();
    if (view.complete) return view;
    return complete.get(view.view) ?? this.event("view", (v) => v.view === view.view && v.complete);
  }

  /** Texts of a column for all rows of a new view. */
  async column(column: string, filter = "", sort: Params<"packets.open">["sort"] = []): Promise<string[]> {
    const view = await this.view(filter, sort);
    const { rows } = await this.ask("packets.rows", { view: view.view, from: 0, count: 2000, columns: [column] });
    await this.ask("packets.close", { view: view.view });
    return rows.map((r) => r.cells[0] as string);
  }

  async close(): Promise<void> {
    await this.service.close();
    rmSync(this.folder, { recursive: true });
    rmSync(this.scratch, { recursive: true });
  }
}

/** Calls `use` with a client and closes it. */
export async function withClient(
  use: (client: ServiceClient) => Promise<void>,
  modules: readonly ((engine: Engine) => Handlers)[] = [],
  maxIndexBytes?: number,
): Promise<void> {
  const client = new ServiceClient(modules, maxIndexBytes);
  try {
    await use(client);
  } finally {
    await client.close();
  }
}
