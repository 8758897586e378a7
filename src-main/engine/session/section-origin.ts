/**
 * The file that a section of a pcapng file was before several were written into one. A comment of the section says so, as the machine a
 * capture is of is known by its file's name, and nothing else in it tells.
 *
 * ```
 * na.pcapng  nb.pcapng  ─► export ─►  all.pcapng: section "hopscope: recorded as na.pcapng", section "… nb.pcapng"
 * ```
 */
import { oneLine } from "../../../src-shared/base/text";

const ORIGIN = /^hopscope: recorded as (.{1,255})$/;

export function originComment(fileName: string): string {
  return `hopscope: recorded as ${oneLine(fileName).slice(-255)}`;
}

/** Undefined: the section's comments tell none. */
export function originOf(comments: readonly string[]): string | undefined {
  for (const text of comments) {
    const told = ORIGIN.exec(text)?.[1];
    if (told !== undefined) return told;
  }
  return undefined;
}
