/** Reports as PDF: the window's page as its print style sheet shows it, written where a person chose. */
import { writeFile } from "node:fs/promises";
import type { BrowserWindow } from "electron";
import { ContractError } from "../../../src-shared/contract/messages";
import { writeFailureMessage } from "../../engine/export/output-file";
import type { HostHandlers } from "../shared/engine-hub";
import { checkChosen } from "./dialogs";

export function printHandlers(window: () => BrowserWindow | undefined, chosen: ReadonlySet<string>): HostHandlers {
  return {
    "report.printToPdf": async ({ path }) => {
      checkChosen(chosen, path);
      const shown = window();
      if (!shown) throw new ContractError("unsupported", "there is no window to print");
      const pdf = await shown.webContents.printToPDF({ printBackground: true, pageSize: "A4" });
      try {
        await writeFile(path, pdf, { mode: 0o600 });
      } catch (error) {
        throw new ContractError("file", `${path}: ${writeFailureMessage(error)}`);
      }
      return { path, bytes: pdf.length };
    },
  };
}
