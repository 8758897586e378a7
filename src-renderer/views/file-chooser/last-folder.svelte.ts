/** The folder the file chooser showed last: it begins there next time. "": none yet. */
import { defineSetting, isText } from "../../state/settings.svelte";

export const lastFolder = defineSetting("file-chooser.folder", "", isText);
