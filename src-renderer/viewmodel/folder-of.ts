/** The folder of a capture that is open; "", the host's start folder, of one that has no place of its own (uploaded, recorded). */
export function folderOf(path: string): string {
  return /scratch-/.test(path) ? "" : path.replace(/[\\/][^\\/]*$/, "");
}
