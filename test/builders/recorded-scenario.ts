/** Runs a scenario to its end in this process and writes what `hopscope simulate` would write into a folder of its own. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { LiveSimulation, type Truth } from "../../src-main/engine/simulate/live-simulation";
import type { CapturePoint, CaptureSink } from "../../src-main/engine/simulate/record/capture-points";
import { PcapngSink, SplitSink } from "../../src-main/engine/simulate/record/pcapng-sink";
import type { Scenario } from "../../src-main/engine/simulate/scenario/schema";
import { objectList } from "../../src-main/engine/simulate/world/cluster-objects";

export interface RecordedScenario {
  readonly folder: string;
  /** One file for all points, or one a namespace. */
  readonly files: readonly string[];
  readonly clusters: readonly string[];
  readonly conntrack: string;
  readonly truth: Truth;
  readonly packets: number;
  readonly remove: () => void;
}

export interface RecordOptions {
  readonly seed?: number;
  readonly split?: boolean;
}

export function recordScenario(scenario: Scenario, { seed = 1, split = false }: RecordOptions = {}): RecordedScenario {
  const folder = mkdtempSync(join(tmpdir(), "hopscope-simulate-"));
  const chunks = new Map<string, Uint8Array[]>();
  const early: CapturePoint[] = [];
  const target: { sink: PcapngSink | SplitSink | undefined } = { sink: undefined };
  const sink: CaptureSink = {
    point: (point) => {
      if (target.sink) target.sink.point(point);
      else early.push(point);
    },
    packet: (point, timeNs, bytes) => {
      target.sink?.packet(point, timeNs, bytes);
    },
  };
  const live = new LiveSimulation(scenario, { seed, sink, truth: true, conntrack: true });
  const open = (name: string): PcapngSink => {
    const list: Uint8Array[] = [];
    chunks.set(name, list);
    return new PcapngSink((chunk) => list.push(chunk), {
      startTimeNs: live.startTimeNs,
      comment: `scenario ${scenario.name}`,
      names: live.names,
    });
  };
  const recorder = split ? new SplitSink((namespace) => open(`${namespace}.pcapng`)) : open("all.pcapng");
  target.sink = recorder;
  for (const point of early) recorder.point(point);
  live.advance(live.endNs);
  recorder.flush();
  const idOf = (point: CapturePoint): string =>
    `${split ? `${point.namespace}.pcapng` : "all.pcapng"}#${recorder.interfaceOf(point) ?? "?"}`;
  const files = [...chunks].map(([name, list]) => {
    const path = join(folder, name);
    writeFileSync(path, Buffer.concat(list));
    return path;
  });
  const clusters = live.snapshots
    .filter(({ objects }) => objects.length > 0)
    .map(({ objects }, i) => {
      const path = join(folder, `cluster-${i}.json`);
      writeFileSync(path, objectList(objects));
      return path;
    });
  return {
    folder,
    files,
    clusters,
    conntrack: [...live.conntrackLines.values()].flatMap((lines) => lines.map((line) => `${line}\n`)).join(""),
    truth: live.truth(idOf),
    packets: live.packets,
    remove: () => {
      rmSync(folder, { recursive: true });
    },
  };
}
