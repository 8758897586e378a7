/** The window: made hardened, put where it was, coupled to the hub anew with every load of its page. */
import { BrowserWindow, type Display, type WebContents } from "electron";
import type { FromEngine } from "../../../src-shared/contract/messages";
import type { EngineHub, HubClient } from "../shared/engine-hub";
import type { JsonFile } from "../shared/json-file";
import { FROM_ENGINE } from "./channels";
import { hardenedPreferences } from "./hardening";
import { INTERFACE_ADDRESS } from "./interface-protocol";
import { SMALLEST, type WindowPlace, fittingPlace } from "./window-state";

/** A page that ends this often within the time is not loaded again: something is wrong that loading does not cure. */
const MAX_ENDS = 3;
const ENDS_WITHIN_MS = 60_000;

export interface AppWindowOptions {
  readonly hub: EngineHub;
  readonly preload: string;
  readonly place: JsonFile<WindowPlace>;
  readonly displays: readonly Display[];
  /** Its page is gone, or is being loaded anew: nobody carries commands out. */
  readonly left: () => void;
  /** The page ended too often. */
  readonly gaveUp: (reason: string) => void;
}

export interface AppWindow {
  readonly window: BrowserWindow;
  readonly contents: WebContents;
  /** Takes a message that its page sent. */
  receive(message: unknown): void;
  /** Its page has asked for something since it was loaded: it hears what it is told. */
  isListening(): boolean;
}

export function openAppWindow(options: AppWindowOptions): AppWindow {
  const place = fittingPlace(
    options.place.read(),
    options.displays.map(({ workArea }) => workArea),
  );
  const window = new BrowserWindow({
    width: place.width,
    height: place.height,
    ...(place.x !== null && place.y !== null && { x: place.x, y: place.y }),
    minWidth: SMALLEST.width,
    minHeight: SMALLEST.height,
    title: "Hopscope",
    show: false,
    webPreferences: hardenedPreferences(options.preload),
  });
  const contents = window.webContents;
  let client: HubClient | undefined;
  let listening = false;
  const post = (message: FromEngine): void => {
    if (!contents.isDestroyed()) contents.send(FROM_ENGINE, message);
  };

  // A reload is a new client: what the old page had open is closed.
  contents.on("did-start-navigation", (event) => {
    if (!event.isMainFrame || event.isSameDocument) return;
    client?.disconnect();
    listening = false;
    options.left();
    client = options.hub.connect(post);
  });
  const ends: number[] = [];
  contents.on("render-process-gone", (_event, { reason }) => {
    client?.disconnect();
    client = undefined;
    listening = false;
    options.left();
    if (reason === "clean-exit") return;
    const now = Date.now();
    ends.push(now);
    if (ends.filter((at) => now - at < ENDS_WITHIN_MS).length > MAX_ENDS) options.gaveUp(reason);
    else contents.reload();
  });

  window.once("ready-to-show", () => {
    if (place.maximized) window.maximize();
    window.show();
  });
  window.on("close", () => {
    try {
      options.place.update(() => ({ ...window.getNormalBounds(), maximized: window.isMaximized() }));
    } catch {
      // The window opens where it did last time.
    }
  });
  window.on("closed", () => client?.disconnect());
  // Rejected when the load is broken off, by a reload say: the page that follows is what counts.
  window.loadURL(INTERFACE_ADDRESS).catch(() => {});
  return {
    window,
    contents,
    receive: (message) => {
      listening = true;
      client?.receive(message);
    },
    isListening: () => listening,
  };
}
