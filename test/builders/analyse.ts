/** Captures, joined as the window's analysis thread does it, in this process: `await analyse({ "n1.pcapng": … })`. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { Analysis } from "../../src-main/engine/analysis/analysis";
import { DEFAULT_DECODE_OPTIONS } from "../../src-main/engine/decode/decode-options";
import type { MethodName, Params, Results } from "../../src-shared/contract/requests";
import { parseTraffic, trafficToPcapng } from "./traffic";

export type Ask = <M extends MethodName>(method: M, params: Params<M>) => Promise<Results[M]>;

/** Captures by file name, as bytes or in the traffic notation; `cluster`: YAML of cluster objects. */
export async function analyse(captures: Readonly<Record<string, Uint8Array | string>>, cluster?: string): Promise<Ask> {
  const folder = mkdtempSync(join(tmpdir(), "hopscope-"));
  try {
    const files = Object.entries(captures).map(([name, content]) => {
      const path = join(folder, name);
      writeFileSync(path, typeof content === "string" ? trafficToPcapng(parseTraffic(content)) : content);
      return path;
    });
    const told = join(folder, "cluster.yaml");
    if (cluster !== undefined) writeFileSync(told, cluster);
    return await analyseFiles(files, cluster === undefined ? [] : [told]);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** Packets have the numbers that the analysis gives them: over the files in their order. */
export async function analyseFiles(files: readonly string[], clusterFiles: readonly string[]): Promise<Ask> {
  const analysis = await Analysis.run(
    {
      files: files.map((path) => ({
        path,
        name: basename(path),
        firstPacket: 0,
        unreadable: false,
        clockOffset: null,
      })),
      decode: DEFAULT_DECODE_OPTIONS,
      clusterFiles,
      disabledPoints: [],
      live: false,
      firstTable: 1,
    },
    () => undefined,
  );
  return async (method, params) => (await analysis.answer(method, params)) as never;
}
