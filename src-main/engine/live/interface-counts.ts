/** Packets at each interface of this machine, while somebody chooses one: `dumpcap -S` runs as long as it is asked for. */
import { type ChildProcess, spawn } from "node:child_process";
import type { InterfaceCount } from "../../../src-shared/contract/live";
import { forgetChild, noteChild } from "./child-pids";
import { type ToolPlace, findTool } from "./capture-tools";

/** Nobody asked for so long: the program is ended. */
const UNASKED_MS = 4000;

export class InterfaceCounts {
  private child: ChildProcess | undefined;
  private readonly counts = new Map<string, number>();
  private timer: NodeJS.Timeout | undefined;

  constructor(private readonly place: ToolPlace) {}

  /** What was counted so far; nothing where dumpcap is missing or may not. */
  ask(): readonly InterfaceCount[] {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.end(), UNASKED_MS);
    this.child ??= this.start();
    return [...this.counts].map(([name, packets]) => ({ name, packets }));
  }

  end(): void {
    clearTimeout(this.timer);
    this.child?.kill("SIGTERM");
    this.child = undefined;
    this.counts.clear();
  }

  private start(): ChildProcess | undefined {
    const path = findTool("dumpcap", this.place);
    if (path === undefined) return undefined;
    const child = spawn(path, ["-S", "-M"], { stdio: ["ignore", "pipe", "ignore"] });
    noteChild(child.pid);
    child.on("exit", () => forgetChild(child.pid));
    // It may not, or cannot: then there are no counts.
    child.on("error", () => undefined);
    let rest = "";
    child.stdout.setEncoding("utf8");
    child.stdout.on("data", (text: string) => {
      const lines = (rest + text).split("\n");
      rest = (lines.pop() ?? "").slice(-1000);
      for (const line of lines) {
        const [name, packets] = line.split("\t");
        if (name !== undefined && /^\d+$/.test(packets ?? "")) this.counts.set(name, Number(packets));
      }
    });
    return child;
  }
}
