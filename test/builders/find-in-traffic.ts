/** Captures, joined and searched for findings in this process. */
import { readConntrack } from "../../src-main/engine/cluster/conntrack";
import { readClusterFile } from "../../src-main/engine/cluster/load-cluster";
import { dropsOfPoints } from "../../src-main/engine/findings/capture-drops";
import { findFindings, type FindingResult } from "../../src-main/engine/findings/find";
import { PacketObserver } from "../../src-main/engine/findings/observer";
import { joinRun } from "../../src-main/engine/join/join-captures";
import type { JoinedResult } from "../../src-main/engine/join/join-result";
import { checkModelRules } from "../../src-main/engine/model-rules/check-rules";
import { Cluster } from "../../src-shared/model/cluster";
import type { Finding, FindingKind } from "../../src-shared/model/finding";
import type { RuleVerdict } from "../../src-shared/model/model-rule";
import { readSightings, withFiles } from "./join-files";

export interface Searched extends FindingResult {
  readonly join: JoinedResult;
  readonly rules: readonly RuleVerdict[];
  /** The findings of one kind. */
  readonly of: (kind: FindingKind) => readonly Finding[];
}

export interface SearchOptions {
  /** YAML of cluster objects. */
  readonly cluster?: string;
  /** Output of conntrack. */
  readonly conntrack?: string;
}

/** Captures by file name, as bytes or in the traffic notation. */
export function search(
  captures: Readonly<Record<string, Uint8Array | string>>,
  options: SearchOptions = {},
): Promise<Searched> {
  return withFiles(captures, (files) => searchFiles(files, options));
}

export async function searchFiles(files: readonly string[], options: SearchOptions = {}): Promise<Searched> {
  const observer = new PacketObserver();
  const { workspace, handle, counter } = await readSightings(files, (batch) => observer.observe(batch));
  const read =
    options.cluster === undefined
      ? undefined
      : readClusterFile("cluster.yaml", new TextEncoder().encode(options.cluster));
  if (read && read.problems.length > 0) throw new Error(JSON.stringify(read.problems));
  const cluster = new Cluster(read ? [read.snapshot] : []);
  const told = readConntrack("conntrack.txt", options.conntrack ?? "").entries;
  const result = joinRun(handle, workspace, counter, { ...(read && { cluster }), told });
  const found = findFindings({
    join: result,
    cluster,
    told,
    observer,
    drops: dropsOfPoints(workspace),
  });
  return {
    ...found,
    join: result,
    rules: checkModelRules(result),
    of: (kind) => found.findings.filter((f) => f.kind === kind),
  };
}

/** "error broken-outer-checksum: title", a line each. */
export function findingLines(found: FindingResult): string[] {
  return found.findings.map((f) => `${f.severity} ${f.kind}: ${f.title}`);
}
