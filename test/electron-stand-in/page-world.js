/* global document, window, CustomEvent */
// @ts-nocheck: this text runs in Chromium, in the page's own world, before its scripts: the page's side of contextBridge.
// See preload-world.js.
(() => {
  const tell = (type, detail) => document.dispatchEvent(new CustomEvent(`stand-in:${type}`, { detail }));
  const hear = (type, run) => document.addEventListener(`stand-in:${type}`, (event) => run(event.detail));
  const callbacks = [];
  const outward = (value) => (typeof value === "function" ? { __callback: callbacks.push(value) - 1 } : value);
  let returned;
  hear("return", (value) => (returned = value));
  hear("callback", ({ id, given }) => callbacks[id](...given));
  const inward = (value) =>
    value !== null && typeof value === "object" && typeof value.__function === "number"
      ? (...given) => {
          returned = undefined;
          tell("call", { id: value.__function, given: given.map(outward) });
          return inward(returned);
        }
      : value;
  hear("expose", ({ name, members }) => {
    if (name in window) return;
    const api = Object.fromEntries(Object.entries(members).map(([key, value]) => [key, inward(value)]));
    Object.defineProperty(window, name, { value: Object.freeze(api), enumerable: true });
  });
  // Chromium lets no page close a window that it has not opened; Electron does.
  window.close = () => window.__standInClose("");
  tell("page-ready", null);
})();
