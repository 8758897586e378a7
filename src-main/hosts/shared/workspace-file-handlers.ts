/**
 * What a host adds to the requests about `.hopscope` files: recent files, the folder for what is not saved, and where a save may go.
 */
import { join, resolve } from "node:path";
import type { HostHandlers } from "./engine-hub";
import type { CommonHandlers } from "./host-handlers";

export interface WorkspaceFileOptions extends CommonHandlers {
  /** The person's data folder. */
  readonly dataFolder: string;
  /**
   * Where a workspace of that name or path is really written, and what the window is told instead of the path. Throws
   * ContractError where it must not be written. `opened`: paths of workspace files opened here.
   */
  readonly place?: (
    path: string,
    opened: ReadonlySet<string>,
  ) => { readonly path: string; readonly answer?: string | undefined };
}

export function workspaceFileHostHandlers(options: WorkspaceFileOptions): HostHandlers {
  const folder = join(options.dataFolder, "unsaved");
  const opened = new Set<string>();
  const remember = (path: string | null): void => {
    if (path === null || path.startsWith(options.scratchFolder) || path.startsWith(folder)) return;
    opened.add(path);
    options.settings.addRecent([path], Date.now());
    options.opened?.([path]);
  };
  return {
    "workspaceFile.open": async (params, { forward }) => {
      const answer = await forward({ ...params, path: resolve(params.path) });
      if (answer.opened) remember(answer.path);
      return answer;
    },
    "workspaceFile.save": async (params, { forward }) => {
      const { path, answer } = options.place?.(params.path, opened) ?? { path: params.path };
      const written = await forward({ ...params, path });
      if (answer !== undefined) return { ...written, path: answer };
      remember(written.path);
      return written;
    },
    "workspaceFile.autosave": (params, { forward }) => forward({ ...params, folder }),
    "workspaceFile.forgetAutosave": (_params, { forward }) => forward({ folder }),
    "workspaceFile.recoverable": (_params, { forward }) => forward({ folder }),
    "workspaceFile.discard": (params, { forward }) => forward({ ...params, folder }),
  };
}
