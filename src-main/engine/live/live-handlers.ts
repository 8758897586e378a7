/** Answers live.*; opens standard input and named pipes as live sources, since they can be read only once and as they come. */
import type { Engine, Handlers } from "../service/handlers";
import { lookForTools, thisPlace } from "./capture-tools";
import { GENERATORS } from "./generators";
import { InterfaceCounts } from "./interface-counts";
import { LiveSources, isPipe } from "./live-sources";

export function liveHandlers(engine: Engine, place = thisPlace()): Handlers {
  const live = new LiveSources(engine, place);
  const counts = new InterfaceCounts(place);
  engine.onClose(() => Promise.resolve(counts.end()));
  return {
    "workspace.open": ({ paths, add }) => {
      const pipes = paths.filter(isPipe);
      const files = paths.filter((path) => !isPipe(path));
      let state = files.length > 0 || pipes.length === 0 ? engine.files.openPaths(files, add) : undefined;
      pipes.forEach((path, i) => {
        const source = { kind: "pipe" as const, path };
        live.open({
          source,
          captureFilter: "",
          ring: null,
          stopAfterMegabytes: null,
          add: add || files.length > 0 || i > 0,
        });
        state = engine.workspaceState();
      });
      return state ?? engine.workspaceState();
    },
    "live.tools": async () => ({
      ...(await lookForTools(place)),
      generators: GENERATORS.map(({ name, title, text }) => ({ name, title, text })),
    }),
    "live.counts": () => ({ counts: counts.ask() }),
    "live.state": () => live.state(),
    "live.start": (options) => {
      counts.end();
      return live.start(options);
    },
    "live.stop": ({ id }) => live.stop(id),
    "live.restart": ({ id }) => live.restart(id),
    "live.control": ({ id, control }) => live.control(id, control),
  };
}
