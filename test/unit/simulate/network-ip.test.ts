/** The simulator's IP layer as a person would check it with ping and tcpdump: ARP, TTL, errors, fragments. */
import { describe, expect, it } from "vitest";
import { MS, recordedNetwork, SECOND } from "../../builders/simulated-network";
import type { Device, PingReply, SocketError } from "../../../src-main/engine/simulate/network/api/namespaces";

/** a ── r ── b: two subnets and a router. */
function routed() {
  const recorded = recordedNetwork();
  const { network } = recorded;
  const a = network.namespace("a");
  const r = network.namespace("r", { forwarding: true });
  const b = network.namespace("b");
  const [aEth, rLeft] = network.veth(
    { namespace: a, name: "eth0", addresses: ["10.1.0.2/24"] },
    { namespace: r, name: "left", addresses: ["10.1.0.1/24"] },
  );
  const [bEth, rRight] = network.veth(
    { namespace: b, name: "eth0", addresses: ["10.2.0.2/24"] },
    { namespace: r, name: "right", addresses: ["10.2.0.1/24"] },
  );
  a.addRoute({ prefix: "0.0.0.0/0", device: aEth, gateway: "10.1.0.1" });
  b.addRoute({ prefix: "0.0.0.0/0", device: bEth, gateway: "10.2.0.1" });
  recorded.recordAll();
  return { ...recorded, a, r, b, aEth, bEth, rLeft, rRight };
}

function pingOnce(
  net: ReturnType<typeof routed>,
  to: string,
  options: { ttl?: number; bytes?: number; dontFragment?: boolean } = {},
): { replies: PingReply[]; errors: string[] } {
  const replies: PingReply[] = [];
  const errors: string[] = [];
  const { bytes, ...rest } = options;
  const socket = net.a.ping({
    to,
    ...rest,
    onReply: (reply) => replies.push(reply),
    onError: (error: SocketError, sequence, by) => errors.push(`${sequence} ${error} by ${by}`),
  });
  socket.send(1, bytes);
  net.run(5 * SECOND);
  return { replies, errors };
}

describe("a ping through a router", () => {
  it("finds both neighbours by ARP, loses one from its TTL, and comes back", () => {
    const net = routed();
    const { replies } = pingOnce(net, "10.2.0.2");
    expect(net.lines(net.aEth, { arp: true })).toEqual([
      "out arp who-has 10.1.0.1 tell 10.1.0.2 to ff:ff:ff:ff:ff:ff",
      `in arp 10.1.0.1 is-at ${net.rLeft.mac}`,
      "out 10.1.0.2 > 10.2.0.2 icmp 8/0 ttl 64",
      "in 10.2.0.2 > 10.1.0.2 icmp 0/0 ttl 63",
    ]);
    expect(net.lines(net.bEth)).toEqual([
      "in 10.1.0.2 > 10.2.0.2 icmp 8/0 ttl 63",
      "out 10.2.0.2 > 10.1.0.2 icmp 0/0 ttl 64",
    ]);
    expect(replies).toHaveLength(1);
    expect(replies[0]).toMatchObject({ sequence: 1, from: "10.2.0.2", ttl: 63, bytes: 64 });
  });

  it("is seen later at every further device, so that time tells the order of hops", () => {
    const net = routed();
    pingOnce(net, "10.2.0.2");
    const request = net.frames.find(({ journey }) => journey > 0)?.journey ?? 0;
    expect(net.path(request).map((line) => line.split(" ").slice(0, 2).join(" "))).toEqual([
      "a eth0",
      "r left",
      "r right",
      "b eth0",
    ]);
    const times = net.frames.filter(({ journey }) => journey === request).map(({ timeNs }) => timeNs);
    expect(new Set(times).size).toBe(4);
    expect(times).toEqual([...times].sort((x, y) => x - y));
  });

  it("asks again after the neighbour's entry went stale, by unicast", () => {
    const net = routed();
    pingOnce(net, "10.2.0.2");
    net.run(60 * SECOND);
    net.frames.length = 0;
    pingOnce(net, "10.2.0.2");
    net.run(10 * SECOND);
    expect(net.lines(net.aEth, { arp: true })).toContain(`out arp who-has 10.1.0.1 tell 10.1.0.2 to ${net.rLeft.mac}`);
  });
});

describe("errors", () => {
  it("tells who let the TTL run out", () => {
    const net = routed();
    expect(pingOnce(net, "10.2.0.2", { ttl: 1 }).errors).toEqual(["1 time-exceeded by 10.1.0.1"]);
    expect(net.drops.map(({ where }) => where)).toEqual(["r left ttl"]);
  });

  it("says host unreachable when nobody answers ARP, after three tries", () => {
    const net = routed();
    expect(pingOnce(net, "10.2.0.77").errors).toEqual(["1 host-unreachable by 10.1.0.1"]);
    expect(net.lines(net.rRight, { arp: true }).filter((line) => line.includes("who-has 10.2.0.77"))).toHaveLength(3);
  });

  it("says network unreachable without a route", () => {
    const net = routed();
    expect(pingOnce(net, "192.0.2.1").errors).toEqual(["1 net-unreachable by 10.1.0.1"]);
  });

  it("says port unreachable, quoting the datagram", () => {
    const net = routed();
    const errors: SocketError[] = [];
    const socket = net.a.udp({ onError: (error) => errors.push(error) });
    socket.send(Uint8Array.of(1, 2, 3), { address: "10.2.0.2", port: 9 });
    net.run(SECOND);
    expect(errors).toEqual(["refused"]);
  });

  it("keeps silent where the router was told to", () => {
    const net = routed();
    net.r.sendsIcmpErrors = false;
    expect(pingOnce(net, "10.2.0.2", { ttl: 1 })).toEqual({ replies: [], errors: [] });
  });
});

describe("a smaller MTU on the way", () => {
  const narrow = (device: Device): void => {
    device.mtu = 1000;
  };

  it("cuts what may be cut, and the other end puts it together", () => {
    const net = routed();
    narrow(net.rRight);
    const { replies } = pingOnce(net, "10.2.0.2", { bytes: 1400, dontFragment: false });
    expect(net.lines(net.bEth).slice(0, 2)).toEqual([
      "in 10.1.0.2 > 10.2.0.2 fragment 0+976 ttl 63",
      "in 10.1.0.2 > 10.2.0.2 fragment 976+432 ttl 63",
    ]);
    expect(replies[0]).toMatchObject({ bytes: 1408 });
  });

  it("refuses what may not, tells the MTU, and the sender remembers it", () => {
    const net = routed();
    narrow(net.rRight);
    expect(pingOnce(net, "10.2.0.2", { bytes: 1400, dontFragment: true }).errors).toEqual([
      "1 message-too-long by 10.1.0.1",
    ]);
    // Path-MTU discovery: the next one is cut by the sender itself.
    net.frames.length = 0;
    expect(pingOnce(net, "10.2.0.2", { bytes: 1400 }).replies).toHaveLength(1);
    expect(net.lines(net.aEth)[0]).toBe("out 10.1.0.2 > 10.2.0.2 fragment 0+976 ttl 64");
  });
});

describe("a device that is down, a namespace that is gone", () => {
  it("neither receives nor answers", () => {
    const net = routed();
    net.bEth.up = false;
    expect(pingOnce(net, "10.2.0.2").replies).toEqual([]);
    net.bEth.up = true;
    expect(pingOnce(net, "10.2.0.2").replies).toHaveLength(1);
    net.network.removeNamespace(net.b);
    expect(pingOnce(net, "10.2.0.2").replies).toEqual([]);
  });
});

describe("proxy ARP", () => {
  it("answers for addresses that lie elsewhere, as Calico's host side does for 169.254.1.1", () => {
    const recorded = recordedNetwork();
    const { network } = recorded;
    const node = network.namespace("node", { forwarding: true });
    const pod = network.namespace("pod");
    const [podEth, cali] = network.veth(
      { namespace: pod, name: "eth0", addresses: ["10.9.0.5/32"] },
      { namespace: node, name: "cali1", mac: "ee:ee:ee:ee:ee:ee" },
    );
    const outside = network.dummy({ namespace: node, name: "out", addresses: ["192.0.2.1/24"] });
    node.addRoute({ prefix: "0.0.0.0/0", device: outside, gateway: "192.0.2.254" });
    node.addRoute({ prefix: "10.9.0.5/32", device: cali });
    pod.addRoute({ prefix: "169.254.1.1/32", device: podEth });
    pod.addRoute({ prefix: "0.0.0.0/0", device: podEth, gateway: "169.254.1.1" });
    cali.proxyArp = true;
    recorded.recordAll();
    const replies: string[] = [];
    pod.ping({ to: "192.0.2.1", onReply: ({ from }) => replies.push(from) }).send(1);
    recorded.run(100 * MS);
    expect(recorded.lines(podEth, { arp: true })[1]).toBe("in arp 169.254.1.1 is-at ee:ee:ee:ee:ee:ee");
    expect(replies).toEqual(["192.0.2.1"]);
  });
});
