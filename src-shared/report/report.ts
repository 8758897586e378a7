/**
 * A report: what a person (or `hopscope export --to X.html`) tells about a recording, as data. report-html.ts makes one file of
 * it; the window shows the same data before it is saved.
 *
 * ```
 * Report ─ title, author, introduction
 *        ├ sections: heading, text (Markdown), blocks: table │ picture │ filter │ text
 *        └ files: name, size, hash, packets, times
 * ```
 * Every text may come from a capture or from somebody else's notes: none of it is markup.
 */
import type { TimeZone } from "../base/time-zone";

export interface TableBlock {
  readonly kind: "table";
  readonly caption: string;
  readonly columns: readonly { readonly label: string; readonly numeric?: boolean }[];
  readonly rows: readonly (readonly string[])[];
  /** "200 of 5,120 packets" */
  readonly note?: string;
}

export interface PictureBlock {
  readonly kind: "picture";
  readonly caption: string;
  /** An SVG document: shown as an image, in which nothing runs and nothing is loaded. */
  readonly svg: string;
}

/** What to type to see the same. */
export interface FilterBlock {
  readonly kind: "filter";
  readonly filter: string;
}

export interface TextBlock {
  readonly kind: "text";
  /** Markdown. */
  readonly text: string;
}

export type ReportBlock = TableBlock | PictureBlock | FilterBlock | TextBlock;

export interface ReportSection {
  readonly title: string;
  /** Markdown. */
  readonly text: string;
  /** "Anna, 2026-03-01 12:00" */
  readonly byline: string;
  readonly tags: readonly string[];
  readonly blocks: readonly ReportBlock[];
}

export interface ReportFile {
  readonly name: string;
  readonly bytes: number;
  readonly packets: number;
  /** null: could not be made. */
  readonly hash: string | null;
  /** Decimal seconds since the epoch; null: no packet. */
  readonly firstTime: string | null;
  readonly lastTime: string | null;
}

export interface Report {
  readonly title: string;
  readonly author: string;
  /** Milliseconds since the epoch. */
  readonly createdMs: number;
  /** All times of the report are in it: "utc", or a name of the tz database ("local" only where that is not known). */
  readonly zone: TimeZone;
  /** "Hopscope 0.1.0" */
  readonly application: string;
  /** Markdown. */
  readonly introduction: string;
  readonly sections: readonly ReportSection[];
  readonly files: readonly ReportFile[];
}
