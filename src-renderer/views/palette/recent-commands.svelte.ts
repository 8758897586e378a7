/** Commands that were run from the palette, newest first: they are offered first. */
import { defineSetting, isTextList } from "../../state/settings.svelte";

export const recentCommands = defineSetting<readonly string[]>("palette.recent", [], isTextList);
