/** Native dialogs, and the rule that exports go only where a person chose to save. */
import type { BrowserWindow, Dialog } from "electron";
import { ContractError } from "../../../src-shared/contract/messages";
import type { HostHandlers } from "../shared/engine-hub";
import { cleanFileName } from "../shared/file-names";

export const CAPTURE_EXTENSIONS = ["pcap", "pcapng", "cap", "gz", "zst", "lz4"];

/**
 * @param window the one to show a dialog in
 * @param chosen what save dialogs answered: a page that was taken over could otherwise have any file overwritten
 */
export function dialogHandlers(
  dialog: Dialog,
  window: () => BrowserWindow | undefined,
  chosen = new Set<string>(),
): HostHandlers {
  return {
    "files.pick": async ({ title, folders, multiple }) => {
      const options: Electron.OpenDialogOptions = {
        title,
        properties: [folders ? "openDirectory" : "openFile", ...(multiple ? (["multiSelections"] as const) : [])],
        ...(!folders && {
          filters: [
            // Captures go by any name: everything first.
            { name: "All files", extensions: ["*"] },
            { name: "Captures", extensions: CAPTURE_EXTENSIONS },
            { name: "Workspaces", extensions: ["hopscope"] },
          ],
        }),
      };
      const parent = window();
      const { canceled, filePaths } = await (parent
        ? dialog.showOpenDialog(parent, options)
        : dialog.showOpenDialog(options));
      return { paths: canceled ? [] : filePaths };
    },
    "files.pickSave": async ({ title, name }) => {
      const options: Electron.SaveDialogOptions = {
        title,
        defaultPath: cleanFileName(name, "export"),
        properties: ["createDirectory", "showOverwriteConfirmation"],
      };
      const parent = window();
      const { canceled, filePath } = await (parent
        ? dialog.showSaveDialog(parent, options)
        : dialog.showSaveDialog(options));
      if (canceled || filePath === "") return { path: null };
      chosen.add(filePath);
      return { path: filePath };
    },
    "export.write": (params, { forward }) => {
      checkChosen(chosen, params.path);
      return forward(params);
    },
  };
}

/** @throws ContractError "file" */
export function checkChosen(chosen: ReadonlySet<string>, path: string): void {
  if (!chosen.has(path))
    throw new ContractError("file", `${path} was not chosen in a save dialog; export again and choose where`);
}
