/** The Services' flow picture: columns, ribbons, balance, what each kind of Service is drawn as. */
import { describe, expect, it } from "vitest";
import type { ServiceClient, ServiceEndpointInfo, ServiceReport } from "../../../src-shared/contract/map";
import { servicesCsv } from "../../../src-renderer/viewmodel/services-csv";
import { buildServiceFlow } from "../../../src-renderer/viewmodel/service-flow";
import {
  balanceOf,
  errorWords,
  latencyWords,
  serviceNotes,
  serviceScope,
} from "../../../src-renderer/viewmodel/service-words";

const FINE = { refused: 0, reset: 0, unanswered: 0, http5xx: 0 };
const NO_LATENCY = { medianMs: null, p95Ms: null, count: 0 };

function endpoint(ip: string, connections: number, more: Partial<ServiceEndpointInfo> = {}): ServiceEndpointInfo {
  return {
    ip,
    port: 8080,
    pod: null,
    node: null,
    kind: "pod",
    host: null,
    told: true,
    ready: true,
    connections,
    bytes: 0,
    errors: FINE,
    httpAnswers: 0,
    handshake: NO_LATENCY,
    firstByte: NO_LATENCY,
    ...more,
  };
}

const CALLER: ServiceClient = {
  name: "shop/caller",
  pod: "shop/caller",
  ip: "10.1.0.5",
  kind: "pod",
  host: null,
  connections: 0,
};

/** One client, one ClusterIP, endpoints that got that many calls. */
function service(counts: readonly number[], more: Partial<ServiceReport> = {}): ServiceReport {
  const connections = counts.reduce((a, b) => a + b, 0);
  return {
    id: "shop/cart",
    name: "shop/cart",
    kind: "ClusterIP",
    source: "told",
    protocol: "tcp",
    externalName: null,
    sessionAffinity: false,
    localOnly: false,
    ingresses: [],
    entries: [{ ip: "10.96.0.9", port: 80, by: "cluster-ip", connections }],
    clients: [{ ...CALLER, connections }],
    moreClients: 0,
    endpoints: counts.map((n, i) => endpoint(`10.1.1.${i + 1}`, n)),
    calls: counts.flatMap((n, i) => (n > 0 ? [{ client: 0, entry: 0, endpoint: i, connections: n, failed: 0 }] : [])),
    lookups: [],
    connections,
    errors: FINE,
    measured: connections,
    ...more,
  };
}

describe("the flow", () => {
  it("has clients, the address asked for, endpoints, and ribbons that share the boxes' height", () => {
    const flow = buildServiceFlow(service([30, 10]), 800);
    expect(flow.nodes.map((n) => `${n.column} ${n.label} ${n.connections}`)).toEqual([
      "0 caller 40",
      "1 10.96.0.9:80 40",
      "2 10.1.1.1:8080 30",
      "2 10.1.1.2:8080 10",
    ]);
    expect(flow.ribbons.map((r) => r.title)).toEqual([
      "caller to 10.96.0.9:80: 40 connections",
      "10.96.0.9:80 to 10.1.1.1:8080: 30 connections",
      "10.96.0.9:80 to 10.1.1.2:8080: 10 connections",
    ]);
    const columns = [0, 1, 2].map((c) => flow.nodes.find((n) => n.column === c));
    expect(columns[0]?.x).toBe(0);
    expect((columns[2]?.x ?? 0) + (columns[2]?.w ?? 0)).toBe(800);
    for (const node of flow.nodes) expect(node.y + node.h).toBeLessThanOrEqual(flow.heightPx);
  });

  it("fits a narrow pane without boxes that touch", () => {
    const flow = buildServiceFlow(service([3]), 300);
    const [client, entry, end] = flow.nodes;
    expect((entry?.x ?? 0) - ((client?.x ?? 0) + (client?.w ?? 0))).toBeGreaterThanOrEqual(70);
    expect((end?.x ?? 0) + (end?.w ?? 0)).toBe(flow.widthPx);
  });

  it("draws calls that nobody answered as such, and failed ones", () => {
    const report = service([], {
      connections: 2,
      calls: [{ client: 0, entry: 0, endpoint: -1, connections: 2, failed: 2 }],
    });
    const flow = buildServiceFlow(report, 800);
    expect(flow.nodes.at(-1)).toMatchObject({ label: "nobody answered", tone: "bad", connections: 2 });
    expect(flow.ribbons.map((r) => r.failed)).toEqual([true, true]);
  });

  it("draws a headless Service as its name, an ExternalName as a CNAME, an Ingress in front", () => {
    const headless = service([2, 3], {
      kind: "headless",
      entries: [
        { ip: "10.1.1.1", port: 8080, by: "endpoint", connections: 2 },
        { ip: "10.1.1.2", port: 8080, by: "endpoint", connections: 3 },
      ],
      calls: [
        { client: 0, entry: 0, endpoint: 0, connections: 2, failed: 0 },
        { client: 0, entry: 1, endpoint: 1, connections: 3, failed: 0 },
      ],
    });
    const names = (report: ServiceReport): string[] =>
      buildServiceFlow(report, 800).nodes.map((n) => `${n.label} (${n.subtitle})`);
    expect(names(headless)[1]).toBe("shop/cart (headless: the name is the endpoints')");
    const external = service([], { kind: "ExternalName", externalName: "smtp.example.com", entries: [], clients: [] });
    expect(names(external)).toEqual([
      "shop/cart (CNAME, no translation)",
      "smtp.example.com (outside the cluster's Services)",
    ]);
    const ingress = service([1], { ingresses: [{ name: "shop/front", rule: "shop.example/cart" }] });
    expect(names(ingress)).toContain("shop.example/cart (Ingress shop/front)");
  });

  it("calls ends what they are: a pod, a node by its name, an address outside, one that nothing is known of", () => {
    const end = (ip: string, kind: ServiceClient["kind"], host: string | null): ServiceClient => ({
      name: ip,
      pod: null,
      ip,
      kind,
      host,
      connections: 1,
    });
    const clients = [
      { ...CALLER, connections: 1 },
      end("192.168.0.1", "node", "n1"),
      end("203.0.113.9", "outside", "laptop"),
      end("198.51.100.7", "outside", null),
      end("10.9.9.9", "unknown", null),
      end("10.1.0.77", "pod", null),
    ];
    const calls = clients.map((_, client) => ({ client, entry: 0, endpoint: 0, connections: 1, failed: 0 }));
    const endpoints = [
      endpoint("192.168.0.2", 6, { kind: "node", host: "n2", node: "n2" }),
      endpoint("10.1.1.4", 0, { pod: "shop/cart-0", node: "n2" }),
    ];
    const flow = buildServiceFlow(service([6], { clients, calls, endpoints }), 800);
    expect(flow.nodes.filter((n) => n.column !== 1).map((n) => `${n.label} | ${n.subtitle}`)).toEqual([
      "caller | 10.1.0.5",
      "n1 | node · 192.168.0.1",
      "laptop | outside · 203.0.113.9",
      "198.51.100.7 | outside",
      "10.9.9.9 | network unknown",
      "10.1.0.77 | pod",
      "n2 | node · 192.168.0.2:8080",
      "cart-0 | never chosen",
    ]);
    // What a click limits connections to is still found by its address.
    expect(flow.nodes[1]?.scope).toMatchObject({ label: "n1 to shop/cart", options: { client: "192.168.0.1" } });
  });

  it("draws the busiest clients, all others as one", () => {
    const clients = Array.from({ length: 40 }, (_, i) => ({
      ...CALLER,
      name: `c${i}`,
      pod: null,
      ip: `10.2.0.${i}`,
      connections: 1,
    }));
    const calls = clients.map((_, client) => ({ client, entry: 0, endpoint: 0, connections: 1, failed: 0 }));
    const flow = buildServiceFlow(service([40], { clients, calls }), 800);
    expect(
      flow.nodes
        .filter((n) => n.column === 0)
        .map((n) => n.label)
        .slice(-1),
    ).toEqual(["28 more clients"]);
    expect(flow.nodes.find((n) => n.label === "28 more clients")?.connections).toBe(28);
  });
});

describe("the balance", () => {
  const notes = (report: ServiceReport): (string | null)[] => balanceOf(report).map((b) => b.note);
  it("is called uneven with the numbers, where chance does not explain it", () => {
    expect(notes(service([78, 12]))).toEqual(["uneven: 78 of 90, 45 expected", "uneven: 12 of 90, 45 expected"]);
    expect(notes(service([50, 40]))).toEqual([null, null]);
    // Too few to say anything.
    expect(notes(service([5, 1]))).toEqual([null, null]);
  });
  it("names endpoints that were never chosen, and those that are not ready", () => {
    expect(notes(service([30, 0]))).toEqual(["uneven: 30 of 30, 15 expected", "never chosen: 0 of 30, 15 expected"]);
    expect(notes(service([2, 0]))).toEqual([null, "never chosen"]);
    expect(balanceOf({ ...service([9]), endpoints: [endpoint("10.1.1.1", 9, { ready: false })] })).toEqual([
      { note: "not ready, yet called", uneven: false },
    ]);
  });
  it("is not judged where a client or a node decides", () => {
    expect(notes(service([90, 10], { sessionAffinity: true }))).toEqual([null, null]);
    expect(notes(service([90, 10], { localOnly: true }))).toEqual([null, null]);
  });
});

describe("in words", () => {
  it("says errors and latency", () => {
    expect(errorWords({ refused: 2, reset: 0, unanswered: 1, http5xx: 0 })).toBe("2 refused, 1 without answer");
    expect(latencyWords({ medianMs: 0.31, p95Ms: 2, count: 9 })).toBe("310 µs, 95 %: 2 ms");
    expect(latencyWords(NO_LATENCY)).toBe("");
    expect(serviceNotes(service([1], { measured: 0 }))).toEqual(["Latency and HTTP answers of 0 of 1 connection."]);
  });
  it("limits connections to an endpoint, a client, or the Service; nothing on the wire names a headless one", () => {
    expect(serviceScope(service([1]), "x", { client: "shop/caller" })?.options).toEqual({
      service: "shop/cart",
      client: "shop/caller",
    });
    const headless = service([1], { kind: "headless" });
    expect(serviceScope(headless, "x", {})).toBeNull();
    expect(serviceScope(headless, "x", { endpoint: "10.1.1.1:8080" })?.options).toEqual({ endpoint: "10.1.1.1:8080" });
  });
  it("is saved as CSV; a name that would be a formula is not one", () => {
    const csv = servicesCsv([service([1], { name: "=1+1", id: "=1+1" })]).split("\r\n");
    expect(csv[0]).toMatch(/^Service,Kind,Endpoint,Pod,Node,Connections/);
    expect(csv[1]).toBe("'=1+1,ClusterIP,10.1.1.1:8080,,,1,0,0,0,0,0,0,,,,,");
  });
});
