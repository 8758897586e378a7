/** The modules that answer requests besides the service itself. */
import { analysisHandlers } from "../analysis/analysis-handlers";
import { detailsHandlers } from "../details/details-handlers";
import { filterHandlers } from "../filter/complete";
import { followHandlers } from "../follow/follow-handlers";
import { liveHandlers } from "../live/live-handlers";
import { lessonHandlers } from "../lessons/lesson-handlers";
import { notesHandlers } from "../notes/notes-handlers";
import { workspaceFileHandlers } from "../workspace-file/workspace-file-handlers";
import type { Engine, Handlers } from "./handlers";

export const ENGINE_MODULES: readonly ((engine: Engine) => Handlers)[] = [
  detailsHandlers,
  followHandlers,
  filterHandlers,
  analysisHandlers,
  (engine) => liveHandlers(engine),
  notesHandlers,
  workspaceFileHandlers,
  lessonHandlers,
];
