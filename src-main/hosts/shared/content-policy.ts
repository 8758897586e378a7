/**
 * The Content-Security-Policy of the interface: nothing but its own files, no inline script or style, no text that becomes
 * markup. What comes from a capture stays text even where a view makes a mistake.
 */

/** @param connect where it may connect to, besides its own origin */
export function contentSecurityPolicy(connect: readonly string[] = []): string {
  return [
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    // data: and blob: for pictures the interface draws itself (copied diagrams, minimaps).
    "img-src 'self' data: blob:",
    "font-src 'self'",
    ["connect-src 'self'", ...connect].join(" "),
    "worker-src 'self'",
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
    // Svelte's own templates are the only strings that may become markup.
    "require-trusted-types-for 'script'",
    "trusted-types svelte-trusted-html",
  ].join("; ");
}

/** Headers of every answer, in both hosts. */
export const SECURITY_HEADERS: Readonly<Record<string, string>> = {
  "x-content-type-options": "nosniff",
  "referrer-policy": "no-referrer",
  "cross-origin-opener-policy": "same-origin",
  "cross-origin-resource-policy": "same-origin",
  "x-frame-options": "DENY",
};
