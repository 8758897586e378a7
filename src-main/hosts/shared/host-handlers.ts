/** The methods a host answers itself, but for dialogs and exports, which each host does its own way. */
import { existsSync } from "node:fs";
import { resolve } from "node:path";
import { ContractError } from "../../../src-shared/contract/messages";
import type { AppInfo } from "../../../src-shared/contract/results";
import { byOpenedKind } from "../../../src-shared/model/opened-file";
import { appVersion } from "./app-root";
import type { EngineHub, HostHandlers } from "./engine-hub";
import { listFolder } from "./folder-listing";
import type { SettingsStore } from "./settings-store";

export interface CommonHandlers {
  readonly host: AppInfo["host"];
  readonly settings: SettingsStore;
  /** Paths below it are the host's own (uploads): they are not remembered. */
  readonly scratchFolder: string;
  /** Called with what was opened, after it was: Electron tells the system too. */
  readonly opened?: (paths: readonly string[]) => void;
  /** Called when a window has saved the recording of that path: a host that ends by Ctrl+C need not ask any more. */
  readonly recordingSaved?: (path: string) => void;
}

export function commonHandlers(options: CommonHandlers): HostHandlers {
  const { settings, scratchFolder } = options;
  return {
    "app.info": () => ({
      name: "Hopscope",
      version: appVersion(),
      host: options.host,
      platform: process.platform,
      node: process.versions.node,
      dialogs: options.host === "electron",
      recent: settings.recentFiles(),
      // The host has opened them before any window asks (openFromHost).
      startFiles: [],
    }),
    "settings.get": ({ name }) => ({ value: settings.get(name) }),
    "settings.set": ({ name, value }) => {
      settings.set(name, value);
      return null;
    },
    "files.pick": unsupported,
    "files.pickSave": unsupported,
    "report.printToPdf": unsupported,
    "menu.state": unsupported,
    "files.list": ({ path }) => listFolder(path),
    "live.saved": ({ path }) => {
      options.recordingSaved?.(path);
      return null;
    },
    "files.forgetRecent": () => {
      settings.forgetRecent();
      return null;
    },
    "workspace.open": async ({ paths, add }, { forward }) => {
      const absolute = paths.map(absolutePath);
      const state = await forward({ paths: absolute, add });
      const kept = absolute.filter((path) => !path.startsWith(scratchFolder) && existsSync(path));
      settings.addRecent(kept, Date.now());
      options.opened?.(kept);
      return state;
    },
  };
}

/**
 * Opens files for the host itself (what it was started with, a second start, the system's "open with"). Never rejects: the
 * workspace's own problems tell the windows what is wrong with a file.
 */
export async function openFromHost(
  hub: EngineHub,
  paths: readonly string[],
  add: boolean,
  options: Pick<CommonHandlers, "settings" | "opened">,
): Promise<void> {
  const { workspaces, captures: absolute, cluster, conntrack } = byOpenedKind(paths.map(absolutePath));
  // One workspace at a time: the last that was named.
  for (const path of workspaces.slice(-1)) await openWorkspaceFromHost(hub, path, options);
  try {
    if (absolute.length > 0)
      await hub.request("workspace.open", { paths: absolute, add: add || workspaces.length > 0 });
    if (cluster.length > 0 || conntrack.length > 0) await nameFromFiles(hub, cluster, conntrack);
  } catch {
    return;
  }
  const kept = absolute.filter((path) => existsSync(path));
  options.settings.addRecent(kept, Date.now());
  options.opened?.(kept);
}

/** Adds to the cluster files and to the output of conntrack that are known. */
async function nameFromFiles(hub: EngineHub, cluster: readonly string[], conntrack: readonly string[]): Promise<void> {
  const { clusterFiles, conntrackFiles } = await hub.request("workspace.state", {});
  if (cluster.length > 0)
    await hub.request("workspace.setCluster", { paths: [...new Set([...clusterFiles, ...cluster])] });
  if (conntrack.length > 0)
    await hub.request("workspace.setConntrack", { paths: [...new Set([...conntrackFiles, ...conntrack])] });
}

/** The engine keeps the answer, a failure too, for the window that asks first; those that are open are told to ask. */
async function openWorkspaceFromHost(
  hub: EngineHub,
  path: string,
  options: Pick<CommonHandlers, "settings" | "opened">,
): Promise<void> {
  try {
    const { opened } = await hub.request("workspaceFile.open", { path, folders: [], anyway: false, later: true });
    if (opened) {
      options.settings.addRecent([path], Date.now());
      options.opened?.([path]);
    }
  } catch {
    // The window tells.
  }
  hub.broadcast({ kind: "event", event: "command", data: { command: "file.takeWorkspace", argument: null } });
}

/** "-" is standard input. */
function absolutePath(path: string): string {
  return path === "-" ? path : resolve(path);
}

function unsupported(): never {
  throw new ContractError("unsupported", "a browser has no native dialogs; use the window's own file chooser");
}
