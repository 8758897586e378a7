/** The simulator's netfilter: what each namespace's packets look like before and after, and what connection tracking says of them. */
import { describe, expect, it } from "vitest";
import { EXT_IP, NODE_IP, POD_IP, SERVICE_IP, simulatedCluster } from "../../builders/simulated-cluster";
import { MS, recordedNetwork, SECOND } from "../../builders/simulated-network";
import type { Endpoint } from "../../../src-main/engine/simulate/network/api/addresses";
import type { SocketError } from "../../../src-main/engine/simulate/network/api/namespaces";

function cluster(seed = 3, options: Parameters<typeof simulatedCluster>[2] = {}) {
  const recorded = recordedNetwork(seed);
  const made = simulatedCluster(recorded.network, "routes", options);
  recorded.recordAll();
  const events: string[] = [];
  made.n1.conntrack.onEvent = ({ text }) => events.push(text.replace(/^\[[\d.]+\]\t */, ""));
  return { ...recorded, ...made, events };
}

/** Sends everything for the Service to one pod. */
function onlyTo(net: ReturnType<typeof cluster>, chain: "SEP-A" | "SEP-B"): void {
  for (const node of [net.n1, net.n2]) node.netfilter.replace("nat", "SVC-WEB", [{ target: { kind: "jump", chain } }]);
}

/** Opens a TCP connection to the Service; who the server sees. */
function call(
  net: ReturnType<typeof cluster>,
  client: keyof ReturnType<typeof cluster>["pods"],
  server: "a1" | "b1",
  fromPort = 40_000,
): Endpoint[] {
  const seen: Endpoint[] = [];
  const listener = net.pods[server].tcpListen({
    port: 8080,
    onConnection: (connection) => {
      seen.push(connection.remote);
      return {};
    },
  });
  net.pods[client].tcpConnect({ to: { address: SERVICE_IP, port: 80 }, fromPort });
  net.run(SECOND);
  listener.close();
  return seen;
}

describe("a call to a Service", () => {
  it("is DNATed on the client's node only, and the answer undone there", () => {
    const net = cluster();
    onlyTo(net, "SEP-B");
    expect(call(net, "a2", "b1")).toEqual([{ address: POD_IP.a2, port: 40_000 }]);
    const syn = `${POD_IP.a2}:40000 > ${SERVICE_IP}:80 tcp S 0`;
    expect(net.lines(net.pods.a2.device("eth0"))).toEqual([
      `out ${syn} ttl 64`,
      `in ${SERVICE_IP}:80 > ${POD_IP.a2}:40000 tcp SA 0 ttl 61`,
      `out ${POD_IP.a2}:40000 > ${SERVICE_IP}:80 tcp A 0 ttl 64`,
    ]);
    expect(net.lines(net.n1.device("eth0"))[0]).toBe(`out ${POD_IP.a2}:40000 > ${POD_IP.b1}:8080 tcp S 0 ttl 63`);
    expect(net.events).toEqual([
      `[NEW] ipv4     2 tcp      6 120 SYN_SENT src=${POD_IP.a2} dst=${SERVICE_IP} sport=40000 dport=80 [UNREPLIED] src=${POD_IP.b1} dst=${POD_IP.a2} sport=8080 dport=40000`,
      `[UPDATE] ipv4     2 tcp      6 60 SYN_RECV src=${POD_IP.a2} dst=${SERVICE_IP} sport=40000 dport=80 src=${POD_IP.b1} dst=${POD_IP.a2} sport=8080 dport=40000`,
      `[UPDATE] ipv4     2 tcp      6 432000 ESTABLISHED src=${POD_IP.a2} dst=${SERVICE_IP} sport=40000 dport=80 src=${POD_IP.b1} dst=${POD_IP.a2} sport=8080 dport=40000 [ASSURED]`,
    ]);
  });

  it("to a pod of the same bridge is redirected by the bridge: no TTL lost, the answer undone (br_netfilter)", () => {
    const net = cluster();
    onlyTo(net, "SEP-A");
    expect(call(net, "a2", "a1")).toEqual([{ address: POD_IP.a2, port: 40_000 }]);
    expect(net.lines(net.pods.a1.device("eth0"))[0]).toBe(`in ${POD_IP.a2}:40000 > ${POD_IP.a1}:8080 tcp S 0 ttl 64`);
    expect(net.lines(net.pods.a2.device("eth0"))[1]).toBe(`in ${SERVICE_IP}:80 > ${POD_IP.a2}:40000 tcp SA 0 ttl 64`);
  });

  it("is seen in the order of the kernel's recordings; the bridge's copy is as before the translation on the way out", () => {
    const net = cluster();
    onlyTo(net, "SEP-A");
    call(net, "a2", "a1");
    const syn = net.frames.find(({ device, bytes }) => device.namespace.name === "a2" && bytes[47] === 0x02);
    expect(net.path(syn?.journey ?? 0)).toEqual([
      `a2 eth0 ${POD_IP.a2}:40000 > ${SERVICE_IP}:80 tcp S 0 ttl 64`,
      `n1 veth1 ${POD_IP.a2}:40000 > ${SERVICE_IP}:80 tcp S 0 ttl 64`,
      `n1 veth0 ${POD_IP.a2}:40000 > ${POD_IP.a1}:8080 tcp S 0 ttl 64`,
      `n1 cni0 ${POD_IP.a2}:40000 > ${POD_IP.a1}:8080 tcp S 0 ttl 64`,
      `a1 eth0 ${POD_IP.a2}:40000 > ${POD_IP.a1}:8080 tcp S 0 ttl 64`,
    ]);
    const answer = net.frames.find(({ device, bytes }) => device.namespace.name === "a1" && bytes[47] === 0x12);
    expect(net.path(answer?.journey ?? 0)).toEqual([
      `a1 eth0 ${POD_IP.a1}:8080 > ${POD_IP.a2}:40000 tcp SA 0 ttl 64`,
      `n1 veth0 ${POD_IP.a1}:8080 > ${POD_IP.a2}:40000 tcp SA 0 ttl 64`,
      `n1 veth1 ${SERVICE_IP}:80 > ${POD_IP.a2}:40000 tcp SA 0 ttl 64`,
      `n1 cni0 ${POD_IP.a1}:8080 > ${POD_IP.a2}:40000 tcp SA 0 ttl 64`,
      `a2 eth0 ${SERVICE_IP}:80 > ${POD_IP.a2}:40000 tcp SA 0 ttl 64`,
    ]);
  });

  it("arrives twice where the kernel routes the recorder's copy, too (as in the kernel's recordings)", () => {
    const net = cluster(3, { routesCopies: true });
    onlyTo(net, "SEP-A");
    call(net, "a2", "a1");
    const syn = net.frames.find(({ device, bytes }) => device.namespace.name === "a2" && bytes[47] === 0x02);
    const translated = `${POD_IP.a2}:40000 > ${POD_IP.a1}:8080 tcp S 0 ttl`;
    expect(net.path(syn?.journey ?? 0).slice(2)).toEqual([
      `n1 veth0 ${translated} 64`,
      `n1 cni0 ${translated} 64`,
      `a1 eth0 ${translated} 64`,
      `n1 cni0 ${translated} 63`,
      `n1 veth0 ${translated} 63`,
      `a1 eth0 ${translated} 63`,
    ]);
  });

  it("without br_netfilter is answered by a stranger: the client resets it", () => {
    const net = cluster();
    net.n1.bridgeNetfilter = false;
    onlyTo(net, "SEP-A");
    call(net, "a2", "a1");
    const lines = net.lines(net.pods.a2.device("eth0"));
    expect(lines).toContain(`in ${POD_IP.a1}:8080 > ${POD_IP.a2}:40000 tcp SA 0 ttl 64`);
    expect(lines).toContain(`out ${POD_IP.a2}:40000 > ${POD_IP.a1}:8080 tcp R 0 ttl 64`);
  });

  it("by its own endpoint is a hairpin: SNATed to the bridge's address", () => {
    const net = cluster();
    onlyTo(net, "SEP-A");
    expect(call(net, "a1", "a1")).toEqual([{ address: "10.50.1.1", port: 40_000 }]);
  });

  it("from the node itself is DNATed in OUTPUT", () => {
    const net = cluster();
    onlyTo(net, "SEP-B");
    const seen: Endpoint[] = [];
    net.pods.b1.tcpListen({
      port: 8080,
      onConnection: (connection) => {
        seen.push(connection.remote);
        return {};
      },
    });
    net.n1.tcpConnect({ to: { address: SERVICE_IP, port: 80 }, fromPort: 41_000 });
    net.run(SECOND);
    expect(seen).toEqual([{ address: NODE_IP.n1, port: 41_000 }]);
  });

  it("chooses by chance, in the rules' proportion", () => {
    const net = cluster();
    const chosen = { a1: 0, b1: 0 };
    for (const name of ["a1", "b1"] as const)
      net.pods[name].tcpListen({
        port: 8080,
        onConnection: () => {
          chosen[name]++;
          return {};
        },
      });
    for (let i = 0; i < 200; i++) net.pods.b2.tcpConnect({ to: { address: SERVICE_IP, port: 80 } });
    net.run(5 * SECOND);
    expect(chosen.a1 + chosen.b1).toBe(200);
    // Binomial, 200 draws of 1/2: beyond 60 to 140 with a probability below one in a million.
    expect(chosen.a1).toBeGreaterThan(60);
    expect(chosen.a1).toBeLessThan(140);
  });
});

describe("on the way out", () => {
  it("two namespaces translate, one after the other", () => {
    const net = cluster();
    const from: Endpoint[] = [];
    net.ext.udp({ port: 53, onDatagram: (datagram) => from.push(datagram.from) });
    net.pods.a1.udp({ port: 5000 }).send(Uint8Array.of(1), { address: EXT_IP, port: 53 });
    net.run(SECOND);
    expect(from).toEqual([{ address: "203.0.113.1", port: 5000 }]);
    expect(net.lines(net.r.device("to-n1"))[0]).toContain(`${NODE_IP.n1}:5000 > ${EXT_IP}:53`);
  });

  it("a source port stays as it is, unless another connection has it already", () => {
    const net = cluster();
    const ports: number[] = [];
    net.ext.udp({ port: 53, onDatagram: ({ from }) => ports.push(from.port) });
    for (const pod of [net.pods.a1, net.pods.a2])
      pod.udp({ port: 5000 }).send(Uint8Array.of(1), { address: EXT_IP, port: 53 });
    net.run(SECOND);
    expect(ports[0]).toBe(5000);
    expect(ports[1]).not.toBe(5000);
    expect(ports[1]).toBeGreaterThanOrEqual(1024);
  });

  it("echo identifiers are translated the same way", () => {
    const net = cluster();
    const replies: string[] = [];
    for (const name of ["a1", "a2"] as const)
      net.pods[name].ping({ to: EXT_IP, identifier: 77, onReply: () => replies.push(name) }).send(1);
    net.run(SECOND);
    expect(replies.sort()).toEqual(["a1", "a2"]);
    const identifiers = net.n1.conntrack.entries.map(({ reply }) => reply.sourcePort);
    expect(new Set(identifiers).size).toBe(2);
  });

  it("an error from beyond is translated back, with the header it quotes", () => {
    const net = cluster();
    const errors: SocketError[] = [];
    net.pods.a1.udp({ onError: (error) => errors.push(error) }).send(Uint8Array.of(1), { address: EXT_IP, port: 54 });
    net.run(SECOND);
    expect(errors).toEqual(["refused"]);
    const error = net.frames.find(
      ({ device, bytes }) => device === net.pods.a1.device("eth0") && bytes[23] === 1 && bytes[34] === 3,
    );
    // The quoted source is the pod's own address again (IP header, ICMP header, then 12 bytes into the quoted header).
    expect([...(error?.bytes.subarray(54, 58) ?? [])]).toEqual([10, 50, 1, 11]);
  });
});

describe("rules", () => {
  it("drop with a reason, reject with an answer", () => {
    const net = cluster();
    const outcome: string[] = [];
    const connect = (port: number): void => {
      net.pods.a2.tcpConnect({
        to: { address: POD_IP.b1, port },
        synRetries: 1,
        onClose: (error) => outcome.push(`${port} ${error ?? "well"}`),
      });
    };
    const forward = (port: number, target: Parameters<typeof net.n2.netfilter.append>[2]["target"]): void => {
      net.n2.netfilter.append("filter", "FORWARD", {
        protocol: "tcp",
        destinationPort: port,
        comment: "policy x",
        target,
      });
    };
    forward(1, { kind: "drop" });
    forward(2, { kind: "reject" });
    forward(3, { kind: "reject", with: "tcp-reset" });
    for (const port of [1, 2, 3]) connect(port);
    net.run(20 * SECOND);
    expect(outcome.sort()).toEqual(["1 timed-out", "2 refused", "3 refused"]);
    expect(net.drops.filter(({ detail }) => detail === "policy x").map(({ where }) => where)).toEqual([
      "n2 cni0 rule",
      "n2 cni0 reject",
      "n2 cni0 reject",
      "n2 cni0 rule",
    ]);
  });

  it("remember a client for a while (session affinity)", () => {
    const net = cluster();
    for (const [chain, address] of [
      ["SEP-A", POD_IP.a1],
      ["SEP-B", POD_IP.b1],
    ] as const)
      net.n2.netfilter.replace("nat", chain, [
        { protocol: "tcp", target: { kind: "dnat", address, port: 8080, remember: chain } },
      ]);
    net.n2.netfilter.replace("nat", "SVC-WEB", [
      { recent: { list: "SEP-A", seconds: 60 }, target: { kind: "jump", chain: "SEP-A" } },
      { recent: { list: "SEP-B", seconds: 60 }, target: { kind: "jump", chain: "SEP-B" } },
      { probability: 0.5, target: { kind: "jump", chain: "SEP-A" } },
      { target: { kind: "jump", chain: "SEP-B" } },
    ]);
    const chosen: string[] = [];
    for (const name of ["a1", "b1"] as const)
      net.pods[name].tcpListen({
        port: 8080,
        onConnection: () => {
          chosen.push(name);
          return {};
        },
      });
    for (let i = 0; i < 20; i++) {
      net.pods.b2.tcpConnect({ to: { address: SERVICE_IP, port: 80 } });
      net.run(SECOND);
    }
    expect(chosen).toHaveLength(20);
    expect(new Set(chosen).size).toBe(1);
  });

  it("entries end after their time, and are told", () => {
    const net = cluster();
    net.pods.a1.ping({ to: EXT_IP }).send(1);
    net.run(40 * SECOND);
    expect(net.events.at(-1)).toMatch(/^\[DESTROY\] ipv4 {5}2 icmp {5}1 src=10\.50\.1\.11 /);
    expect(net.n1.conntrack.entries).toEqual([]);
  });
});

describe("two first packets of one flow at once", () => {
  it("leave with the same port; with the race as it once was, one is lost", () => {
    const lost = (resolves: boolean): number => {
      const net = cluster();
      net.n1.conntrack.resolveClashes = resolves;
      const ports: number[] = [];
      net.ext.udp({ port: 53, onDatagram: ({ from }) => ports.push(from.port) });
      const socket = net.pods.a1.udp({ port: 5353 });
      // The neighbours are known, so that nothing waits.
      net.pods.a1.ping({ to: EXT_IP }).send(1);
      net.run(10 * MS);
      socket.send(Uint8Array.of(1), { address: EXT_IP, port: 53 });
      socket.send(Uint8Array.of(2), { address: EXT_IP, port: 53 });
      net.run(10 * MS);
      expect(new Set(ports)).toEqual(new Set([5353]));
      return 2 - ports.length;
    };
    expect(lost(true)).toBe(0);
    expect(lost(false)).toBe(1);
  });
});
