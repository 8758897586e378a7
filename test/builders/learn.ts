/** Captures joined in this process, with the tables of translations and of what devices learned. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { JoinedTables } from "../../src-main/engine/analysis/joined-tables";
import { LearnedObserver } from "../../src-main/engine/analysis/learned-observer";
import { loadCluster } from "../../src-main/engine/cluster/load-cluster";
import { joinRun } from "../../src-main/engine/join/join-captures";
import type { JoinedResult } from "../../src-main/engine/join/join-result";
import { cellText } from "../../src-main/engine/tables/table";
import { readSightings, withFiles } from "./join-files";

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
  const observer = new LearnedObserver();
  const { workspace, handle, counter } = await readSightings(files, (batch) => observer.observe(batch));
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
export function learn(captures: Readonly<Record<string, Uint8Array>>, options: LearnOptions = {}): Promise<Learnt> {
  return withFiles(captures, (files, folder) => {
    const conntrackFiles = Object.entries(options.conntrack ?? {}).map(([name, text]) => {
      const path = join(folder, name);
      writeFileSync(path, text);
      return path;
    });
    return learnFiles(files, { ...options, conntrackFiles });
  });
}
