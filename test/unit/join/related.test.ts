/**
 * Connections that belong together though no packet is the same in both: the DNS lookup before a connection, and the two sides
 * of an Ingress. Relations read "client:port relation other's client:port: detail".
 */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { connectionsJson, connectionsOf, joinTraffic } from "../../builders/join-files";
import type { JoinedResult } from "../../../src-main/engine/join/join-result";

function relations(result: JoinedResult): string[] {
  const all = connectionsOf(result);
  return all.flatMap((c) =>
    c.related.map(
      (r) => `${c.client.ip}:${c.client.port} ${r.relation} ${all[r.connection]?.client.port ?? "?"}: ${r.detail}`,
    ),
  );
}

const POD = `
  @veth1 = ethernet resolution=ns
  pod = 10.1.0.5   dns = 10.96.0.10:53
`;

/** A call of the pod's that begins at `seconds`. */
function call(port: number, to: string, seconds: number): string {
  return `
    ${seconds.toFixed(6)} @veth1 pod:${port} > ${to} tcp SYN seq=${port}000 id=${port % 60000}
    ${(seconds + 0.001).toFixed(6)} @veth1 ${to} > pod:${port} tcp SYN,ACK seq=${port}500 id=0
  `;
}

async function withCluster(items: readonly object[], use: (file: string) => Promise<void>): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), "hopscope-"));
  try {
    const file = join(folder, "cluster.json");
    writeFileSync(file, JSON.stringify({ apiVersion: "v1", kind: "List", items }));
    await use(file);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

describe("DNS lookups", () => {
  test("the search list and both address families are one lookup, tied to the connection that follows", async () => {
    const tries = ["web.shop.prod.svc.cluster.local", "web.shop.svc.cluster.local"];
    const result = await joinTraffic({
      "n1.pcapng": `${POD}
        0.000 @veth1 pod:40001 > dns dns query 1 A ${tries[0]}
        0.000 @veth1 pod:40001 > dns dns query 2 AAAA ${tries[0]}
        0.001 @veth1 dns > pod:40001 dns nxdomain 1 A ${tries[0]}
        0.001 @veth1 dns > pod:40001 dns nxdomain 2 AAAA ${tries[0]}
        0.002 @veth1 pod:40002 > dns dns query 3 A ${tries[1]}
        0.002 @veth1 pod:40002 > dns dns query 4 AAAA ${tries[1]}
        0.003 @veth1 dns > pod:40002 dns answer 3 A ${tries[1]} 10.96.7.7
        0.003 @veth1 dns > pod:40002 dns answer 4 AAAA ${tries[1]}
        ${call(50001, "10.96.7.7:80", 0.004)}
      `,
    });
    const detail =
      "web.shop = 10.96.7.7 (A, AAAA; answered as web.shop.svc.cluster.local; after 1 name of the search list failed)";
    expect(relations(result)).toEqual([
      `10.1.0.5:40001 dns-for 50001: ${detail}`,
      `10.1.0.5:40002 dns-for 50001: ${detail}`,
      `10.1.0.5:50001 dns-lookup 40002: ${detail}`,
    ]);
    const [, , tied] = connectionsJson(result);
    expect(tied?.related[0]?.lookup).toEqual({
      name: "web.shop",
      answeredAs: tries[1],
      tried: [{ name: tries[0], result: "no such name" }],
      types: ["A", "AAAA"],
      aliases: [],
      addresses: ["10.96.7.7"],
    });
    // The name is a Service's: that is shown, and marked as inferred where no cluster file tells it.
    expect([tied?.service, tied?.inferred.includes("service")]).toEqual(["shop/web", true]);
    expect(tied?.kind).toBe("pod-to-service");
  });

  test("an absolute name after the whole search list, in the search domains of a cloud too", async () => {
    const domains = ["prod.svc.cluster.local", "svc.cluster.local", "cluster.local", "zone-a.example.internal"];
    const result = await joinTraffic({
      "n1.pcapng": `${POD}
        ${domains
          .map(
            (d, i) => `
        ${(i / 100).toFixed(3)} @veth1 pod:40001 > dns dns query ${i + 1} A api.example.org.${d}
        ${(i / 100 + 0.001).toFixed(3)} @veth1 dns > pod:40001 dns nxdomain ${i + 1} A api.example.org.${d}`,
          )
          .join("")}
        0.050 @veth1 pod:40001 > dns dns query 9 A api.example.org
        0.051 @veth1 dns > pod:40001 dns answer 9 A api.example.org 203.0.113.7
        ${call(50001, "203.0.113.7:443", 0.06)}
      `,
    });
    expect(relations(result).filter((r) => r.includes("dns-lookup"))).toEqual([
      "10.1.0.5:50001 dns-lookup 40001: api.example.org = 203.0.113.7 (A; after 4 names of the search list failed)",
    ]);
  });

  test("two names that only begin alike are two lookups", async () => {
    const result = await joinTraffic({
      "n1.pcapng": `${POD}
        0.000 @veth1 pod:40001 > dns dns query 1 A www.example.com
        0.001 @veth1 dns > pod:40001 dns nxdomain 1 A www.example.com
        0.002 @veth1 pod:40002 > dns dns query 2 A www.example.org
        0.003 @veth1 dns > pod:40002 dns answer 2 A www.example.org 203.0.113.7
        ${call(50001, "203.0.113.7:443", 0.004)}
      `,
    });
    expect(relations(result)).toEqual([
      "10.1.0.5:40002 dns-for 50001: www.example.org = 203.0.113.7 (A)",
      "10.1.0.5:50001 dns-lookup 40002: www.example.org = 203.0.113.7 (A)",
    ]);
  });

  test("nothing is tied to another client's lookup, to a later one, or to one whose answer is long stale", async () => {
    const result = await joinTraffic({
      "n1.pcapng": `${POD}
        ${call(50001, "203.0.113.7:443", 0)}
        0.100 @veth1 pod:40001 > dns dns query 1 A a.example.org
        0.101 @veth1 dns > pod:40001 dns answer 1 A a.example.org 203.0.113.7 rttl=30
        0.200 @veth1 10.1.0.6:50002 > 203.0.113.7:443 tcp SYN seq=77
        ${call(50003, "203.0.113.7:443", 45)}
      `,
    });
    expect(relations(result)).toEqual([]);
  });

  test("two names of one address: ambiguous, both shown", async () => {
    const result = await joinTraffic({
      "n1.pcapng": `${POD}
        0.000 @veth1 pod:40001 > dns dns query 1 A a.example.org
        0.001 @veth1 dns > pod:40001 dns answer 1 A a.example.org 203.0.113.7
        0.002 @veth1 pod:40002 > dns dns query 2 A b.example.org
        0.003 @veth1 dns > pod:40002 dns answer 2 A b.example.org 203.0.113.7
        ${call(50001, "203.0.113.7:443", 0.004)}
      `,
    });
    const tied = connectionsOf(result).find((c) => c.client.port === 50001);
    expect(tied?.related.map((r) => [r.lookup?.name, r.ambiguous])).toEqual([
      ["a.example.org", true],
      ["b.example.org", true],
    ]);
    expect(tied?.related[0]?.detail).toContain("ambiguous");
  });

  test("ExternalName: the name is a Service's, the answer an alias outside; the traffic is egress", async () => {
    const external = {
      apiVersion: "v1",
      kind: "Service",
      metadata: { name: "billing", namespace: "shop" },
      spec: { type: "ExternalName", externalName: "api.example.org" },
    };
    const pod = {
      apiVersion: "v1",
      kind: "Pod",
      metadata: { name: "cart", namespace: "shop" },
      spec: { nodeName: "n1" },
      status: { podIP: "10.1.0.5", phase: "Running" },
    };
    await withCluster([external, pod], async (file) => {
      const result = await joinTraffic(
        {
          "n1.pcapng": `${POD}
            0.000 @veth1 pod:40001 > dns dns query 1 A billing.shop.svc.cluster.local
            0.001 @veth1 dns > pod:40001 dns answer 1 A billing.shop.svc.cluster.local 203.0.113.7 cname=api.example.org
            ${call(50001, "203.0.113.7:443", 0.002)}
          `,
        },
        { cluster: [file] },
      );
      const c = connectionsOf(result).find((x) => x.client.port === 50001);
      expect([c?.kind, c?.service, c?.inferred.includes("service")]).toEqual(["egress", "shop/billing", false]);
      expect(c?.related[0]?.lookup?.aliases).toEqual(["api.example.org"]);
    });
  });

  test("headless: the name is a Service's, the answer a pod, nothing is translated", async () => {
    const result = await joinTraffic({
      "n1.pcapng": `
        @veth1 = ethernet resolution=ns
        @veth2 = ethernet resolution=ns
        pod = 10.1.0.5   dns = 10.96.0.10:53   db = 10.1.0.9:5432
        0.000 @veth1 pod:40001 > dns dns query 1 A db-0.db.data.svc.cluster.local
        0.001 @veth1 dns > pod:40001 dns answer 1 A db-0.db.data.svc.cluster.local 10.1.0.9
        s: 0.002 @veth1 pod:50001 > db tcp SYN seq=3000000000 id=4660 ts=900000001,0
        0.00201 @veth2 seen s
        r: 0.003 @veth2 db > pod:50001 tcp SYN,ACK seq=2000000000 id=77 ts=700000001,900000001
        0.00301 @veth1 seen r
      `,
    });
    const c = connectionsOf(result).find((x) => x.client.port === 50001);
    expect([c?.kind, c?.service, c?.translations]).toEqual(["pod-to-service", "data/db", []]);
    expect(c?.inferred).toEqual(expect.arrayContaining(["kind", "service"]));
  });
});

/** A proxy pod's veth: outside clients come in, calls to pods go out. */
const PROXY = `
  @veth9 = ethernet resolution=ns
  proxy = 10.1.0.20
`;

interface Leg {
  readonly from: string;
  readonly to: string;
  readonly asked: number;
  readonly answered: number;
  readonly request: string;
}

function leg({ from, to, asked, answered, request }: Leg, seq: number): string {
  return `
    ${(asked - 0.0005).toFixed(6)} @veth9 ${from} > ${to} tcp SYN seq=${seq}
    ${(asked - 0.0004).toFixed(6)} @veth9 ${to} > ${from} tcp SYN,ACK seq=${seq + 5e6}
    ${asked.toFixed(6)} @veth9 ${from} > ${to} tcp PSH,ACK "${request}"
    ${answered.toFixed(6)} @veth9 ${to} > ${from} tcp PSH,ACK "HTTP/1.1 200 OK\\r\\nContent-Length: 0\\r\\n\\r\\n"
  `;
}

const get = (headers: string, path = "/cart"): string =>
  `GET ${path} HTTP/1.1\\r\\nHost: shop.example\\r\\nUser-Agent: curl/8\\r\\n${headers}\\r\\n`;

function proxied(...legs: readonly Leg[]): Promise<JoinedResult> {
  const lines = legs.flatMap((one, i) =>
    leg(one, 1e9 + i * 1e7)
      .trim()
      .split("\n"),
  );
  const time = (line: string): number => Number(line.trim().split(" ")[0]);
  return joinTraffic({ "n1.pcapng": [PROXY, ...lines.sort((a, b) => time(a) - time(b))].join("\n") });
}

describe("Ingress", () => {
  const outside = { from: "198.51.100.7:4001", to: "10.1.0.20:8080", asked: 1, answered: 1.02, request: get("") };
  const inside = { from: "10.1.0.20:50001", to: "10.1.1.9:3000", asked: 1.002, answered: 1.01, request: get("") };

  test("a connection ends at the proxy, another starts: tied by the request", async () => {
    const detail = "GET shop.example /cart (request, time-order, headers, body)";
    expect(relations(await proxied(outside, inside))).toEqual([
      `198.51.100.7:4001 ingress-to 50001: ${detail}`,
      `10.1.0.20:50001 ingress-from 4001: ${detail}`,
    ]);
  });

  test("another path, another browser, another host's call, or a call that outlives the answer is no hop", async () => {
    for (const other of [
      { ...inside, request: get("", "/other") },
      { ...inside, request: get("").replace("curl/8", "curl/9") },
      { ...inside, from: "10.1.0.21:50001" },
      { ...inside, answered: 1.5 },
      { ...inside, asked: 0.9, answered: 0.95 },
    ])
      expect(relations(await proxied(outside, other)), JSON.stringify(other)).toEqual([]);
  });

  test("another pod of the proxy's node is not the proxy", async () => {
    const other = { ...inside, from: "10.1.0.21:50001" };
    const lines = [outside, other].map((one, i) => leg(one, 1e9 + i * 1e7)).join("\n");
    // The pods' own cards show who lives where, without names.
    const result = await joinTraffic({
      "n1.pcapng": `${PROXY}${lines}`,
      "n2.pcapng": `
        @veth3 = ethernet resolution=ns
        1.0 @veth3 10.1.0.21:1 > 10.1.0.20:2 tcp SYN seq=1`,
    });
    expect(relations(result)).toEqual([]);
  });

  test("two requests alike at one time: ambiguous, unless a header names the client", async () => {
    const second = { ...outside, from: "198.51.100.8:4002", asked: 1.001 };
    const both = connectionsOf(await proxied(outside, second, inside)).find((c) => c.client.port === 50001);
    expect(both?.related.map((r) => [r.relation, r.ambiguous])).toEqual([
      ["ingress-from", true],
      ["ingress-from", true],
    ]);
    const named = { ...inside, request: get("X-Forwarded-For: 198.51.100.8\\r\\n") };
    expect(relations(await proxied(outside, second, named)).filter((r) => r.includes("ingress-from"))).toEqual([
      "10.1.0.20:50001 ingress-from 4002: GET shop.example /cart (request, time-order, headers, body, forwarded for its client)",
    ]);
  });

  test("a rewritten path is tied where the proxy says what it was; an identifier decides", async () => {
    const rewritten = {
      ...inside,
      request: get("X-Original-URI: /cart\\r\\nX-Request-Id: 7f\\r\\n", "/v1/cart"),
    };
    const second = { ...outside, from: "198.51.100.8:4002", asked: 1.001 };
    const identified = { ...outside, request: get("X-Request-Id: 7f\\r\\n") };
    expect(relations(await proxied(identified, second, rewritten)).filter((r) => r.includes("ingress-from"))).toEqual([
      "10.1.0.20:50001 ingress-from 4001: GET shop.example /cart (request, time-order, headers, body, request identifier)",
    ]);
  });

  test("host or path rewritten without a word of it: tied by an identifier, by whom it is for, by a path seen once", async () => {
    const behind = (request: string): string => request.replace("shop.example", "backend:3000");
    const from = async (left: string, right: string): Promise<string[]> =>
      relations(await proxied({ ...outside, request: left }, { ...inside, request: right }))
        .filter((r) => r.includes("ingress-from"))
        .map((r) => r.slice(r.indexOf("(")));
    const id = "X-Request-Id: 7f\\r\\n";
    const trace = (parent: string): string => `traceparent: 00-4bf92f35-${parent}-01\\r\\n`;
    // The Host that nginx sends, a prefix taken off, both, the path that a rule gives.
    expect(await from(get(id), behind(get(id)))).toEqual(["(path, time-order, headers, body, request identifier)"]);
    expect(await from(get(trace("a1"), "/api/cart"), behind(get(trace("b2"))))).toEqual([
      "(path, time-order, headers, body, request identifier)",
    ]);
    expect(await from(get(id, "/old"), get(id, "/"))).toEqual([
      "(host, time-order, headers, body, request identifier)",
    ]);
    expect(await from(get(""), behind(get("X-Real-IP: 198.51.100.7\\r\\n")))).toEqual([
      "(path, time-order, headers, body, forwarded for its client)",
    ]);
    expect(await from(get("", "/shop/cart?n=3"), get("", "/cart?n=3"))).toEqual(["(host, time-order, headers, body)"]);
    // Another trace, another method, a path of which nothing is left, both rewritten, a path that every program asks for.
    expect(await from(get(id + trace("a1")), behind(get(id + trace("a1").replace("4bf9", "77aa"))))).toEqual([]);
    expect(await from(get(id), behind(get(id)).replace("GET", "PUT"))).toEqual([]);
    expect(await from(get(id, "/orders/17"), behind(get(id, "/stock/17")))).toEqual([]);
    expect(await from(get("", "/api/cart"), behind(get("")))).toEqual([]);
    expect(await from(get("", "/"), behind(get("", "/")))).toEqual([]);
  });

  test("an application that asks others in turn hands on identifiers, no request", async () => {
    const id = "X-Request-Id: 7f\\r\\n";
    const asked = { ...outside, request: get(id, "/") };
    const first = { ...inside, request: get(id, "/stock/") };
    const second = { ...inside, from: "10.1.0.20:50002", asked: 1.003, request: get(id, "/price/") };
    expect(relations(await proxied(asked, first, second))).toEqual([]);
  });

  test("the same path again and again ties nothing where the host is rewritten", async () => {
    const later = { ...outside, from: "198.51.100.8:4002", asked: 2, answered: 2.02 };
    const behind = { ...inside, request: get("").replace("shop.example", "backend") };
    expect(relations(await proxied(outside, behind, later))).toEqual([]);
  });

  test("of one request identifier each and one trace, both count", async () => {
    const trace = (parent: string): string => `traceparent: 00-4bf92f35-${parent}-01\\r\\n`;
    const traced = { ...outside, request: get(trace("a1")) };
    const second = { ...outside, from: "198.51.100.8:4002", asked: 1.001 };
    const right = { ...inside, request: get(`X-Request-Id: 7f\\r\\n${trace("b2")}`) };
    expect(relations(await proxied(traced, second, right)).filter((r) => r.includes("ingress-from"))).toEqual([
      "10.1.0.20:50001 ingress-from 4001: GET shop.example /cart (request, time-order, headers, body, request identifier)",
    ]);
  });

  test("a body in chunks is the same body sent with its length", async () => {
    const post = (rest: string): string =>
      get("")
        .replace("GET", "POST")
        .replace(/\\r\\n$/, rest);
    const chunked = post(
      "Transfer-Encoding: chunked\\r\\n\\r\\n3\\r\\nabc\\r\\n2;x=1\\r\\nde\\r\\n0\\r\\nTrailer: 1\\r\\n\\r\\n",
    );
    const tied = async (right: string): Promise<string[]> =>
      relations(await proxied({ ...outside, request: chunked }, { ...inside, request: right }));
    expect(await tied(post("Content-Length: 5\\r\\n\\r\\nabcde"))).toContain(
      "10.1.0.20:50001 ingress-from 4001: POST shop.example /cart (request, time-order, headers, body)",
    );
    expect(await tied(post("Content-Length: 5\\r\\n\\r\\nabcdf"))).toEqual([]);
  });

  test("one connection to a pod carries the requests of many clients", async () => {
    const pooled = await joinTraffic({
      "n1.pcapng": `${PROXY}
        ${leg(outside, 1e9)}
        ${leg({ ...outside, from: "198.51.100.8:4002", asked: 2, answered: 2.02 }, 2e9)}
        0.9 @veth9 proxy:50001 > 10.1.1.9:3000 tcp SYN seq=500
        1.002 @veth9 proxy:50001 > 10.1.1.9:3000 tcp PSH,ACK "${get("")}"
        1.010 @veth9 10.1.1.9:3000 > proxy:50001 tcp PSH,ACK "HTTP/1.1 200 OK\\r\\nContent-Length: 0\\r\\n\\r\\n"
        2.002 @veth9 proxy:50001 > 10.1.1.9:3000 tcp PSH,ACK "${get("")}"
        2.010 @veth9 10.1.1.9:3000 > proxy:50001 tcp PSH,ACK "HTTP/1.1 200 OK\\r\\nContent-Length: 0\\r\\n\\r\\n"
      `,
    });
    const upstream = connectionsOf(pooled).find((c) => c.client.port === 50001);
    expect(upstream?.related.map((r) => [r.relation, r.ambiguous])).toEqual([
      ["ingress-from", false],
      ["ingress-from", false],
    ]);
  });

  test("the Service behind it is the one the Ingress's rule names", async () => {
    const ingress = {
      apiVersion: "networking.k8s.io/v1",
      kind: "Ingress",
      metadata: { name: "shop", namespace: "shop" },
      spec: {
        rules: [
          {
            host: "shop.example",
            http: {
              paths: [
                { path: "/", pathType: "Prefix", backend: { service: { name: "front", port: { number: 80 } } } },
                { path: "/cart", pathType: "Prefix", backend: { service: { name: "cart", port: { number: 80 } } } },
              ],
            },
          },
        ],
      },
    };
    await withCluster([ingress], async (file) => {
      const lines = [outside, inside].map((one, i) => leg(one, 1e9 + i * 1e7)).join("\n");
      const result = await joinTraffic({ "n1.pcapng": `${PROXY}${lines}` }, { cluster: [file] });
      expect(connectionsOf(result).map((c) => [c.client.port, c.service])).toEqual([
        [4001, null],
        [50001, "shop/cart"],
      ]);
    });
  });
});
