/** IPv6 in simulated networks: neighbour discovery, routing, path MTU, NAT and VXLAN, as IPv4's files say it of IPv4. */
import { describe, expect, it } from "vitest";
import { contains, ipNumber, ipText, parsePrefix } from "../../../src-main/engine/simulate/network/addresses";
import type { Namespace, PingOptions, SocketError } from "../../../src-main/engine/simulate/network/api/namespaces";
import { formatIpv6 } from "../../../src-shared/model/address";
import { MS, recordedNetwork, SECOND, type RecordedNetwork } from "../../builders/simulated-network";

/** a (fd00:1::2) ── r ── b (fd00:2::2) */
function routed(): RecordedNetwork & { readonly a: Namespace; readonly r: Namespace; readonly b: Namespace } {
  const recorded = recordedNetwork();
  const { network } = recorded;
  const [a, r, b] = [network.namespace("a"), network.namespace("r", { forwarding: true }), network.namespace("b")];
  const left = network.link(
    { namespace: a, name: "eth0", addresses: ["fd00:1::2/64"] },
    { namespace: r, name: "left", addresses: ["fd00:1::1/64"] },
  );
  const right = network.link(
    { namespace: r, name: "right", addresses: ["fd00:2::1/64"] },
    { namespace: b, name: "eth0", addresses: ["fd00:2::2/64"] },
  );
  a.addRoute({ prefix: "::/0", device: left.a, gateway: "fd00:1::1" });
  b.addRoute({ prefix: "::/0", device: right.b, gateway: "fd00:2::1" });
  recorded.recordAll();
  return { ...recorded, a, r, b };
}

/** "135 fd00:1::2 > ff02::1:ff00:1 hop limit 255" of each ICMPv6 frame at a device of `namespace`. */
function messages({ frames }: RecordedNetwork, namespace: Namespace): string[] {
  return frames
    .filter(({ device, bytes }) => device.namespace === namespace && bytes[20] === 58)
    .map(
      ({ bytes }) =>
        `${bytes[54] ?? 0} ${formatIpv6(bytes, 22)} > ${formatIpv6(bytes, 38)} hop limit ${bytes[21] ?? 0}`,
    );
}

function ping(
  net: ReturnType<typeof routed>,
  options: Partial<PingOptions> & { readonly bytes?: number } = {},
): {
  readonly replies: number;
  readonly errors: readonly string[];
} {
  let replies = 0;
  const errors: string[] = [];
  const socket = net.a.ping({
    to: "fd00:2::2",
    ...options,
    onReply: () => replies++,
    onError: (error, sequence, by) => errors.push(`${sequence} ${error} by ${by}`),
  });
  socket.send(1, options.bytes);
  net.run(SECOND);
  socket.close();
  return { replies, errors };
}

describe("addresses", () => {
  it("are numbers that tell them apart, whatever their family", () => {
    expect(ipNumber("fd00::1")).toBe(ipNumber("fd00:0:0::1"));
    expect(ipNumber("fd00::1")).not.toBe(ipNumber("fd00::2"));
    expect(ipText(ipNumber("2001:db8::a:0:0:1"))).toBe("2001:db8::a:0:0:1");
    // More than the table begins with.
    for (let i = 1; i < 1000; i++) {
      const text = `fd00:77::${i.toString(16)}:1`;
      expect(ipText(ipNumber(text))).toBe(text);
    }
  });

  it("lie in ranges of their own family only", () => {
    expect(contains(parsePrefix("fd00:1::/33"), ipNumber("fd00:1:7fff::1"))).toBe(true);
    expect(contains(parsePrefix("fd00:1::/33"), ipNumber("fd00:1:8000::1"))).toBe(false);
    expect(contains(parsePrefix("0.0.0.0/0"), ipNumber("fd00::1"))).toBe(false);
    expect(contains(parsePrefix("::/0"), ipNumber("10.0.0.1"))).toBe(false);
  });
});

describe("neighbour discovery", () => {
  it("asks the target's group, is answered by the target, and asks no second time", () => {
    const net = routed();
    expect(ping(net).replies).toBe(1);
    expect(messages(net, net.a)).toEqual([
      "135 fd00:1::2 > ff02::1:ff00:1 hop limit 255",
      "136 fd00:1::1 > fd00:1::2 hop limit 255",
      "128 fd00:1::2 > fd00:2::2 hop limit 64",
      "129 fd00:2::2 > fd00:1::2 hop limit 63",
    ]);
    net.frames.length = 0;
    ping(net);
    expect(messages(net, net.a)).toHaveLength(2);
  });

  it("says address unreachable when nobody answers", () => {
    const net = routed();
    const errors: string[] = [];
    net.a.ping({ to: "fd00:2::9", onError: (error, _, by) => errors.push(`${error} by ${by}`) }).send(1);
    net.run(4 * SECOND);
    expect(errors).toEqual(["host-unreachable by fd00:1::1"]);
  });
});

describe("errors", () => {
  it("time exceeded, by the router", () => {
    expect(ping(routed(), { ttl: 1 }).errors).toEqual(["1 time-exceeded by fd00:1::1"]);
  });

  it("no route, port unreachable", () => {
    const net = routed();
    expect(ping(net, { to: "2001:db8::1" }).errors).toEqual(["1 net-unreachable by fd00:1::1"]);
    const errors: SocketError[] = [];
    net.a.udp({ onError: (error) => errors.push(error) }).send(Uint8Array.of(1), { address: "fd00:2::2", port: 9 });
    net.run(SECOND);
    expect(errors).toEqual(["refused"]);
  });

  it("a router never cuts a packet: Packet Too Big, and the sender cuts the next one itself", () => {
    const net = routed();
    net.r.device("right").mtu = 1300;
    const large = { bytes: 1400, dontFragment: true };
    expect(ping(net, large).errors).toEqual(["1 message-too-long by fd00:1::1"]);
    expect(ping(net, { bytes: 1400 }).replies).toBe(1);
  });
});

describe("NAT and tunnels", () => {
  it("translates destination and source of TCP, and what an ICMP error quotes", () => {
    const net = routed();
    const { netfilter } = net.r;
    netfilter.append("nat", "PREROUTING", {
      destination: "fd00:96::1",
      protocol: "tcp",
      target: { kind: "dnat", address: "fd00:2::2", port: 8080 },
    });
    netfilter.append("nat", "PREROUTING", {
      destination: "fd00:96::1",
      protocol: "udp",
      target: { kind: "dnat", address: "fd00:2::2", port: 9 },
    });
    netfilter.append("nat", "POSTROUTING", { outDevice: "right", target: { kind: "masquerade" } });
    const heard: string[] = [];
    net.b.tcpListen({
      port: 8080,
      onConnection: ({ remote }) => ({ onData: (bytes) => heard.push(`${bytes.length} from ${remote.address}`) }),
    });
    let remote = "";
    net.a.tcpConnect({
      to: { address: "fd00:96::1", port: 80 },
      onOpen: (connection) => {
        remote = connection.remote.address;
        connection.write(new Uint8Array(1000));
      },
    });
    const errors: SocketError[] = [];
    const udp = net.a.udp({ onError: (error) => errors.push(error) });
    udp.send(Uint8Array.of(1), { address: "fd00:96::1", port: 53 });
    net.run(100 * MS);
    expect(heard).toEqual(["1000 from fd00:2::1"]);
    expect(remote).toBe("fd00:96::1");
    expect(errors).toEqual(["refused"]);
    expect(net.drops).toEqual([]);
  });

  it("VXLAN carries it over IPv4 and over IPv6, with a checksum there", () => {
    for (const [local, peer] of [
      ["192.0.2.1", "192.0.2.2"],
      ["2001:db8::1", "2001:db8::2"],
    ] as const) {
      const recorded = recordedNetwork();
      const { network } = recorded;
      const [a, b] = [network.namespace("a"), network.namespace("b")];
      const length = local.includes(":") ? 64 : 24;
      network.link(
        { namespace: a, name: "eth0", addresses: [`${local}/${length}`] },
        { namespace: b, name: "eth0", addresses: [`${peer}/${length}`] },
      );
      network.vxlan({ namespace: a, name: "vx", addresses: ["fd00::1/64"] }, { vni: 5, local, remotes: [peer] });
      network.vxlan({ namespace: b, name: "vx", addresses: ["fd00::2/64"] }, { vni: 5, local: peer, remotes: [local] });
      expect(a.device("vx").mtu).toBe(local.includes(":") ? 1430 : 1450);
      let replies = 0;
      const socket = a.ping({ to: "fd00::2", onReply: () => replies++ });
      socket.send(1);
      socket.send(2, 2000);
      recorded.run(SECOND);
      expect(replies).toBe(2);
      expect(recorded.drops).toEqual([]);
    }
  });
});
