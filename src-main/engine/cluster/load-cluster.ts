/**
 * Cluster files to a Cluster: the output of `kubectl get KINDS -A -o json|yaml`, manifests, lists of lists, in any number of files.
 *
 * ```
 * file ─► text ─► documents ─► objects of known kinds ─► ClusterSnapshot ─┐
 * file ─► …                                              ClusterSnapshot ─┴─► Cluster
 * ```
 * One file is one snapshot. What cannot be read is a problem with its file, line and place in the object; the rest is used.
 */
import { readFileSync, statSync } from "node:fs";
import { Cluster } from "../../../src-shared/model/cluster";
import type { IpRange } from "../../../src-shared/model/ip-range";
import type { ClusterObject, ClusterSnapshot } from "../../../src-shared/model/kubernetes";
import { openFailureMessage } from "../sources/open-failure";
import { decodeText, parseDocuments, type PathPart, SyntaxProblem, type TextDocument } from "./documents";
import { formatPath, ObjectProblem, ObjectReader } from "./object-reader";
import { isKnownKind, readObject, readServiceRanges } from "./read-object";

export interface ClusterProblem {
  readonly file: string;
  /** From 1; 0: the whole file. */
  readonly line: number;
  /** "items[3].spec.ports[0].port"; empty: the document itself. */
  readonly path: string;
  /** What was expected and what was found. */
  readonly message: string;
}

export interface ClusterLoad {
  readonly cluster: Cluster;
  readonly problems: readonly ClusterProblem[];
}

export interface ClusterLoadOptions {
  /** When the files' answers were given, by file; those not named keep what is known of them. Milliseconds since the epoch. */
  readonly timesMs?: ReadonlyMap<string, number>;
}

/** Reads cluster files. Never throws for what is in them. */
export function loadCluster(files: readonly string[], options: ClusterLoadOptions = {}): ClusterLoad {
  const snapshots: ClusterSnapshot[] = [];
  const problems: ClusterProblem[] = [];
  for (const file of files) {
    let bytes: Uint8Array;
    let writtenMs: number | null;
    try {
      // "-" is standard input, which has no time.
      bytes = readFileSync(file === "-" ? 0 : file);
      writtenMs = file === "-" ? null : Math.floor(statSync(file).mtimeMs);
    } catch (error) {
      problems.push({ file, line: 0, path: "", message: openFailureMessage(error) });
      continue;
    }
    const read = readClusterFile(file, bytes, { toldMs: options.timesMs?.get(file) ?? null, writtenMs });
    snapshots.push(read.snapshot);
    problems.push(...read.problems);
  }
  return { cluster: new Cluster(snapshots), problems };
}

/** "cluster.json:12: items[3].spec.ports[0].port: expected …" */
export function formatClusterProblem(problem: ClusterProblem): string {
  return [problem.line > 0 ? `${problem.file}:${problem.line}` : problem.file, problem.path, problem.message]
    .filter((part) => part !== "")
    .join(": ");
}

/** What is known of the time of a file's answer, milliseconds since the epoch. */
export interface FileTimes {
  readonly toldMs: number | null;
  readonly writtenMs: number | null;
}

export function readClusterFile(
  file: string,
  bytes: Uint8Array,
  times: FileTimes = { toldMs: null, writtenMs: null },
): { readonly snapshot: ClusterSnapshot; readonly problems: readonly ClusterProblem[] } {
  const problems: ClusterProblem[] = [];
  const collected: Collected = { objects: [], serviceRanges: [], skipped: new Map() };
  let documents: readonly TextDocument[] = [];
  try {
    documents = parseDocuments(decodeText(bytes));
    if (documents.every((d) => d.value === null || d.value === undefined))
      problems.push({ file, line: 0, path: "", message: "expected Kubernetes objects (JSON or YAML), found nothing" });
  } catch (error) {
    if (!(error instanceof SyntaxProblem)) throw error;
    const message = `neither JSON nor YAML (column ${error.column}): ${error.message}`;
    problems.push({ file, line: error.line, path: "", message });
  }
  documents.forEach((document, i) => {
    // "---" at the end makes an empty document.
    if (document.value === null || document.value === undefined) return;
    const prefix = documents.length > 1 ? `document ${i + 1}` : "";
    const report = (path: readonly PathPart[], message: string): void => {
      const at = [prefix, formatPath(path)].filter((part) => part !== "").join(" ");
      problems.push({ file, line: document.lineOf(path), path: at, message });
    };
    collect(new ObjectReader(document.value, []), file, prefix, collected, report, 0);
  });
  return { snapshot: { file, ...collected, ...snapshotTime(collected.objects, times) }, problems };
}

interface Collected {
  readonly objects: ClusterObject[];
  readonly serviceRanges: IpRange[];
  readonly skipped: Map<string, number>;
}

/** Lists may hold lists (kubectl does not write such, tools do); deeper is an error, not a reason to run out of stack. */
const MAX_LIST_DEPTH = 8;

function collect(
  object: ObjectReader,
  file: string,
  prefix: string,
  into: Collected,
  report: (path: readonly PathPart[], message: string) => void,
  depth: number,
): void {
  try {
    if (depth > MAX_LIST_DEPTH) object.fail(`at most ${MAX_LIST_DEPTH} lists in each other`);
    // A bare JSON array of objects, as jq '.items' prints it.
    if (Array.isArray(object.value)) {
      for (const item of object.list()) collect(item, file, prefix, into, report, depth + 1);
      return;
    }
    const kind = object.at("kind").text();
    const version = object.at("apiVersion").optionalText();
    // "List", and typed lists such as PodList (whose items name no kind of their own).
    if (kind === "List" || (kind.endsWith("List") && Array.isArray(object.at("items").value))) {
      const itemKind = kind.slice(0, -"List".length);
      for (const item of object.at("items").list())
        collect(itemKind === "" ? item : withKind(item, itemKind, version), file, prefix, into, report, depth + 1);
      return;
    }
    if (kind === "ServiceCIDR") into.serviceRanges.push(...readServiceRanges(object));
    else if (isKnownKind(kind, version))
      into.objects.push(
        ...readObject(object, kind, file, [prefix, formatPath(object.path)].filter((p) => p !== "").join(" ")),
      );
    else into.skipped.set(kind, (into.skipped.get(kind) ?? 0) + 1);
  } catch (error) {
    if (!(error instanceof ObjectProblem)) throw error;
    report(error.path, error.message);
  }
}

function withKind(item: ObjectReader, kind: string, apiVersion: string | null): ObjectReader {
  const { value } = item;
  if (typeof value !== "object" || value === null || Object.hasOwn(value, "kind")) return item;
  return new ObjectReader({ ...value, kind, ...(apiVersion !== null && { apiVersion }) }, item.path);
}

/**
 * The answer itself bears no time. The newest time in its objects is one it cannot be older than, and travels with the text;
 * the file's own time changes with every copy, so it counts only where the objects name none.
 */
function snapshotTime(
  objects: readonly ClusterObject[],
  times: FileTimes,
): Pick<ClusterSnapshot, "timeMs" | "timeFrom"> {
  if (times.toldMs !== null) return { timeMs: times.toldMs, timeFrom: "told" };
  let newest = -Infinity;
  for (const { meta } of objects) newest = Math.max(newest, meta.createdMs ?? -Infinity, meta.modifiedMs ?? -Infinity);
  if (newest > -Infinity) return { timeMs: newest, timeFrom: "objects" };
  if (times.writtenMs !== null) return { timeMs: times.writtenMs, timeFrom: "file" };
  return { timeMs: null, timeFrom: "unknown" };
}
