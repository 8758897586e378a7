/** The map's view models: layout that does not jump, wires along paths, what is drawn, what a click means, the same as SVG. */
import { describe, expect, it } from "vitest";
import type { MapGraph, MapPlace, MapPoint } from "../../../src-shared/contract/map";
import type { PointRole } from "../../../src-shared/model/point-role";
import { fitView, type MapCanvas, type MapColours } from "../../../src-renderer/viewmodel/map-canvas";
import { drawMapBase, drawMovingMap, drawStillMap, fitText } from "../../../src-renderer/viewmodel/map-draw";
import { elementFact, elementScope, mapTable, mapTotals, wireScope } from "../../../src-renderer/viewmodel/map-facts";
import type { MapLayout } from "../../../src-renderer/viewmodel/map-element";
import { layoutMap } from "../../../src-renderer/viewmodel/map-layout";
import { distance, middle } from "../../../src-renderer/viewmodel/map-line";
import {
  chosenGrouping,
  mapItems,
  readMapActivity,
  readMapGraph,
  type MapNetwork,
} from "../../../src-renderer/viewmodel/map-model";
import { linePath } from "../../../src-renderer/viewmodel/map-line";
import { drawMapOverlay } from "../../../src-renderer/viewmodel/map-overlay";
import { elementAt, neighbour, wireAt } from "../../../src-renderer/viewmodel/map-pointing";
import { elementValues } from "../../../src-renderer/viewmodel/map-values";
import { buildScene, type MapScene } from "../../../src-renderer/viewmodel/map-scene";
import type { MapMemory } from "../../../src-renderer/viewmodel/map-slots";
import {
  buildWires,
  litWires,
  nextBusyBucket,
  replayFrame,
  replayMost,
  wireSums,
} from "../../../src-renderer/viewmodel/map-wires";
import { SvgCanvas } from "../../../src-renderer/viewmodel/svg-canvas";

const ints = (...values: number[]): Uint8Array => new Uint8Array(Int32Array.from(values).buffer);
const floats = (...values: number[]): Uint8Array => new Uint8Array(Float64Array.from(values).buffer);

function point(at: number, name: string, role: PointRole, machine: number, place = -1): MapPoint {
  return { point: at, id: `f#${at}`, name, role, node: null, pod: null, roleEvidence: ["name"], machine, place };
}
function pod(name: string, machine: number, workload: string | null = null): MapPlace {
  const [namespace = ""] = name.split("/");
  return {
    name,
    kind: "pod",
    addresses: [`10.0.${machine}.${name.length}`],
    machine,
    namespace,
    workload,
    source: "told",
  };
}

/** Two nodes, a pod on each (and more where asked), one Service; a calls b through it, in a tunnel between the NICs. */
function twoNodes(more: readonly MapPlace[] = []): MapGraph {
  return {
    machines: [
      { name: "n1", kind: "node", source: "told", addresses: ["192.168.0.1"], recorded: true },
      { name: "n2", kind: "node", source: "told", addresses: ["192.168.0.2"], recorded: true },
    ],
    points: [
      point(0, "veth0", "host-veth", 0, 0),
      point(1, "cni0", "bridge", 0),
      point(2, "eth0", "node-nic", 0),
      point(3, "eth0", "node-nic", 1),
      point(4, "veth9", "host-veth", 1, 1),
    ],
    places: [pod("shop/a", 0, "Job a"), pod("shop/b", 1, "Deployment b"), ...more],
    services: [{ name: "shop/cart", label: "shop/cart", type: "ClusterIP" }],
    paths: [[], [0, 1, 2, 3, 4], [4, 3, 2, 1, 0]],
    carried: [[], [2, 3], [2, 3]],
    routes: {
      count: 1,
      client: ints(0),
      server: ints(1),
      service: ints(0),
      path: ints(1),
      returnPath: ints(2),
      flags: ints(3),
      connections: floats(2),
      packets: floats(20),
      bytes: floats(2000),
      missing: floats(1),
    },
    sketch: false,
    connections: 2,
    leftOut: 0,
    firstTime: [100, 0],
    durationNs: 1e9,
  };
}

/** Machines that nothing is known of but their names and a card each. */
function lan(count: number): MapGraph {
  const machines = Array.from({ length: count }, (_, i) => ({
    name: `machine-${i}`,
    kind: "unknown" as const,
    source: "inferred" as const,
    addresses: [`10.0.0.${i}`],
    recorded: true,
  }));
  const points = machines.map((_, i) => point(i, "eth0", "unknown", i));
  return { ...twoNodes(), machines, points, places: [], services: [] };
}

function sceneOf(graph: MapGraph, network: MapNetwork, memory?: MapMemory): MapScene & { readonly memory: MapMemory } {
  const model = readMapGraph(graph);
  const made = layoutMap(model, mapItems(model, chosenGrouping(model, "auto")), memory, network);
  const net = buildWires(model, made.layout, network);
  const scene = buildScene(model, made.layout, net, wireSums(net, model.packets), wireSums(net, model.missing));
  return { ...scene, memory: made.memory };
}

const names = (layout: MapLayout, indices: Iterable<number>): string[] =>
  [...indices].map((at) => layout.elements[at]?.label ?? "?");

const wireNames = ({ layout, net }: MapScene): string[] =>
  net.wires.map((wire) => names(layout, [wire.a, wire.b]).join(" – "));

describe("the layout", () => {
  it("puts pods, their veths, bridges and cards into the boxes of their machines", () => {
    const { layout } = sceneOf(twoNodes(), "node");
    for (const element of layout.elements.filter((e) => e.machine === 0 && e.kind !== "machine")) {
      const box = layout.elements[layout.machines[0] ?? -1];
      expect(box?.label).toBe("n1");
      expect(element.x).toBeGreaterThanOrEqual(box?.x ?? NaN);
      expect(element.y + element.h).toBeLessThanOrEqual((box?.y ?? NaN) + (box?.h ?? NaN));
    }
    const y = (label: string): number => layout.elements.find((e) => e.label === label)?.y ?? NaN;
    expect([y("a"), y("veth0"), y("cni0"), y("eth0")]).toEqual(
      [y("a"), y("veth0"), y("cni0"), y("eth0")].sort((p, q) => p - q),
    );
  });

  it("lets no two boxes of one machine overlap", () => {
    const many = Array.from({ length: 70 }, (_, i) => pod(`shop/p${i}`, i % 2));
    const { layout } = sceneOf(twoNodes(many), "node");
    const inner = layout.elements.filter((e) => e.kind !== "machine");
    inner.forEach((a, i) =>
      inner.slice(i + 1).forEach((b) => {
        const apart = a.x + a.w <= b.x || b.x + b.w <= a.x || a.y + a.h <= b.y || b.y + b.h <= a.y;
        expect(apart, `${a.key} and ${b.key}`).toBe(true);
      }),
    );
  });

  it("is the same for the same graph, and keeps what has a place when pods and a node are added", () => {
    const before = sceneOf(twoNodes(), "node");
    expect(sceneOf(twoNodes(), "node").layout).toEqual(before.layout);
    const graph = twoNodes([pod("aaa/first-by-name", 0), pod("shop/on-a-new-node", 2)]);
    const grown: MapGraph = {
      ...graph,
      machines: [...graph.machines, { name: "a0", kind: "node", source: "told", addresses: [], recorded: false }],
    };
    const after = sceneOf(grown, "node", before.memory);
    for (const element of before.layout.elements) {
      const now = after.layout.elements.find((e) => e.key === element.key);
      expect([element.key, now?.x, now?.y]).toEqual([element.key, element.x, element.y]);
    }
  });

  it("has in the pod and the Service network only machines that somebody talks on, and nothing below their pods", () => {
    const graph = twoNodes();
    const withRouter: MapGraph = {
      ...graph,
      machines: [...graph.machines, { name: "r", kind: "router", source: "told", addresses: [], recorded: true }],
      points: [...graph.points, point(5, "to-n1", "router-port", 2)],
    };
    const labels = (network: MapNetwork): string[] =>
      sceneOf(withRouter, network)
        .layout.elements.map((e) => e.label)
        .sort();
    expect(labels("node")).toEqual(["a", "b", "cni0", "eth0", "eth0", "n1", "n2", "r", "to-n1", "veth0", "veth9"]);
    expect(labels("pod")).toEqual(["a", "b", "n1", "n2"]);
    expect(labels("service")).toEqual(["a", "b", "cart", "n1", "n2"]);
    const height = (network: MapNetwork): number =>
      sceneOf(graph, network).layout.elements.find((e) => e.label === "n1")?.h ?? NaN;
    expect(height("pod")).toBeLessThan(height("node") / 1.5);
  });

  it.each(["pod", "service"] as const)("leads no line of the %s network over a pod or a machine's name", (network) => {
    const many = Array.from({ length: 6 }, (_, i) => pod(`shop/p${i}`, i % 2));
    const graph = twoNodes(many);
    const places = graph.places.length;
    // Everybody calls everybody else through the Service.
    const pairs = graph.places.flatMap((_, a) => graph.places.flatMap((__, b) => (a === b ? [] : [[a, b] as const])));
    const column = (value: (pair: readonly [number, number]) => number): Uint8Array => ints(...pairs.map(value));
    const ones = floats(...pairs.map(() => 1));
    const scene = sceneOf(
      {
        ...graph,
        routes: {
          ...graph.routes,
          count: pairs.length,
          client: column(([a]) => a),
          server: column(([, b]) => b),
          service: column(() => 0),
          path: column(() => 0),
          returnPath: column(() => 0),
          flags: column(() => 0),
          connections: ones,
          packets: ones,
          bytes: ones,
          missing: ones,
        },
      },
      network,
    );
    expect(scene.net.wires.length).toBe(network === "pod" ? (places * (places - 1)) / 2 : places);
    for (const element of scene.layout.elements) {
      // A machine's name is in its upper corner; of a pod, its middle is meant: lines begin at its edge.
      const { x, y, w, h } = element;
      const spot = element.kind === "machine" ? [x + 40, y + 20] : [x + w / 2, y + h / 2];
      for (const wire of scene.net.wires)
        expect(distance(wire, spot[0] ?? NaN, spot[1] ?? NaN), element.key).toBeGreaterThan(15);
    }
  });

  it("groups pods by workload when they are too many, and by hand", () => {
    const many = Array.from({ length: 100 }, (_, i) =>
      pod(`shop/w${i}`, i % 2, i < 60 ? "Deployment big" : "Deployment small"),
    );
    const model = readMapGraph(twoNodes(many));
    expect(chosenGrouping(model, "auto")).toBe("workload");
    const labels = (items: ReturnType<typeof mapItems>): string[] => items.map((i) => `${i.label}: ${i.subtitle}`);
    expect(labels(mapItems(model, "workload"))).toEqual([
      "Deployment big: 30 pods",
      "Deployment small: 20 pods",
      "Deployment big: 30 pods",
      "Deployment small: 20 pods",
      "a: 10.0.0.6",
      "b: 10.0.1.6",
    ]);
    expect(labels(mapItems(model, "node"))).toEqual(["Pods: 51 pods", "Pods: 51 pods"]);
    expect(mapItems(model, "pods")).toHaveLength(102);
  });
});

/** `nodes` nodes with `pods` pods each; pod 0 of each node calls pod 0 of the next one, over both NICs. */
function cluster(nodes: number, pods: number): MapGraph {
  const graph = twoNodes();
  const at = Array.from({ length: nodes }, (_, i) => i);
  const next = (i: number): number => (i + 1) % nodes;
  const same = floats(...at.map(() => 1));
  return {
    ...graph,
    machines: at.map((i) => ({ name: `n-${i}`, kind: "node", source: "told", addresses: [], recorded: true })),
    points: at.map((i) => point(i, "eth0", "node-nic", i)),
    places: at.flatMap((i) => Array.from({ length: pods }, (_, p) => pod(`shop/p-${i}-${p}`, i))),
    paths: [[], ...at.map((i) => [i, next(i)])],
    carried: [[], ...at.map(() => [])],
    routes: {
      count: nodes,
      client: ints(...at.map((i) => i * pods)),
      server: ints(...at.map((i) => next(i) * pods)),
      service: ints(...at.map(() => -1)),
      path: ints(...at.map((i) => i + 1)),
      returnPath: ints(...at.map(() => 0)),
      flags: ints(...at.map(() => 0)),
      connections: same,
      packets: same,
      bytes: same,
      missing: floats(...at.map(() => 0)),
    },
  };
}

describe("groups that open", () => {
  const made = (graph: MapGraph, opened: readonly string[] = [], memory?: MapMemory) => {
    const model = readMapGraph(graph);
    const keys = new Set(opened);
    const { layout, memory: after } = layoutMap(
      model,
      mapItems(model, chosenGrouping(model, "auto"), keys),
      memory,
      "node",
      keys,
    );
    const net = buildWires(model, layout, "node");
    const facts = (label: string): readonly string[] => {
      const at = layout.elements.findIndex((e) => e.label === label);
      const element = layout.elements[at];
      return element ? elementFact(model, element, mapTotals(model, layout, net).ofElement[at]).lines : [];
    };
    const find = (label: string) => layout.elements.filter((e) => e.label === label);
    return { model, layout, net, memory: after, facts, find };
  };
  const boxes = (layout: MapLayout): string[] => names(layout, layout.machines);

  it("are the pods of a node; opened they stand beside the group, each with its own lines", () => {
    const graph = cluster(10, 30);
    const closed = made(graph);
    expect(closed.find("shop").map((e) => e.subtitle)).toEqual(Array(10).fill("30 pods"));
    const opened = made(graph, ["group n-3 shop shop"], closed.memory);
    expect(opened.layout.elements.filter((e) => e.kind === "pod").map((e) => e.label)).toHaveLength(30);
    expect(opened.find("p-3-0")[0]?.machine).toBe(3);
    // The pod that is called and calls has its own lines now; of the group none is left.
    const ends = new Set(opened.net.wires.flatMap(({ a, b }) => [a, b]));
    const elementOf = (key: string): number => opened.layout.elements.findIndex((e) => e.key === key);
    expect(ends.has(elementOf("pod shop/p-3-0"))).toBe(true);
    expect(ends.has(elementOf("group n-3 shop shop"))).toBe(false);
    expect(opened.layout.elements[elementOf("group n-3 shop shop")]?.fold?.open).toBe(true);
    // What one limits connections to is the same, open or not.
    const scopes = [closed, opened].map(({ layout, model }) => {
      const group = layout.elements.find((e) => e.key === "group n-3 shop shop");
      return group ? elementScope(model, group) : null;
    });
    expect(scopes[0]?.options).toMatchObject({ ends: expect.stringContaining("shop/p-3-29") as string });
    expect(scopes[1]).toEqual(scopes[0]);
    // Closed again it is as it was.
    expect(made(graph, [], opened.memory).layout).toEqual(closed.layout);
  });

  it("leave pods alone that workloads would not make fewer", () => {
    const graph = cluster(10, 30);
    const everywhere = { ...graph, places: graph.places.map((p, i) => ({ ...p, workload: `DaemonSet d-${i % 30}` })) };
    expect(chosenGrouping(readMapGraph(everywhere), "auto")).toBe("namespace");
    const few = { ...graph, places: graph.places.map((p, i) => ({ ...p, workload: `DaemonSet d-${i % 3}` })) };
    expect(chosenGrouping(readMapGraph(few), "auto")).toBe("workload");
  });

  it("are machines, twenty in a box, when there are more than sixty; below that nothing is put together", () => {
    expect(made(cluster(60, 1)).layout.elements.every((e) => e.fold === null)).toBe(true);
    const { layout, model, net, find, facts } = made(cluster(65, 1));
    expect(boxes(layout)).toEqual(["n-0 … n-19", "n-20 … n-39", "n-40 … n-59", "n-60 … n-64"]);
    expect(find("20 nodes").map((e) => e.subtitle)).toEqual(["20 pods", "20 pods", "20 pods"]);
    // Lines between machines of different boxes; the box counts what concerns any machine in it.
    expect(net.wires).toHaveLength(4);
    // Calls of n-0 … n-19, and the one of n-64 to n-0.
    expect(facts("20 nodes")).toContain("21 connections, 21 packets, 21 B of payload");
    const box = layout.elements[layout.machines[3] ?? -1];
    expect(box && elementScope(model, box)).toEqual({
      kind: "machine",
      label: "at n-60 … n-64",
      options: { node: "n-60\nn-61\nn-62\nn-63\nn-64" },
    });
    expect(box && elementValues(model, box)[0]?.filter).toBe(
      [60, 61, 62, 63, 64].map((i) => `k8s.node == "n-${i}"`).join(" || "),
    );
  });

  it("opened show their machines, and close to what was there before; the others stay where they are", () => {
    const graph = cluster(65, 1);
    const closed = made(graph);
    const opened = made(graph, ["machines above node 1"], closed.memory);
    expect(boxes(opened.layout).filter((name) => /^n-\d+$/.test(name))).toEqual(
      Array.from({ length: 20 }, (_, i) => `n-${20 + i}`),
    );
    for (const name of ["n-0 … n-19", "n-20 … n-39", "n-40 … n-59"]) {
      const [before] = closed.find(name);
      expect(opened.find(name)[0], name).toMatchObject({ x: before?.x, y: before?.y });
    }
    expect(made(graph, [], opened.memory).layout).toEqual(closed.layout);
  });

  it("say how many they are also from far, and whether they open", () => {
    const { layout, model, net, facts } = made(cluster(10, 30));
    const scene = buildScene(model, layout, net, wireSums(net, model.packets), wireSums(net, model.missing));
    const { canvas, calls } = record();
    drawMapBase(canvas, scene, { k: 0.6, x: 0, y: 0, widthPx: 4000, heightPx: 4000 }, COLOURS, "sans");
    expect(texts(calls)).toContain("30 × shop");
    expect(facts("shop").at(-1)).toBe("a click or Enter opens it");
  });
});

describe("wires", () => {
  it("follow the recorded hops; only between points that saw it so they are a tunnel", () => {
    const scene = sceneOf(twoNodes(), "node");
    expect(wireNames(scene)).toEqual([
      "veth0 – cni0",
      "cni0 – eth0",
      "eth0 – eth0",
      "veth9 – eth0",
      "a – veth0",
      "b – veth9",
    ]);
    expect([...scene.net.tunnel]).toEqual([0, 0, 1, 0, 0, 0]);
    expect([...scene.traffic]).toEqual([20, 20, 20, 20, 20, 20]);
  });

  it("go from who asked to who answered in the pod network, by way of the Service in the Service network", () => {
    expect(wireNames(sceneOf(twoNodes(), "pod"))).toEqual(["a – b"]);
    expect(wireNames(sceneOf(twoNodes(), "service"))).toEqual(["a – cart", "b – cart"]);
  });

  it("are lit in the order packets take them, each way", () => {
    const scene = sceneOf(twoNodes(), "node");
    const lit = litWires(scene.layout, scene.net, {
      client: 0,
      server: 1,
      service: 0,
      path: [0, 1, 2, 3, 4],
      returnPath: [4, 3, 2, 1, 0],
    });
    const steps = (list: typeof lit.there): string[] =>
      list.map(({ wire, forward }) => {
        const one = scene.net.wires[wire];
        const ends = names(scene.layout, [one?.a ?? -1, one?.b ?? -1]);
        return (forward ? ends : ends.reverse()).join(" > ");
      });
    expect(steps(lit.there)).toEqual([
      "a > veth0",
      "veth0 > cni0",
      "cni0 > eth0",
      "eth0 > eth0",
      "eth0 > veth9",
      "veth9 > b",
    ]);
    expect(steps(lit.back)).toEqual([
      "b > veth9",
      "veth9 > eth0",
      "eth0 > eth0",
      "eth0 > cni0",
      "cni0 > veth0",
      "veth0 > a",
    ]);
  });

  it("carry in replay what ran in that part of the time", () => {
    const { net } = sceneOf(twoNodes(), "pod");
    const replay = readMapActivity({
      fromNs: 0,
      toNs: 1e9,
      buckets: 4,
      start: ints(0, 1, 1, 2, 2),
      route: ints(0, 0),
      packets: ints(3, 17),
    });
    expect([0, 1, 2, 3].map((bucket) => replayFrame(net, replay, bucket)[0])).toEqual([3, 0, 17, 0]);
    expect(replayMost(net, replay)).toBe(17);
    expect([nextBusyBucket(replay, -1, 1), nextBusyBucket(replay, 0, 1), nextBusyBucket(replay, 2, 1)]).toEqual([
      0, 2, 2,
    ]);
    expect(nextBusyBucket(replay, 4, -1)).toBe(2);
  });
});

/** Records what is drawn as lines a person can read: "fillText web-a", "stroke wire 1". */
function record(): { readonly canvas: MapCanvas; readonly calls: string[] } {
  const calls: string[] = [];
  const state: Record<string, unknown> = {};
  const canvas = new Proxy(state, {
    get: (_, name) => {
      if (name in state) return state[name as string];
      return (...args: unknown[]) => {
        const own = args.map((a) => (typeof a === "number" ? Math.round(a) : String(a))).join(" ");
        const look =
          name === "stroke"
            ? `${String(state["strokeStyle"])} ${Number(state["lineWidth"]).toFixed(1)}`
            : name === "fill"
              ? String(state["fillStyle"])
              : "";
        calls.push(`${String(name)} ${own} ${look}`.replace(/ +/g, " ").trim());
      };
    },
    set: (_, name, value) => {
      state[name as string] = value;
      return true;
    },
  }) as unknown as MapCanvas;
  return { canvas, calls };
}

const COLOURS: MapColours = {
  background: "background",
  machine: "machine",
  box: "box",
  border: "border",
  strong: "strong",
  text: "text",
  muted: "muted",
  wire: "wire",
  traffic: "traffic",
  tunnel: "tunnel",
  there: "there",
  back: "back",
  lost: "lost",
  service: "service",
  focus: "focus",
  selected: "selected",
};
const NO_MARKS = { focus: -1, selected: [], there: [], back: [], packetAt: -1, phase: 0 };
const texts = (calls: readonly string[]): string[] =>
  calls.filter((c) => c.startsWith("fillText")).map((c) => c.replace(/^fillText /, "").replace(/( -?\d+){2}$/, ""));

describe("the drawing", () => {
  it("names machines, pods and devices; draws the tunnel as a pipe, traffic before boxes", () => {
    const scene = sceneOf(twoNodes(), "node");
    const { canvas, calls } = record();
    drawMapBase(canvas, scene, fitView(scene.layout, 1200, 800), COLOURS, "sans");
    expect(texts(calls)).toEqual(
      expect.arrayContaining(["n1", "n2", "a", "b", "veth0 · veth", "cni0 · bridge", "eth0", "NIC"]),
    );
    // No Service outside the Service network.
    expect(texts(calls)).not.toContain("cart");
    const strokes = calls.filter((c) => c.startsWith("stroke"));
    const pipe = strokes.findIndex((c) => c.startsWith("stroke tunnel"));
    expect(strokes[pipe + 1]).toMatch(/^stroke background/);
    expect(calls.findIndex((c) => c.startsWith("stroke traffic"))).toBeLessThan(
      calls.findIndex((c) => c === "fill box"),
    );
  });

  it("draws in a replay names once, and for each moment only wires that carry something then", () => {
    const whole = sceneOf(twoNodes(), "node");
    const traffic = whole.traffic.map((_, at) => (at === whole.order[0] ? 3 : 0));
    const moment = buildScene(whole.model, whole.layout, whole.net, traffic, whole.missing, whole.most);
    const view = fitView(whole.layout, 1200, 800);
    const [under, over, moving] = [record(), record(), record()];
    drawStillMap({ under: under.canvas, over: over.canvas }, moment, view, COLOURS, "sans");
    drawMovingMap(moving.canvas, moment, view, COLOURS);
    expect(texts(over.calls)).toEqual(expect.arrayContaining(["n1", "a", "eth0"]));
    expect([...texts(under.calls), ...texts(moving.calls)]).toEqual([]);
    const lines = (calls: readonly string[]): number => calls.filter((c) => c.startsWith("moveTo")).length;
    expect(moment.busy).toBe(1);
    expect(lines(moving.calls)).toBe(1);
    expect(lines(under.calls)).toBe(whole.net.wires.length);
    expect(under.calls.some((c) => /^stroke (traffic|tunnel)/.test(c))).toBe(false);
  });

  it("marks lost packets in the pod network, shows Services in theirs, leaves out the devices in both", () => {
    const pods = sceneOf(twoNodes(), "pod");
    const one = record();
    drawMapBase(one.canvas, pods, fitView(pods.layout, 1200, 800), COLOURS, "sans");
    expect(one.calls.some((c) => c.startsWith("stroke lost"))).toBe(true);
    expect(texts(one.calls)).not.toContain("cni0 · bridge");
    const services = sceneOf(twoNodes(), "service");
    const two = record();
    drawMapBase(two.canvas, services, fitView(services.layout, 1200, 800), COLOURS, "sans");
    expect(texts(two.calls)).toContain("cart");
  });

  it("draws nothing that is off the screen, and from far no names but the machines'", () => {
    const scene = sceneOf(twoNodes(), "node");
    const away = record();
    drawMapBase(away.canvas, scene, { k: 1, x: -99_999, y: 0, widthPx: 800, heightPx: 600 }, COLOURS, "sans");
    expect(texts(away.calls)).toEqual([]);
    const far = record();
    drawMapBase(far.canvas, scene, { k: 0.2, x: 0, y: 0, widthPx: 800, heightPx: 600 }, COLOURS, "sans");
    expect(texts(far.calls)).toEqual(["n1", "n2"]);
  });

  it.each([1, 2, 10, 60, 300])("%i machines without pods make a block, none upon another", (count) => {
    const machines = lan(count).machines;
    const model = readMapGraph(lan(count));
    // All of those that are put together are open.
    const opened = new Set(Array.from({ length: count / 20 }, (_, i) => `machines below unknown ${i}`));
    const { layout } = layoutMap(model, mapItems(model, "pods"), undefined, "node", opened);
    const boxes = layout.machines.flatMap((at) => layout.elements[at] ?? []);
    const single = boxes.filter(({ fold }) => fold === null);
    expect(single.map(({ label }) => label)).toEqual(machines.map(({ name }) => name));
    for (const [i, one] of boxes.entries())
      for (const other of boxes.slice(i + 1))
        expect(one.x + one.w < other.x || other.x + other.w < one.x || one.y + one.h < other.y).toBe(true);
    // About as broad as a window; up to four stand side by side.
    if (count > 4) expect(layout.bounds.w / layout.bounds.h).toBeGreaterThan(1);
    expect(layout.bounds.w / layout.bounds.h).toBeLessThan(4);
    // The boxes of a row hang from a lane above them.
    layout.machines.forEach((at, i) => {
      const lane = layout.rows[layout.rowOf[at] ?? -1]?.laneY ?? Infinity;
      expect(lane).toBeLessThan(boxes[i]?.y ?? -Infinity);
    });
  });

  it("draws four thousand pods in a few calls when they are too small to be read", () => {
    const many = Array.from({ length: 4000 }, (_, i) => pod(`shop/p${i}`, i % 2));
    const model = readMapGraph(twoNodes(many));
    const { layout } = layoutMap(model, mapItems(model, "pods"));
    const net = buildWires(model, layout, "node");
    const scene = buildScene(model, layout, net, wireSums(net, model.packets), wireSums(net, model.missing));
    const { canvas, calls } = record();
    drawMapBase(canvas, scene, fitView(layout, 1200, 800), COLOURS, "sans");
    expect(calls.filter((c) => /^(fill|stroke) /.test(c)).length).toBeLessThan(20);
    expect(calls.filter((c) => c.startsWith("rect")).length).toBeGreaterThan(4000);
  });

  it("lights the way there as a line, the way back as dashes, and shows where the packet is", () => {
    const scene = sceneOf(twoNodes(), "pod");
    const { canvas, calls } = record();
    drawMapOverlay(canvas, scene, fitView(scene.layout, 1200, 800), COLOURS, {
      ...NO_MARKS,
      there: [{ wire: 0, forward: true }],
      back: [{ wire: 0, forward: false }],
      packetAt: scene.layout.ofPlace[0] ?? -1,
    });
    const at = (start: string): number => calls.findIndex((c) => c.startsWith(start));
    expect(at("stroke there 3.0")).toBeGreaterThan(-1);
    expect(calls.slice(0, at("stroke back 3.0"))).toContain("setLineDash 7,5");
    expect(calls.some((c) => c.startsWith("arc"))).toBe(true);
  });

  it("marks the wire under the pointer by a path no larger than what is seen of it", () => {
    const scene = sceneOf(twoNodes(), "node");
    const view = fitView(scene.layout, 1200, 800);
    const path = linePath(scene.net, 0, view);
    const { line } = scene.net.wires[0] ?? { line: [] };
    expect(path?.d).toMatch(/^M[-\d.]+ [-\d.]+([LQ ][-\d.]+ [-\d.]+)+$/);
    // The first corner is where the wire begins, from the path's own corner.
    const [x, y] = (path?.d.slice(1).split(/[LQ]/)[0] ?? "").split(" ").map(Number);
    expect((x ?? 0) + (path?.leftPx ?? 0)).toBeCloseTo((line[0] ?? 0) * view.k + view.x, 0);
    expect((y ?? 0) + (path?.topPx ?? 0)).toBeCloseTo((line[1] ?? 0) * view.k + view.y, 0);
    const zoomed = linePath(scene.net, 0, {
      k: 400,
      x: -(line[0] ?? 0) * 400,
      y: -(line[1] ?? 0) * 400,
      widthPx: 1200,
      heightPx: 800,
    });
    expect(zoomed?.widthPx).toBeLessThanOrEqual(1200);
    expect(zoomed?.heightPx).toBeLessThanOrEqual(800);
    expect(linePath(scene.net, 0, { ...view, x: 5000 })).toBeNull();
  });

  it("is written as SVG by the same calls; hostile names stay text", () => {
    const graph = twoNodes([pod('shop/<script>&\u0001"', 0)]);
    const scene = sceneOf(graph, "node");
    const svg = new SvgCanvas(1200, 800, "#fff");
    drawMapBase(svg, scene, fitView(scene.layout, 1200, 800), COLOURS, "sans");
    const text = svg.text();
    expect(text).toContain("&lt;script&gt;&amp;?&quot;</text>");
    expect(text).not.toContain("<script");
    expect(text).toContain(">veth0 · veth</text>");
    expect(text.match(/<path/g)?.length).toBeGreaterThan(5);
  });

  it("cuts names to their boxes", () => {
    expect(fitText("short", 100, 10)).toBe("short");
    expect(fitText("a-very-long-name-of-a-pod", 60, 10)).toBe("a-very-lo…");
    expect(fitText("abc", 5, 10)).toBe("");
  });
});

describe("pointing and keys", () => {
  const scene = sceneOf(twoNodes(), "node");
  const view = { k: 1, x: 0, y: 0, widthPx: 2000, heightPx: 1000 };
  const centre = (label: string): readonly [number, number] => {
    const e = scene.layout.elements.find((one) => one.label === label);
    if (!e) throw new Error(`no ${label}`);
    return [e.x + e.w / 2, e.y + e.h / 2];
  };

  it("finds the innermost element, else the wire, under the pointer", () => {
    expect(names(scene.layout, [elementAt(scene, view, ...centre("a"))])).toEqual(["a"]);
    const between = scene.net.wires.findIndex((_, at) => scene.net.tunnel[at] === 1);
    const wire = scene.net.wires[between];
    if (!wire) throw new Error("no tunnel");
    expect(wireAt(scene, view, ...middle(wire))).toBe(between);
    expect(wireAt(scene, view, -500, -500)).toBe(-1);
  });

  it("goes from element to element with the arrow keys", () => {
    const start = scene.layout.elements.findIndex((e) => e.label === "a");
    const down = neighbour(scene, start, 0, 1);
    expect(names(scene.layout, [down, neighbour(scene, down, 0, 1)])).toEqual(["veth0", "cni0"]);
    expect(names(scene.layout, [neighbour(scene, start, 1, 0)])).toEqual(["b"]);
    // Nothing further that way: it stays.
    expect(neighbour(scene, start, -1, 0)).toBe(start);
  });

  it("limits connections to what was clicked", () => {
    const options = (label: string): unknown => {
      const element = scene.layout.elements.find((e) => e.label === label);
      return element && elementScope(scene.model, element)?.options;
    };
    expect(options("a")).toEqual({ ends: "shop/a" });
    expect(options("n1")).toEqual({ node: "n1" });
    expect(options("cni0")).toEqual({ point: 1 });
    const tunnel = scene.net.wires.findIndex((_, at) => scene.net.tunnel[at] === 1);
    expect(wireScope(scene, tunnel)?.options).toEqual({ hopFrom: 2, hopTo: 3 });
    const pods = sceneOf(twoNodes(), "pod");
    expect(wireScope(pods, 0)?.options).toEqual({ ends: "shop/a", peers: "shop/b" });
    const services = sceneOf(twoNodes(), "service");
    const cart = services.layout.elements.find((e) => e.kind === "service");
    expect(cart && elementScope(services.model, cart)?.options).toEqual({ service: "shop/cart" });
    expect(wireScope(services, 0)?.options).toEqual({ service: "shop/cart", ends: "shop/a" });
  });
});

describe("in words", () => {
  const scene = sceneOf(twoNodes(), "node");
  const totals = mapTotals(scene.model, scene.layout, scene.net);

  it("says what an element is, how that is known, and what concerns it", () => {
    const at = scene.layout.elements.findIndex((e) => e.label === "a");
    const element = scene.layout.elements[at];
    if (!element) throw new Error("no a");
    expect(elementFact(scene.model, element, totals.ofElement[at])).toEqual({
      title: "Pod shop/a",
      lines: [
        "10.0.0.6",
        "of Job a",
        "named by the cluster file",
        "on n1",
        "2 connections, 20 packets, 1.95 KiB of payload",
        "1 packet not seen where to be expected",
      ],
    });
  });

  it("is a table of the same content", () => {
    const rows = mapTable(scene, totals, 100).map((row) => row.cells.join(" | "));
    expect(rows).toContain("Pod | a | n1 | veth0 | 2 | 20 | 1");
    expect(rows).toContain("bridge | cni0 | n1 | veth0, eth0 | 2 | 20 | 1");
    expect(rows).toContain("Machine | n2 | n2 |  | 2 | 20 | 1");
  });
});
