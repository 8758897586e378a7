/** Opens captures as the window's engine does, in this process: index, reader, points. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DEFAULT_DECODE_OPTIONS, type DecodeOptions } from "../../src-main/engine/decode/decode-options";
import { FieldColumns } from "../../src-main/engine/fields/field-columns";
import { compileFilter } from "../../src-main/engine/filter/compile";
import { FILTER_REGISTRY } from "../../src-main/engine/filter/engine-registry";
import { passOver } from "../../src-main/engine/service/captures-pass";
import type { Engine, RequestContext } from "../../src-main/engine/service/handlers";
import { LoadedCaptures } from "../../src-main/engine/service/loaded-captures";

/** A request nobody cancels. */
export const UNHURRIED: RequestContext = {
  signal: new AbortController().signal,
  progress: () => undefined,
  breathe: () => Promise.resolve(),
};

/** Reads the files whole, hands them to `use`, and closes them. */
export async function withLoaded<T>(
  paths: readonly string[],
  use: (captures: LoadedCaptures) => T | Promise<T>,
  decode: Partial<DecodeOptions> = {},
): Promise<T> {
  const scratchFolder = mkdtempSync(join(tmpdir(), "hopscope-"));
  const captures = new LoadedCaptures({
    serial: 1,
    decode: { ...DEFAULT_DECODE_OPTIONS, ...decode },
    scratchFolder,
    maxIndexBytes: 1e9,
  });
  try {
    captures.add(paths.map((path) => ({ path })));
    await captures.loaded(UNHURRIED.signal);
    return await use(captures);
  } finally {
    await captures.close();
    rmSync(scratchFolder, { recursive: true });
  }
}

/** The same for captures a test made, each as a file of its own. */
export async function withCaptures<T>(
  captures: readonly Uint8Array[],
  use: (captures: LoadedCaptures) => T | Promise<T>,
): Promise<T> {
  const folder = mkdtempSync(join(tmpdir(), "hopscope-"));
  try {
    const paths = captures.map((bytes, i) => {
      const path = join(folder, `capture-${i}.pcapng`);
      writeFileSync(path, bytes);
      return path;
    });
    return await withLoaded(paths, use);
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
    signal: UNHURRIED.signal,
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

function noFiles(): never {
  throw new Error("a test's captures are no workspace of files");
}

/** The services modules see, over captures that are open. */
export function engineOf(captures: LoadedCaptures, views: ReadonlyMap<number, ArrayLike<number>> = new Map()): Engine {
  return {
    captures: () => captures,
    workspaceState: () => {
      throw new Error("a test's captures have no state for the window");
    },
    packetsOfView: (view) => views.get(view) ?? [],
    packetsMatching: () => Promise.reject(new Error("no filters here")),
    ask: () => Promise.reject(new Error("no other modules here")),
    scratchFolder: "",
    savedSession: () => ({ captures: [], decodeAs: [], clusterFiles: [] }),
    openSaved: () => {
      throw new Error("nothing to open here");
    },
    emit: () => undefined,
    onWorkspace: () => () => undefined,
    quiet: () => Promise.resolve(),
    onClose: () => undefined,
    files: {
      scratchFolder: "",
      openPaths: noFiles,
      open: noFiles,
      end: () => undefined,
      drop: () => undefined,
      has: () => false,
    },
  };
}
