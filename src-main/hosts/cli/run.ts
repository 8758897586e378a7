/** What every command that reads captures shares: inputs, decoding options, problems, exit code. */
import { formatProblem } from "../../../src-shared/model/problem";
import type { FieldContext } from "../../engine/fields/field-context";
import type { JoinedFacts } from "../../engine/fields/joined-facts";
import {
  DECODE_AS_PORT,
  DEFAULT_DECODE_OPTIONS,
  type DecodeAsPort,
  type DecodeOptions,
} from "../../engine/decode/decode-options";
import { type KernelHandle, type PipelineOptions, createKernel, runPipeline } from "../../engine/decode/pipeline";
import type { Batch } from "../../engine/kernel/batch";
import { Workspace } from "../../engine/session/workspace";
import { expandInputs } from "../../engine/sources/workspace-files";
import { UsageError } from "./usage";
import { printError } from "./output";
import { startProgress } from "./progress";

export const EXIT_DONE = 0;
export const EXIT_PARTLY = 1;
export const EXIT_UNUSABLE = 2;

/** The exit code of two things done: the worse one. */
export function worse(a: number, b: number): number {
  return Math.max(a, b);
}

export interface CaptureRun {
  readonly workspace: Workspace;
  readonly handle: KernelHandle;
  readonly context: FieldContext;
}

export interface RunOptions {
  readonly inputs: readonly string[];
  readonly decode: DecodeOptions;
  readonly flows: PipelineOptions["flows"];
  readonly follow?: boolean;
  readonly threads?: 1 | 2 | undefined;
  readonly verifyChecksums?: boolean;
  readonly keepBlocks?: boolean;
  /** What joining says of packets: for fields that ask for it. */
  readonly joined?: JoinedFacts | undefined;
  /** Problems are told by another reading of the same files. */
  readonly quiet?: boolean;
}

/** Reads the inputs, handing each batch to `batch`. The result is complete when it resolves; `exitCode` tells how it went. */
export async function readCaptures(
  options: RunOptions,
  batch?: (batch: Batch, run: CaptureRun) => boolean | void | Promise<boolean | void>,
  select?: (batch: Batch, run: CaptureRun) => void,
): Promise<{ run: CaptureRun; exitCode: number }> {
  if (options.inputs.length === 0)
    throw new UsageError("no FILE given; name capture files, folders, or - for standard input");
  const { files, problems } = expandInputs(options.inputs);
  if (!options.quiet) for (const p of problems) printError(`hopscope: ${p.file}: ${p.message}`);
  const workspace = new Workspace(files);
  const handle = createKernel();
  const context: FieldContext = {
    files: workspace.files,
    points: workspace.points,
    kernel: handle.kernel,
    scratch: handle.scratch,
    decode: options.decode,
    verifyChecksums: options.verifyChecksums ?? false,
    pointStreams: options.flows === "point-streams",
    joined: options.joined,
  };
  const run: CaptureRun = { workspace, handle, context };
  const progress = startProgress(files);
  const { threads, ...pipeline } = options;
  try {
    await runPipeline(
      handle,
      files,
      { ...pipeline, ...(threads && { threads }) },
      {
        event: (e) => {
          workspace.take(e);
          progress.event(e);
        },
        ...(select && { select: (b: Batch) => select(b, run) }),
        batch: (b) => {
          progress.batch(b);
          return batch?.(b, run);
        },
      },
    );
  } finally {
    progress.end();
  }
  for (const p of options.quiet ? [] : workspace.problems) printError(`hopscope: ${formatProblem(p)}`);
  const readable = workspace.files.some((f) => f.format !== undefined);
  const trouble =
    problems.length > 0 ||
    workspace.problems.some((p) => p.code !== "unsupported-link-type" && p.code !== "block-skipped");
  return { run, exitCode: !readable ? EXIT_UNUSABLE : trouble ? EXIT_PARTLY : EXIT_DONE };
}

/** "udp.port=9000:vxlan", "tcp.port=8080:http", "interface=eth0:101" (a link type). */
function parseDecodeAs(values: readonly string[]): Pick<DecodeOptions, "udpPorts" | "tcpPorts" | "interfaces"> {
  const udpPorts: [number, DecodeAsPort][] = [];
  const tcpPorts: [number, DecodeAsPort][] = [];
  const interfaces: [string, number][] = [];
  for (const value of values) {
    const port = /^(udp|tcp)\.port={1,2}(\d+)[:,]([\w-]+)$/.exec(value);
    const link = /^interface=(.+)[:,](\d+)$/.exec(value);
    if (port) {
      const as = port[3] as string;
      const number = Number(port[2]);
      if (!(as in DECODE_AS_PORT))
        throw new UsageError(`--decode-as ${value}: ${as} is none of ${Object.keys(DECODE_AS_PORT).join(" ")}`);
      if (number > 65535) throw new UsageError(`--decode-as ${value}: ${number} is no port`);
      (port[1] === "udp" ? udpPorts : tcpPorts).push([number, as as DecodeAsPort]);
    } else if (link) interfaces.push([link[1] as string, Number(link[2])]);
    else
      throw new UsageError(
        `--decode-as ${value}: expected udp.port=PORT:PROTOCOL, tcp.port=PORT:PROTOCOL or interface=NAME:LINKTYPE`,
      );
  }
  return { udpPorts, tcpPorts, interfaces };
}

/** Options of decoding as the command line gives them. */
interface DecodingValues {
  readonly decodeAs?: readonly string[];
  readonly reassemble?: boolean;
  readonly noReassemble?: boolean;
  readonly knownPortsOnly?: boolean;
}

export function decodeOptions(values: DecodingValues, reassembleByDefault: DecodeOptions["reassemble"]): DecodeOptions {
  return {
    ...DEFAULT_DECODE_OPTIONS,
    ...parseDecodeAs(values.decodeAs ?? []),
    reassemble: values.reassemble ? true : values.noReassemble ? false : reassembleByDefault,
    byBytes: !values.knownPortsOnly,
  };
}
