/**
 * `hopscope serve`, from start to Ctrl+C: engine, hub and browser host put together, the address printed, the browser opened.
 * The desktop window falls back on it where Electron's binary cannot be had.
 */
import { basename, join, resolve } from "node:path";
import { appRoot } from "../shared/app-root";
import { EngineHub, type EngineLink, type HostHandlers } from "../shared/engine-hub";
import { type CommonHandlers, commonHandlers, openFromHost } from "../shared/host-handlers";
import { InterfaceFiles } from "../shared/interface-files";
import { notesHandlers } from "../shared/notes-handlers";
import { NotesJournal } from "../shared/notes-journal";
import { SettingsStore } from "../shared/settings-store";
import { RecordingWatch } from "../shared/unsaved-recording";
import { configFolder, makeScratchFolder, removeScratchFolder } from "../shared/user-folders";
import { workspaceFileHostHandlers } from "../shared/workspace-file-handlers";
import { type BrowserHost, startBrowserHost } from "./browser-host";
import { sayKept, stopRecording, untilEnd } from "./end-of-recording";
import type { Interrupts } from "./interrupts";
import { hasDisplay, openBrowser } from "./open-browser";
import { Transfers } from "./transfers";

export interface ServeOptions {
  /** Captures to open, as typed. */
  readonly files: readonly string[];
  readonly port?: number | undefined;
  /** The last file is being written by another program: it is read as it grows. */
  readonly follow?: boolean;
  /** Opens a browser, if there is a display. */
  readonly open: boolean;
  /** Lines for the person at the terminal. */
  readonly say: (line: string) => void;
  readonly startEngine: (options: { readonly scratchFolder: string }) => EngineLink;
  /** Ctrl+C and the like. */
  readonly interrupts: Interrupts;
}

/** Resolves after the end, when everything is closed. Rejects if no port can be had. */
export async function serve(options: ServeOptions): Promise<void> {
  const scratchFolder = makeScratchFolder();
  try {
    const transfers = new Transfers(scratchFolder);
    const recording = new RecordingWatch();
    const common: CommonHandlers = {
      host: "browser",
      settings: new SettingsStore(configFolder()),
      scratchFolder,
      recordingSaved: (path) => recording.saved(path),
    };
    const hub = new EngineHub(options.startEngine({ scratchFolder }), {
      ...commonHandlers(common),
      ...notesHandlers(new NotesJournal(configFolder()), (message) => hub.broadcast(message)),
      ...exportHandler(transfers),
      ...workspaceFileHostHandlers({
        ...common,
        dataFolder: configFolder(),
        // A bare name is a download, as an export is.
        place: (path) => {
          if (basename(path) !== path) return { path };
          const placed = transfers.placeExport(path);
          return { path: placed.path, answer: placed.address };
        },
      }),
    });
    hub.onEvent(recording.take);
    let host: BrowserHost;
    try {
      host = await startBrowserHost({
        hub,
        files: new InterfaceFiles(join(appRoot(), "out/renderer")),
        transfers,
        port: options.port,
        newLink: (link) => options.say(`A link was opened that lets nobody in any more. A fresh one: ${link}`),
      });
    } catch (error) {
      await hub.close();
      throw error;
    }
    // Not awaited: reading starts while the browser does.
    const growing = options.follow ? options.files.at(-1) : undefined;
    const files = growing === undefined ? options.files : options.files.slice(0, -1);
    void openFromHost(hub, files, false, common).then(() => follow(hub, growing, files.length > 0, options.say));
    if (host.movedFrom !== undefined)
      options.say(
        `Port ${host.movedFrom} is taken, using ${host.port}: what was kept in the browser for the other port is not shown.`,
      );
    options.say(`Hopscope is at ${host.link}`);
    options.say("The link lets one browser in, once. Ctrl+C ends Hopscope.");
    if (options.open && hasDisplay()) openBrowser(host.link);
    const kept = await untilEnd(options.interrupts, recording, options.say);
    if (kept) await stopRecording(hub, kept);
    await host.close();
    await hub.close();
    if (kept) sayKept(kept, join(configFolder(), "recordings"), options.say);
  } finally {
    removeScratchFolder(scratchFolder);
  }
}

/** Never rejects: at the terminal is who can mend it. */
async function follow(
  hub: EngineHub,
  path: string | undefined,
  add: boolean,
  say: (line: string) => void,
): Promise<void> {
  if (path === undefined) return;
  const source = { kind: "file" as const, path: path === "-" ? path : resolve(path) };
  try {
    await hub.request("live.start", { source, captureFilter: "", ring: null, stopAfterMegabytes: null, add });
  } catch (error) {
    say(`${path} cannot be followed: ${error instanceof Error ? error.message : String(error)}`);
  }
}

/** Exports are written to the scratch folder under a name of ours; the answer's path is the address to fetch them at. */
function exportHandler(transfers: Transfers): HostHandlers {
  return {
    "export.write": async (params, { forward }) => {
      const { path, address } = transfers.placeExport(params.path);
      return { ...(await forward({ ...params, path })), path: address };
    },
  };
}
