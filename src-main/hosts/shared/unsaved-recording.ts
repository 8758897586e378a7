/**
 * What a host knows of a recording that is in no file yet: it is told before it is lost, or kept when there is nobody to ask.
 *
 * ```
 * engine ─ event "live" ─► sources ┐
 * window ─ live.saved ───► path    ┴─► unsaved: what would be lost
 * end of the process ─► keepRecording: scratch folder (deleted at the end) ─► folder "recordings" of this person
 * ```
 */
import { copyFileSync, existsSync, readdirSync, renameSync, rmSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import type { LiveSourceState } from "../../../src-shared/contract/live";
import type { EventMessage, FromEngine } from "../../../src-shared/contract/messages";
import { makeFolder } from "./make-folder";

export interface UnsavedRecording {
  /** "eth0 + node-2 eth0" */
  readonly label: string;
  readonly packets: number;
  /** The file it is recorded to, in the scratch folder. */
  readonly path: string;
  /** Ids of the sources that still record. */
  readonly running: readonly string[];
}

export class RecordingWatch {
  private sources: readonly LiveSourceState[] = [];
  private savedPath = "";

  /** For EngineHub.onEvent. */
  readonly take = (message: FromEngine): void => {
    if (message.kind !== "event") return;
    if (message.event === "live") this.sources = (message as EventMessage<"live">).data.sources;
    // Its sources ended with it.
    else if (message.event === "restarted") this.sources = [];
  };

  /** A window has written that recording to a file. */
  saved(path: string): void {
    this.savedPath = path;
  }

  /** The newest recording and what is recorded together with it, as in the window (state/live.svelte.ts). A followed file is somebody else's. */
  get unsaved(): UnsavedRecording | undefined {
    const newest = this.sources.at(-1);
    if (newest === undefined || newest.path === "" || newest.path === this.savedPath) return undefined;
    const together = this.sources.filter(({ path }) => path === newest.path);
    const packets = together.reduce((n, source) => n + source.packets, 0);
    if (packets === 0 || together.every(({ kind }) => kind === "file")) return undefined;
    const running = together.filter(({ state }) => state === "starting" || state === "running" || state === "stopping");
    return {
      label: together.map(({ label }) => label).join(" + "),
      packets,
      path: newest.path,
      running: running.map(({ id }) => id),
    };
  }
}

/**
 * Moves the recording's files out of the scratch folder (a ring has several) into `folder`, under names that nobody has there.
 * Returns where they are. Throws what the file system says.
 */
export function keepRecording({ path, label }: UnsavedRecording, folder: string, now: Date): readonly string[] {
  makeFolder(folder, 0o700);
  const own = basename(path);
  // live-PID-ID-TIME.pcapng; of a ring live-PID-ID-TIME_00001_DATE.pcapng …
  const start = /^live-\d+-[^-]+-\d+/.exec(own)?.[0];
  const names = readdirSync(dirname(path)).filter(
    (name) => name === own || (start !== undefined && name.startsWith(`${start}_`)),
  );
  const stem = `${
    label
      .replaceAll(/[^\w.-]+/g, "-")
      .replace(/^[-.]+/, "")
      .slice(0, 60) || "recording"
  }-${now.toISOString().slice(0, 19).replaceAll(":", "")}`;
  return names.sort().map((name, i) => {
    const to = freeName(folder, names.length === 1 ? stem : `${stem}-${i + 1}`);
    move(join(dirname(path), name), to);
    return to;
  });
}

function freeName(folder: string, stem: string): string {
  for (let n = 1; ; n++) {
    const path = join(folder, n === 1 ? `${stem}.pcapng` : `${stem}-${n}.pcapng`);
    if (!existsSync(path)) return path;
  }
}

function move(from: string, to: string): void {
  try {
    renameSync(from, to);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EXDEV") throw error;
    copyFileSync(from, to);
    rmSync(from);
  }
}
