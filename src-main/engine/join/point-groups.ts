/**
 * Which points are of one machine or pod before anything is known of their traffic: those of one file, as dumpcap in every network
 * namespace writes them. A file that holds several namespaces says so in its interfaces' descriptions, as `hopscope simulate` does:
 *
 * ```
 * all.pcapng#0  "network namespace n1"                        ─► group n1
 * all.pcapng#1  "network namespace n1, pod default/web-a"     ─► group n1, the veth of that pod
 * all.pcapng#2  "network namespace web-a, pod default/web-a"  ─► group web-a
 * ```
 * Machines that were recorded at once into one file are told apart likewise ("machine node-1"), and have a clock each.
 * Sections of a file that were files of their own say so, too (section-origin.ts).
 * Other tools' interfaces that each are a container's tell the node (told-names/tool-texts.ts): these of one node are a group likewise.
 * A merged file (mergecap) does not say it: several of its interfaces have one name, which is so on no machine.
 */
const NAMESPACE = /^(?:network namespace|machine) ([^\s,]+)/;
const MACHINE = /^machine ([^\s,]+)/;
const POD = /, pod ([^\s,]+\/[^\s,]+)$/;

export interface PointGroups {
  /** Group of each point. */
  readonly ofPoint: readonly number[];
  /** Names: the namespace told, else by the file's name (fileMachines). */
  readonly names: readonly string[];
  /** Groups that are of several machines, though nothing says which points are of which. */
  readonly mixed: ReadonlySet<number>;
}

export function groupPoints(
  fileOfPoint: readonly number[],
  fileNames: readonly string[],
  descriptions: readonly (string | undefined)[],
  pointNames: readonly (string | undefined)[],
  toldNodes: readonly (string | undefined)[] = [],
  toldNamespaces: readonly (number | undefined)[] = [],
  toldFiles: readonly (string | undefined)[] = [],
): PointGroups {
  const inner = innerNamespaces(fileOfPoint, toldNamespaces);
  // Each file has a group, used or not: one for the points without a description.
  const names = fileMachines(fileNames);
  const told = new Map<string, number>();
  const ofPoint = fileOfPoint.map((file, point) => {
    const namespace =
      NAMESPACE.exec(descriptions[point] ?? "")?.[1] ?? toldNodes[point] ?? inner[point] ?? toldFiles[point];
    if (namespace === undefined) return file;
    const key = `${file} ${namespace}`;
    let group = told.get(key);
    if (group === undefined) {
      group = names.length;
      told.set(key, group);
      names.push(namespace);
    }
    return group;
  });
  const mixed = new Set<number>();
  const seen = new Set<string>();
  ofPoint.forEach((group, point) => {
    const name = pointNames[point];
    // Containers' interfaces are called as the containers are.
    if (name === undefined || toldNodes[point] !== undefined) return;
    const key = `${group} ${name}`;
    if (seen.has(key)) mixed.add(group);
    seen.add(key);
  });
  return { ofPoint, names, mixed };
}

/**
 * Names of the network namespaces that tools number (ptcpdump, Retis), for points of a file with several. The lowest number of a
 * machine is its own, made before all others: what is in it stays the file's.
 */
function innerNamespaces(
  fileOfPoint: readonly number[],
  toldNamespaces: readonly (number | undefined)[],
): readonly (string | undefined)[] {
  const lowest = new Map<number, number>();
  toldNamespaces.forEach((n, point) => {
    const file = fileOfPoint[point] ?? 0;
    if (n !== undefined) lowest.set(file, Math.min(n, lowest.get(file) ?? Infinity));
  });
  return fileOfPoint.map((file, point) => {
    const n = toldNamespaces[point];
    return n === undefined || n === lowest.get(file) ? undefined : `namespace-${n}`;
  });
}

/** The inode that ptcpdump's interfaces have in a comment, Retis's in their names; 0 stands for "not known". */
export function namespaceTold({
  name,
  description,
  comments,
}: {
  readonly name: string | undefined;
  readonly description: string | undefined;
  readonly comments: readonly string[];
}): number | undefined {
  const commented = comments.flatMap((text) => /^ifIndex: \d+, netNsInode: (\d{1,10}),/.exec(text)?.[1] ?? [])[0];
  const named = /^ifindex=\d+$/.test(description ?? "") ? / \((\d{1,10})\)$/.exec(name ?? "")?.[1] : undefined;
  return Number(commented ?? named ?? 0) || undefined;
}

/** Points with one clock: those of a file, unless several machines were recorded into it. */
export interface ClockGroups {
  /** Clock of each point: its file, or behind the files one for each machine of a file. */
  readonly ofPoint: readonly number[];
  readonly machines: readonly string[];
}

export function groupClocks(
  fileOfPoint: readonly number[],
  files: number,
  descriptions: readonly (string | undefined)[],
  toldNodes: readonly (string | undefined)[] = [],
  toldFiles: readonly (string | undefined)[] = [],
): ClockGroups {
  const clocks = new Map<string, number>();
  const machines: string[] = [];
  const ofPoint = fileOfPoint.map((file, point) => {
    const machine = MACHINE.exec(descriptions[point] ?? "")?.[1] ?? toldNodes[point] ?? toldFiles[point];
    if (machine === undefined) return file;
    const key = `${file} ${machine}`;
    const known = clocks.get(key);
    if (known !== undefined) return known;
    clocks.set(key, files + machines.length);
    return files + machines.push(machine) - 1;
  });
  return { ofPoint, machines };
}

/** By point: the machine of the file that its section was before several were written into one (section-origin.ts). */
export function originMachines(
  fileOfPoint: readonly number[],
  origins: readonly (string | undefined)[],
): readonly (string | undefined)[] {
  const machines = new Map<string, string>();
  for (const file of new Set(fileOfPoint)) {
    const own = [
      ...new Set(origins.flatMap((o, point) => (o !== undefined && fileOfPoint[point] === file ? [o] : []))),
    ];
    fileMachines(own).forEach((machine, i) => machines.set(`${file} ${own[i] ?? ""}`, machine));
  }
  return origins.map((o, point) => (o === undefined ? undefined : machines.get(`${fileOfPoint[point] ?? 0} ${o}`)));
}

/** "default/web-a", if the description tells. */
export function podTold(description: string | undefined): string | null {
  return POD.exec(description ?? "")?.[1] ?? null;
}

/**
 * What files call their machines. The name up to its first point, unless other files begin with the same and go on in words:
 *
 * ```
 * client-a.pcapng.gz                    ─► client-a
 * n1.2024-03-01.pcap  n1.pcap0          ─► n1, both: one recording in parts
 * 10.0.0.1.pcap       10.0.0.2.pcap     ─► 10.0.0.1  10.0.0.2
 * dump.n1.pcap        dump.n2.pcap      ─► dump.n1  dump.n2
 * n1/eth0.pcap        n2/eth0.pcap      ─► n1/eth0  n2/eth0
 * ```
 */
export function fileMachines(fileNames: readonly string[]): string[] {
  const stems = fileNames.map(upToPoint);
  const wholes = fileNames.map((name) => name.replace(CAPTURE_ENDING, ""));
  const rests = wholes.map((whole, i) => whole.slice(stems[i]?.length).replace(/(?<=\d)[TZ]/g, ""));
  return stems.map((stem, i) => {
    const same = stems.flatMap((other, k) => (other === stem ? [k] : []));
    const areParts = /\p{L}/u.test(stem) && same.every((k) => !/\p{L}/u.test(rests[k] ?? ""));
    return areParts || same.length === 1 ? stem : (wholes[i] ?? stem);
  });
}

const CAPTURE_ENDING = /\.(pcapng|pcap|cap|dmp)\d*(\.(gz|zst|lz4))?$/i;

/** "client-a" of "client-a.pcapng.gz", "n1/eth0" of "n1/eth0.pcap". */
function upToPoint(name: string): string {
  const file = Math.max(name.lastIndexOf("/"), name.lastIndexOf("\\")) + 1;
  const at = name.indexOf(".", file + 1);
  return at > 0 ? name.slice(0, at) : name;
}
