/** Names hold for intervals: which pod, node, Service an address meant, and when. */
import { describe, expect, it } from "vitest";
import { readClusterFile } from "../../../src-main/engine/cluster/load-cluster";
import { Cluster } from "../../../src-shared/model/cluster";
import { objectName } from "../../../src-shared/model/kubernetes";
import { addressBytes, parseAddress, parseRange, rangeContains } from "../../../src-shared/model/ip-range";

const at = (clock: string): number => Date.parse(`2024-03-01T${clock}:00Z`);

/** A snapshot of manifests, taken at a time of that day. */
function snapshot(clock: string | null, yaml: string): ReturnType<typeof readClusterFile>["snapshot"] {
  const { snapshot: read, problems } = readClusterFile(`${clock ?? "untimed"}.yaml`, new TextEncoder().encode(yaml), {
    toldMs: clock === null ? null : at(clock),
    writtenMs: null,
  });
  expect(problems).toEqual([]);
  return read;
}

const pod = (name: string, address: string, more = "", status = ""): string => `---
{ kind: Pod, apiVersion: v1, metadata: { name: ${name}, namespace: shop, uid: u-${name}${more} }, spec: { nodeName: n1 }, status: { podIP: ${address}${status} } }
`;

const nameOf = (object: Parameters<typeof objectName>[0] | null): string | null => object && objectName(object);

describe("pods over time", () => {
  it("one snapshot holds for all times when nothing says otherwise", () => {
    const cluster = new Cluster([snapshot(null, pod("a", "10.1.0.7"))]);
    expect(nameOf(cluster.podAt("10.1.0.7", at("00:00")))).toBe("shop/a");
    expect(nameOf(cluster.podAt("10.1.0.7", null))).toBe("shop/a");
    expect(cluster.podAt("10.1.0.8", null)).toBeNull();
  });

  it("a pod has no address before it was made", () => {
    const cluster = new Cluster([
      snapshot("12:00", pod("a", "10.1.0.7", ", creationTimestamp: '2024-03-01T10:00:00Z'")),
    ]);
    expect(cluster.podAt("10.1.0.7", at("09:59"))).toBeNull();
    expect(nameOf(cluster.podAt("10.1.0.7", at("10:00")))).toBe("shop/a");
    expect(nameOf(cluster.podAt("10.1.0.7", at("23:00")))).toBe("shop/a");
  });

  it("an address that is used again belongs to the later pod from its creation on", () => {
    const cluster = new Cluster([
      snapshot("10:20", pod("b", "10.1.0.7", ", creationTimestamp: '2024-03-01T10:14:00Z'")),
      snapshot("10:00", pod("a", "10.1.0.7")),
      snapshot("10:10", pod("a", "10.1.0.7")),
    ]);
    const holder = (clock: string): string | null => nameOf(cluster.podAt("10.1.0.7", at(clock)));
    expect(["09:00", "10:00", "10:13", "10:14", "11:00"].map(holder)).toEqual([
      "shop/a",
      "shop/a",
      "shop/a",
      "shop/b",
      "shop/b",
    ]);
    expect(nameOf(cluster.podAt("10.1.0.7", null))).toBe("shop/b");
  });

  it("a pod that a later snapshot no longer lists ends there; one listed anew begins there", () => {
    const cluster = new Cluster([
      snapshot("10:00", pod("a", "10.1.0.7") + pod("keep", "10.1.0.1")),
      snapshot("11:00", pod("keep", "10.1.0.1") + pod("c", "10.1.0.9")),
    ]);
    expect(nameOf(cluster.podAt("10.1.0.7", at("10:59")))).toBe("shop/a");
    expect(cluster.podAt("10.1.0.7", at("11:00"))).toBeNull();
    expect(cluster.podAt("10.1.0.9", at("10:30"))).toBeNull();
    expect(nameOf(cluster.podAt("10.1.0.1", at("10:30")))).toBe("shop/keep");
  });

  it("a snapshot of other kinds or namespaces says nothing about a pod", () => {
    const other = "{ kind: Pod, metadata: { name: z, namespace: elsewhere }, status: { podIP: 10.9.0.1 } }";
    const cluster = new Cluster([
      snapshot("10:00", pod("a", "10.1.0.7")),
      snapshot("11:00", "{ kind: Namespace, metadata: { name: shop } }"),
      snapshot("12:00", other),
    ]);
    expect(nameOf(cluster.podAt("10.1.0.7", at("13:00")))).toBe("shop/a");
  });

  it("a pod that finished gave its address back; a deletion asked for ends it", () => {
    const ended =
      ", phase: Succeeded, containerStatuses: [{ state: { terminated: { finishedAt: '2024-03-01T09:00:00Z' } } }]";
    const cluster = new Cluster([
      snapshot(
        "12:00",
        pod("job", "10.1.0.7", "", ended) + pod("dying", "10.1.0.8", ", deletionTimestamp: '2024-03-01T12:30:00Z'"),
      ),
    ]);
    expect(nameOf(cluster.podAt("10.1.0.7", at("08:59")))).toBe("shop/job");
    expect(cluster.podAt("10.1.0.7", at("09:00"))).toBeNull();
    expect(cluster.podAt("10.1.0.8", at("12:30"))).toBeNull();
  });

  it("of two pods that list one address the running one has it, in any order of the list", () => {
    const job = pod("job", "10.1.0.7", "", ", phase: Failed");
    const live = pod("live", "10.1.0.7", "", ", phase: Running");
    for (const text of [job + live, live + job])
      expect(nameOf(new Cluster([snapshot(null, text)]).podAt("10.1.0.7", at("10:00")))).toBe("shop/live");
  });

  it("a pod that ended takes no address from one that is listed with it since and runs, whenever they were made", () => {
    const made = (clock: string): string => `, creationTimestamp: '2024-03-01T${clock}:00Z'`;
    const job = pod("job", "10.1.0.7", made("10:00"), ", phase: Succeeded");
    const ended = pod(
      "job",
      "10.1.0.7",
      made("10:00"),
      ", phase: Succeeded, containerStatuses: [{ state: { terminated: { finishedAt: '2024-03-01T10:05:00Z' } } }]",
    );
    const holders = (...snapshots: ReturnType<typeof snapshot>[]): (string | null)[] =>
      ["10:04", "11:00", "13:00"].map((clock) => nameOf(new Cluster(snapshots).podAt("10.1.0.7", at(clock))));
    for (const live of [
      pod("live", "10.1.0.7", "", ", phase: Running"),
      pod("live", "10.1.0.7", made("09:00"), ", phase: Running"),
    ]) {
      expect(holders(snapshot("12:00", job + live))).toEqual(["shop/live", "shop/live", "shop/live"]);
      expect(holders(snapshot("12:00", live + ended))).toEqual(["shop/job", "shop/live", "shop/live"]);
      // Listed before the job was made only: it may well be gone.
      expect(holders(snapshot("09:30", live), snapshot("12:00", job.replace("shop", "jobs")))).toEqual([
        "jobs/job",
        "jobs/job",
        "jobs/job",
      ]);
    }
  });

  it("pods on the host's network do not take the node's address", () => {
    const cluster = new Cluster([
      snapshot(
        null,
        `{ kind: Node, metadata: { name: n1 }, spec: { podCIDRs: [10.1.0.0/24, "fd00:1::/64"] }, status: { addresses: [{ type: InternalIP, address: 192.0.2.11 }, { type: Hostname, address: n1 }] } }
---
{ kind: Pod, metadata: { name: proxy, namespace: kube-system }, spec: { hostNetwork: true, nodeName: n1 }, status: { podIP: 192.0.2.11 } }`,
      ),
    ]);
    expect(cluster.podAt("192.0.2.11", null)).toBeNull();
    expect(cluster.hostPodsAt("192.0.2.11", null).map(objectName)).toEqual(["kube-system/proxy"]);
    expect(nameOf(cluster.nodeAt("192.0.2.11", null))).toBe("n1");
    expect(nameOf(cluster.nodeOfPodRange("10.1.0.200", null))).toBe("n1");
    expect(nameOf(cluster.nodeOfPodRange("fd00:1::5", null))).toBe("n1");
    expect(["192.0.2.11", "10.1.0.1", "fd00:1::5", "203.0.113.9"].map((a) => cluster.networkOf(a, null))).toEqual([
      "node",
      "pod",
      "pod",
      "outside",
    ]);
  });
});

describe("Services", () => {
  const SHOP = `
kind: List
items:
- { kind: Node, metadata: { name: n1 }, status: { addresses: [{ type: InternalIP, address: 192.0.2.11 }] } }
- kind: Service
  metadata: { name: web, namespace: shop }
  spec:
    type: LoadBalancer
    clusterIPs: [10.96.0.10, "FD00:96:0::A"]
    externalIPs: [198.51.100.7]
    externalTrafficPolicy: Local
    ports:
    - { name: http, port: 80, targetPort: web, nodePort: 30080 }
    - { name: dns, port: 53, protocol: UDP }
  status: { loadBalancer: { ingress: [{ ip: 203.0.113.5 }, { hostname: lb.example }] } }
- { kind: Service, metadata: { name: db, namespace: shop }, spec: { clusterIP: None, ports: [{ port: 5432 }] } }
- { kind: Service, metadata: { name: out, namespace: shop }, spec: { type: ExternalName, externalName: example.org } }
- kind: EndpointSlice
  apiVersion: discovery.k8s.io/v1
  metadata: { name: web-abc, namespace: shop, labels: { kubernetes.io/service-name: web } }
  ports: [{ name: http, port: 8080 }, { name: dns, port: 5353, protocol: UDP }]
  endpoints:
  - { addresses: [10.1.0.7], nodeName: n1, targetRef: { kind: Pod, name: a, namespace: shop } }
  - { addresses: [10.1.0.8], conditions: { ready: false, serving: true, terminating: true } }
- kind: Endpoints
  metadata: { name: web, namespace: shop }
  subsets: [{ addresses: [{ ip: 10.1.0.7 }], ports: [{ name: http, port: 8080 }] }]
- kind: Endpoints
  metadata: { name: db, namespace: shop }
  subsets:
  - { addresses: [{ ip: 10.1.0.9, targetRef: { kind: Pod, name: db-0 } }], notReadyAddresses: [{ ip: 10.1.0.10 }], ports: [{ port: 5432 }] }
`;
  const cluster = new Cluster([snapshot(null, SHOP)]);
  const match = (address: string, port: number | null, protocol: "tcp" | "udp" = "tcp"): string | null => {
    const found = cluster.serviceAt(address, port, protocol, null);
    return found && `${objectName(found.service)}:${found.port?.port ?? "?"} by ${found.by}`;
  };

  it("are found under each of their addresses, IPv6 however it was spelled", () => {
    expect(match("10.96.0.10", 80)).toBe("shop/web:80 by cluster-ip");
    expect(match("fd00:96::a", 53, "udp")).toBe("shop/web:53 by cluster-ip");
    expect(match("198.51.100.7", 80)).toBe("shop/web:80 by external-ip");
    expect(match("203.0.113.5", 80)).toBe("shop/web:80 by load-balancer");
    expect(match("192.0.2.11", 30080)).toBe("shop/web:80 by node-port");
  });

  it("a port the Service does not have is told apart from an address that is none of its", () => {
    expect(match("10.96.0.10", 81)).toBe("shop/web:? by cluster-ip");
    expect(match("10.96.0.10", 80, "udp")).toBe("shop/web:? by cluster-ip");
    expect(match("10.96.0.11", 80)).toBeNull();
    expect(match("192.0.2.12", 30080)).toBeNull();
  });

  it("have endpoints per port, ready or not; the older Endpoints count only where there are no slices", () => {
    const web = cluster.service("shop/web", null);
    const http = web?.ports[0] ?? null;
    const list = (name: string, port: typeof http): string[] =>
      cluster
        .endpointsOf(name, port, null)
        .map((e) => `${e.address}:${e.port} ${e.ready ? "ready" : e.serving ? "leaving" : "no"} ${e.pod ?? "-"}`);
    expect(list("shop/web", http)).toEqual(["10.1.0.7:8080 ready shop/a", "10.1.0.8:8080 leaving -"]);
    expect(list("shop/db", cluster.service("shop/db", null)?.ports[0] ?? null)).toEqual([
      "10.1.0.9:5432 ready shop/db-0",
      "10.1.0.10:5432 no -",
    ]);
    expect(cluster.knowsEndpointsOf("shop/out")).toBe(false);
  });

  it("know their kind", () => {
    expect(cluster.service("shop/db", null)).toMatchObject({ headless: true, clusterIps: [] });
    expect(cluster.service("shop/out", null)).toMatchObject({
      type: "ExternalName",
      externalName: "example.org",
      headless: false,
    });
    expect(cluster.service("shop/web", null)).toMatchObject({
      externalTrafficPolicy: "Local",
      internalTrafficPolicy: "Cluster",
    });
  });

  it("are found from an endpoint", () => {
    expect(cluster.servicesBehind("10.1.0.7", 8080, "tcp", null).map((e) => e.serviceName)).toEqual(["shop/web"]);
    expect(cluster.servicesBehind("10.1.0.7", 8081, "tcp", null)).toEqual([]);
  });

  it("change their endpoints at the time the newer version says", () => {
    const slice = (address: string, modified: string): string =>
      `{ kind: EndpointSlice, apiVersion: discovery.k8s.io/v1, metadata: { name: s, namespace: shop, labels: { kubernetes.io/service-name: web }, managedFields: [{ time: '2024-03-01T${modified}:00Z' }] }, ports: [{ port: 80 }], endpoints: [{ addresses: [${address}] }] }`;
    const changing = new Cluster([
      snapshot("10:00", slice("10.1.0.1", "09:00")),
      snapshot("11:00", slice("10.1.0.2", "10:25")),
    ]);
    const endpoint = (clock: string): string | undefined =>
      changing.endpointsOf("shop/web", null, at(clock))[0]?.address;
    expect([endpoint("09:30"), endpoint("10:24"), endpoint("10:25")]).toEqual(["10.1.0.1", "10.1.0.1", "10.1.0.2"]);
  });
});

describe("addresses and ranges", () => {
  it.each([
    ["FD00:0:0::1", "fd00::1"],
    ["2001:db8:0:1:1:1:1:1", "2001:db8:0:1:1:1:1:1"],
    ["::ffff:10.0.0.1", "::ffff:10.0.0.1"],
    ["64:ff9b::192.0.2.33", "64:ff9b::c000:221"],
    ["::", "::"],
    ["1::", "1::"],
    ["10.0.0.255", "10.0.0.255"],
  ])("%s is %s", (text, canonical) => {
    expect(parseAddress(text)).toBe(canonical);
  });

  it.each([
    "",
    "10.0.0",
    "10.0.0.256",
    "010.0.0.1",
    "1::2::3",
    "fe80::1%eth0",
    "12345::",
    "1:2:3:4:5:6:7:8:9",
    "1:2:3:4:5:6:7",
    "::1.2.3",
    "a",
    "10.0.0.1 ",
  ])("%j is no address", (text) => {
    expect(parseAddress(text)).toBeUndefined();
  });

  it("a range holds what shares its prefix, never the other family", () => {
    const inside = (range: string, address: string): boolean => {
      const parsed = parseRange(range);
      const bytes = addressBytes(address);
      if (!parsed || !bytes) throw new Error("test data");
      return rangeContains(parsed, bytes);
    };
    expect(parseRange("10.1.2.3/20")?.text).toBe("10.1.0.0/20");
    expect(inside("10.1.0.0/20", "10.1.15.255")).toBe(true);
    expect(inside("10.1.0.0/20", "10.1.16.0")).toBe(false);
    expect(inside("0.0.0.0/0", "203.0.113.1")).toBe(true);
    expect(inside("0.0.0.0/0", "fd00::1")).toBe(false);
    expect(inside("fd00:1:2:3::/63", "fd00:1:2:2::9")).toBe(true);
    expect(inside("10.1.2.3/32", "10.1.2.3")).toBe(true);
    expect(["10.0.0.0", "10.0.0.0/33", "10.0.0.0/", "::/129", "x/8"].map(parseRange)).toEqual(Array(5).fill(undefined));
  });
});
