/**
 * Runs files through decoding and the flow table and hands each batch to a consumer, in order.
 *
 * ```
 * decode thread:  read ─► blocks ─► layers ─► slot n+1        control words: published, released, stop
 * this thread:                  slot n ─► flow table ─► consumer
 * ```
 *
 * The two stages share memory; a slot is published and released by counters, never copied. Small inputs run on one thread:
 * starting another costs 15-25 ms. On 1 GB of the Kubernetes mix the second thread takes 40 % off.
 */
import { statSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { MessageChannel, Worker, receiveMessageOnPort } from "node:worker_threads";
import {
  EVENTS_FLOWS,
  EVENTS_NONE,
  EVENTS_POINT_STREAMS,
  EVENTS_SIGHTINGS,
  EVENTS_STREAMS,
  INTERNED_BYTES,
  SLOT_BYTES,
} from "../kernel/assembly/abi";
import { Batch } from "../kernel/batch";
import { type KernelExports, KernelMemory, instantiateKernel, kernelModule } from "../kernel/kernel";
import type { CaptureEvent } from "../readers/capture-file";
import { openSource } from "../sources/open-source";
import { SpoolSource } from "../sources/spool-source";
import type { DecodeOptions } from "./decode-options";
import { FileQueue, type InputFile, queueOf } from "./file-queue";
import { DecodeStage, type StageMemory, allocateStage } from "./decode-stage";

/** Slots between the stages. Three slots of half a MiB stay in the second-level cache: 1.13 s against 1.33 s with four of 1 MiB. */
const SLOTS = 3;
/** Inputs below this many bytes are decoded on the calling thread. */
const THREAD_THRESHOLD = 6e6;

/** How long the consumer blocks for the next slot before it lets the event loop turn. */
const BLOCKING_MS = 4;

export const CONTROL_PUBLISHED = 0;
export const CONTROL_RELEASED = 1;
export const CONTROL_STOP = 2;
/** Slots published when the decode thread ended; -1 before. */
export const CONTROL_FINISHED = 3;
/** From here one word a slot: events told before it was published. */
export const CONTROL_EVENTS = 4;

export interface DecodeWorkerData {
  readonly module: WebAssembly.Module;
  readonly memory: WebAssembly.Memory;
  readonly arena: Int32Array;
  readonly events: EventSettings;
  readonly slots: readonly number[];
  readonly control: SharedArrayBuffer;
  readonly stage: StageMemory;
  readonly options: DecodeOptions;
  /** Files come by the port, one after the other; each end of a file is published as an empty slot. */
  readonly tellEnds: boolean;
  readonly keepBlocks: boolean;
}

export type ToDecodeThread =
  | { readonly kind: "file"; readonly file: InputFile }
  | { readonly kind: "end-tail"; readonly path: string }
  | { readonly kind: "end" }
  | { readonly kind: "stop" };

/** "sightings": the flow table, and a row for every network layer of every packet (kernel/assembly/sightings.ts). */
export type FlowMode = "none" | "flows" | "sightings" | "streams" | "point-streams";

const FLOW_MODES: Readonly<Record<FlowMode, number>> = {
  none: EVENTS_NONE,
  flows: EVENTS_FLOWS,
  sightings: EVENTS_FLOWS | EVENTS_SIGHTINGS,
  streams: EVENTS_STREAMS,
  "point-streams": EVENTS_POINT_STREAMS,
};

export interface PipelineOptions {
  readonly decode: DecodeOptions;
  /**
   * What the flow stage does: nothing; the flow table; tshark's streams with TCP analysis over all interfaces of a file, as
   * tshark does it; or the same streams analysed per capture point.
   */
  readonly flows: FlowMode;
  /** Write each layer's flow row into the batch. */
  readonly annotate?: boolean;
  /** Make the paths of a packet index, which was begun over the same kernel (PacketIndex). */
  readonly paths?: boolean;
  /** Tell the bytes of blocks that are no packets, for exports. */
  readonly keepBlocks?: boolean;
  /** Wait for files to grow at their end. */
  readonly follow?: boolean;
  readonly threads?: 1 | 2;
  readonly signal?: AbortSignal;
  /** True while packets trickle in (a live source): the thread then waits for them through the event loop only. */
  readonly isLive?: () => boolean;
}

export interface PipelineHandlers {
  event(event: CaptureEvent): void;
  /** Called with each batch before its flow events are taken: may drop some (see dropEvents). */
  select?(batch: Batch): void;
  /** Called with each batch in order; false stops the run. */
  batch?(batch: Batch): boolean | void | Promise<boolean | void>;
}

/** The kernel after a run: its flow table can be read. */
export interface KernelHandle {
  readonly kernel: KernelExports;
  readonly memory: KernelMemory;
  /** Kernel memory for short computations, 4096 bytes. */
  readonly scratch: number;
  /** What the decode stage interned (K_*). */
  readonly interned: number;
}

export function createKernel(): KernelHandle {
  const memory = new KernelMemory();
  const scratch = memory.allocate(4096);
  return {
    kernel: instantiateKernel(kernelModule(), memory),
    memory,
    scratch,
    interned: memory.allocate(INTERNED_BYTES),
  };
}

function inputBytes(files: readonly string[]): number {
  let total = 0;
  for (const file of files) {
    if (file === "-") return Infinity;
    try {
      const s = statSync(file);
      total += s.isFile() ? s.size : Infinity;
    } catch {
      // opening it will tell
    }
  }
  return total;
}

/**
 * Reads all files. Resolves when they have ended or the consumer stopped; rejects only on defects. Files of a queue are taken
 * as they come; the end of each is handed to the consumer as an empty batch.
 */
export async function runPipeline(
  handle: KernelHandle,
  files: readonly string[] | FileQueue,
  options: PipelineOptions,
  handlers: PipelineHandlers,
): Promise<void> {
  const { kernel, memory } = handle;
  const isQueue = files instanceof FileQueue;
  const queue = isQueue ? files : queueOf(files, options.follow ?? false);
  const threads = options.threads ?? (isQueue || options.follow || inputBytes(files) > THREAD_THRESHOLD ? 2 : 1);
  const stage = allocateStage(memory);
  const slots = Array.from({ length: threads === 2 ? SLOTS : 2 }, () => memory.allocate(SLOT_BYTES));
  const sightings = options.flows === "sightings";
  if (options.flows !== "none")
    kernel.configureFlows(FLOW_MODES[options.flows], sightings || (options.annotate ?? false), handle.interned);
  if (sightings) kernel.configureSightings();
  const batches = slots.map((slot) => new Batch(memory.memory, slot));
  const consume = async (at: number): Promise<boolean> => {
    handlers.select?.(batches[at] as Batch);
    if (options.flows !== "none") kernel.processSlot(slots[at] as number);
    if (sightings) kernel.appendSightings(slots[at] as number);
    const answer = handlers.batch?.(batches[at] as Batch);
    return (answer instanceof Promise ? await answer : answer) !== false && !options.signal?.aborted;
  };
  const run: Run = { handle, queue, tellEnds: isQueue, options, stage, slots, handlers, consume };
  await (threads === 2 && canThread() ? runThreaded(run) : runInline(run));
}

/** What both ways of running need. */
interface Run {
  readonly handle: KernelHandle;
  readonly queue: FileQueue;
  readonly tellEnds: boolean;
  readonly options: PipelineOptions;
  readonly stage: StageMemory;
  readonly slots: readonly number[];
  readonly handlers: PipelineHandlers;
  /** Takes the slot with this number; false ends the run. */
  readonly consume: (at: number) => Promise<boolean>;
}

async function runInline({ handle, queue, tellEnds, options, slots, handlers, consume, ...run }: Run): Promise<void> {
  const events = eventSettings(handle, options);
  handle.kernel.configureEvents(events.mode, events.interned, events.seed);
  if (events.paths) handle.kernel.configurePaths(events.interned, events.seed);
  const stage = new DecodeStage(
    handle.kernel,
    handle.memory.memory,
    run.stage,
    options.decode,
    (e) => handlers.event(e),
    options.keepBlocks,
  );
  let turn = 0;
  const stop = (): void => queue.end();
  options.signal?.addEventListener("abort", stop, { once: true });
  for (let i = 0; ; i++) {
    const file = await queue.next();
    if (!file || options.signal?.aborted) break;
    if (await openNext(stage, file, i, (e) => handlers.event(e), queue.tailSignal(file, options.signal))) {
      while (await stage.fill(slots[turn] as number)) {
        if (!(await consume(turn))) return;
        turn = (turn + 1) % slots.length;
      }
    }
    if (!tellEnds) continue;
    stage.clear(slots[turn] as number, i);
    if (!(await consume(turn))) return;
  }
  options.signal?.removeEventListener("abort", stop);
}

/** How the decode stage makes flow events. */
export interface EventSettings {
  /** Make the packet index's paths. */
  readonly paths: boolean;
  /** One of EVENTS_*. */
  readonly mode: number;
  readonly interned: number;
  readonly seed: number;
}

function eventSettings(handle: KernelHandle, options: PipelineOptions): EventSettings {
  return {
    paths: options.paths ?? false,
    mode: FLOW_MODES[options.flows],
    interned: handle.interned,
    seed: (Math.random() * 0x100000000) >>> 0,
  };
}

/** Opens a file for the stage; a failure becomes a problem of that file. Shared with the decode thread. */
export async function openNext(
  stage: DecodeStage,
  file: InputFile,
  index: number,
  emit: (event: CaptureEvent) => void,
  signal?: AbortSignal,
): Promise<boolean> {
  try {
    if (file.problem !== undefined) throw new Error(file.problem);
    const source = await openSource(file.path, {
      tail: file.tail,
      pollMilliseconds: file.pollMilliseconds,
      ...(signal && { signal }),
    });
    stage.open(file.spool === undefined ? source : new SpoolSource(source, file.spool), index, file.name);
    return true;
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    emit({
      kind: "problem",
      file: index,
      problem: { file: file.path, offset: 0, code: "cannot-open", message, fatal: true },
    });
    emit({ kind: "end", file: index, bytes: 0, packets: 0 });
    return false;
  }
}

/** Resolves when the word CONTROL_PUBLISHED is no longer `value`. */
async function publishedAfter(control: Int32Array, value: number): Promise<void> {
  // Typed here because the ES2024 name is not in every lib.
  const atomics = Atomics as unknown as {
    waitAsync(array: Int32Array, index: number, value: number): { readonly async: boolean; readonly value: unknown };
  };
  const wait = atomics.waitAsync(control, CONTROL_PUBLISHED, value);
  if (wait.async) await wait.value;
}

function workerPath(): URL {
  return new URL("./decode-worker.js", import.meta.url);
}

/** The bundle has the decode thread's program beside it; from the sources (tests) there is none. */
function canThread(): boolean {
  try {
    return statSync(fileURLToPath(workerPath())).isFile();
  } catch {
    return false;
  }
}

async function runThreaded(run: Run): Promise<void> {
  const { handle, queue, options, stage, slots, handlers, consume } = run;
  const buffer = new SharedArrayBuffer((CONTROL_EVENTS + slots.length) * 4);
  const control = new Int32Array(buffer);
  control[CONTROL_FINISHED] = -1;
  const { port1, port2 } = new MessageChannel();
  const data: DecodeWorkerData = {
    module: kernelModule(),
    memory: handle.memory.memory,
    arena: handle.memory.arena,
    events: eventSettings(handle, options),
    slots,
    control: buffer,
    stage,
    options: options.decode,
    tellEnds: run.tellEnds,
    keepBlocks: options.keepBlocks ?? false,
  };
  const worker = new Worker(workerPath(), { workerData: { ...data, port: port2 }, transferList: [port2] });
  let failure: Error | undefined;
  const wake = (): void => {
    Atomics.store(control, CONTROL_FINISHED, Math.max(Atomics.load(control, CONTROL_FINISHED), 0));
    Atomics.add(control, CONTROL_PUBLISHED, 1);
    Atomics.notify(control, CONTROL_PUBLISHED);
  };
  const exited = new Promise<void>((resolve) => {
    worker.on("error", (error) => {
      failure = error;
      wake();
    });
    worker.on("exit", () => resolve());
  });
  const tell = (message: ToDecodeThread): void => port1.postMessage(message);
  const stop = (): void => {
    Atomics.store(control, CONTROL_STOP, 1);
    Atomics.notify(control, CONTROL_RELEASED);
    tell({ kind: "stop" });
  };
  queue.forward((file) => tell(file ? { kind: "file", file } : { kind: "end" }));
  queue.forwardEnds((path) => tell({ kind: "end-tail", path }));
  options.signal?.addEventListener("abort", stop, { once: true });

  let events = 0;
  const drain = (until: number): void => {
    while (events < until) {
      const message = receiveMessageOnPort(port1) as { message: CaptureEvent } | undefined;
      if (!message) return;
      events++;
      handlers.event(message.message);
    }
  };
  let taken = 0;
  try {
    for (;;) {
      const published = Atomics.load(control, CONTROL_PUBLISHED);
      const finished = Atomics.load(control, CONTROL_FINISHED);
      if (finished >= 0 && taken >= finished) break;
      if (taken === published) {
        // Waking through the event loop takes a quarter of a millisecond, longer than a slot: wait here first, then there,
        // so that a quiet live source leaves the thread to others.
        if (options.isLive?.() || Atomics.wait(control, CONTROL_PUBLISHED, published, BLOCKING_MS) === "timed-out")
          await publishedAfter(control, published);
        continue;
      }
      const at = taken % slots.length;
      drain(Atomics.load(control, CONTROL_EVENTS + at));
      const goOn = await consume(at);
      taken++;
      Atomics.store(control, CONTROL_RELEASED, taken);
      Atomics.notify(control, CONTROL_RELEASED);
      if (!goOn) break;
    }
    drain(Infinity);
  } finally {
    options.signal?.removeEventListener("abort", stop);
    queue.forward(() => undefined);
    queue.forwardEnds(() => undefined);
    stop();
    await exited;
    drain(Infinity);
    port1.close();
  }
  if (failure) throw failure;
}
