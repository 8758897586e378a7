/**
 * All that the page gets of Electron: three functions. Runs sandboxed, in a JavaScript world of its own; what passes is
 * copied (structured clone), so the page never holds an object of Electron's.
 *
 * ```
 * page ── window.hopscope.post(message) ──► ipcRenderer ──► main checks who sends ──► hub, engine
 * page ◄── onMessage(listener) ◄── ipcRenderer ◄── main
 * ```
 */
import { contextBridge, ipcRenderer, webUtils, type IpcRendererEvent } from "electron";
import type { FromEngine, ToEngine } from "../../../src-shared/contract/messages";
import { FROM_ENGINE, TO_ENGINE } from "./channels";

contextBridge.exposeInMainWorld("hopscope", {
  post: (message: ToEngine): void => ipcRenderer.send(TO_ENGINE, message),
  /** Returns "stop listening". */
  onMessage: (listener: (message: FromEngine) => void): (() => void) => {
    // The event is not handed on: it would give the page ipcRenderer.
    const receive = (_event: IpcRendererEvent, message: FromEngine): void => listener(message);
    ipcRenderer.on(FROM_ENGINE, receive);
    return () => ipcRenderer.off(FROM_ENGINE, receive);
  },
  /** Path of a dropped or chosen file; "" if it lies on no disk. */
  pathForFile: (file: Parameters<typeof webUtils.getPathForFile>[0]): string => webUtils.getPathForFile(file),
});
