/**
 * Files that cross between a browser and the host: dropped captures come in, exports go out. Each lies in a folder of its
 * own with a random name below the scratch folder, which is deleted when the host ends.
 *
 * ```
 * PUT /upload         ─► <scratch>/uploads/<random>/<clean name>     the answer tells the path, for workspace.open
 * export.write "x.csv"─► <scratch>/exports/<random>/<clean name>  ─► GET /download/<random>
 * ```
 */
import { createReadStream, createWriteStream, mkdirSync, rmSync, statSync } from "node:fs";
import { statfs } from "node:fs/promises";
import type { IncomingMessage, ServerResponse } from "node:http";
import { join } from "node:path";
import { pipeline } from "node:stream/promises";
import { attachmentHeader, cleanFileName } from "../shared/file-names";
import { randomName } from "./access";

/** Room that an upload must leave on the disk: a full disk harms more than a refused file. */
const SPARE_BYTES = 256 << 20;
/** Exports kept for download; older ones are deleted. */
const MAX_EXPORTS = 20;

export class UploadError extends Error {
  constructor(
    readonly status: 400 | 413 | 500,
    message: string,
  ) {
    super(message);
  }
}

export class Transfers {
  private readonly exports = new Map<string, string>();

  constructor(private readonly scratchFolder: string) {}

  /** Stores a request's body. Throws UploadError; of what did not arrive whole nothing stays. */
  async receive(request: IncomingMessage): Promise<{ readonly path: string }> {
    const header = request.headers["x-file-name"];
    if (typeof header !== "string") throw new UploadError(400, "header x-file-name is missing");
    let name: string;
    try {
      name = decodeURIComponent(header);
    } catch {
      throw new UploadError(400, "header x-file-name is not percent-encoded UTF-8");
    }
    const stated = Number(request.headers["content-length"] ?? Number.NaN);
    if (!Number.isSafeInteger(stated)) throw new UploadError(400, "header content-length is missing");
    const folder = join(this.scratchFolder, "uploads", randomName());
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    try {
      const { bavail, bsize } = await statfs(folder);
      if (stated > bavail * bsize - SPARE_BYTES)
        throw new UploadError(413, `the disk that holds ${this.scratchFolder} has no room for ${stated} bytes`);
      const path = join(folder, cleanFileName(name, "capture"));
      await pipeline(request, createWriteStream(path, { flags: "wx", mode: 0o600 }));
      return { path };
    } catch (error) {
      rmSync(folder, { recursive: true, force: true });
      throw error instanceof UploadError ? error : new UploadError(500, `upload failed: ${(error as Error).message}`);
    }
  }

  /** Where an export of that name is to be written, and the address it can then be fetched at. */
  placeExport(name: string): { readonly path: string; readonly address: string } {
    const id = randomName();
    const folder = join(this.scratchFolder, "exports", id);
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    const clean = cleanFileName(name, "export");
    this.exports.set(id, clean);
    for (const old of [...this.exports.keys()].slice(0, -MAX_EXPORTS)) {
      this.exports.delete(old);
      rmSync(join(this.scratchFolder, "exports", old), { recursive: true, force: true });
    }
    return { path: join(folder, clean), address: `/download/${id}` };
  }

  /** Sends an export. @returns false if there is none of that id */
  async send(id: string, response: ServerResponse): Promise<boolean> {
    const name = this.exports.get(id);
    if (name === undefined) return false;
    const path = join(this.scratchFolder, "exports", id, name);
    const stat = statSync(path, { throwIfNoEntry: false });
    if (stat === undefined) return false;
    response.writeHead(200, {
      "content-type": "application/octet-stream",
      "content-length": stat.size,
      "content-disposition": attachmentHeader(name),
      "cache-control": "no-store",
    });
    try {
      await pipeline(createReadStream(path), response);
    } catch {
      // The browser stopped the download.
    }
    return true;
  }
}
