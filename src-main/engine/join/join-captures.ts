/**
 * Files to a JoinResult: one pass of the pipeline that writes sightings, then joining.
 *
 * ```
 * files ─► runPipeline(flows: "sightings") ─► SightingColumns ─► joinSightings ─► NetworkTopology ─► JoinedResult
 * ```
 */
import type { Cluster } from "../../../src-shared/model/cluster";
import type { ToldTranslation } from "../../../src-shared/model/told-translation";
import { UNSEEN_ARP, UNSEEN_CUT, UNSEEN_LINK_TYPE, UNSEEN_OTHER } from "../kernel/assembly/abi";
import type { KernelHandle } from "../decode/pipeline";
import { originOf } from "../session/section-origin";
import type { Workspace } from "../session/workspace";
import { joinSightings } from "./join";
import { JoinedResult } from "./join-result";
import { groupClocks, groupPoints, namespaceTold, originMachines, podTold } from "./point-groups";
import type { PacketCounter } from "./packet-counter";
import { type ToldText, readDescription } from "./told-names/tool-texts";
import { SightingColumns } from "./sighting-columns";
import { NetworkTopology } from "./topology";
import { captureNames } from "./topology/capture-names";

export interface JoinOptions {
  readonly cluster?: Cluster;
  /** Seconds to add to a file's times, by the file's path or base name: told by a person. */
  readonly clockOffsets?: ReadonlyMap<string, number>;
  /** What connection tracking told. */
  readonly told?: readonly ToldTranslation[];
}

/** By point: what interfaces tell that other tools made for one container each. */
function toldInterfaces({ points }: Workspace): ReadonlyMap<number, ToldText> {
  const told = new Map<number, ToldText>();
  points.forEach(({ description, name }, i) => {
    if (description === undefined || podTold(description) !== null) return;
    const text = readDescription(description, name);
    if (text && (text.pod !== null || text.container !== null)) told.set(i, text);
  });
  return told;
}

/** Joins what a pipeline run in mode "sightings" has left in the kernel. */
export function joinRun(
  handle: KernelHandle,
  workspace: Workspace,
  counter: PacketCounter,
  options: JoinOptions,
): JoinedResult {
  const columns = new SightingColumns(handle);
  const fileOfPoint = workspace.points.map((_, i) => workspace.pointFiles[i] ?? 0);
  const names = workspace.files.map((f) => f.label);
  const toldOffsets = new Map<number, number>();
  workspace.files.forEach((f, i) => {
    const told = options.clockOffsets?.get(f.name) ?? options.clockOffsets?.get(names[i] ?? "");
    if (told !== undefined) toldOffsets.set(i, told);
  });
  const descriptions = workspace.points.map((p) => p.description);
  const interfaces = toldInterfaces(workspace);
  const toldNodes = workspace.points.map((_, i) => interfaces.get(i)?.node ?? undefined);
  const toldFiles = originMachines(
    fileOfPoint,
    workspace.points.map((p, i) => originOf(workspace.files[fileOfPoint[i] ?? 0]?.sections[p.section]?.comments ?? [])),
  );
  const clocks = groupClocks(fileOfPoint, names.length, descriptions, toldNodes, toldFiles);
  const packetsOfClock = new Array<number>(names.length + clocks.machines.length).fill(0);
  clocks.ofPoint.forEach((clock, i) => {
    packetsOfClock[clock] = (packetsOfClock[clock] ?? 0) + (counter.ofPoint[i] ?? 0);
  });
  // Joining asks of files only what they have in common: a clock.
  const joined = joinSightings({
    columns,
    fileNames: [...names, ...clocks.machines],
    fileOfPoint: clocks.ofPoint,
    packetsOfFile: packetsOfClock,
    // A container's name says nothing of devices, whatever it looks like.
    pointNames: workspace.points.map((p, i) => (interfaces.has(i) ? undefined : p.name)),
    toldOffsets,
  });
  const groups = groupPoints(
    fileOfPoint,
    names,
    descriptions,
    workspace.points.map((p) => p.name),
    toldNodes,
    workspace.points.map(namespaceTold),
    toldFiles,
  );
  const topology = new NetworkTopology({
    columns,
    joined,
    points: workspace.points.map((p, i) => ({
      id: workspace.pointId(i),
      fileIndex: fileOfPoint[i] ?? 0,
      file: names[fileOfPoint[i] ?? 0] ?? "",
      group: groups.ofPoint[i] ?? 0,
      toldPod: podTold(p.description),
      isContainers: interfaces.has(i),
      name: p.name,
      linkType: p.linkType,
      packets: counter.ofPoint[i] ?? 0,
    })),
    groups: groups.names,
    mixed: groups.mixed,
    cluster: options.cluster,
    names: captureNames(workspace.files.flatMap((f) => f.names)),
    told: { rows: counter.told.rows, interfaces },
  });
  const unseenAt = handle.kernel.unseenCounts() >>> 2;
  const unseen = (why: number): number => columns.words[unseenAt + why] as number;
  const result = new JoinedResult({
    handle,
    columns,
    joined,
    topology,
    cluster: options.cluster,
    messages: counter.messages,
    fileOfPoint,
    firstPacketOfFile: workspace.files.map((_, i) => counter.firstOfFile[i] ?? 0),
    packets: counter.total,
    unseen: {
      arp: unseen(UNSEEN_ARP),
      "cut short or malformed": unseen(UNSEEN_CUT),
      "link type not decoded": unseen(UNSEEN_LINK_TYPE),
      "no network layer": unseen(UNSEEN_OTHER),
    },
  });
  result.tell(options.told ?? []);
  return result;
}
