/** Services as the packets show them: calls, errors, latency, balance, lookups, and what a cluster file adds. */
import { describe, expect, it } from "vitest";
import type { ServiceReport } from "../../../src-shared/contract/map";
import { latencyOf } from "../../../src-main/engine/analysis/service-latency";
import { statusAt } from "../../../src-main/engine/analysis/http-answers";
import { analyse } from "../../builders/analyse";
import { TwoNodes } from "../../builders/two-nodes";

const CLUSTER = `
apiVersion: v1
kind: List
items:
- {apiVersion: v1, kind: Pod, metadata: {name: caller, namespace: shop}, spec: {nodeName: one}, status: {podIP: 10.1.0.5}}
- {apiVersion: v1, kind: Pod, metadata: {name: cart-0, namespace: shop}, spec: {nodeName: two}, status: {podIP: 10.1.1.9}}
- {apiVersion: v1, kind: Service, metadata: {name: cart, namespace: shop}, spec: {type: ClusterIP, clusterIP: 10.96.0.9, selector: {a: b}, ports: [{port: 80, targetPort: 8080}]}}
- {apiVersion: v1, kind: Service, metadata: {name: db, namespace: shop}, spec: {clusterIP: None, ports: [{port: 5432}]}}
- {apiVersion: v1, kind: Service, metadata: {name: mail, namespace: shop}, spec: {type: ExternalName, externalName: smtp.example.com}}
- apiVersion: discovery.k8s.io/v1
  kind: EndpointSlice
  metadata: {name: cart-x, namespace: shop, labels: {kubernetes.io/service-name: cart}}
  addressType: IPv4
  ports: [{port: 8080, protocol: TCP}]
  endpoints:
  - {addresses: [10.1.1.9], conditions: {ready: true}, nodeName: two, targetRef: {kind: Pod, name: cart-0, namespace: shop}}
  - {addresses: [10.1.1.10], conditions: {ready: true}, nodeName: two}
- apiVersion: networking.k8s.io/v1
  kind: Ingress
  metadata: {name: front, namespace: shop}
  spec: {rules: [{host: shop.example, http: {paths: [{path: /cart, pathType: Prefix, backend: {service: {name: cart, port: {number: 80}}}}]}}]}
`;

const ASK = '"GET / HTTP/1.1\\r\\nHost: a\\r\\n\\r\\n"';

/** A call that is answered after 50 ms with the given status line. */
const call = (status: string): Readonly<Record<string, Uint8Array>> =>
  new TwoNodes({ service: "10.96.0.9:80" })
    .handshake(0)
    .send("client", 0.01, `tcp PSH,ACK id=110 ts=5010,7000 ${ASK}`)
    .send("server", 0.06, `tcp PSH,ACK id=501 ts=7050,5010 "HTTP/1.1 ${status}\\r\\nContent-Length: 0\\r\\n\\r\\n"`)
    .captures();

async function services(
  captures: Readonly<Record<string, Uint8Array | string>>,
  cluster?: string,
): Promise<ReadonlyMap<string, ServiceReport>> {
  const { services: list } = await (await analyse(captures, cluster))("services.list", {});
  return new Map(list.map((one) => [one.id, one]));
}

describe("a Service that was called", () => {
  it("is found by its translation alone", async () => {
    const one = (await services(call("200 OK"))).get("10.96.0.9:80");
    expect(one).toMatchObject({ name: null, kind: "inferred", source: "inferred", connections: 1 });
    expect(one?.entries).toEqual([{ ip: "10.96.0.9", port: 80, by: "cluster-ip", connections: 1 }]);
    expect(one?.clients.map((c) => c.name)).toEqual(["10.1.0.5"]);
    expect(one?.endpoints.map((e) => [e.ip, e.port, e.connections, e.told])).toEqual([["10.1.1.9", 8080, 1, false]]);
    expect(one?.calls).toEqual([{ client: 0, entry: 0, endpoint: 0, connections: 1, failed: 0 }]);
  });

  it("was called by a node itself, under the name the cluster file gives it, or by somebody outside", async () => {
    const nodes = `
- {apiVersion: v1, kind: Node, metadata: {name: one}, status: {addresses: [{type: InternalIP, address: 192.168.0.1}]}}
- {apiVersion: v1, kind: Node, metadata: {name: two}, status: {addresses: [{type: InternalIP, address: 192.168.0.2}]}}
`;
    const calledBy = async (client: string, cluster?: string): Promise<unknown> => {
      const traffic = new TwoNodes({ service: "10.96.0.9:80", client: `${client}:40000`, clientDevice: "eth1" });
      const found = await services(traffic.handshake(0).captures(), cluster);
      return [...found.values()].flatMap((one) => one.clients)[0];
    };
    const told = `${CLUSTER.trimEnd()}${nodes}`;
    expect(await calledBy("192.168.0.1", told)).toMatchObject({ name: "192.168.0.1", kind: "node", host: "one" });
    expect(await calledBy("203.0.113.7", told)).toMatchObject({ kind: "outside", host: null });
    expect(await calledBy("10.1.0.5", told)).toMatchObject({ name: "shop/caller", kind: "pod", host: null });
  });

  it("has latency as the client's nearest point saw it", async () => {
    const [endpoint] = (await services(call("200 OK"))).get("10.96.0.9:80")?.endpoints ?? [];
    // Sent at 0, answered at 1 ms + 3 hops of 20 µs; asked at 10 ms, answered at 60 ms + 60 µs.
    expect(endpoint?.handshake).toEqual({ medianMs: 1.06, p95Ms: 1.06, count: 1 });
    expect(endpoint?.firstByte.medianMs).toBeCloseTo(50.06, 6);
    expect(endpoint?.httpAnswers).toBe(1);
  });

  it("counts HTTP 5xx, and an answer seen at four points once", async () => {
    const one = (await services(call("503 Service Unavailable"))).get("10.96.0.9:80");
    expect(one?.errors).toEqual({ refused: 0, reset: 0, unanswered: 0, http5xx: 1 });
    expect(one?.calls[0]?.failed).toBe(1);
    expect((await services(call("404 Not Found"))).get("10.96.0.9:80")?.errors.http5xx).toBe(0);
  });

  it("counts refused and unanswered calls", async () => {
    const refused = new TwoNodes({ service: "10.96.0.9:80" })
      .send("client", 0, "tcp SYN seq=3000000000 id=101 ts=5000,0")
      .send("server", 0.001, "tcp RST,ACK seq=0 id=0");
    expect((await services(refused.captures())).get("10.96.0.9:80")?.errors).toMatchObject({
      refused: 1,
      unanswered: 0,
    });
    const silent = new TwoNodes({ service: "10.96.0.9:80" }).send(
      "client",
      0,
      "tcp SYN seq=3000000000 id=101 ts=5000,0",
    );
    expect((await services(silent.captures())).get("10.96.0.9:80")?.errors).toMatchObject({
      refused: 0,
      unanswered: 1,
    });
  });
});

describe("with a cluster file", () => {
  it("has its name, endpoints that were never chosen, and the Ingress that leads to it", async () => {
    const one = (await services(call("200 OK"), CLUSTER)).get("shop/cart");
    expect(one).toMatchObject({ name: "shop/cart", kind: "ClusterIP", source: "told", connections: 1 });
    expect(one?.endpoints.map((e) => [e.ip, e.pod, e.connections, e.told])).toEqual([
      ["10.1.1.9", "shop/cart-0", 1, true],
      ["10.1.1.10", null, 0, true],
    ]);
    expect(one?.ingresses).toEqual([{ name: "shop/front", rule: "shop.example/cart" }]);
    expect(one?.clients.map((c) => c.name)).toEqual(["shop/caller"]);
  });

  it("lists Services that nobody called, each for what it is", async () => {
    const all = await services(call("200 OK"), CLUSTER);
    expect([...all.values()].map((s) => `${s.id} ${s.kind} ${s.connections}`)).toEqual([
      "shop/cart ClusterIP 1",
      "shop/db headless 0",
      "shop/mail ExternalName 0",
    ]);
    expect(all.get("shop/mail")?.externalName).toBe("smtp.example.com");
  });

  it("tells the lookups of its name, with the search list's misses, each counted where the client is", async () => {
    const all = await services(
      {
        "n1.pcapng": `
          @veth1 = ethernet
          0.000 @veth1 10.1.0.5:40000 > 10.96.0.10:53 dns query 1 A cart.shop.svc.cluster.local
          0.002 @veth1 10.96.0.10:53 > 10.1.0.5:40000 dns answer 1 A cart.shop.svc.cluster.local 10.96.0.9
          0.003 @veth1 10.1.0.5:40001 > 10.96.0.10:53 dns query 2 A elsewhere.example`,
      },
      CLUSTER,
    );
    expect(all.get("shop/cart")?.lookups).toEqual([
      {
        client: "shop/caller",
        name: "cart.shop.svc.cluster.local",
        type: "A",
        asked: 1,
        answered: 1,
        result: "no error",
        latency: { medianMs: 2, p95Ms: 2, count: 1 },
      },
    ]);
  });
});

describe("small parts", () => {
  it("takes median and 95th percentile by nearest rank", () => {
    expect(latencyOf([])).toEqual({ medianMs: null, p95Ms: null, count: 0 });
    expect(latencyOf(Array.from({ length: 100 }, (_, i) => 100 - i))).toEqual({ medianMs: 50, p95Ms: 95, count: 100 });
  });
  it("reads status lines and nothing else", () => {
    const status = (text: string): number => statusAt(new TextEncoder().encode(text), 0, text.length);
    expect([
      status("HTTP/1.1 503 x"),
      status("HTTP/1.0 200"),
      status("HTTP/1.1 5x3 "),
      status("GET / HTTP/1.1"),
    ]).toEqual([503, 200, 0, 0]);
  });
});
