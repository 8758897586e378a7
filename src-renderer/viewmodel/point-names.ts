/**
 * Capture points as a person knows them, from the ids that joining and findings speak of.
 *
 * ```
 * "n1.pcapng#2" → "cni0"           the only cni0
 *               → "n1 cni0"        other files have one too
 *               → "n1.pcapng#2"    even that is no name of its own
 * ```
 */
import type { PointState } from "../../src-shared/contract/results";

/** Text that is no capture point's id comes back as it is. */
export type PointNames = (id: string) => string;

export function pointNames(points: readonly Pick<PointState, "id" | "name">[]): PointNames {
  const short = count(points.map((point) => point.name));
  const long = count(points.map(longName));
  const names = new Map(
    points.map((point) => {
      const unique = short.get(point.name) === 1 ? point.name : longName(point);
      return [point.id, short.get(point.name) === 1 || long.get(unique) === 1 ? unique : point.id];
    }),
  );
  return (id) => names.get(id) ?? id;
}

/** "n1 cni0": the file without what tells its format. */
function longName({ id, name }: Pick<PointState, "id" | "name">): string {
  return `${id.replace(/#\d+$/, "").replace(/(\.(pcapng|pcap|cap))?(\.(gz|zst|lz4))?$/i, "")} ${name}`;
}

function count(texts: readonly string[]): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  for (const text of texts) counts.set(text, (counts.get(text) ?? 0) + 1);
  return counts;
}
