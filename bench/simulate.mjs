/**
 * How many packets a second the simulator makes, written as pcapng into memory: a Service over VXLAN, every device recorded.
 *
 *   node bench/simulate.mjs [--seconds N] [--runs N]
 *
 * Counted is the user CPU time of one process, so that a busy machine does not make it slower. The goal is 300,000 packets a second.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { parseArgs } from "node:util";
import { build } from "vite";
import { median } from "./report.mjs";

const GOAL = 300_000;
const { values } = parseArgs({
  options: { seconds: { type: "string", default: "2" }, runs: { type: "string", default: "3" } },
});

const root = fileURLToPath(new URL("..", import.meta.url));
const folder = mkdtempSync(join(tmpdir(), "hopscope-bench-"));
try {
  await build({
    root,
    configFile: false,
    logLevel: "error",
    build: {
      ssr: join(root, "bench/simulate-load.ts"),
      outDir: folder,
      emptyOutDir: false,
      rolldownOptions: { output: { entryFileNames: "load.mjs" } },
    },
    ssr: { noExternal: true },
  });
  /** @type {{ runLoad: typeof import("./simulate-load").runLoad }} */
  const { runLoad } = await import(pathToFileURL(join(folder, "load.mjs")).href);
  let reached = true;
  for (const answerBytes of [200, 20_000]) {
    const rates = [];
    let load;
    for (let run = 0; run < Number(values.runs); run++) {
      load = runLoad(Number(values.seconds), answerBytes);
      rates.push(load.packets / load.userSeconds);
    }
    const rate = median(rates);
    reached &&= rate >= GOAL;
    console.log(
      `answers of ${answerBytes} bytes: ${Math.round(rate).toLocaleString("en")} packets a second of user CPU time ` +
        `(${load?.packets.toLocaleString("en")} packets, ${((load?.bytes ?? 0) / 1e6).toFixed(0)} MB a run; goal ${GOAL.toLocaleString("en")})`,
    );
  }
  process.exitCode = reached ? 0 : 1;
} finally {
  rmSync(folder, { recursive: true, force: true });
}
