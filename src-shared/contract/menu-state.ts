/**
 * What the window tells the desktop's native menu: which of its commands cannot run now, which have a check mark, and what some
 * are called now. Sent when
 * it changes, whole (1.5 KB at most), so that no order of messages can leave a menu half true.
 */
import * as v from "valibot";
import { text } from "../schema/limited";
import { MENU_COMMANDS } from "./menu";

const commands = v.pipe(v.array(v.picklist(MENU_COMMANDS)), v.maxLength(MENU_COMMANDS.length));

const titles = v.pipe(
  v.array(v.strictObject({ command: v.picklist(MENU_COMMANDS), title: text(80) })),
  v.maxLength(MENU_COMMANDS.length),
);

/** `titles`: of items that are called otherwise now, "Undo: Renamed to client". May hold text of captures. */
export const menuStateSchema = v.strictObject({ disabled: commands, checked: commands, titles });

/** Ids of menu items. */
export type MenuState = v.InferOutput<typeof menuStateSchema>;

/** Nobody carries commands out: there is no window, or its page is just being loaded. */
export const NO_WINDOW: MenuState = { disabled: [...MENU_COMMANDS], checked: [], titles: [] };

export const menuStateRequests = {
  /** Answered by a host with native menus; "unsupported" elsewhere. */
  "menu.state": menuStateSchema,
} as const;

export interface MenuStateResults {
  "menu.state": null;
}

export const MENU_STATE_HOST_METHODS = ["menu.state"] as const;
