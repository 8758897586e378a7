/** Files the window itself makes (a table as CSV, a stream's bytes, a picture): offered as a download, in both hosts. */

/** `name` is a plain file name; the browser or the shell asks where to put it, or uses the folder for downloads. */
export function saveBytes(name: string, type: string, bytes: BlobPart): void {
  const url = URL.createObjectURL(new Blob([bytes], { type }));
  const link = document.createElement("a");
  link.href = url;
  link.download = name;
  link.click();
  // The download has its own hold on the blob once it began.
  setTimeout(() => URL.revokeObjectURL(url), 10_000);
}

export function saveText(name: string, type: string, text: string): void {
  saveBytes(name, `${type};charset=utf-8`, text);
}
