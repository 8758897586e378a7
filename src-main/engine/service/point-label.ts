/**
 * Capture points as lists and legends name them: by the interface, and behind it what tells it from others of its name.
 *
 * ```
 * cni0             one file, one cni0
 * eth0 · node-a    one file with the eth0 of many machines, whose descriptions tell them apart
 * cni0 · n1        several files
 * n1               several files, and this one tells no interface (pcap does not)
 * eth0 · node1     files "service-vxlan-node1" and "service-vxlan-node2": what all begin with tells nothing
 * ```
 * The interface comes first: where the column is narrow, the rest is what is cut.
 */
import { oneLine } from "../../../src-shared/base/text";
import { machineName } from "../../../src-shared/model/machine-name";

/** The label of a point by its index. For one answer: names may change between two. */
export function pointLabels(captures: LabelledCaptures): (point: number) => string {
  const { workspace } = captures;
  const inFile = (point: number): string => `${workspace.pointFiles[point] ?? -1} ${captures.pointName(point)}`;
  const counts = new Map<string, number>();
  const count = (key: string): void => void counts.set(key, (counts.get(key) ?? 0) + 1);
  workspace.points.forEach((_, point) => {
    count(inFile(point));
    count(`file ${workspace.pointFiles[point] ?? -1}`);
  });
  const labels = new Map<number, string>();
  const begin =
    workspace.files.length > 1
      ? sharedStart(workspace.points.map((_, point) => fileLabel(workspace.pointId(point))))
      : 0;
  return (point) => {
    const known = labels.get(point);
    if (known !== undefined) return known;
    const shared = (counts.get(inFile(point)) ?? 0) > 1;
    const machine = shared ? machineName(workspace.points[point]?.description) : null;
    const place = machine ?? (workspace.files.length > 1 ? fileLabel(workspace.pointId(point)).slice(begin) : null);
    const name = captures.pointName(point);
    const isOnly = counts.get(`file ${workspace.pointFiles[point] ?? -1}`) === 1;
    const isNumbered = /^interface \d+$/.test(name) && isOnly && place !== null;
    const label = oneLine(place === null ? name : isNumbered ? place : `${name} · ${place}`);
    labels.set(point, label);
    return label;
  };
}

/** What it takes of the open captures. */
interface LabelledCaptures {
  readonly workspace: {
    readonly files: readonly { readonly name: string }[];
    readonly pointFiles: readonly number[];
    readonly points: readonly { readonly description: string | undefined }[];
    pointId(point: number): string;
  };
  pointName(point: number): string;
}

/** "n1.pcapng.gz#2" → "n1" */
function fileLabel(id: string): string {
  return id.replace(/#\d+$/, "").replace(/\.(pcapng|pcap|cap)(\.(gz|zst|lz4))?$/i, "");
}

/** A start this short costs no room. */
const LEAST_START = 8;
/** What is left of a name has to be one still: "client-a" and "client-b" stay as they are. */
const LEAST_REST = 3;

/** How many characters all names begin with, up to the end of a word; 0 where leaving them out would gain little or leave too little. */
function sharedStart(names: readonly string[]): number {
  const [first = ""] = names;
  let length = first.length;
  for (const name of names) while (!name.startsWith(first.slice(0, length))) length--;
  length = /^.*[-_. ]/.exec(first.slice(0, length))?.[0].length ?? 0;
  return length >= LEAST_START && names.every((name) => name.length - length >= LEAST_REST) ? length : 0;
}
