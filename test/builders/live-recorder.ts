/**
 * A stand-in for dumpcap in a folder of its own: a program of that name which writes a capture the way its plan says. Everything
 * around it is real: a process, its standard output as the spool, its stderr, signals.
 */
import { chmodSync, mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { ToolPlace } from "../../src-main/engine/live/capture-tools";
import { parseTraffic, trafficToPcapng } from "./traffic";

/** What it does, in order; "until-interrupted" waits for SIGINT. */
export type RecorderStep =
  | { readonly write: Uint8Array }
  | { readonly say: string }
  | { readonly ringFile: number; readonly write: Uint8Array }
  | { readonly wait: "until-interrupted" }
  | { readonly exit: number };

/** A place where the only program is this recorder; its plan by interface. */
export function recorderPlace(plans: Readonly<Record<string, readonly RecorderStep[]>>): ToolPlace {
  const folder = mkdtempSync(join(tmpdir(), "hopscope-recorder-"));
  const plain = Object.fromEntries(
    Object.entries(plans).map(([name, steps]) => [
      name,
      steps.map((step) => ("write" in step ? { ...step, write: Buffer.from(step.write).toString("base64") } : step)),
    ]),
  );
  const list = Object.keys(plans).map((name, i) => `${i + 1}. ${name}\t\t\t0\t10.0.0.${i + 1}\tnetwork\t\n`);
  const program = join(folder, "dumpcap");
  writeFileSync(
    program,
    `#!${process.execPath}
const { writeSync, writeFileSync } = require("node:fs");
let interrupted = () => {};
let wasInterrupted = false;
process.on("SIGINT", () => { wasInterrupted = true; interrupted(); });
const plans = ${JSON.stringify(plain)};
const args = process.argv.slice(2);
if (args.includes("-D")) { writeSync(1, ${JSON.stringify(list.join(""))}); process.exit(0); }
if (args.includes("-S")) process.exit(0);
const base = process.argv[process.argv.indexOf("-w") + 1];
(async () => {
  for (const step of plans[args[args.indexOf("-i") + 1]] ?? []) {
    const bytes = step.write === undefined ? undefined : Buffer.from(step.write, "base64");
    if (step.ringFile !== undefined) {
      const path = base.replace(".pcapng", "_0000" + step.ringFile + ".pcapng");
      writeFileSync(path, bytes);
      writeSync(2, "File: " + path + "\\n");
    } else if (bytes) writeSync(1, bytes);
    else if (step.say !== undefined) writeSync(2, step.say + "\\n");
    else if (step.wait && !wasInterrupted) await new Promise((r) => { interrupted = r; setInterval(() => {}, 1000); });
    else if (step.exit !== undefined) process.exit(step.exit);
  }
  process.exit(0);
})();
`,
  );
  chmodSync(program, 0o755);
  return { platform: process.platform, folders: [folder], packages: "apt" };
}

/** A capture of `count` pings, in two parts: cut behind packet `first`. */
export function pingsInTwoParts(count: number, first: number): readonly [Uint8Array, Uint8Array] {
  const whole = pings(count);
  const head = pings(first);
  return [whole.slice(0, head.length), whole.slice(head.length)];
}

export function pings(count: number, from = 0): Uint8Array {
  const lines = Array.from(
    { length: count },
    (_, i) => `  ${((from + i) / 100).toFixed(2)} 10.0.0.1 > 10.0.0.2 icmp request ident=7 seq=${from + i} "ping"`,
  );
  return trafficToPcapng(parseTraffic(`${lines.join("\n")}\n`));
}
