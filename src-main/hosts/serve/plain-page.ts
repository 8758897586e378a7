/** The pages of the browser host that are not the interface: it goes on by itself, or says why nothing is shown. No script, nothing loaded. */
import { createHash } from "node:crypto";

/** As the interface's tokens.css has them; that style sheet is for whoever was let in. */
const STYLE = `
:root { color-scheme: light dark; --bg: #f2f3f5; --surface: #fff; --border: #d5d9df; --text: #1c2027; --muted: #59606c; }
@media (prefers-color-scheme: dark) {
  :root { --bg: #17191d; --surface: #1e2126; --border: #363b43; --text: #e5e8ec; --muted: #a3abb7; }
}
body { display: grid; place-items: center; min-height: 100vh; margin: 0; background: var(--bg); color: var(--text); font: 15px/1.5 system-ui, sans-serif; }
main { max-width: 30rem; margin: 1rem; padding: 1.5rem 2rem; border: 1px solid var(--border); border-radius: 8px; background: var(--surface); }
h1 { margin: 0 0 .5rem; font-size: 1.25rem; }
p { margin: 0; color: var(--muted); }
`;

/** Nothing but this style is taken. */
export const PLAIN_PAGE_POLICY = [
  "default-src 'none'",
  `style-src 'sha256-${createHash("sha256").update(STYLE).digest("base64")}'`,
  "img-src data:",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join("; ");

/** `text` is ours, never a request's. `goTo`: the page that follows at once. */
export function plainPage(text: string, goTo?: string): string {
  const refresh = goTo === undefined ? "" : `<meta http-equiv="refresh" content="0;url=${goTo}">`;
  return `<!doctype html>
<html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>Hopscope</title><link rel="icon" href="data:,">${refresh}
<style>${STYLE}</style>
<main><h1>Hopscope</h1><p>${text}</p></main></html>
`;
}
