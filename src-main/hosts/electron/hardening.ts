/**
 * What a window may not do, whatever its page says. The page is our own and its policy is strict; these are for the day
 * something hostile gets into it all the same.
 *
 * ```
 * navigation, redirects, frames   denied, unless to the interface itself (reload)
 * new windows, webviews           denied
 * permissions, devices            denied; writing text to the clipboard is allowed (copy)
 * network                         denied: nothing but app:// is ever requested
 * downloads                       denied, but for what the page itself made
 * ```
 */
import type { App, Session, WebPreferences } from "electron";
import { INTERFACE_ORIGIN, isInterfaceAddress } from "./interface-protocol";

/** `preload`: path of the built preload script. */
export function hardenedPreferences(preload: string): WebPreferences {
  return {
    preload,
    sandbox: true,
    contextIsolation: true,
    nodeIntegration: false,
    nodeIntegrationInWorker: false,
    nodeIntegrationInSubFrames: false,
    webSecurity: true,
    allowRunningInsecureContent: false,
    webviewTag: false,
    navigateOnDragDrop: false,
    // Dictionaries would be downloaded.
    spellcheck: false,
  };
}

/** For every page that is ever made, before it loads anything. */
export function hardenContents(app: App): void {
  app.on("web-contents-created", (_created, contents) => {
    for (const name of ["will-navigate", "will-frame-navigate", "will-redirect"] as const) {
      contents.on(name as "will-navigate", (event) => {
        if (!isInterfaceAddress(event.url) || !event.isMainFrame) event.preventDefault();
      });
    }
    contents.on("will-attach-webview", (event) => event.preventDefault());
    contents.setWindowOpenHandler(() => ({ action: "deny" }));
  });
}

/** Copying text, by a press of a key or button. Reading the clipboard, notifications, cameras and all else: no. */
const ALLOWED_PERMISSION = "clipboard-sanitized-write";

export function hardenSession(session: Session): void {
  session.setPermissionRequestHandler((contents, permission, callback) => {
    callback(permission === ALLOWED_PERMISSION && isInterfaceAddress(contents.getURL()));
  });
  session.setPermissionCheckHandler(
    (contents, permission) =>
      permission === ALLOWED_PERMISSION && contents !== null && isInterfaceAddress(contents.getURL()),
  );
  session.setDevicePermissionHandler(() => false);
  session.webRequest.onBeforeRequest(({ url }, callback) => callback({ cancel: !mayBeRequested(url) }));
  // What the page itself made (a table as CSV, a picture) may be saved: the system asks where. Exports are written by the engine.
  session.on("will-download", (event, item) => {
    if (!item.getURL().startsWith(`blob:${INTERFACE_ORIGIN}/`)) event.preventDefault();
  });
}

/** data: and blob: are the page's own bytes; devtools: the developer tools. */
function mayBeRequested(address: string): boolean {
  return isInterfaceAddress(address) || /^(data|blob|devtools):/.test(address);
}
