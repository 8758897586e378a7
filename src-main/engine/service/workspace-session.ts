/**
 * The open workspace: which captures, how they are decoded, what a person said about capture points. Captures are replaced by
 * a new generation (LoadedCaptures) where packets change; what was said about a point stays, by file and interface.
 */
import { existsSync } from "node:fs";
import { resolve } from "node:path";
import { baseName } from "../../../src-shared/base/file-name";
import { ContractError } from "../../../src-shared/contract/messages";
import type { Params } from "../../../src-shared/contract/requests";
import type { DecodeAs, PointState, TimeValue, WorkspaceState } from "../../../src-shared/contract/results";
import type { PointRole } from "../../../src-shared/model/point-role";
import { linkTypeName } from "../../../src-shared/model/link-type";
import { DEFAULT_DECODE_OPTIONS, type DecodeAsPort, type DecodeOptions } from "../decode/decode-options";
import { clusterFilesBeside } from "../sources/cluster-beside";
import { expandInputs } from "../sources/workspace-files";
import { Breather } from "./breather";
import type { LiveFile } from "./handlers";
import { type InputToLoad, LoadedCaptures } from "./loaded-captures";
import { SPARKLINE_PARTS, pointActivity } from "./point-activity";
import { guessRole } from "./point-role";
import type { SavedSession } from "./saved-session";
import { Throttle } from "./throttle";
import { TimeShare } from "./time-share";

/** Between two "workspace" events while it loads, or a live source runs. */
const EVENT_MS = 100;

export type SessionNews = "opened" | "loaded" | "points" | "conntrack" | "closed";

interface PointSettings {
  enabled: boolean;
  name: string | null;
  role: PointRole | null;
}

export interface SessionOptions {
  readonly scratchFolder: string;
  readonly maxIndexBytes: number;
  readonly onState: (state: WorkspaceState) => void;
  readonly onNews: (news: SessionNews) => void;
}

export class WorkspaceSession {
  captures: LoadedCaptures | undefined;
  private serial = 0;
  private inputs: InputToLoad[] = [];
  /** By "path#interface": what a person said. */
  private readonly said = new Map<string, PointSettings>();
  /** By path. */
  private readonly clockOffsets = new Map<string, number>();
  private decodeAs: readonly DecodeAs[] = [];
  private clusterFiles: readonly string[] = [];
  private conntrackFiles: readonly string[] = [];
  private activity: { count: number; complete: boolean; parts: readonly Uint32Array[] } | undefined;
  private measuring = false;
  private readonly share = new TimeShare();
  private readonly throttle = new Throttle(EVENT_MS, () => this.options.onState(this.state()));
  /** Earlier generations that are not closed yet. */
  private closing: Promise<void> = Promise.resolve();

  constructor(private readonly options: SessionOptions) {}

  open(paths: readonly string[], add: boolean): WorkspaceState {
    const { files, problems } = expandInputs(paths);
    const inputs: InputToLoad[] = [
      ...files.map((path) => ({ path })),
      ...problems.map((p) => ({ path: p.file, problem: p.message })),
    ];
    if (!add) {
      this.inputs = [];
      this.said.clear();
      this.clockOffsets.clear();
      this.decodeAs = [];
      this.clusterFiles = [];
      this.conntrackFiles = [];
    }
    this.clusterFiles = [...new Set([...this.clusterFiles, ...clusterFilesBeside(paths)])];
    const known = new Set(this.inputs.map((i) => key(i.path)));
    const fresh = inputs.filter((i) => !known.has(key(i.path)));
    this.inputs.push(...fresh);
    if (this.sortLiveLast()) this.restart();
    else if (add && this.captures?.acceptsFiles) {
      this.serial++;
      this.captures.add(fresh);
      this.options.onNews("opened");
    } else this.restart();
    return this.tellNow();
  }

  /** Opens a file that a live source writes; it is read as it grows until endLive(). `add` keeps what is open. */
  openLive({ path, name }: LiveFile, add: boolean): WorkspaceState {
    if (!add) this.inputs = [];
    const input = { path, name, live: true };
    this.inputs.push(input);
    if (add && this.captures?.acceptsFiles) {
      this.serial++;
      this.captures.add([input]);
      this.options.onNews("opened");
    } else this.restart();
    return this.tellNow();
  }

  /** The file grows no more: what is in it is read, then it is a file like others. */
  endLive(path: string): void {
    this.inputs = this.inputs.map((input) => (input.path === path ? { ...input, live: false } : input));
    this.captures?.endLive(path);
  }

  /** Forgets a file that is gone: the packets of the others are read again. */
  dropFile(path: string): void {
    if (!this.hasFile(path)) return;
    this.inputs = this.inputs.filter((input) => input.path !== path);
    this.restart();
    this.tellNow();
  }

  hasFile(path: string): boolean {
    return this.inputs.some((input) => input.path === path);
  }

  /** Growing files are read last: they would hold up the others. True if the order changed. */
  private sortLiveLast(): boolean {
    const sorted = [...this.inputs.filter((i) => !i.live), ...this.inputs.filter((i) => i.live)];
    const changed = sorted.some((input, at) => input !== this.inputs[at]);
    this.inputs = sorted;
    return changed;
  }

  /** Opens what a state tells of, with all that a person said. Standard input cannot be read twice: it is left out. */
  restore(state: WorkspaceState): void {
    this.serial = state.workspace;
    const files = state.files.filter((f) => f.path !== "-");
    this.inputs = files.map(({ path, name, state: was, problems }) => ({
      path,
      // A live recording's file has a name of its own; it ended with the engine that recorded it.
      ...(name !== baseName(path) && { name }),
      ...(was === "failed" && problems[0] && !existsSync(path) && { problem: problems[0].message }),
    }));
    for (const f of files) if (f.clockOffset !== null) this.clockOffsets.set(key(f.path), f.clockOffset);
    for (const p of state.points) {
      const path = state.files[p.file]?.path;
      const name = p.name === (p.capturedName ?? p.description) || /^interface \d+$/.test(p.name) ? null : p.name;
      if (path === undefined || (p.enabled && name === null && !p.roleTold)) continue;
      const number = /#(\d+)$/.exec(p.id)?.[1] ?? "0";
      this.said.set(`${key(path)}#${number}`, { enabled: p.enabled, name, role: p.roleTold ? p.role : null });
    }
    this.decodeAs = state.decodeAs;
    this.clusterFiles = state.clusterFiles;
    this.conntrackFiles = state.conntrackFiles;
    this.restart();
    this.tellNow();
  }

  /** What a workspace file keeps of it. Standard input cannot be opened again: it is left out. */
  saved(): SavedSession {
    const captures = this.inputs
      .filter(({ path }) => path !== "-")
      .map(({ path }) => ({
        path: key(path),
        clockOffset: this.clockOffsets.get(key(path)) ?? null,
        points: [...this.said].flatMap(([place, settings]) => {
          const at = place.lastIndexOf("#");
          const isSaid = !settings.enabled || settings.name !== null || settings.role !== null;
          return place.slice(0, at) === key(path) && isSaid
            ? [{ interface: Number(place.slice(at + 1)), ...settings }]
            : [];
        }),
      }));
    return { captures, decodeAs: this.decodeAs, clusterFiles: this.clusterFiles };
  }

  /** Opens what a workspace file tells of, in place of what is open. @throws ContractError "invalid-request" (decode-as) */
  openSaved(saved: SavedSession): WorkspaceState {
    decodeOptions(saved.decodeAs);
    this.said.clear();
    this.clockOffsets.clear();
    this.inputs = saved.captures.map(({ path, problem }) => ({ path, ...(problem !== undefined && { problem }) }));
    for (const { path, clockOffset, points } of saved.captures) {
      if (clockOffset !== null) this.clockOffsets.set(key(path), clockOffset);
      for (const { interface: number, enabled, name, role } of points)
        this.said.set(`${key(path)}#${number}`, { enabled, name, role });
    }
    this.decodeAs = saved.decodeAs;
    this.clusterFiles = saved.clusterFiles;
    this.restart();
    return this.tellNow();
  }

  close(file: number | null): WorkspaceState {
    if (file !== null && !this.inputs[file]) throw new ContractError("gone", `there is no file ${file} to close`);
    this.inputs = file === null ? [] : this.inputs.filter((_, i) => i !== file);
    this.restart();
    return this.tellNow();
  }

  reload(): WorkspaceState {
    this.restart();
    return this.tellNow();
  }

  cancel(): WorkspaceState {
    this.captures?.cancel();
    return this.state();
  }

  setPoint(params: Params<"workspace.setPoint">): WorkspaceState {
    const { captures } = this;
    if (!captures?.workspace.points[params.point])
      throw new ContractError("gone", `there is no capture point ${params.point}`);
    const settings = this.settingsOf(params.point);
    const wasEnabled = settings.enabled;
    if (params.enabled !== undefined) settings.enabled = params.enabled;
    if (params.name !== undefined) settings.name = params.name?.trim() ? params.name.trim() : null;
    if (params.role !== undefined) settings.role = params.role;
    this.said.set(this.pointKey(params.point), settings);
    if (settings.enabled !== wasEnabled) {
      captures.enabledPoints[params.point] = settings.enabled;
      this.options.onNews("points");
    }
    return this.tellNow();
  }

  setClockOffset(file: number, seconds: number | null): WorkspaceState {
    const input = this.inputs[file];
    if (!input) throw new ContractError("gone", `there is no file ${file}`);
    if (seconds === null) this.clockOffsets.delete(key(input.path));
    else this.clockOffsets.set(key(input.path), seconds);
    return this.tellNow();
  }

  setDecodeAs(rules: readonly DecodeAs[]): WorkspaceState {
    decodeOptions(rules); // complains before anything is thrown away
    this.decodeAs = rules;
    this.restart();
    return this.tellNow();
  }

  setCluster(paths: readonly string[]): WorkspaceState {
    this.clusterFiles = paths;
    return this.tellNow();
  }

  setConntrack(paths: readonly string[]): WorkspaceState {
    this.conntrackFiles = paths;
    this.options.onNews("conntrack");
    return this.tellNow();
  }

  async shutDown(): Promise<void> {
    this.throttle.stop();
    const { captures } = this;
    this.captures = undefined;
    await this.closing;
    await captures?.close();
  }

  state(): WorkspaceState {
    const { captures } = this;
    const files =
      captures?.files.map((f, i) => captures.fileState(i, this.clockOffsets.get(key(f.path)) ?? null)) ?? [];
    const index = captures?.index;
    return {
      workspace: this.serial,
      state:
        !captures || files.length === 0
          ? "empty"
          : !captures.complete && !captures.live
            ? "loading"
            : captures.wasCancelled
              ? "cancelled"
              : "ready",
      files,
      points: captures ? captures.workspace.points.map((_, point) => this.pointState(captures, point)) : [],
      packets: index?.count ?? 0,
      bytes: index?.bytes ?? 0,
      read: files.reduce((n, f) => n + f.read, 0),
      total: files.reduce((n, f) => n + f.bytes, 0),
      firstTime: timeValue(index?.earliest),
      lastTime: timeValue(index?.latest),
      decodeAs: this.decodeAs,
      clusterFiles: this.clusterFiles,
      conntrackFiles: this.conntrackFiles,
    };
  }

  /** What a person called the point, else what the capture does, else its number. */
  pointName(point: number): string {
    const said = this.said.get(this.pointKey(point))?.name;
    const described = this.captures?.workspace.points[point];
    return said ?? described?.name ?? described?.description ?? `interface ${described?.index ?? point}`;
  }

  private pointState(captures: LoadedCaptures, point: number): PointState {
    const { workspace, index } = captures;
    const described = workspace.points[point];
    const file = workspace.pointFiles[point] ?? 0;
    const settings = this.settingsOf(point);
    const linkType = described?.linkType ?? -1;
    const statistics = workspace.files[file]?.statistics.filter((s) => s.interface === described?.index).at(-1);
    return {
      point,
      id: workspace.pointId(point),
      file,
      name: this.pointName(point),
      capturedName: described?.name ?? null,
      description: described?.description ?? null,
      linkType,
      linkTypeName: linkTypeName(linkType),
      role: settings.role ?? guessRole(described?.name),
      roleTold: settings.role !== null,
      node: null,
      pod: null,
      enabled: settings.enabled,
      packets: index.pointPackets[point] ?? 0,
      bytes: index.pointBytes[point] ?? 0,
      sparkline: [...(this.activity?.parts[point] ?? new Uint32Array(SPARKLINE_PARTS))],
      dropped: statistics?.dropped ?? null,
    };
  }

  private settingsOf(point: number): PointSettings {
    return { ...(this.said.get(this.pointKey(point)) ?? { enabled: true, name: null, role: null }) };
  }

  private pointKey(point: number): string {
    const workspace = this.captures?.workspace;
    const path = this.inputs[workspace?.pointFiles[point] ?? -1]?.path ?? "";
    return `${key(path)}#${workspace?.points[point]?.index ?? point}`;
  }

  /** A new generation of captures from the same inputs. */
  private restart(): void {
    const old = this.captures;
    this.serial++;
    this.activity = undefined;
    this.captures = undefined;
    if (old) {
      this.options.onNews("closed");
      this.closing = Promise.all([this.closing, old.close()]).then(() => undefined);
    }
    if (this.inputs.length === 0) return;
    const captures = new LoadedCaptures({
      serial: this.serial,
      decode: decodeOptions(this.decodeAs),
      scratchFolder: this.options.scratchFolder,
      maxIndexBytes: this.options.maxIndexBytes,
    });
    this.captures = captures;
    captures.pointName = (point) => this.pointName(point);
    captures.onNews((news) => {
      if (this.captures !== captures) return;
      this.noticePoints(captures);
      if (news === "done" || news === "live") {
        this.options.onNews("loaded");
        this.tellNow();
      } else this.throttle.request();
      void this.measure(captures);
    });
    captures.add(this.inputs);
    this.options.onNews("opened");
  }

  /** Points that came since the last look may have been switched off before a reload. */
  private noticePoints(captures: LoadedCaptures): void {
    const { enabledPoints, workspace } = captures;
    for (let point = enabledPoints.length; point < workspace.points.length; point++)
      enabledPoints[point] = this.settingsOf(point).enabled;
  }

  /** Counts anew for the small curves when there are twice as many packets, from time to time while live, and at the end. */
  private async measure(captures: LoadedCaptures): Promise<void> {
    const { index, complete } = captures;
    const { activity } = this;
    const isCurrent = activity && activity.count === index.count;
    const isDue = complete || !activity || (captures.live ? this.share.isDue() : index.count >= activity.count * 2);
    if (this.measuring || isCurrent || !isDue) return;
    this.measuring = true;
    try {
      const count = index.count;
      const parts = await this.share.run(() => pointActivity(index, new Breather()));
      if (this.captures !== captures) return;
      this.activity = { count, complete, parts };
      this.throttle.request();
    } finally {
      this.measuring = false;
    }
    if (captures.complete) await this.measure(captures);
  }

  private tellNow(): WorkspaceState {
    const state = this.state();
    this.throttle.passed();
    this.options.onState(state);
    return state;
  }
}

function key(path: string): string {
  return path === "-" ? "-" : resolve(path);
}

function timeValue(words: readonly [low: number, high: number] | undefined): TimeValue | null {
  if (!words) return null;
  const [low, high] = words;
  return [high * 4 + (low >>> 30), low & 0x3fffffff];
}

/** Rules of the window as settings of the decoder. @throws ContractError "invalid-request" */
function decodeOptions(rules: readonly DecodeAs[]): DecodeOptions {
  const udpPorts: [number, DecodeAsPort][] = [];
  const tcpPorts: [number, DecodeAsPort][] = [];
  const interfaces: [string, number][] = [];
  for (const { what, value, as } of rules) {
    const port: DecodeAsPort = as === "gtpu" ? "gtp" : (as as DecodeAsPort);
    if (what === "udp.port") udpPorts.push([value, port]);
    else if (what === "tcp.port") tcpPorts.push([value, port]);
    else if (/#\d+$/.test(what)) interfaces.push([what, value]);
    else
      throw new ContractError(
        "invalid-request",
        `decode as: expected udp.port, tcp.port or a capture point such as "n1.pcapng#2", found "${what}"`,
      );
  }
  return { ...DEFAULT_DECODE_OPTIONS, udpPorts, tcpPorts, interfaces };
}
