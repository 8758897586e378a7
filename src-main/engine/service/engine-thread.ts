/** The engine's thread: an EngineService between two ends of a port. Started by EngineHost. */
import { parentPort, workerData } from "node:worker_threads";
import type { WorkspaceState } from "../../../src-shared/contract/results";
import type { FromEngine, ToEngine } from "../../../src-shared/contract/messages";
import { useChildPids } from "../live/child-pids";
import { ENGINE_MODULES } from "./engine-modules";
import { EngineService } from "./engine-service";

export interface EngineThreadData {
  readonly scratchFolder: string;
  readonly maxIndexBytes: number;
  /** What was open when the thread before this one ended unexpectedly. */
  readonly restore: WorkspaceState | null;
  /** Where to note programs that were started (live/child-pids.ts). */
  readonly childPids: SharedArrayBuffer;
}

/** Besides the contract's messages: the end. Answered by the thread's exit. */
export type ToEngineThread = ToEngine | { readonly kind: "close" };

const port = parentPort;
if (!port) throw new Error("engine-thread.js is a worker: it is started by EngineHost");
const data = workerData as EngineThreadData;
useChildPids(data.childPids);
const service = new EngineService({
  scratchFolder: data.scratchFolder,
  maxIndexBytes: data.maxIndexBytes,
  send: (message: FromEngine) => port.postMessage(message),
  modules: ENGINE_MODULES,
});
if (data.restore) service.restore(data.restore);
port.on("message", (message: ToEngineThread) => {
  if (message.kind !== "close") {
    service.receive(message);
    return;
  }
  void service.close().finally(() => port.close());
});
