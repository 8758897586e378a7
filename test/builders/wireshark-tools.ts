/** Wireshark's programs, for tests that hold our files against them. */
import { spawnSync } from "node:child_process";

/** Its standard output. Throws with what it said where it failed. */
export function tool(name: string, ...args: readonly string[]): string {
  const { status, stdout, stderr } = spawnSync(name, [...args], { encoding: "utf8", maxBuffer: 1 << 28 });
  if (status !== 0) throw new Error(`${name} ${args.join(" ")} ended with ${status}: ${stderr}`);
  return stdout;
}

/** The comments of every packet, as `tshark -T fields -e frame.comment` prints them. */
export function exported(path: string): string[] {
  return tool("tshark", "-r", path, "-T", "fields", "-e", "frame.comment").split("\n").slice(0, -1);
}
