/**
 * Capture points as a person knows them, from the ids that joining and findings speak of.
 *
 * ```
 * "n1.pcapng#2" → "cni0"           the only cni0
 *               → "n1 cni0"        other files have one too
 *               → "n1 cni0"        one file, but its description speaks of the machine n1
 *               → "n1.pcapng#2"    even that is no name of its own
 * ```
 */
import type { PointState } from "../../src-shared/contract/results";
import { machineName } from "../../src-shared/model/machine-name";

/** Text that is no capture point's id comes back as it is. */
export type PointNames = (id: string) => string;

type NamedPoint = Pick<PointState, "id" | "name"> & { readonly description?: string | null };

export function pointNames(points: readonly NamedPoint[]): PointNames {
  const candidates = points.map((point) => [point.name, withFile(point), withMachine(point)]);
  const counts = count(candidates.flatMap((texts) => [...new Set(texts)]));
  const names = new Map(
    points.map((point, at) => [point.id, candidates[at]?.find((text) => counts.get(text) === 1) ?? point.id]),
  );
  return (id) => names.get(id) ?? id;
}

/** "n1 cni0": the file without what tells its format. */
function withFile({ id, name }: NamedPoint): string {
  return `${id.replace(/#\d+$/, "").replace(/(\.(pcapng|pcap|cap))?(\.(gz|zst|lz4))?$/i, "")} ${name}`;
}

function withMachine({ name, description }: NamedPoint): string {
  const machine = machineName(description);
  return machine === null ? name : `${machine} ${name}`;
}

function count(texts: readonly string[]): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  for (const text of texts) counts.set(text, (counts.get(text) ?? 0) + 1);
  return counts;
}
