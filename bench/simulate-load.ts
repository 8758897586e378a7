/**
 * What `simulate.mjs` runs: pods of one node ask a Service whose endpoints are on both nodes, joined by VXLAN, as fast as the answers come;
 * every device is recorded, the recording is written as pcapng, chunk by chunk, and forgotten.
 */
import { LiveSimulation } from "../src-main/engine/simulate/live-simulation";
import { PcapngSink } from "../src-main/engine/simulate/record/pcapng-sink";
import { CLUSTER_IP } from "../src-main/engine/simulate/scenarios/cluster-ip";
import type { Scenario } from "../src-main/engine/simulate/scenario/schema";

export interface Load {
  readonly packets: number;
  readonly bytes: number;
  readonly virtualSeconds: number;
  /** User CPU time of this process, seconds: other processes of the machine do not count. */
  readonly userSeconds: number;
}

/** `answerBytes`: of each HTTP answer. Runs `virtualSeconds` after a warm-up of a fifth of them. */
export function runLoad(virtualSeconds: number, answerBytes: number): Load {
  const warmUpSeconds = virtualSeconds / 5;
  const scenario: Scenario = {
    ...CLUSTER_IP,
    traffic: Array.from({ length: 10 }, (_, i) => ({
      kind: "http" as const,
      from: { pod: "client" },
      to: { service: "web" },
      path: `/load-${i}`,
      size: answerBytes,
      at: 0.05 + i * 0.0001,
      every: 0.001,
      times: "always" as const,
    })),
  };
  let bytes = 0;
  const sink = new PcapngSink(
    (chunk) => {
      bytes += chunk.length;
    },
    { startTimeNs: 0n, comment: "bench", names: [] },
  );
  const live = new LiveSimulation(scenario, { seed: 1, sink, seconds: virtualSeconds + warmUpSeconds + 1 });
  live.advance(warmUpSeconds * 1e9);
  const packetsBefore = live.packets;
  const bytesBefore = bytes;
  const before = process.cpuUsage();
  live.advance((warmUpSeconds + virtualSeconds) * 1e9);
  const { user } = process.cpuUsage(before);
  return {
    packets: live.packets - packetsBefore,
    bytes: bytes - bytesBefore,
    virtualSeconds,
    userSeconds: user / 1e6,
  };
}
