/** Preloaded into Node commands where there is no GNU time: leaves what the process used, in time's words. */
import { writeFileSync } from "node:fs";

process.on("exit", () => {
  const { userCPUTime, systemCPUTime, maxRSS } = process.resourceUsage();
  const path = process.env.HOPSCOPE_BENCH_USAGE;
  if (path) writeFileSync(path, `${userCPUTime / 1e6} ${systemCPUTime / 1e6} ${maxRSS}`);
});
