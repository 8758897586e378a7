/**
 * Live sources: what can be recorded from, how a recording is asked for, what is told while it runs.
 *
 * ```
 * live.tools ──► programs and interfaces there are, or how to install them
 * live.start {source, filter, ring} ──► the recording is written to a spool file, which is a file of the workspace (state "live")
 *        event "live" ◄── running, rate, what it said on its way          live.stop  live.restart  live.control
 * ```
 */
import * as v from "valibot";
import { filledText, text, whole } from "../schema/limited";

/** What is recorded. Names are checked once more by the engine before a program sees them. */
const liveSource = v.variant("kind", [
  /** Interfaces of this machine, by dumpcap (or tshark, tcpdump). */
  v.strictObject({ kind: v.literal("interfaces"), interfaces: v.pipe(v.array(filledText(200)), v.minLength(1)) }),
  /** `ssh HOST tcpdump`: another machine. */
  v.strictObject({
    kind: v.literal("ssh"),
    host: filledText(255),
    port: v.nullable(whole(1, 65535)),
    interface: filledText(200),
    /** `sudo -n tcpdump` */
    sudo: v.boolean(),
  }),
  /** `kubectl exec POD -- tcpdump`: inside a pod. Empty: kubectl's own default. */
  v.strictObject({
    kind: v.literal("pod"),
    context: text(253),
    namespace: text(63),
    pod: filledText(253),
    container: text(63),
    interface: filledText(200),
  }),
  /** A named pipe, or "-": standard input. */
  v.strictObject({ kind: v.literal("pipe"), path: filledText(4096) }),
  /** A capture file that another program is writing; a named pipe is recognised and read as one. */
  v.strictObject({ kind: v.literal("file"), path: filledText(4096) }),
  /** The built-in simulator, or another generator of recordings. */
  v.strictObject({
    kind: v.literal("generator"),
    name: filledText(200),
    options: v.record(filledText(60), v.union([text(4096), v.number(), v.boolean()])),
  }),
]);
export type LiveSource = v.InferOutput<typeof liveSource>;

export const liveOptions = v.strictObject({
  source: liveSource,
  /** A capture filter in pcap's language; "": none. */
  captureFilter: text(4000),
  /** Keep only the newest `files` files of `megabytes` each. */
  ring: v.nullable(v.strictObject({ megabytes: whole(1, 100_000), files: whole(2, 1000) })),
  /** End by itself when the recording has so many megabytes. */
  stopAfterMegabytes: v.nullable(whole(1, 10_000_000)),
  /** Keep what is open beside the recording. */
  add: v.boolean(),
});
export type LiveOptions = v.InferOutput<typeof liveOptions>;

/** Pause, step and speed are for generators only. */
const liveControl = v.variant("kind", [
  v.strictObject({ kind: v.literal("pause") }),
  v.strictObject({ kind: v.literal("resume") }),
  /** The next packet, while paused. */
  v.strictObject({ kind: v.literal("step") }),
  v.strictObject({ kind: v.literal("speed"), factor: v.pipe(v.number(), v.minValue(0.001), v.maxValue(1000)) }),
  v.strictObject({ kind: v.literal("inject"), choice: filledText(200) }),
]);
export type LiveControl = v.InferOutput<typeof liveControl>;

const id = v.strictObject({ id: filledText(60) });

export const liveRequests = {
  "live.tools": v.strictObject({}),
  /** Packets seen so far at each interface of this machine; asked again and again while a person chooses. */
  "live.counts": v.strictObject({}),
  "live.state": v.strictObject({}),
  "live.start": liveOptions,
  /** Answers when the source has ended and everything it wrote is read. */
  "live.stop": id,
  /** The same source once more, from nothing. */
  "live.restart": id,
  /** To the host: the recording of that path is in a file of its own now. */
  "live.saved": v.strictObject({ path: filledText(4096) }),
  "live.control": v.strictObject({ id: filledText(60), control: liveControl }),
} as const;

export interface LiveResults {
  "live.tools": LiveTools;
  "live.counts": { readonly counts: readonly InterfaceCount[] };
  "live.state": LiveState;
  "live.start": LiveSourceState;
  "live.stop": LiveSourceState;
  "live.restart": LiveSourceState;
  "live.saved": null;
  "live.control": LiveSourceState;
}

export type CaptureTool = "dumpcap" | "tshark" | "tcpdump" | "ssh" | "kubectl";

export interface ToolState {
  readonly tool: CaptureTool;
  /** Where it was found; null: it is not installed. */
  readonly path: string | null;
  /** What it is for. */
  readonly purpose: string;
  /** A command that installs it here, or what to do instead. */
  readonly install: string;
}

export interface CaptureInterfaceInfo {
  readonly name: string;
  readonly description: string;
  readonly addresses: readonly string[];
  readonly loopback: boolean;
}

export interface InterfaceCount {
  readonly name: string;
  readonly packets: number;
}

export interface LiveTools {
  readonly tools: readonly ToolState[];
  readonly interfaces: readonly CaptureInterfaceInfo[];
  /** Why no interface can be recorded, and what to do; null: they can. */
  readonly problem: LiveProblem | null;
  readonly generators: readonly GeneratorInfo[];
}

/** Something that went wrong, and the commands that mend it. */
export interface LiveProblem {
  readonly message: string;
  readonly commands: readonly string[];
}

export interface GeneratorInfo {
  readonly name: string;
  readonly title: string;
  readonly text: string;
  /** The one number that can be chosen: the option's name, what it is called, what it is unless told. */
  readonly setting: { readonly name: string; readonly label: string; readonly value: number };
}

/** Something that can be made to happen in a running generator. */
export interface InjectChoice {
  readonly id: string;
  readonly title: string;
  /** "Traffic", "Faults": choices of a group stand together. */
  readonly group: string;
}

export interface LiveSourceState {
  readonly id: string;
  readonly label: string;
  /** "stopping": it was told to end and has not yet. */
  readonly state: "starting" | "running" | "stopping" | "stopped" | "failed";
  readonly kind: LiveSource["kind"];
  /** Path of the workspace file it is recorded to. */
  readonly path: string;
  readonly packets: number;
  readonly bytes: number;
  /** The last thing it said, or why it ended. */
  readonly message: string;
  readonly problem: LiveProblem | null;
  /** Generators only; null otherwise. */
  readonly generator: {
    readonly paused: boolean;
    readonly speed: number;
    readonly choices: readonly InjectChoice[];
  } | null;
}

export interface LiveState {
  readonly sources: readonly LiveSourceState[];
}
