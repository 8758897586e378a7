/** The decode thread: fills slots until the files end or the consumer says stop. See pipeline.ts for the control words. */
import { type MessagePort, workerData } from "node:worker_threads";
import { KernelMemory, instantiateKernel } from "../kernel/kernel";
import type { CaptureEvent } from "../readers/capture-file";
import { DecodeStage } from "./decode-stage";
import { FileQueue } from "./file-queue";
import {
  CONTROL_EVENTS,
  CONTROL_FINISHED,
  CONTROL_PUBLISHED,
  CONTROL_RELEASED,
  CONTROL_STOP,
  type DecodeWorkerData,
  type ToDecodeThread,
  openNext,
} from "./pipeline";

const data = workerData as DecodeWorkerData & { readonly port: MessagePort };
const { port, slots } = data;
const control = new Int32Array(data.control);
let told = 0;
const emit = (event: CaptureEvent): void => {
  told++;
  port.postMessage(event);
};
const abort = new AbortController();
const queue = new FileQueue();
port.on("message", (message: ToDecodeThread) => {
  if (message.kind === "file") {
    queue.add(message.file);
    return;
  }
  if (message.kind === "end-tail") {
    queue.endTail(message.path);
    return;
  }
  queue.end();
  // A source that waits (standard input, a growing file) is woken by this; a full ring by the control word.
  if (message.kind === "stop") abort.abort();
});

async function run(): Promise<void> {
  const kernel = instantiateKernel(data.module, new KernelMemory(data));
  kernel.configureEvents(data.events.mode, data.events.interned, data.events.seed);
  if (data.events.paths) kernel.configurePaths(data.events.interned, data.events.seed);
  const stage = new DecodeStage(kernel, data.memory, data.stage, data.options, emit, data.keepBlocks);
  let published = 0;
  /** The next free slot; undefined when the consumer wants no more. */
  const freeSlot = (): number | undefined => {
    for (;;) {
      if (Atomics.load(control, CONTROL_STOP)) return undefined;
      const released = Atomics.load(control, CONTROL_RELEASED);
      if (published - released < slots.length) return slots[published % slots.length];
      Atomics.wait(control, CONTROL_RELEASED, released);
    }
  };
  const publish = (): void => {
    Atomics.store(control, CONTROL_EVENTS + (published % slots.length), told);
    published++;
    Atomics.store(control, CONTROL_PUBLISHED, published);
    Atomics.notify(control, CONTROL_PUBLISHED);
  };
  for (let i = 0; ; i++) {
    const file = await queue.next();
    if (!file || Atomics.load(control, CONTROL_STOP)) break;
    if (await openNext(stage, file, i, emit, queue.tailSignal(file, abort.signal))) {
      for (;;) {
        const slot = freeSlot();
        if (slot === undefined) return finish(published);
        if (!(await stage.fill(slot))) break;
        publish();
      }
    }
    if (!data.tellEnds) continue;
    const slot = freeSlot();
    if (slot === undefined) return finish(published);
    stage.clear(slot, i);
    publish();
  }
  finish(published);
}

function finish(published: number): void {
  Atomics.store(control, CONTROL_FINISHED, published);
  // The word must change, or a consumer about to wait on it would miss this.
  Atomics.add(control, CONTROL_PUBLISHED, 1);
  Atomics.notify(control, CONTROL_PUBLISHED);
  port.close();
}

await run();
