/** Requests about reports that only a desktop host can answer; a browser has its own print dialog. */
import * as v from "valibot";
import { path } from "../schema/limited";

export const reportRequests = {
  /** Prints what the window shows on paper (its print style sheet) to a PDF file, at a path that a save dialog gave. */
  "report.printToPdf": v.strictObject({ path }),
} as const;

export interface ReportResults {
  "report.printToPdf": { readonly path: string; readonly bytes: number };
}

export const REPORT_HOST_METHODS = ["report.printToPdf"] as const;
