/** Kubernetes on the simulated network: what its rules do to traffic, told by the truth that simulations keep. */
import { describe, expect, test } from "vitest";
import { candidates } from "../../../src-main/engine/simulate/apps/resolver";
import { LiveSimulation } from "../../../src-main/engine/simulate/live-simulation";
import type { TruthConnection } from "../../../src-main/engine/simulate/record/true-connection";
import { zeekState } from "../../../src-main/engine/simulate/record/zeek-state";
import type { ClusterSpec, Scenario, TrafficSpec } from "../../../src-main/engine/simulate/scenario/schema";
import { oneSubnet, WEB_CLUSTER } from "../../../src-main/engine/simulate/scenarios/parts";

function run(
  cluster: Partial<ClusterSpec>,
  traffic: readonly TrafficSpec[],
  more: Partial<Scenario> = {},
): readonly TruthConnection[] {
  const scenario: Scenario = {
    name: "test",
    title: "test",
    seconds: 4,
    ...oneSubnet(cluster),
    traffic: [...traffic],
    ...more,
  };
  const live = new LiveSimulation(scenario, {
    seed: 5,
    truth: true,
    sink: { point: () => undefined, packet: () => undefined },
  });
  live.advance(live.endNs);
  return live.truth((point) => `${point.namespace}/${point.interface}`).connections.filter((c) => c.protocol === "tcp");
}

const servers = (list: readonly TruthConnection[]): ReadonlySet<string | null> =>
  new Set(list.map((c) => c.server.pod));
const ask = (times: number): TrafficSpec => ({
  kind: "http",
  from: { pod: "client" },
  to: { service: "web" },
  at: 0.1,
  times,
  every: 0.1,
});

describe("a Service", () => {
  test("spreads connections over its endpoints", () => {
    expect(servers(run(WEB_CLUSTER, [ask(20)]))).toEqual(new Set(["default/web-a", "default/web-b"]));
  });

  test("with session affinity keeps a client on one endpoint", () => {
    const sticky = {
      ...WEB_CLUSTER,
      services: { web: { ...WEB_CLUSTER.services.web, sessionAffinity: "ClientIP" as const } },
    };
    expect(servers(run(sticky, [ask(20)])).size).toBe(1);
  });

  test("leaves out a pod that is not ready, and takes it in when it is", () => {
    const half = {
      ...WEB_CLUSTER,
      pods: { ...WEB_CLUSTER.pods, "web-b": { ...WEB_CLUSTER.pods["web-b"], ready: false } },
    };
    expect(servers(run(half, [ask(10)]))).toEqual(new Set(["default/web-a"]));
    const later = run(half, [ask(30)], { changes: [{ kind: "set-ready", name: "web-b", ready: true, at: 0.5 }] });
    expect(servers(later)).toEqual(new Set(["default/web-a", "default/web-b"]));
  });

  test("under policy Local drops on a node without endpoints, and keeps the client's address elsewhere", () => {
    const local: Partial<ClusterSpec> = {
      pods: { web: { node: "node-b", labels: { app: "web" }, serves: [{ protocol: "http", port: 8080 }] } },
      services: {
        web: {
          type: "NodePort",
          externalTrafficPolicy: "Local",
          selector: { app: "web" },
          ports: [{ port: 80, targetPort: 8080, nodePort: 30090 }],
        },
      },
    };
    const to = (node: string): TrafficSpec => ({
      kind: "http",
      from: { machine: "outside" },
      to: { node, port: 30090 },
      at: 0.1,
    });
    const routes = { machines: { ...oneSubnet({}).machines } };
    expect(run(local, [to("node-a")], routes)[0]?.state).toBe("S0");
    expect(run(local, [to("node-b")], routes)[0]).toMatchObject({
      state: "SF",
      seenByServerAs: { ip: "203.0.113.80" },
    });
  });
});

describe("a NetworkPolicy", () => {
  const policy = (peers: Readonly<Record<string, string>>): Partial<ClusterSpec> => ({
    ...WEB_CLUSTER,
    networkPolicies: {
      web: { pods: { app: "web" }, ingress: [{ peers: [{ pods: peers }], ports: [{ port: 8080 }] }] },
    },
  });
  const direct: TrafficSpec = { kind: "http", from: { pod: "client" }, to: { pod: "web-b", port: 8080 }, at: 0.1 };

  test("lets in whom it names", () => {
    expect(run(policy({ app: "client" }), [direct])[0]?.state).toBe("SF");
  });

  test("drops the others without a word, also on the same node", () => {
    expect(run(policy({ app: "friend" }), [direct])[0]?.state).toBe("S0");
    expect(run(policy({ app: "friend" }), [{ ...direct, to: { pod: "web-a", port: 8080 } }])[0]?.state).toBe("S0");
  });
});

test("a resolver tries search domains first where a name has few dots", () => {
  const config = { search: ["default.svc.cluster.local", "cluster.local"], ndots: 5 };
  expect(candidates("web", config)).toEqual(["web.default.svc.cluster.local", "web.cluster.local", "web"]);
  expect(candidates("a.b.c.d.e.f", config)[0]).toBe("a.b.c.d.e.f");
  expect(candidates("web.", config)).toEqual(["web"]);
});

test.each([
  ["S0", [2], []],
  ["REJ", [2], [4 | 16]],
  ["S1", [2, 16], [2 | 16]],
  ["SF", [2, 16, 1 | 16], [2 | 16, 1 | 16]],
  ["RSTR", [2, 16], [2 | 16, 4]],
  ["S2", [2, 16, 1 | 16], [2 | 16]],
] as const)("Zeek's state %s", (state, client, server) => {
  expect(zeekState(6, client, server)).toBe(state);
});
