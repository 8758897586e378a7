/**
 * The built interface (out/renderer) as a fixed list of addresses: what is not on the list does not exist, whatever a request
 * path says. Both hosts serve it: http in a browser, app:// in Electron's window.
 */
import { readdirSync, statSync } from "node:fs";
import { extname, join, relative, sep } from "node:path";
import { readFile } from "node:fs/promises";

export interface InterfaceFile {
  readonly contentType: string;
  /** Its name holds a hash of its contents: it never changes. */
  readonly immutable: boolean;
  read(): Promise<Uint8Array<ArrayBuffer>>;
}

/** Other kinds of files are not served. */
const CONTENT_TYPES: Readonly<Record<string, string>> = {
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript; charset=utf-8",
  ".css": "text/css; charset=utf-8",
  ".svg": "image/svg+xml",
  ".png": "image/png",
  ".ico": "image/x-icon",
  ".json": "application/json",
  ".woff2": "font/woff2",
};

const NOT_BUILT = `<!doctype html>
<html lang="en"><meta charset="utf-8"><title>Hopscope</title>
<h1>Hopscope</h1><p>The interface is not built: run <code>npm run build</code>, then reload.</p></html>
`;

export class InterfaceFiles {
  private files: ReadonlyMap<string, InterfaceFile> = new Map();
  private builtMs = -1;

  /** @param folder out/renderer; may be missing, or be built again while this is in use. */
  constructor(private readonly folder: string) {
    this.list();
  }

  /** @param pathname of the request, "/" for the page itself; not decoded: the files' names need no escapes. */
  find(pathname: string): InterfaceFile | undefined {
    if (pathname === "/") this.list();
    return this.files.get(pathname === "/" ? "/index.html" : pathname);
  }

  /** Looks again if index.html was replaced. */
  private list(): void {
    const builtMs = statSync(join(this.folder, "index.html"), { throwIfNoEntry: false })?.mtimeMs ?? 0;
    if (builtMs === this.builtMs) return;
    this.builtMs = builtMs;
    this.files = builtMs === 0 ? new Map([["/index.html", placeholder]]) : filesBelow(this.folder);
  }
}

const placeholder: InterfaceFile = {
  contentType: "text/html; charset=utf-8",
  immutable: false,
  read: () => Promise.resolve(new TextEncoder().encode(NOT_BUILT)),
};

function filesBelow(folder: string): Map<string, InterfaceFile> {
  const files = new Map<string, InterfaceFile>();
  const walk = (at: string): void => {
    for (const entry of readdirSync(at, { withFileTypes: true })) {
      const path = join(at, entry.name);
      if (entry.isDirectory()) walk(path);
      const contentType = CONTENT_TYPES[extname(entry.name)];
      if (!entry.isFile() || contentType === undefined) continue;
      const address = `/${relative(folder, path).split(sep).join("/")}`;
      const immutable = address.startsWith("/assets/");
      files.set(address, { contentType, immutable, read: async () => new Uint8Array(await readFile(path)) });
    }
  };
  walk(folder);
  return files;
}
