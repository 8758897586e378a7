/* global document, CustomEvent, btoa, atob */
// @ts-nocheck: this text runs in Chromium, before the preload script, in a world that shares the document with the page and
// nothing else. It gives the preload script its `require("electron")`. The marker below is replaced by the script itself.
//
//   page's world                     this world                            stand-in (Node)
//   window.hopscope.post(m) ─event─► api.post(m) ─► ipcRenderer.send ─────► __standInSend(json)     (CDP binding)
//   listener(m) ◄─event── callback ◄── ipcRenderer.on ◄────────────────────  __standInReceive(json)  (CDP evaluate)
//
// DOM events are dispatched synchronously into every world and their details are copied, like contextBridge does.
(() => {
  const tell = (type, detail) => document.dispatchEvent(new CustomEvent(`stand-in:${type}`, { detail }));
  const hear = (type, run) => document.addEventListener(`stand-in:${type}`, (event) => run(event.detail));

  // --- IPC: JSON, with bytes as base64 ---
  const toJson = (value) =>
    JSON.stringify(value, (_key, v) =>
      v instanceof Uint8Array ? { __bytes: btoa(Array.from(v, (b) => String.fromCharCode(b)).join("")) } : v,
    );
  const fromJson = (json) =>
    JSON.parse(json, (_key, v) =>
      v !== null && typeof v === "object" && typeof v.__bytes === "string"
        ? Uint8Array.from(atob(v.__bytes), (c) => c.charCodeAt(0))
        : v,
    );
  const channels = new Map();
  const ipcRenderer = {
    send: (channel, ...values) => globalThis.__standInSend(toJson({ channel, values })),
    on: (channel, listener) => {
      channels.set(channel, [...(channels.get(channel) ?? []), listener]);
      return ipcRenderer;
    },
    off: (channel, listener) => {
      channels.set(
        channel,
        (channels.get(channel) ?? []).filter((l) => l !== listener),
      );
      return ipcRenderer;
    },
  };
  globalThis.__standInReceive = (json) => {
    const { channel, values } = fromJson(json);
    for (const listener of channels.get(channel) ?? []) listener({ sender: ipcRenderer }, ...values);
  };

  // --- webUtils: the stand-in is told which files a test drops ---
  const paths = new Map();
  globalThis.__standInFiles = (files) => {
    for (const { name, size, path } of files) paths.set(`${size} ${name}`, path);
  };
  const webUtils = { getPathForFile: (file) => paths.get(`${file.size} ${file.name}`) ?? "" };

  // --- contextBridge ---
  /** Functions of this world that the page may call. */
  const callable = [];
  const outward = (value) => (typeof value === "function" ? { __function: callable.push(value) - 1 } : value);
  const inward = (value) =>
    value !== null && typeof value === "object" && typeof value.__callback === "number"
      ? (...given) => tell("callback", { id: value.__callback, given })
      : value;
  const exposed = [];
  hear("call", ({ id, given }) => tell("return", outward(callable[id](...given.map(inward)))));
  hear("page-ready", () => exposed.forEach((api) => tell("expose", api)));
  const contextBridge = {
    exposeInMainWorld: (name, api) => {
      const members = Object.fromEntries(Object.entries(api).map(([key, value]) => [key, outward(value)]));
      exposed.push({ name, members });
      tell("expose", { name, members });
    },
  };

  const electron = { contextBridge, ipcRenderer, webUtils };
  const require = (name) => {
    if (name !== "electron") throw new Error(`a sandboxed preload script may not require ${name}`);
    return electron;
  };
  const module = { exports: {} };
  // eslint-disable-next-line no-unused-vars -- the preload script uses them
  ((require, module, exports) => {
    /*PRELOAD*/
  })(require, module, module.exports);
})();
