/** The folder the file chooser showed last: it begins there next time. "": the host's start folder. */
import { defineSetting, isText } from "../../state/settings.svelte";

export const lastFolder = defineSetting("file-chooser.folder", "", isText);
