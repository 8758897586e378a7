/** Answers live.*; opens standard input and named pipes as live sources, since they can be read only once and as they come. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import type { LiveSource } from "../../../src-shared/contract/live";
import type { Engine, Handlers } from "../service/handlers";
import { lookForTools, thisPlace } from "./capture-tools";
import { GENERATORS, findGenerator } from "./generators";
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
      generators: GENERATORS.map(({ name, title, text, setting }) => ({ name, title, text, setting })),
    }),
    "live.counts": () => ({ counts: counts.ask() }),
    "live.state": () => live.state(),
    "live.start": async (options, context) => {
      counts.end();
      const started = await live.start(options);
      const cluster = clusterFile(options.source, engine.scratchFolder);
      if (cluster !== undefined) await engine.ask("workspace.setCluster", { paths: [cluster] }, context);
      return started;
    },
    "live.stop": ({ id }) => live.stop(id),
    "live.restart": ({ id }) => live.restart(id),
    "live.control": ({ id, control }) => live.control(id, control),
  };
}

/** Writes what the source's generator knows of its cluster; undefined if there is none. */
function clusterFile(source: LiveSource, folder: string): string | undefined {
  if (source.kind !== "generator") return undefined;
  const text = findGenerator(source.name)?.clusterText?.(source.options);
  if (text === undefined) return undefined;
  const path = join(folder, `${source.name}.cluster.json`);
  writeFileSync(path, text);
  return path;
}
