/** A simulation whose recording is one pcapng file, handed on in chunks: for the window, and for lessons. */
import { LiveSimulation, type SimulationOptions } from "../live-simulation";
import type { Scenario } from "../scenario/schema";
import { objectList } from "../world/cluster-objects";
import type { CapturePoint } from "./capture-points";
import { PcapngSink } from "./pcapng-sink";

export interface OneFileRecording {
  readonly simulation: LiveSimulation;
  readonly sink: PcapngSink;
}

/** @throws RangeError, FaultError with a sentence for whoever wrote the scenario */
export function recordInto(
  write: (chunk: Uint8Array) => void,
  scenario: Scenario,
  options: Omit<SimulationOptions, "sink">,
): OneFileRecording {
  // Points are told while the simulation is made, the file's head needs its names: they are kept until then.
  const early: CapturePoint[] = [];
  const file: { sink?: PcapngSink } = {};
  const simulation = new LiveSimulation(scenario, {
    ...options,
    sink: {
      point: (point) => {
        if (file.sink) file.sink.point(point);
        else early.push(point);
      },
      packet: (point, timeNs, bytes) => {
        file.sink?.packet(point, timeNs, bytes);
      },
    },
  });
  const sink = new PcapngSink(write, {
    startTimeNs: simulation.startTimeNs,
    comment: `scenario ${scenario.name}, seed ${options.seed}`,
    names: simulation.names,
  });
  file.sink = sink;
  for (const point of early) sink.point(point);
  return { simulation, sink };
}

/** The API's objects as `kubectl get … -A -o json` prints them; undefined where there is no cluster. */
export function clusterText(simulation: LiveSimulation): string | undefined {
  const { objects } = simulation;
  return objects.length === 0 ? undefined : objectList(objects);
}
