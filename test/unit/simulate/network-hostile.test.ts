/** Frames that were tampered with, sent into every kind of device: nothing throws, nothing hangs, good traffic still gets through. */
import { describe, expect, it } from "vitest";
import { POD_IP, SERVICE_IP, simulatedCluster, type Between } from "../../builders/simulated-cluster";
import { recordedNetwork, SECOND } from "../../builders/simulated-network";

const SEED = 20_251_121;
const ROUNDS = 3_000;

describe.each(["vxlan", "ipip", "tun"] as const)("tampered frames through %s", (between: Between) => {
  it(`are dropped or answered (seed ${SEED})`, () => {
    const recorded = recordedNetwork(SEED);
    const net = { ...recorded, ...simulatedCluster(recorded.network, between) };
    net.recordAll();
    net.pods.b1.tcpListen({
      port: 8080,
      onConnection: () => ({
        onData: (_, connection) => {
          connection.write(new Uint8Array(3000));
        },
      }),
    });
    net.pods.a1.tcpListen({ port: 8080, onConnection: () => ({}) });
    net.pods.a2.tcpConnect({
      to: { address: SERVICE_IP, port: 80 },
      onOpen: (connection) => {
        connection.write(new Uint8Array(3000));
      },
    });
    net.pods.a2.udp({}).send(new Uint8Array(2000), { address: POD_IP.b2, port: 9 });
    net.pods.a2.ping({ to: POD_IP.b2, ttl: 1 }).send(1);
    net.run(SECOND);
    // What every device saw is put back there, damaged.
    const samples = net.frames
      .filter(({ device }) => device.kind !== "loopback")
      .map(({ device, bytes }) => ({ device, bytes }));
    const random = net.network.random("damage");
    for (let round = 0; round < ROUNDS; round++) {
      const sample = samples[random.integer(samples.length)];
      if (sample === undefined) throw new Error("no frames");
      const damaged = sample.bytes.slice();
      for (let changes = 1 + random.integer(4); changes > 0; changes--)
        damaged[random.integer(Math.min(80, damaged.length))] = random.integer(256);
      const cut = random.next() < 0.3 ? random.integer(damaged.length) : damaged.length;
      sample.device.sendFrame(damaged.subarray(0, cut));
      net.run(1e6);
      net.frames.length = 0;
    }
    net.run(SECOND);
    let replies = 0;
    // Forged ARP is believed, as everywhere: forget it.
    for (const namespace of net.network.namespaces) namespace.flushNeighbours();
    net.pods.b2.ping({ to: POD_IP.a2, onReply: () => replies++ }).send(1);
    net.run(5 * SECOND);
    expect(replies).toBe(1);
  });
});
