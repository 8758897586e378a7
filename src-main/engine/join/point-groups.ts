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
 * A merged file (mergecap) does not say it: several of its interfaces have one name, which is so on no machine.
 */
const NAMESPACE = /^(?:network namespace|machine) ([^\s,]+)/;
const MACHINE = /^machine ([^\s,]+)/;
const POD = /, pod ([^\s,]+\/[^\s,]+)$/;

export interface PointGroups {
  /** Group of each point. */
  readonly ofPoint: readonly number[];
  /** Names: the namespace told, else the file's without its ending. */
  readonly names: readonly string[];
  /** Groups that are of several machines, though nothing says which points are of which. */
  readonly mixed: ReadonlySet<number>;
}

export function groupPoints(
  fileOfPoint: readonly number[],
  fileNames: readonly string[],
  descriptions: readonly (string | undefined)[],
  pointNames: readonly (string | undefined)[],
): PointGroups {
  // Each file has a group, used or not: one for the points without a description.
  const names = fileNames.map(fileStem);
  const told = new Map<string, number>();
  const ofPoint = fileOfPoint.map((file, point) => {
    const namespace = NAMESPACE.exec(descriptions[point] ?? "")?.[1];
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
    if (name === undefined) return;
    const key = `${group} ${name}`;
    if (seen.has(key)) mixed.add(group);
    seen.add(key);
  });
  return { ofPoint, names, mixed };
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
): ClockGroups {
  const clocks = new Map<string, number>();
  const machines: string[] = [];
  const ofPoint = fileOfPoint.map((file, point) => {
    const machine = MACHINE.exec(descriptions[point] ?? "")?.[1];
    if (machine === undefined) return file;
    const key = `${file} ${machine}`;
    const known = clocks.get(key);
    if (known !== undefined) return known;
    clocks.set(key, files + machines.length);
    return files + machines.push(machine) - 1;
  });
  return { ofPoint, machines };
}

/** "default/web-a", if the description tells. */
export function podTold(description: string | undefined): string | null {
  return POD.exec(description ?? "")?.[1] ?? null;
}

/** "client-a" of "client-a.pcapng.gz". */
export function fileStem(name: string): string {
  const at = name.indexOf(".");
  return at > 0 ? name.slice(0, at) : name;
}
