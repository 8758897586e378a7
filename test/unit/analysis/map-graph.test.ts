/** The map's graph and activity: who is where, routes, what is left out. */
import { describe, expect, it } from "vitest";
import type { MapGraph } from "../../../src-shared/contract/map";
import { EMPTY_CLUSTER } from "../../../src-shared/model/cluster";
import { MapBuilder } from "../../../src-main/engine/analysis/map-graph";
import { analyse, analyseFiles } from "../../builders/analyse";
import { joinTraffic } from "../../builders/join-files";
import { LABS, captureFiles, isHere } from "../../builders/shared-data";
import { TwoNodes } from "../../builders/two-nodes";
import { join } from "node:path";

/** "client > service > server: connections, packets | points of the path", a line each. */
function routeLines(graph: MapGraph): string[] {
  const ints = (bytes: Uint8Array): Int32Array => new Int32Array(bytes.slice().buffer);
  const floats = (bytes: Uint8Array): Float64Array => new Float64Array(bytes.slice().buffer);
  const r = graph.routes;
  const [client, server, service, path] = [ints(r.client), ints(r.server), ints(r.service), ints(r.path)];
  const [connections, packets] = [floats(r.connections), floats(r.packets)];
  return Array.from({ length: r.count }, (_, i) => {
    const names = [
      graph.places[client[i] ?? -1]?.name,
      graph.services[service[i] ?? -1]?.label,
      graph.places[server[i] ?? -1]?.name ?? "nobody",
    ].filter((name) => name !== undefined);
    const points = (graph.paths[path[i] ?? 0] ?? []).map((p) => graph.points[p]?.name);
    return `${names.join(" > ")}: ${connections[i]}, ${packets[i]} | ${points.join(" ")}`;
  });
}

const CLUSTER = `
apiVersion: v1
kind: List
items:
- {apiVersion: v1, kind: Node, metadata: {name: one}, spec: {podCIDR: 10.1.0.0/24}, status: {addresses: [{type: InternalIP, address: 192.168.0.1}]}}
- {apiVersion: v1, kind: Node, metadata: {name: two}, spec: {podCIDR: 10.1.1.0/24}, status: {addresses: [{type: InternalIP, address: 192.168.0.2}]}}
- {apiVersion: v1, kind: Node, metadata: {name: three}, status: {addresses: [{type: InternalIP, address: 192.168.0.3}]}}
- apiVersion: v1
  kind: Pod
  metadata: {name: caller, namespace: shop, ownerReferences: [{kind: Job, name: load, controller: true}]}
  spec: {nodeName: one}
  status: {podIP: 10.1.0.5}
- {apiVersion: v1, kind: Pod, metadata: {name: cart-0, namespace: shop}, spec: {nodeName: two}, status: {podIP: 10.1.1.9}}
- {apiVersion: v1, kind: Pod, metadata: {name: idle, namespace: shop}, spec: {nodeName: three}, status: {podIP: 10.1.2.7}}
- {apiVersion: v1, kind: Service, metadata: {name: cart, namespace: shop}, spec: {clusterIP: 10.96.0.9, ports: [{port: 80, targetPort: 8080}]}}
`;

const call = new TwoNodes({ service: "10.96.0.9:80", tunnel: "vxlan(vni=1, n1 > n2)" })
  .handshake(0)
  .send("client", 2, 'tcp PSH,ACK id=110 ts=5010,7000 "hello"')
  .captures();

describe("the map's graph", () => {
  it("places pods and Services by inference alone", async () => {
    const graph = await (await analyse(call))("map.graph", {});
    expect(graph.machines.map((m) => `${m.name} ${m.kind} ${m.source}`)).toEqual([
      "n1 node inferred",
      "n2 node inferred",
    ]);
    expect(routeLines(graph)).toEqual(["10.1.0.5 > 10.96.0.9:80 > 10.1.1.9: 1, 4 | veth1 n1 eth0 n2 eth0 veth2"]);
    expect(graph.places.map((p) => `${p.name} ${p.kind} ${graph.machines[p.machine]?.name}`)).toEqual([
      "10.1.0.5 pod n1",
      "10.1.1.9 pod n2",
    ]);
    expect(graph.points.map((p) => graph.places[p.place]?.name ?? "-")).toEqual(["10.1.0.5", "-", "-", "10.1.1.9"]);
    expect(graph.services).toEqual([{ name: null, label: "10.96.0.9:80", type: "inferred" }]);
  });

  it("takes names, workloads and what no capture is of from a cluster file", async () => {
    const graph = await (await analyse(call, CLUSTER))("map.graph", {});
    expect(routeLines(graph)).toEqual(["shop/caller > shop/cart > shop/cart-0: 1, 4 | veth1 n1 eth0 n2 eth0 veth2"]);
    expect(graph.machines.map((m) => `${m.name} ${m.recorded}`)).toEqual(["one true", "two true", "three false"]);
    const caller = graph.places.find((p) => p.name === "shop/caller");
    expect(caller).toMatchObject({ namespace: "shop", workload: "Job load", source: "told", addresses: ["10.1.0.5"] });
    expect(graph.places.map((p) => p.name)).toContain("shop/idle");
    expect(graph.services).toEqual([{ name: "shop/cart", label: "shop/cart", type: "ClusterIP" }]);
  });

  it("counts packets of a route in parts of the time, each where its path begins", async () => {
    const ask = await analyse(call);
    const { durationNs } = await ask("map.graph", {});
    expect(durationNs).toBeGreaterThan(2e9);
    const activity = await ask("map.activity", { fromNs: 0, toNs: durationNs, buckets: 4 });
    const ints = (bytes: Uint8Array): number[] => [...new Int32Array(bytes.slice().buffer)];
    // Handshake (SYN, SYN-ACK, ACK) in the first quarter, the question in the last.
    expect(ints(activity.start)).toEqual([0, 1, 1, 1, 2]);
    expect(ints(activity.packets)).toEqual([3, 1]);
    const later = await ask("map.activity", { fromNs: 1e9, toNs: durationNs, buckets: 1 });
    expect(ints(later.packets)).toEqual([1]);
  });

  it("leaves out what belongs to no place, and says how many", async () => {
    const graph = await (
      await analyse({
        "a.pcapng": `
          @eth0 = ethernet
          0.0 @eth0 [fe80::1]:546 > [ff02::2]:547 udp "x"
          0.1 @eth0 10.0.0.1:40000 > 10.0.0.2:80 tcp SYN`,
      })
    )("map.graph", {});
    expect(graph.leftOut).toBe(1);
    // The file's own host has the address in everything: it is the machine "a".
    expect(routeLines(graph)).toEqual(["a > 10.0.0.2: 1, 1 | eth0"]);
  });
});

describe("the map's sketch", () => {
  it("is the whole graph where counting takes no time", async () => {
    const ask = await analyse(call, CLUSTER);
    const sketch = await ask("map.graph", { sketch: true });
    expect(sketch.sketch).toBe(false);
    expect(sketch).toEqual(await ask("map.graph", {}));
  });

  it("has machines, points and told pods before any connection is counted, and the same places afterwards", async () => {
    const join = await joinTraffic(call);
    const builder = new MapBuilder(join, EMPTY_CLUSTER);
    const sketch = builder.sketch(-1);
    expect([sketch.sketch, sketch.routes.count]).toEqual([true, 0]);
    expect(sketch.machines.map((m) => m.name)).toEqual(["n1", "n2"]);
    expect(builder.progress.done).toBeLessThanOrEqual(builder.progress.total);
    const { graph } = builder;
    expect([graph.sketch, graph.routes.count]).toEqual([false, 1]);
    expect(graph.places.slice(0, sketch.places.length)).toEqual(sketch.places);
    expect(builder.progress.done).toBe(builder.progress.total);
  });
});

describe("the table of connections", () => {
  it("is in order of time, with what is sent to groups of hosts last until somebody sorts it", async () => {
    const ask = await analyse({
      "a.pcapng": `
        @eth0 = ethernet
        0.0 @eth0 10.0.0.1:5353 > 224.0.0.251:5353 udp "mdns"
        0.1 @eth0 fe80::1 > ff02::1 icmp request ident=7 seq=1
        0.2 @eth0 10.0.0.1:40000 > 10.0.0.2:80 tcp SYN
        0.3 @eth0 10.0.0.1:40001 > 10.0.0.2:80 tcp SYN`,
    });
    const list = async (
      sort: readonly { readonly column: string; readonly descending: boolean }[],
    ): Promise<string[]> => {
      const table = await ask("table.open", {
        name: "connections",
        options: {},
        view: null,
        search: "",
        sort: [...sort],
      });
      const { rows } = await ask("table.rows", { table: table.table, from: 0, count: 10 });
      const at = (id: string): number => table.columns.findIndex((column) => column.id === id);
      return rows.map(({ cells }) => `${String(cells[at("protocol")])} ${String(cells[at("client")])}`);
    };
    expect(await list([])).toEqual([
      "TCP 10.0.0.1:40000",
      "TCP 10.0.0.1:40001",
      "UDP 10.0.0.1:5353",
      "ICMPv6 [fe80::1]:7",
    ]);
    expect((await list([{ column: "start", descending: false }]))[0]).toBe("UDP 10.0.0.1:5353");
  });
});

describe("connections of a part of the map", () => {
  const rows = async (options: Record<string, string | number>): Promise<number> => {
    const ask = await analyse(call, CLUSTER);
    return (await ask("table.open", { name: "connections", options, view: null, search: "", sort: [] })).rows;
  };
  it.each([
    [{ ends: "shop/caller" }, 1],
    [{ ends: "shop/idle\n10.1.1.9" }, 1],
    [{ ends: "shop/idle" }, 0],
    [{ ends: "shop/cart-0", peers: "shop/caller" }, 1],
    [{ ends: "shop/cart-0", peers: "shop/idle" }, 0],
    [{ node: "two" }, 1],
    [{ node: "three" }, 0],
    [{ client: "shop/caller", service: "shop/cart" }, 1],
    [{ service: "shop/cart", endpoint: "10.1.1.9:8080" }, 1],
    [{ service: "shop/cart", endpoint: "10.1.1.8:8080" }, 0],
    [{ point: 1 }, 1],
    [{ hopFrom: 2, hopTo: 1 }, 1],
    [{ hopFrom: 0, hopTo: 2 }, 0],
    [{ fromNs: 1e9, toNs: 3e9 }, 1],
    [{ fromNs: 9e9 }, 0],
  ])("%j: %i", async (options, expected) => {
    expect(await rows(options)).toBe(expected);
  });
  it("refuses an option of the wrong type", async () => {
    await expect(rows({ ends: 3 })).rejects.toThrow("ends must be a text");
  });
});

describe.skipIf(!isHere(join(LABS, "vxlan")))("a lab", () => {
  it("has its four pods on two nodes, the router and the outside; every connection is on the map or counted as left out", async () => {
    const lab = join(LABS, "vxlan");
    const files = captureFiles(lab).filter((path) => path.endsWith(".pcapng"));
    const graph = await (await analyseFiles(files, [join(lab, "cluster.json")]))("map.graph", {});
    const pods = graph.places.filter((p) => p.kind === "pod").map((p) => graph.machines[p.machine]?.name);
    expect(pods.sort()).toEqual(["n1", "n1", "n2", "n2"]);
    expect(graph.machines.map((m) => `${m.name} ${m.kind}`).sort()).toEqual([
      "ext outside",
      "n1 node",
      "n2 node",
      "r router",
    ]);
    const drawn = new Float64Array(graph.routes.connections.slice().buffer).reduce((a, b) => a + b, 0);
    expect(drawn + graph.leftOut).toBe(graph.connections);
  });
});
