/** The decode thread: fills slots until the files end or the consumer says stop. See pipeline.ts for the control words. */
import { type MessagePort, workerData } from "node:worker_threads";
import { KernelMemory, instantiateKernel } from "../kernel/kernel";
import type { CaptureEvent } from "../readers/capture-file";
import { DecodeStage } from "./decode-stage";
import {
  CONTROL_EVENTS,
  CONTROL_FINISHED,
  CONTROL_PUBLISHED,
  CONTROL_RELEASED,
  CONTROL_STOP,
  type DecodeWorkerData,
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
// A source that waits (standard input, a growing file) is woken by this; a full ring by the control word.
port.on("message", () => abort.abort());

async function run(): Promise<void> {
  const kernel = instantiateKernel(data.module, new KernelMemory(data));
  kernel.configureEvents(data.events.mode, data.events.interned, data.events.seed);
  const stage = new DecodeStage(kernel, data.memory, data.stage, data.options, emit, data.keepBlocks);
  let published = 0;
  for (let i = 0; i < data.files.length && !Atomics.load(control, CONTROL_STOP); i++) {
    if (!(await openNext(stage, data.files[i] as string, i, data.follow, emit, abort.signal))) continue;
    for (;;) {
      for (;;) {
        if (Atomics.load(control, CONTROL_STOP)) return finish(published);
        const released = Atomics.load(control, CONTROL_RELEASED);
        if (published - released < slots.length) break;
        Atomics.wait(control, CONTROL_RELEASED, released);
      }
      const at = published % slots.length;
      if (!(await stage.fill(slots[at] as number))) break;
      Atomics.store(control, CONTROL_EVENTS + at, told);
      published++;
      Atomics.store(control, CONTROL_PUBLISHED, published);
      Atomics.notify(control, CONTROL_PUBLISHED);
    }
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
