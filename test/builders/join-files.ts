/** Reads captures and joins them in this process. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { loadCluster } from "../../src-main/engine/cluster/load-cluster";
import { loadConntrack } from "../../src-main/engine/cluster/load-conntrack";
import { DEFAULT_DECODE_OPTIONS } from "../../src-main/engine/decode/decode-options";
import { type KernelHandle, createKernel, runPipeline } from "../../src-main/engine/decode/pipeline";
import { type ConnectionJson, connectionJson } from "../../src-main/engine/join/connection-json";
import { joinRun } from "../../src-main/engine/join/join-captures";
import { PacketCounter } from "../../src-main/engine/join/packet-counter";
import type { JoinedResult } from "../../src-main/engine/join/join-result";
import type { Batch } from "../../src-main/engine/kernel/batch";
import { Workspace } from "../../src-main/engine/session/workspace";
import type { Connection } from "../../src-shared/reconstruct/result";
import { parseTraffic, trafficToPcapng } from "./traffic";

export interface JoinFilesOptions {
  readonly cluster?: readonly string[];
  readonly clockOffsets?: ReadonlyMap<string, number>;
  /** Files of conntrack's output. */
  readonly conntrack?: readonly string[];
}

/** What a pass over captures leaves, to be joined. */
export interface ReadSightings {
  readonly workspace: Workspace;
  readonly handle: KernelHandle;
  readonly counter: PacketCounter;
}

/** Reads captures, writing sightings; `observe` sees every batch. */
export async function readSightings(
  files: readonly string[],
  observe?: (batch: Batch) => void,
): Promise<ReadSightings> {
  const workspace = new Workspace(files);
  const handle = createKernel();
  const counter = new PacketCounter();
  await runPipeline(
    handle,
    files,
    { decode: DEFAULT_DECODE_OPTIONS, flows: "sightings", threads: 1 },
    {
      event: (e) => workspace.take(e),
      batch: (batch) => {
        counter.take(batch);
        observe?.(batch);
      },
    },
  );
  return { workspace, handle, counter };
}

/** Writes files into a folder, by name: captures as bytes or in the traffic notation; the folder goes when `use` has ended. */
export async function withFiles<T>(
  contents: Readonly<Record<string, string | Uint8Array>>,
  use: (paths: readonly string[], folder: string) => Promise<T>,
): Promise<T> {
  const folder = mkdtempSync(join(tmpdir(), "hopscope-"));
  try {
    const paths = Object.entries(contents).map(([name, content]) => {
      const path = join(folder, name);
      mkdirSync(dirname(path), { recursive: true });
      writeFileSync(path, typeof content === "string" ? trafficToPcapng(parseTraffic(content)) : content);
      return path;
    });
    return await use(paths, folder);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

export async function joinFiles(files: readonly string[], options: JoinFilesOptions = {}): Promise<JoinedResult> {
  const { workspace, handle, counter } = await readSightings(files);
  const cluster = options.cluster && loadCluster(options.cluster).cluster;
  return joinRun(handle, workspace, counter, {
    ...(cluster && { cluster }),
    ...(options.clockOffsets && { clockOffsets: options.clockOffsets }),
    ...(options.conntrack && { told: loadConntrack(options.conntrack).entries }),
  });
}

/** Captures by name, each in the traffic notation or as bytes. */
export function joinTraffic(
  captures: Readonly<Record<string, string | Uint8Array>>,
  options: JoinFilesOptions = {},
): Promise<JoinedResult> {
  return withFiles(captures, (files) => joinFiles(files, options));
}

export function connectionsOf(result: JoinedResult): Connection[] {
  return Array.from({ length: result.connectionCount }, (_, i) => result.connection(i));
}

export function connectionsJson(result: JoinedResult): ConnectionJson[] {
  return connectionsOf(result).map((c) => connectionJson(result, c));
}

/**
 * One line a connection:
 * "tcp 10.1.0.5:1000 > 10.96.0.1:80 = 10.1.0.9:8080 as 10.1.0.5:1000 | a@eth0 b@eth0 | dnat a@eth0..b@eth0". Points are
 * file@interface without the file's ending; "*" stands for what is not shown.
 */
export function connectionLines(result: JoinedResult): string[] {
  const point = (p: number | null): string => {
    const x = p === null ? undefined : result.points[p];
    return x ? `${x.file.replace(/\..*/, "")}@${x.interface ?? "0"}` : "*";
  };
  const end = (e: { readonly ip: string; readonly port: number } | null): string => (e ? `${e.ip}:${e.port}` : "*");
  return connectionsOf(result).map((c) =>
    [
      `${c.protocol} ${end(c.client)} > ${end(c.requested)} = ${end(c.server)} as ${end(c.seenByServerAs)}`,
      c.path.map(point).join(" "),
      ...(c.translations.length > 0
        ? [c.translations.map((t) => `${t.kind} ${point(t.between[0])}..${point(t.between[1])}`).join(", ")]
        : []),
      ...(c.ambiguous ? ["ambiguous"] : []),
    ].join(" | "),
  );
}
