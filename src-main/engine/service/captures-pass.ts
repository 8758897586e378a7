/**
 * Reads open captures once more from their beginning, with a flow table of its own: for filters over fields that the index
 * does not keep, and for exports. Packets come with the ids they have in the index.
 */
import { FileQueue } from "../decode/file-queue";
import { type FlowMode, type KernelHandle, createKernel, runPipeline } from "../decode/pipeline";
import type { FieldContext } from "../fields/field-context";
import type { JoinedFacts } from "../fields/joined-facts";
import type { Batch } from "../kernel/batch";
import { Workspace } from "../session/workspace";
import { TURN_MS, cancelled, turn } from "./breather";
import type { LoadedCaptures } from "./loaded-captures";

export interface Pass {
  readonly handle: KernelHandle;
  /** Files and interfaces as this pass found them. */
  readonly workspace: Workspace;
  readonly context: FieldContext;
}

export interface PassOptions {
  readonly flows: FlowMode;
  /** Tell the bytes of blocks that are no packets, for exports. */
  readonly keepBlocks?: boolean;
  /** Called with each batch before its flow events are taken. */
  readonly select?: (batch: Batch, firstId: number, pass: Pass) => void;
  readonly batch?: (batch: Batch, firstId: number, pass: Pass) => void;
  readonly signal: AbortSignal;
  /** For fields that ask what joining says. */
  readonly joined?: JoinedFacts | undefined;
}

/** Passes read the file, decode and keep a flow table: one at a time is as much as two cores can do. */
const running = new WeakMap<LoadedCaptures, Promise<unknown>>();

/**
 * Hands every batch of the captures to `batch`, in order. Packets that were not there when the index was made are in the last
 * batches, with ids beyond those of their file: `idEnd` of a file tells.
 * @throws ContractError "cancelled" when the signal is aborted, "file" where a file is no longer what it was
 */
export async function passOver(captures: LoadedCaptures, options: PassOptions): Promise<Pass> {
  const before = running.get(captures) ?? Promise.resolve();
  const mine = before.then(() => run(captures, options));
  running.set(
    captures,
    mine.catch(() => undefined),
  );
  return mine;
}

async function run(captures: LoadedCaptures, options: PassOptions): Promise<Pass> {
  const { signal } = options;
  if (signal.aborted || captures.isClosed) throw cancelled();
  captures.checkUnchanged();
  const queue = new FileQueue();
  captures.files.forEach((f, file) =>
    queue.add({
      path: captures.bytesPath(file),
      name: f.path,
      spool: undefined,
      tail: false,
      // What could not be read then is not read now.
      ...(captures.workspace.files[file]?.format === undefined && { problem: "not read before" }),
    }),
  );
  queue.end();
  const workspace = new Workspace(captures.files.map((f) => f.path));
  const handle = createKernel();
  const pass: Pass = {
    handle,
    workspace,
    context: {
      files: workspace.files,
      points: workspace.points,
      kernel: handle.kernel,
      scratch: handle.scratch,
      decode: captures.decode,
      verifyChecksums: false,
      pointStreams: options.flows === "point-streams",
      joined: options.joined ?? captures.joined,
      notes: captures.notes,
    },
  };
  const firstId = (batch: Batch): number => captures.index.rangeOf(batch.file)[0] + batch.numberBefore;
  let last = performance.now();
  await runPipeline(
    handle,
    queue,
    { decode: captures.decode, flows: options.flows, keepBlocks: options.keepBlocks ?? false, signal },
    {
      event: (e) => workspace.take(e),
      ...(options.select && {
        select: (b: Batch) => {
          if (b.packetCount > 0) options.select?.(b, firstId(b), pass);
        },
      }),
      batch: (b) => {
        if (captures.isClosed) return false;
        if (b.packetCount > 0) options.batch?.(b, firstId(b), pass);
        if (performance.now() - last < TURN_MS) return true;
        return turn().then(() => {
          last = performance.now();
          return true;
        });
      },
    },
  );
  if (signal.aborted || captures.isClosed) throw cancelled();
  return pass;
}
