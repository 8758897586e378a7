/** Devices, links and their faults: what a recording at both ends shows, and what the network says it threw away. */
import { describe, expect, it } from "vitest";
import { POD_IP, simulatedCluster } from "../../builders/simulated-cluster";
import { MS, recordedNetwork, SECOND, type SeenFrame } from "../../builders/simulated-network";
import type { LinkProperties } from "../../../src-main/engine/simulate/network/api/namespaces";

/** Two hosts and a wire; `burst` sends numbered datagrams of `bytes` bytes and gives the numbers and times of those that arrive. */
function wire(properties: LinkProperties = {}) {
  const recorded = recordedNetwork(11);
  const { network } = recorded;
  const a = network.namespace("a");
  const b = network.namespace("b");
  const link = network.link(
    { namespace: a, name: "eth0", addresses: ["10.0.0.1/24"] },
    { namespace: b, name: "eth0", addresses: ["10.0.0.2/24"] },
    { jitterNs: 0, ...properties },
  );
  a.addNeighbour("10.0.0.2", link.b.mac, link.a);
  b.addNeighbour("10.0.0.1", link.a.mac, link.b);
  recorded.recordAll();
  const got: { number: number; timeNs: number }[] = [];
  b.udp({
    port: 9,
    onDatagram: ({ payload }) =>
      got.push({ number: ((payload[0] ?? 0) << 8) | (payload[1] ?? 0), timeNs: network.nowNs }),
  });
  const socket = a.udp({});
  const burst = (count: number, bytes = 100): typeof got => {
    got.length = 0;
    for (let i = 0; i < count; i++) {
      const payload = new Uint8Array(bytes);
      payload[0] = i >> 8;
      payload[1] = i;
      socket.send(payload, { address: "10.0.0.2", port: 9 });
    }
    recorded.run(30 * SECOND);
    return got;
  };
  return { ...recorded, a, b, link, burst };
}

describe("a wire", () => {
  it("delays, and keeps the order in spite of jitter", () => {
    const net = wire({ delayNs: 3 * MS, jitterNs: 2 * MS });
    const numbers = net.burst(200).map(({ number }) => number);
    expect(numbers).toEqual([...numbers].sort((x, y) => x - y));
    const [sent, arrived] = net.frames.filter(({ journey }) => journey === net.frames[0]?.journey);
    expect((arrived?.timeNs ?? 0) - (sent?.timeNs ?? 0)).toBeGreaterThanOrEqual(3 * MS);
    expect((arrived?.timeNs ?? 0) - (sent?.timeNs ?? 0)).toBeLessThan(5 * MS);
  });

  it("loses about what it is told to, and says so", () => {
    const net = wire({ loss: 0.25 });
    const arrived = net.burst(1000).length;
    // Binomial, 1000 draws: beyond these bounds with a probability below one in a million.
    expect(arrived).toBeGreaterThan(680);
    expect(arrived).toBeLessThan(820);
    expect(net.drops.filter(({ reason }) => reason === "loss")).toHaveLength(1000 - arrived);
  });

  it("duplicates and reorders", () => {
    const doubled = wire({ duplication: 1 })
      .burst(5)
      .map(({ number }) => number);
    expect(doubled.sort()).toEqual([0, 0, 1, 1, 2, 2, 3, 3, 4, 4]);
    const mixed = wire({ reordering: 0.2, reorderDelayNs: MS })
      .burst(100)
      .map(({ number }) => number);
    expect(mixed).toHaveLength(100);
    expect(mixed).not.toEqual([...mixed].sort((x, y) => x - y));
  });

  it("has a rate: frames follow each other at the speed of the wire, and a full queue loses the rest", () => {
    // 1042 bytes and 24 of preamble, check sequence and gap at 8.528 Mbit/s: one millisecond each.
    const net = wire({ rateBps: 8.528e6, queueFrames: 9 });
    const arrived = net.burst(30, 1000);
    expect(arrived).toHaveLength(10);
    const gaps = arrived.slice(1).map(({ timeNs }, i) => Math.round((timeNs - (arrived[i]?.timeNs ?? 0)) / 10_000));
    expect(new Set(gaps)).toEqual(new Set([100]));
    expect(net.drops.filter(({ reason }) => reason === "queue-full")).toHaveLength(20);
  });

  it("can be cut, one way or both, and mended", () => {
    const net = wire();
    net.link.set({ up: false }, "b-to-a");
    expect(net.burst(1)).toHaveLength(1);
    net.link.set({ up: false });
    expect(net.burst(1)).toHaveLength(0);
    net.link.set({ up: true });
    expect(net.burst(1)).toHaveLength(1);
  });

  it("loses exactly the frames that are asked for", () => {
    const net = wire();
    net.link.dropNext(2, "a-to-b");
    expect(net.burst(4).map(({ number }) => number)).toEqual([2, 3]);
    net.link.filter("a-to-b", (frame) => frame.length > 500);
    expect(net.burst(2, 600)).toHaveLength(0);
    expect(net.burst(2, 100)).toHaveLength(2);
  });

  it("refuses a probability that is none", () => {
    expect(() => wire({ loss: 2 })).toThrow("loss is a probability from 0 to 1, not 2");
  });
});

describe("loopback", () => {
  it("shows each packet once, with MAC addresses of zeros", () => {
    const recorded = recordedNetwork();
    const host = recorded.network.namespace("host");
    recorded.recordAll();
    const replies: number[] = [];
    host.ping({ to: "127.0.0.1", onReply: ({ ttl }) => replies.push(ttl) }).send(1);
    recorded.run(SECOND);
    expect(replies).toEqual([64]);
    expect(recorded.lines(host.loopback)).toEqual([
      "in 127.0.0.1 > 127.0.0.1 icmp 8/0 ttl 64",
      "in 127.0.0.1 > 127.0.0.1 icmp 0/0 ttl 64",
    ]);
    expect([...(recorded.frames[0]?.bytes.subarray(0, 14) ?? [])]).toEqual([...new Uint8Array(12), 8, 0]);
  });
});

describe("an address that moves", () => {
  it("is announced, and neighbours that know it change their entry", () => {
    const recorded = recordedNetwork();
    const { network } = recorded;
    const node = network.namespace("node");
    const bridge = network.bridge({ namespace: node, name: "br0", addresses: ["10.0.0.1/24"] });
    const attach = (name: string, address?: string) => {
      const pod = network.namespace(name);
      const [eth, port] = network.veth(
        { namespace: pod, name: "eth0", ...(address === undefined ? {} : { addresses: [address] }) },
        { namespace: node, name: `veth-${name}` },
      );
      bridge.attach(port);
      return { pod, eth };
    };
    const old = attach("old", "10.0.0.7/24");
    const fresh = attach("fresh");
    recorded.recordAll();
    const replies: string[] = [];
    const socket = node.ping({ to: "10.0.0.7", onReply: () => replies.push("reply") });
    socket.send(1);
    recorded.run(SECOND);
    network.removeNamespace(old.pod);
    fresh.eth.addAddress("10.0.0.7/24");
    fresh.eth.announce("10.0.0.7");
    recorded.run(SECOND);
    socket.send(2);
    recorded.run(SECOND);
    expect(replies).toHaveLength(2);
    expect(recorded.lines(fresh.eth)).toContain("in 10.0.0.1 > 10.0.0.7 icmp 8/0 ttl 64");
    expect(bridge.fdb.get(fresh.eth.mac)).toBe("veth-fresh");
  });
});

describe("DHCP's first step", () => {
  it("is a broadcast from 0.0.0.0, heard by whoever listens on that port", () => {
    const recorded = recordedNetwork();
    const { network } = recorded;
    const home = network.namespace("home");
    const laptop = network.namespace("laptop");
    const [eth] = network.veth(
      { namespace: laptop, name: "wlan0" },
      { namespace: home, name: "lan", addresses: ["192.168.1.1/24"] },
    );
    recorded.recordAll();
    const heard: string[] = [];
    home.udp({ port: 67, onDatagram: ({ from, to }) => heard.push(`${from.address}:${from.port} ${to.address}`) });
    laptop.udp({ port: 68, device: eth }).send(Uint8Array.of(1), { address: "255.255.255.255", port: 67 }, "0.0.0.0");
    recorded.run(SECOND);
    expect(heard).toEqual(["0.0.0.0:68 255.255.255.255"]);
    expect([...(recorded.frames[0]?.bytes.subarray(0, 6) ?? [])]).toEqual([255, 255, 255, 255, 255, 255]);
  });
});

describe("VXLAN", () => {
  const cluster = () => {
    const recorded = recordedNetwork(3);
    const made = simulatedCluster(recorded.network, "vxlan");
    recorded.recordAll();
    return { ...recorded, ...made };
  };
  const outer = (frames: readonly SeenFrame[]): SeenFrame[] =>
    frames.filter(
      ({ device, direction, journey }) =>
        device.name === "eth0" && device.namespace.name === "n1" && direction === "out" && journey > 0,
    );

  it("with a broken outer checksum arrives at the other node and is dropped there", () => {
    const net = cluster();
    const tunnel = net.n1.device("flannel.77");
    if (!("outerChecksum" in tunnel)) throw new Error("a VXLAN device");
    tunnel.outerChecksum = "broken";
    net.pods.a1.ping({ to: POD_IP.b1 }).send(1);
    net.run(SECOND);
    expect(net.drops.map(({ where }) => where)).toEqual(["n2 eth0 bad-checksum"]);
    tunnel.outerChecksum = "right";
    let replies = 0;
    net.pods.a1.ping({ to: POD_IP.b1, onReply: () => replies++ }).send(1);
    net.run(SECOND);
    expect(replies).toBe(1);
  });

  it("chooses the outer source port by the inner flow, each node its own; DF off, checksum 0", () => {
    const net = cluster();
    for (const port of [1, 2, 3, 4])
      net.pods.a1.udp({ port: 5000 + port }).send(Uint8Array.of(1), { address: POD_IP.b1, port });
    net.run(SECOND);
    const sent = outer(net.frames).map(({ bytes }) => bytes);
    const ports = sent.map((bytes) => ((bytes[34] ?? 0) << 8) | (bytes[35] ?? 0));
    expect(new Set(ports).size).toBe(4);
    expect(ports.every((port) => port >= 32_768 && port <= 60_999)).toBe(true);
    for (const bytes of sent) {
      expect([bytes[20], bytes[21]]).toEqual([0, 0]);
      expect([bytes[40], bytes[41]]).toEqual([0, 0]);
    }
    // The same flow again: the same port.
    net.frames.length = 0;
    const socket = net.pods.a2.udp({ port: 5009 });
    for (let i = 0; i < 3; i++) socket.send(Uint8Array.of(i), { address: POD_IP.b1, port: 1 });
    net.run(SECOND);
    const again = outer(net.frames).map(({ bytes }) => ((bytes[34] ?? 0) << 8) | (bytes[35] ?? 0));
    expect(again).toHaveLength(3);
    expect(new Set(again).size).toBe(1);
  });

  it("learns where a MAC address lives, and floods what it does not know to all its remotes", () => {
    const recorded = recordedNetwork();
    const { network } = recorded;
    const hosts = ["one", "two", "three"].map((name, i) => {
      const host = network.namespace(name);
      return { host, i };
    });
    const middle = network.namespace("switch");
    const bridge = network.bridge({ namespace: middle, name: "sw" });
    const vxlans = hosts.map(({ host, i }) => {
      const { b } = network.link(
        { namespace: host, name: "eth0", addresses: [`10.0.0.${i + 1}/24`] },
        { namespace: middle, name: `port${i}` },
      );
      bridge.attach(b);
      const remotes = [1, 2, 3].filter((n) => n !== i + 1).map((n) => `10.0.0.${n}`);
      return network.vxlan(
        { namespace: host, name: "vx", addresses: [`192.168.0.${i + 1}/24`] },
        { vni: 5, local: `10.0.0.${i + 1}`, learning: true, remotes },
      );
    });
    recorded.recordAll();
    let replies = 0;
    const socket = hosts[0]?.host.ping({ to: "192.168.0.2", onReply: () => replies++ });
    socket?.send(1);
    recorded.run(SECOND);
    expect(replies).toBe(1);
    // The ARP request went to both, the ping to one.
    expect(vxlans[2]?.counters.rxPackets).toBe(1);
    expect(vxlans[1]?.counters.rxPackets).toBe(2);
  });
});

describe("offload", () => {
  it("shows super-packets with unfinished checksums on veths; the NIC cuts them and finishes the checksums", () => {
    const recorded = recordedNetwork(3, { offload: true });
    const net = { ...recorded, ...simulatedCluster(recorded.network, "routes") };
    net.recordAll();
    let got = 0;
    net.pods.b1.tcpListen({ port: 80, onConnection: () => ({ onData: (bytes) => (got += bytes.length) }) });
    net.pods.a1.tcpConnect({
      to: { address: POD_IP.b1, port: 80 },
      onOpen: (connection) => {
        connection.write(new Uint8Array(200_000));
      },
    });
    net.run(5 * SECOND);
    expect(got).toBe(200_000);
    const longest = (name: string, device: string): number =>
      Math.max(
        ...net.frames
          .filter((f) => f.device.namespace.name === name && f.device.name === device)
          .map((f) => f.bytes.length),
      );
    expect(longest("a1", "eth0")).toBeGreaterThan(10_000);
    expect(longest("r", "to-n1")).toBe(1514);
    expect(longest("b1", "eth0")).toBe(1514);
    expect(net.drops).toEqual([]);
  });
});

describe("mistakes", () => {
  it("are told in words", () => {
    const { network } = recordedNetwork();
    const host = network.namespace("host");
    const dummy = network.dummy({ namespace: host, name: "d0", addresses: ["10.0.0.1/24"] });
    expect(() => network.namespace("host")).toThrow("there is a namespace host already");
    expect(() => network.dummy({ namespace: host, name: "d0" })).toThrow("host has a device d0 already");
    expect(() => host.device("eth7")).toThrow("host has no device eth7, only lo, d0");
    expect(() => {
      host.addRoute({ prefix: "0.0.0.0/0", device: dummy, gateway: "10.9.9.9" });
    }).toThrow("the gateway 10.9.9.9 is not on a subnet of d0");
    expect(() => {
      dummy.addAddress("10.0.0.1/40");
    }).toThrow('"10.0.0.1/40": the length of a prefix is 0 to 32');
    expect(() => host.udp({ port: 5 }) && host.udp({ port: 5 })).toThrow("UDP port 5 of host is in use");
    expect(() => host.netfilter.append("filter", "FORWARD", { target: { kind: "masquerade" } })).toThrow(
      "target masquerade belongs into table nat, not filter",
    );
    expect(() => recordedNetwork(1.5)).toThrow("a seed is a whole number, not 1.5");
  });
});
