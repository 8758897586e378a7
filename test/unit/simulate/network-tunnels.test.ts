/**
 * The simulator's bridges and tunnels between two nodes: where one packet is seen, and as what. tshark finds nothing wrong with any of the bytes.
 */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { spawnSync } from "node:child_process";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import type { Between } from "../../builders/simulated-cluster";
import { EXT_IP, POD_IP, SERVICE_IP, simulatedCluster } from "../../builders/simulated-cluster";
import { hasTool } from "../../builders/shared-data";
import { MS, recordedNetwork, SECOND } from "../../builders/simulated-network";

const haveTshark = hasTool("tshark");
if (!haveTshark) console.log("skipped: simulated bytes judged by tshark (needs tshark)");

function cluster(
  between: Between,
  options: Parameters<typeof simulatedCluster>[2] & { seed?: number; offload?: boolean } = {},
) {
  const { seed = 3, offload = false, ...rest } = options;
  const recorded = recordedNetwork(seed, { offload });
  const made = simulatedCluster(recorded.network, between, rest);
  recorded.recordAll();
  return { ...recorded, ...made };
}

/** The path of the last packet that is like this, device by device. */
function pathOf(net: ReturnType<typeof cluster>, text: string): string[] {
  const first = net.frames.findLast(({ journey }) => journey > 0 && net.path(journey)[0]?.includes(text));
  return net.path(first?.journey ?? -1);
}

function ping(net: ReturnType<typeof cluster>, to: string): number {
  let replies = 0;
  const socket = net.pods.a2.ping({ to, onReply: () => replies++ });
  // The first asks for all the neighbours.
  socket.send(1);
  net.run(SECOND);
  socket.send(2);
  net.run(SECOND);
  return replies;
}

describe("a ping to a pod of the other node", () => {
  it("by VXLAN: routed on both nodes, the outer packet routed too", () => {
    const net = cluster("vxlan");
    expect(ping(net, POD_IP.b2)).toBe(2);
    const inner = "10.50.1.12 > 10.50.2.12 icmp 8/0 ttl";
    const outer = (ttl: number): string =>
      expect.stringMatching(
        new RegExp(String.raw`\[172.31.1.5:\d+ > 172.31.2.6:4790 udp ttl ${ttl}\] vni 77 ${inner} 63$`),
      ) as string;
    expect(pathOf(net, "icmp 8/0")).toEqual([
      `a2 eth0 ${inner} 64`,
      `n1 veth1 ${inner} 64`,
      `n1 cni0 ${inner} 64`,
      `n1 flannel.77 ${inner} 63`,
      expect.stringContaining("n1 eth0") && outer(64),
      outer(64),
      outer(63),
      outer(63),
      `n2 flannel.77 ${inner} 63`,
      `n2 cni0 ${inner} 62`,
      `n2 veth1 ${inner} 62`,
      `b2 eth0 ${inner} 62`,
    ]);
  });

  it("by IP-in-IP: the far end is the route's gateway", () => {
    const net = cluster("ipip");
    expect(ping(net, POD_IP.b2)).toBe(2);
    expect(pathOf(net, "icmp 8/0").slice(3, 9)).toEqual([
      "n1 tunl0 10.50.1.12 > 10.50.2.12 icmp 8/0 ttl 63",
      "n1 eth0 [172.31.1.5 > 172.31.2.6 ttl 63] 10.50.1.12 > 10.50.2.12 icmp 8/0 ttl 63",
      "r to-n1 [172.31.1.5 > 172.31.2.6 ttl 63] 10.50.1.12 > 10.50.2.12 icmp 8/0 ttl 63",
      "r to-n2 [172.31.1.5 > 172.31.2.6 ttl 62] 10.50.1.12 > 10.50.2.12 icmp 8/0 ttl 63",
      "n2 eth0 [172.31.1.5 > 172.31.2.6 ttl 62] 10.50.1.12 > 10.50.2.12 icmp 8/0 ttl 63",
      "n2 tunl0 10.50.1.12 > 10.50.2.12 icmp 8/0 ttl 63",
    ]);
  });

  it("by a process with a TUN device: the datagram is the payload", () => {
    const net = cluster("tun");
    expect(ping(net, POD_IP.b2)).toBe(2);
    expect(pathOf(net, "icmp 8/0").slice(3, 6)).toEqual([
      "n1 tunx 10.50.1.12 > 10.50.2.12 icmp 8/0 ttl 63",
      "n1 eth0 [172.31.1.5:7777 > 172.31.2.6:7777 udp ttl 64] 10.50.1.12 > 10.50.2.12 icmp 8/0 ttl 63",
      "r to-n1 [172.31.1.5:7777 > 172.31.2.6:7777 udp ttl 64] 10.50.1.12 > 10.50.2.12 icmp 8/0 ttl 63",
    ]);
  });
});

function withoutHairpin(net: ReturnType<typeof cluster>): ReturnType<typeof cluster> {
  for (const port of [net.n1.device("veth0"), net.n1.device("veth1")]) port.master?.setHairpin(port, false);
  return net;
}

describe("a bridge", () => {
  it("floods what it does not know, then forwards to the one port; recorded, it shows a copy", () => {
    const net = withoutHairpin(cluster("routes"));
    const a1 = net.pods.a1;
    const [first, second] = [net.n1.device("veth0"), net.n1.device("veth1")];
    // a1 has never spoken: a frame to its MAC goes to all ports but the one it came from.
    net.pods.a2.addNeighbour(POD_IP.a1, a1.device("eth0").mac, net.pods.a2.device("eth0"));
    net.pods.a2.ping({ to: POD_IP.a1 }).send(1);
    net.run(MS);
    expect(net.lines(first)[0]).toBe("out 10.50.1.12 > 10.50.1.11 icmp 8/0 ttl 64");
    expect(net.lines(second)).toEqual([
      "in 10.50.1.12 > 10.50.1.11 icmp 8/0 ttl 64",
      "out 10.50.1.11 > 10.50.1.12 icmp 0/0 ttl 64",
    ]);
    expect(pathOf(net, "icmp 8/0").map((line) => line.split(" ").slice(0, 2).join(" "))).toEqual([
      "a2 eth0",
      "n1 veth1",
      "n1 cni0",
      "n1 veth0",
      "a1 eth0",
    ]);
  });

  it("answers broadcast itself and floods it; a pod's ARP is seen by every pod of the node", () => {
    const asked = (net: ReturnType<typeof cluster>): string[] => {
      net.pods.a2.ping({ to: POD_IP.a1 }).send(1);
      net.run(MS);
      return net.frames
        .filter(({ device, bytes }) => device.name === "eth0" && bytes[0] === 0xff)
        .map(({ device, direction }) => `${device.namespace.name} ${direction}`);
    };
    expect(asked(withoutHairpin(cluster("routes")))).toEqual(["a2 out", "a1 in"]);
    // A port in hairpin mode gets its own flooded frames back, as the kernel's recordings show.
    expect(asked(cluster("routes")).sort()).toEqual(["a1 in", "a2 in", "a2 out"]);
  });
});

describe("large packets through a tunnel", () => {
  it("are kept small by the tunnel's MTU: TCP never needs to be told", () => {
    const net = cluster("vxlan");
    let got = 0;
    net.pods.b1.tcpListen({
      port: 8080,
      onConnection: (connection) => ({
        onData: () => {
          connection.write(new Uint8Array(30_000));
        },
      }),
    });
    net.pods.a2.tcpConnect({
      to: { address: POD_IP.b1, port: 8080 },
      onOpen: (connection) => {
        connection.write(Uint8Array.of(1));
      },
      onData: (bytes) => (got += bytes.length),
    });
    net.run(SECOND);
    expect(got).toBe(30_000);
    expect(net.drops.filter(({ reason }) => reason === "mtu")).toEqual([]);
    expect(Math.max(...net.frames.map(({ bytes }) => bytes.length))).toBe(1514);
  });

  it("meet a narrower link: fragmentation needed, and TCP goes on with smaller segments", () => {
    const net = cluster("routes");
    net.r.device("to-n2").mtu = 1300;
    let got = 0;
    net.pods.a1.tcpListen({
      port: 8080,
      onConnection: () => ({ onData: (bytes) => (got += bytes.length) }),
    });
    // From n2's side the way back is narrow only on the router's port to n2, so a2 sends the data there.
    net.pods.b1.tcpListen({ port: 8080, onConnection: () => ({ onData: (bytes) => (got += bytes.length) }) });
    net.pods.a2.tcpConnect({
      to: { address: POD_IP.b1, port: 8080 },
      onOpen: (connection) => {
        connection.write(new Uint8Array(20_000));
      },
    });
    net.run(SECOND);
    expect(got).toBe(20_000);
    expect(net.drops.some(({ where }) => where === "r to-n1 mtu")).toBe(true);
    const errors = net.lines(net.pods.a2.device("eth0")).filter((line) => line.includes("icmp 3/4"));
    expect(errors.length).toBeGreaterThan(0);
  });
});

describe.skipIf(!haveTshark)("tshark", () => {
  it.each(["vxlan", "ipip", "tun", "routes"] as const)(
    "finds nothing malformed and no bad checksum in %s: Service, hairpin, egress, errors, losses",
    (between) => {
      const net = cluster(between, { link: { loss: 0.01 } });
      for (const pod of [net.pods.a1, net.pods.b1])
        pod.tcpListen({
          port: 8080,
          onConnection: (connection) => ({
            onData: () => {
              connection.write(new Uint8Array(5_000));
            },
          }),
        });
      net.ext.udp({
        port: 53,
        onDatagram: ({ payload, from }, socket) => {
          socket.send(payload, from);
        },
      });
      for (const [i, pod] of [net.pods.a1, net.pods.a2, net.pods.b2, net.pods.a1, net.pods.a2].entries())
        net.network.schedule(i * 50 * MS, () => {
          pod.tcpConnect({
            to: { address: SERVICE_IP, port: 80 },
            onOpen: (connection) => {
              connection.write(new Uint8Array(100));
            },
            onData: (_, connection) => {
              if (connection.bytesReceived === 5_000) connection.end();
            },
          });
          pod.udp({}).send(new Uint8Array(3_001), { address: EXT_IP, port: 53 });
          pod.udp({}).send(new Uint8Array(300), { address: EXT_IP, port: 54 });
          pod.ping({ to: EXT_IP, ttl: 2 }).send(i + 1);
          pod.ping({ to: POD_IP.b2 }).send(i + 1, 4000);
          pod.tcpConnect({ to: { address: POD_IP.b2, port: 9 } });
        });
      net.run(10 * SECOND);
      const folder = mkdtempSync(join(tmpdir(), "hopscope-simulated-"));
      try {
        const file = join(folder, "simulated.pcapng");
        writeFileSync(file, net.pcapng());
        const fields = ["frame.number", "frame.protocols", "_ws.expert.message"];
        const { stdout } = spawnSync(
          "tshark",
          [
            ...["-r", file, "-T", "fields", "-d", "udp.port==4790,vxlan", "-d", "udp.port==7777,ip"],
            ...["-o", "ip.check_checksum:TRUE", "-o", "tcp.check_checksum:TRUE", "-o", "udp.check_checksum:TRUE"],
            ...[
              "-Y",
              "_ws.malformed || ip.checksum.status == 0 || tcp.checksum.status == 0 || udp.checksum.status == 0 || icmp.checksum.status == 0",
            ],
            ...fields.flatMap((field) => ["-e", field]),
          ],
          { encoding: "utf8", maxBuffer: 1 << 26 },
        );
        expect(stdout).toBe("");
        expect(net.frames.length).toBeGreaterThan(500);
      } finally {
        rmSync(folder, { recursive: true });
      }
    },
  );
});
