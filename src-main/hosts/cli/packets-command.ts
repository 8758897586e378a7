/** `hopscope packets`: the packet list, as Wireshark shows it. */
import { oneLine } from "../../../src-shared/base/text";
import { TextWriter } from "../../../src-shared/base/text-writer";
import { StreamedPast } from "../../engine/packets/packet-past";
import { summarise } from "../../engine/packets/summary";
import { PacketSelection } from "./selection";
import { flush, flushSome, print } from "./output";
import { type JoiningOptions, readFacts } from "./joined-run";
import { EXIT_DONE, EXIT_UNUSABLE, type RunOptions, readCaptures, worse } from "./run";

export interface PacketsOptions extends Omit<RunOptions, "flows">, JoiningOptions {
  readonly filter: string | undefined;
  /** Stop after this many packets; undefined: all. */
  readonly count: number | undefined;
}

/** Time since the first packet, in seconds; negative if before it. */
function printSince(
  out: TextWriter,
  base: { readonly seconds: number; readonly nanoseconds: number },
  seconds: number,
  nanoseconds: number,
): void {
  let s = seconds - base.seconds;
  let ns = nanoseconds - base.nanoseconds;
  if (ns < 0) {
    s--;
    ns += 1e9;
  }
  out.time(s, ns);
}

export async function runPackets(options: PacketsOptions): Promise<number> {
  const selection = new PacketSelection(options.filter);
  const joining = selection.needsJoin ? await readFacts(`-Y ${options.filter ?? ""}`, options) : undefined;
  const out = new TextWriter(1 << 17);
  // Nothing is printed if nothing can be read.
  let isHeaded = false;
  const printHeader = (): void => {
    if (isHeaded) return;
    isHeaded = true;
    print(
      `${"No.".padStart(6)} ${"Time".padEnd(14)} ${"Source".padEnd(22)} ${"Destination".padEnd(22)} ${"Protocol".padEnd(9)} ${"Length".padStart(6)} Info\n`,
    );
  };
  const cell = new TextWriter(32);
  const past = new StreamedPast(true);
  let base: { seconds: number; nanoseconds: number } | undefined;
  let shown = 0;
  let before = 0;
  let file = 0;
  let last = 0;
  const { exitCode } = await readCaptures(
    { ...options, joined: joining?.facts, flows: "point-streams" },
    (batch, run) => {
      printHeader();
      past.observe(batch);
      const keep = selection.of(batch, run.context);
      // Packets are numbered through the workspace; in a single file that is the file's own numbering.
      if (batch.file !== file) {
        before += last;
        file = batch.file;
      }
      last = batch.numberBefore + batch.packetCount;
      for (let packet = 0; packet < batch.packetCount; packet++) {
        const seconds = batch.seconds(packet);
        const nanoseconds = batch.nanoseconds(packet);
        const hasTime = batch.hasTime(packet);
        if (hasTime) base ??= { seconds, nanoseconds };
        if (keep && !keep[packet]) continue;
        cell.clear();
        if (hasTime && base) printSince(cell, base, seconds, nanoseconds);
        const summary = summarise(batch, packet, run.workspace.points[batch.point[packet] as number], past);
        const number = String(before + batch.numberBefore + packet + 1);
        out.text(
          `${number.padStart(6)} ${cell.toString().padEnd(14)} ${summary.source.padEnd(22)} ${summary.destination.padEnd(22)} ${summary.protocol.padEnd(9)} ${String(batch.length[packet]).padStart(6)} ${oneLine(summary.info)}\n`,
        );
        flushSome(out);
        if (++shown === options.count) return false;
      }
      if (options.follow || options.inputs.includes("-")) flush(out);
      return true;
    },
  );
  if (exitCode !== EXIT_UNUSABLE) printHeader();
  flush(out);
  return worse(exitCode, joining?.exitCode ?? EXIT_DONE);
}
