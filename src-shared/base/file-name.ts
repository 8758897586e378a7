/** Names of files, whatever system wrote the path. */

/** "n1.pcapng" of "/captures/n1.pcapng" and of "C:\captures\n1.pcapng". */
export function baseName(path: string): string {
  return path.slice(Math.max(path.lastIndexOf("/"), path.lastIndexOf("\\")) + 1);
}
