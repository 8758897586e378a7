/**
 * The engine behind the window: takes the contract's messages, answers them, and tells what happens unasked.
 *
 * ```
 * message ─► envelope checked ─► parameters checked (valibot, contract/requests.ts) ─► handler ─► result, or failure with a code
 *                                                                                 └─ progress, "cancel" by id
 * ```
 * A handler that throws anything but a ContractError is a defect: it is told as "internal", and the service goes on.
 */
import { setTimeout as pause } from "node:timers/promises";
import * as v from "valibot";
import type { RowsAround } from "../../../src-shared/contract/around";
import type { EventName, Events } from "../../../src-shared/contract/events";
import {
  ContractError,
  type Failure,
  failureOf,
  type FromEngine,
  type RequestMessage,
  type ToEngine,
} from "../../../src-shared/contract/messages";
import {
  HOST_METHODS,
  type MethodName,
  type Params,
  type Results,
  requests,
} from "../../../src-shared/contract/requests";
import type { PacketId, PacketRow, ViewState, WorkspaceState } from "../../../src-shared/contract/results";
import { NO_COLOUR } from "../../../src-shared/contract/colours";
import { ROW_HAS_COMMENT, ROW_REPLY } from "../kernel/assembly/abi";
import { SEGMENT_MASK } from "../packet-index/packet-index";
import { Breather } from "./breather";
import { writeExport } from "./export-view";
import type { Engine, Handlers, LiveFiles, OpenCaptures, RequestContext } from "./handlers";
import type { LoadedCaptures } from "./loaded-captures";
import type { SavedSession } from "./saved-session";
import { PacketMatcher } from "./packet-matcher";
import { PacketView } from "./packet-view";
import { CellPrinter } from "./row-cells";
import { timelineOf } from "./timeline";
import { findRow, minimap, neighbourRow, nextRowOf, rowAtTime } from "./view-queries";
import { type SessionNews, WorkspaceSession } from "./workspace-session";

/** A view that is complete so soon is told as complete at once: no flicker for small captures. */
const VIEW_WAIT_MS = 60;
const PROGRESS_MS = 100;
/** Between two requests of a person who is at work. */
const QUIET_MS = 100;
/** Views open at a time; more is a defect of the interface. */
const MAX_VIEWS = 256;

export interface ServiceOptions {
  /** For spooled input: deleted at close. */
  readonly scratchFolder: string;
  /** Bytes the packet index may take. */
  readonly maxIndexBytes: number;
  readonly send: (message: FromEngine) => void;
  /** Further handlers: details, tables, joining. */
  readonly modules?: readonly ((engine: Engine) => Handlers)[];
}

interface Running {
  readonly abort: AbortController;
}

/** Handlers by name, their parameter types forgotten: TypeScript does not follow that name, schema and handler belong together. */
type AnyHandler = (params: unknown, context: RequestContext) => unknown;

export class EngineService implements Engine {
  private lastAsked = -Infinity;
  private readonly session: WorkspaceSession;
  private readonly views = new Map<number, PacketView>();
  private readonly running = new Map<number, Running>();
  private readonly handlers: ReadonlyMap<string, AnyHandler>;
  private readonly workspaceListeners = new Set<(what: SessionNews) => void>();
  private nextView = 1;
  readonly files: LiveFiles;
  private readonly closeListeners: (() => Promise<void>)[] = [];

  constructor(private readonly options: ServiceOptions) {
    this.session = new WorkspaceSession({
      scratchFolder: options.scratchFolder,
      maxIndexBytes: options.maxIndexBytes,
      onState: (state) => this.emit("workspace", state),
      onNews: (news) => this.onSessionNews(news),
    });
    this.files = {
      scratchFolder: options.scratchFolder,
      openPaths: (paths, add) => this.session.open(paths, add),
      open: (file, add) => this.session.openLive(file, add),
      end: (path) => this.session.endLive(path),
      drop: (path) => this.session.dropFile(path),
      has: (path) => this.session.hasFile(path),
    };
    const all = new Map<string, AnyHandler>();
    for (const handlers of [this.ownHandlers(), ...(options.modules ?? []).map((m) => m(this))])
      for (const [name, handler] of Object.entries(handlers)) all.set(name, handler as AnyHandler);
    this.handlers = all;
  }

  /** Takes a message from the interface. It may hold anything. */
  receive(message: ToEngine): void {
    if (message.kind === "cancel") {
      this.running.get(message.id)?.abort.abort();
      return;
    }
    void this.answer(message);
  }

  /** Opens what another engine had open. */
  restore(state: WorkspaceState): void {
    this.session.restore(state);
  }

  /** Closes what is open and deletes spools. */
  async close(): Promise<void> {
    for (const { abort } of this.running.values()) abort.abort();
    this.closeViews();
    await Promise.all(this.closeListeners.map((listener) => listener()));
    await this.session.shutDown();
  }

  captures(): OpenCaptures {
    return this.open();
  }

  workspaceState(): WorkspaceState {
    return this.session.state();
  }

  get scratchFolder(): string {
    return this.options.scratchFolder;
  }

  savedSession(): SavedSession {
    return this.session.saved();
  }

  openSaved(saved: SavedSession): WorkspaceState {
    return this.session.openSaved(saved);
  }

  async packetsMatching(filter: string, signal: AbortSignal): Promise<PacketId[]> {
    const captures = this.open();
    const matcher = new PacketMatcher(captures, filter);
    await captures.loaded(signal);
    const found: PacketId[] = [];
    const take = (from: number, matches: Uint8Array, count: number): void => {
      for (let i = 0; i < count; i++) if (matches[i]) found.push(from + i);
    };
    await matcher.scan(0, captures.index.count, take, signal);
    return found;
  }

  async ask<M extends MethodName>(method: M, params: Params<M>, context: RequestContext): Promise<Results[M]> {
    const handler = this.handlers.get(method);
    if (!handler) throw unknownMethod(method);
    return (await handler(params, context)) as Results[M];
  }

  packetsOfView(view: number): ArrayLike<PacketId> {
    return this.view(view).allIds();
  }

  emit<E extends EventName>(event: E, data: Events[E]): void {
    this.options.send({ kind: "event", event, data });
  }

  onWorkspace(listener: (what: SessionNews) => void): () => void {
    this.workspaceListeners.add(listener);
    return () => this.workspaceListeners.delete(listener);
  }

  async quiet(): Promise<void> {
    for (;;) {
      const rest = this.lastAsked + QUIET_MS - performance.now();
      const isWorking = [...this.views.values()].some((view) => view.isWorking);
      if (rest <= 0 && !isWorking) return;
      await pause(isWorking ? QUIET_MS : rest, undefined, { ref: false });
    }
  }

  onClose(listener: () => Promise<void>): void {
    this.closeListeners.push(listener);
  }

  private async answer({ id, method, params }: RequestMessage): Promise<void> {
    const abort = new AbortController();
    this.lastAsked = performance.now();
    this.running.set(id, { abort });
    let outcome: { readonly ok: true; readonly value: unknown } | Failure;
    try {
      const handler = this.handlers.get(method);
      if (!handler) throw unknownMethod(method);
      const checked = v.safeParse(requests[method], params);
      if (!checked.success) throw invalidParameters(method, checked.issues);
      outcome = { ok: true, value: await handler(checked.output, this.requestContext(id, abort.signal)) };
      // Work that was cancelled may have ended before it looked.
      if (abort.signal.aborted) outcome = failureOf(new ContractError("cancelled", "cancelled"));
    } catch (error) {
      outcome = failureOf(error);
    }
    this.running.delete(id);
    this.options.send({ kind: "result", id, ...outcome });
  }

  private requestContext(id: number, signal: AbortSignal): RequestContext {
    let last = -Infinity;
    return {
      signal,
      progress: (done, total, text) => {
        const now = performance.now();
        if (now - last < PROGRESS_MS) return;
        last = now;
        this.options.send({ kind: "progress", id, done, total, text });
      },
      breathe: new Breather(signal).breathe,
    };
  }

  private ownHandlers(): Handlers {
    const { session } = this;
    return {
      "workspace.open": ({ paths, add }) => session.open(paths, add),
      "workspace.state": () => session.state(),
      "workspace.close": ({ file }) => session.close(file),
      "workspace.reload": () => session.reload(),
      "workspace.cancel": () => session.cancel(),
      "workspace.setPoint": (params) => session.setPoint(params),
      "workspace.setClockOffset": ({ file, seconds }) => this.joinAnew(session.setClockOffset(file, seconds)),
      "workspace.setDecodeAs": ({ rules }) => session.setDecodeAs(rules),
      "workspace.setCluster": ({ paths }) => this.joinAnew(session.setCluster(paths)),
      "workspace.setConntrack": ({ paths }) => this.joinAnew(session.setConntrack(paths)),
      "packets.open": (params) => this.openView(params),
      "packets.close": ({ view }) => {
        this.views.get(view)?.close();
        this.views.delete(view);
        return null;
      },
      "packets.rows": ({ view, from, count, columns }) => ({
        rows: this.printRows(this.view(view), from, count, columns),
        view: this.view(view).state(),
      }),
      "packets.around": (params) => this.around(params),
      "packets.locate": ({ view, packet }) => ({ row: this.view(view).rowOf(packet) }),
      "packets.byNumber": ({ number, file }) => ({ packet: this.byNumber(number, file) }),
      "packets.minimap": ({ view, buckets }) => ({ colours: minimap(this.view(view), buckets) }),
      "packets.find": async (params, context) => ({ row: await findRow(this.view(params.view), params, context) }),
      "packets.neighbour": async ({ view, packet, backwards }, context) => ({
        row: await neighbourRow(this.view(view), packet, backwards, context),
      }),
      "packets.ids": ({ view, count }) => {
        const ids = this.view(view).ids(0, count);
        return { packets: new Uint8Array(ids.buffer, ids.byteOffset, ids.byteLength) };
      },
      "packets.nextOf": async ({ view, from, backwards, packets }, context) => ({
        row: await nextRowOf(this.view(view), new Set(packets), from, backwards, context),
      }),
      "packets.atTime": async ({ view, time }) => ({ row: await rowAtTime(this.view(view), time) }),
      "stats.timeline": (params, context) =>
        timelineOf(this.open(), params, params.view === null ? undefined : this.view(params.view), context),
      "export.write": (params, context) => writeExport(this.view(params.view), params, context),
    };
  }

  private async openView(params: Params<"packets.open">): Promise<ViewState> {
    if (this.views.size >= MAX_VIEWS)
      throw new ContractError(
        "invalid-request",
        `more than ${MAX_VIEWS} views are open; close those that are not shown`,
      );
    const id = this.nextView++;
    const view = new PacketView(id, this.open(), params, (state) => this.emit("view", state));
    this.views.set(id, view);
    await view.settled(VIEW_WAIT_MS);
    return view.state();
  }

  private byNumber(number: number, file: number | null): PacketId {
    const [from, to] = this.open().index.rangeOf(file ?? 0);
    const packet = from + number - 1;
    return number > 0 && packet < to ? packet : -1;
  }

  private around({ view: id, target, count, columns }: Params<"packets.around">): RowsAround {
    const view = this.view(id);
    const packet = "packet" in target ? target.packet : this.byNumber(target.number, target.file);
    const row = packet < 0 ? -1 : view.rowOf(packet);
    if (row < 0) return { packet, row, from: 0, rows: [] };
    const from = Math.max(0, Math.min(view.rows - count, row - (count >>> 1)));
    return { packet, row, from, rows: this.printRows(view, from, count, columns) };
  }

  private printRows(view: PacketView, from: number, count: number, columns: readonly string[]): PacketRow[] {
    const { index } = view.captures;
    const ids = view.ids(from, from + count);
    const before = from > 0 && ids.length > 0 ? view.idAt(from - 1) : -1;
    const cells = new CellPrinter(view.captures, columns).print(ids, before);
    return Array.from(ids, (id, i): PacketRow => {
      const segment = index.segmentOf(id);
      const row = id & SEGMENT_MASK;
      const flags = segment.flags[row] as number;
      const colour = segment.colour[row] as number;
      return {
        packet: id,
        number: index.number(id),
        file: index.fileOf(id),
        point: index.pointOf(id),
        time: [index.seconds(id), index.nanoseconds(id)],
        cells: cells[i] as string[],
        colour: colour === NO_COLOUR ? -1 : colour,
        stream: index.streamOf(id),
        reply: (flags & ROW_REPLY) !== 0,
        comments: flags & ROW_HAS_COMMENT ? 1 : 0,
      };
    });
  }

  private open(): LoadedCaptures {
    const { captures } = this.session;
    if (!captures) throw new ContractError("gone", "no capture is open");
    return captures;
  }

  private view(id: number): PacketView {
    const view = this.views.get(id);
    if (!view) throw new ContractError("gone", `view ${id} is closed; open it again`);
    return view;
  }

  private closeViews(): void {
    for (const view of this.views.values()) view.close();
    this.views.clear();
  }

  /** What joining says has changed: views that ask for it begin anew. */
  private joinAnew(state: WorkspaceState): WorkspaceState {
    for (const view of this.views.values()) if (view.needsJoin) view.restart();
    return state;
  }

  private onSessionNews(news: SessionNews): void {
    if (news === "closed") this.closeViews();
    if (news === "points") for (const view of this.views.values()) view.restart();
    for (const listener of [...this.workspaceListeners]) listener(news);
  }
}

function unknownMethod(method: string): ContractError {
  if ((HOST_METHODS as readonly string[]).includes(method))
    return new ContractError("unsupported", `${method} is answered by the host, and this one has no answer`);
  return Object.hasOwn(requests, method)
    ? new ContractError("unsupported", `${method} is not there yet`)
    : new ContractError("invalid-request", `there is no method "${method}"`);
}

function invalidParameters(
  method: MethodName,
  issues: readonly [v.BaseIssue<unknown>, ...v.BaseIssue<unknown>[]],
): ContractError {
  const [issue] = issues;
  const where = v.getDotPath(issue);
  return new ContractError("invalid-request", `${method}: ${where === null ? "" : `${where}: `}${issue.message}`);
}
