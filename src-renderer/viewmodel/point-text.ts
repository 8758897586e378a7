/** What the tree of capture points says about a file or a point, in words. */
import { distinctNames } from "../../src-shared/base/distinct-names";
import type { FileState, PointState } from "../../src-shared/contract/results";
import { formatBytes, formatCount, formatNoun } from "./quantity";
import { linkTypeLabel, roleLabel } from "./points-tree";

type NamedFile = Pick<FileState, "file" | "name" | "path">;

/** What to call a file beside the others: by its name, with folders where others have that name, too. */
export function fileLabel(file: NamedFile, files: readonly NamedFile[]): string {
  const same = files.filter(({ name }) => name === file.name);
  if (same.length < 2) return file.name;
  return distinctNames(same.map(({ path }) => path))[same.findIndex((one) => one.file === file.file)] ?? file.name;
}

/** A file in a few words: "36 packets · 4.1 KiB · clock +0.5 s". */
export function fileState(file: FileState): string {
  if (file.state === "failed") return "could not be read";
  if (file.state === "waiting") return "waiting";
  const parts = [formatNoun(file.packets, "packet"), formatBytes(file.bytes)];
  if (file.state === "live") parts.push("live");
  if (file.clockOffset !== null) parts.push(`clock ${file.clockOffset > 0 ? "+" : ""}${file.clockOffset} s`);
  return parts.join(" · ");
}

/** All that is known of a file, a line each. */
export function aboutFile(file: FileState): string {
  return lines([
    file.path,
    [file.format, file.compression, formatBytes(file.bytes)].filter((text) => text !== null).join(", "),
    file.application && `Made by ${file.application}`,
    file.operatingSystem,
    file.clockOffset === null ? null : `Clock offset: ${file.clockOffset} s`,
    ...file.comments.slice(0, 5),
  ]);
}

/** A point in a few words: "Bridge · 44 KiB"; its link type where it is not the common one. */
export function pointState(point: PointState): string {
  return [
    point.role === "unknown" ? null : roleLabel(point.role),
    formatBytes(point.bytes),
    point.linkTypeName === "ETHERNET" ? null : linkTypeLabel(point.linkTypeName),
  ]
    .filter((text) => text !== null)
    .join(" · ");
}

/** All that is known of a point, a line each; `notes` is what is noted on it ("2 notes"). */
export function aboutPoint(point: PointState, notes: string): string {
  return lines([
    notes,
    `${point.name} (${point.id})`,
    point.description,
    point.node === null ? null : `Node: ${point.node}`,
    point.pod === null ? null : `Pod: ${point.pod}`,
    `Link type: ${linkTypeLabel(point.linkTypeName)} (${point.linkType})`,
    `${formatNoun(point.packets, "packet")}, ${formatBytes(point.bytes)}`,
    point.dropped === null ? null : `${formatNoun(point.dropped, "packet")} dropped while capturing`,
  ]);
}

/** "3 packets dropped while capturing", short. */
export function droppedText(point: PointState): string | null {
  return point.dropped !== null && point.dropped > 0 ? `${formatCount(point.dropped)} dropped` : null;
}

function lines(texts: readonly (string | null)[]): string {
  return texts.filter(Boolean).join("\n");
}
