/** Captures joined in this process, with the tables of translations and of what devices learned. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { JoinedTables } from "../../src-main/engine/analysis/joined-tables";
import { LearnedObserver } from "../../src-main/engine/analysis/learned-observer";
import { loadCluster } from "../../src-main/engine/cluster/load-cluster";
import { DEFAULT_DECODE_OPTIONS } from "../../src-main/engine/decode/decode-options";
import { createKernel, runPipeline } from "../../src-main/engine/decode/pipeline";
import { PacketCounter, joinRun } from "../../src-main/engine/join/join-captures";
import type { JoinedResult } from "../../src-main/engine/join/join-result";
import { Workspace } from "../../src-main/engine/session/workspace";
import { cellText } from "../../src-main/engine/tables/table";

export interface LearnOptions {
  /** Paths of cluster files. */
  readonly cluster?: readonly string[];
  /** Output of conntrack, by file name or path; with `folder` of traffic written there. */
  readonly conntrack?: Readonly<Record<string, string>>;
  readonly conntrackFiles?: readonly string[];
}

export interface Learnt {
  readonly join: JoinedResult;
  readonly tables: JoinedTables;
  /** Rows of a table as text, the named columns joined by " | ". */
  readonly lines: (table: string, columns: readonly string[]) => Promise<readonly string[]>;
}

export async function learnFiles(files: readonly string[], options: LearnOptions = {}): Promise<Learnt> {
  const workspace = new Workspace(files);
  const handle = createKernel();
  const counter = new PacketCounter();
  const observer = new LearnedObserver();
  await runPipeline(
    handle,
    files,
    { decode: DEFAULT_DECODE_OPTIONS, flows: "sightings", threads: 1 },
    {
      event: (e) => workspace.take(e),
      batch: (batch) => {
        counter.take(batch);
        observer.observe(batch);
      },
    },
  );
  const cluster = options.cluster && loadCluster(options.cluster).cluster;
  const result = joinRun(handle, workspace, counter, cluster ? { cluster } : {});
  const tables = new JoinedTables(result, observer);
  tables.useConntrack(options.conntrackFiles ?? []);
  return {
    join: result,
    tables,
    lines: async (name, columns) => {
      const source = await tables.table(name);
      if (!source) throw new Error(`no table ${name}`);
      const at = columns.map((id) => source.columns.findIndex((column) => column.id === id));
      return Array.from({ length: source.rows }, (_, row) =>
        at.map((column) => cellText(source.cell(row, column))).join(" | "),
      );
    },
  };
}

/** Captures by file name, as bytes. */
export async function learn(
  captures: Readonly<Record<string, Uint8Array>>,
  options: LearnOptions = {},
): Promise<Learnt> {
  const folder = mkdtempSync(join(tmpdir(), "hopscope-"));
  const write = (name: string, content: Uint8Array | string): string => {
    const path = join(folder, name);
    writeFileSync(path, content);
    return path;
  };
  try {
    const files = Object.entries(captures).map(([name, content]) => write(name, content));
    const conntrackFiles = Object.entries(options.conntrack ?? {}).map(([name, text]) => write(name, text));
    return await learnFiles(files, { ...options, conntrackFiles });
  } finally {
    rmSync(folder, { recursive: true });
  }
}
