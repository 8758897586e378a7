/** Opens captures in this process as the engine's thread does, for tests. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DEFAULT_DECODE_OPTIONS, type DecodeOptions } from "../../src-main/engine/decode/decode-options";
import { FieldColumns } from "../../src-main/engine/fields/field-columns";
import { compileFilter } from "../../src-main/engine/filter/compile";
import { FILTER_REGISTRY } from "../../src-main/engine/filter/engine-registry";
import { passOver } from "../../src-main/engine/service/captures-pass";
import { LoadedCaptures } from "../../src-main/engine/service/loaded-captures";

/** Calls `use` with captures that are read completely, and closes them. */
export async function withLoaded(
  paths: readonly string[],
  use: (captures: LoadedCaptures) => Promise<void> | void,
  decode: Partial<DecodeOptions> = {},
): Promise<void> {
  const scratchFolder = mkdtempSync(join(tmpdir(), "hopscope-scratch-"));
  const captures = new LoadedCaptures({
    serial: 1,
    decode: { ...DEFAULT_DECODE_OPTIONS, ...decode },
    scratchFolder,
    maxIndexBytes: 1 << 30,
  });
  try {
    captures.add(paths.map((path) => ({ path })));
    await captures.loaded(new AbortController().signal);
    await use(captures);
  } finally {
    await captures.close();
    rmSync(scratchFolder, { recursive: true });
  }
}

/** Writes bytes to files "0.pcapng", "1.pcapng" … of a folder of their own and calls `use` with their paths. */
export async function withFiles(
  contents: readonly Uint8Array[],
  use: (paths: string[]) => Promise<void> | void,
): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), "hopscope-"));
  try {
    await use(
      contents.map((bytes, i) => {
        const path = join(folder, `${i}.pcapng`);
        writeFileSync(path, bytes);
        return path;
      }),
    );
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** Which packets each filter holds for, found by reading the files from their beginning as `hopscope packets -Y` does. */
export async function matchesByPass(captures: LoadedCaptures, sources: readonly string[]): Promise<Uint8Array[]> {
  const filters = sources.map((source) => compileFilter(source, FILTER_REGISTRY));
  const all = sources.map(() => new Uint8Array(captures.index.count));
  let columns: FieldColumns | undefined;
  await passOver(captures, {
    flows: "point-streams",
    signal: new AbortController().signal,
    batch: (batch, firstId, pass) => {
      columns ??= new FieldColumns(pass.context);
      columns.begin(batch);
      filters.forEach((filter, f) =>
        filter.evaluate(columns as FieldColumns, (all[f] as Uint8Array).subarray(firstId, firstId + batch.packetCount)),
      );
    },
  });
  return all;
}
