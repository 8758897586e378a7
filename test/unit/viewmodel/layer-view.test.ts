/** The layer view of a journey: lanes, what each hop changed and why, its geometry. */
import { describe, expect, it } from "vitest";
import type { ConnectionJson, JoinPoint, JourneyInfo, SightingInfo } from "../../../src-shared/contract/join";
import type { DetailNode, PacketDetails } from "../../../src-shared/contract/results";
import { deviceSteps } from "../../../src-renderer/viewmodel/device-layers";
import { condensed } from "../../../src-renderer/viewmodel/layer-condensed";
import { layoutLayerView, wrapText, type LayerGeometry } from "../../../src-renderer/viewmodel/layer-geometry";
import { buildLayerView, journeyText, type LayerViewModel } from "../../../src-renderer/viewmodel/layer-view";
import { buildLadder, foldLadder, foldText } from "../../../src-renderer/viewmodel/ladder";
import { rowsInSight } from "../../../src-renderer/viewmodel/ladder-geometry";

/**
 * A packet as text, outermost header first: "eth aa>bb / ip 10.0.0.1>10.0.0.2 ttl 64 / tcp 1000>80".
 * Only what the layer view reads.
 */
function packet(text: string): PacketDetails {
  const tree = text.split(" / ").map((header): DetailNode => {
    const [protocol, ...rest] = header.split(" ") as [string, ...string[]];
    const children: DetailNode[] = [];
    const add = (field: string, label: string, value: string): void =>
      void children.push(node(field, `${label}: ${value}`));
    rest.forEach((word, at) => {
      const pair = word.split(">");
      if (pair.length === 2 && (protocol === "tcp" || protocol === "udp")) {
        add(`${protocol}.srcport`, "Source Port", pair[0] as string);
        add(`${protocol}.dstport`, "Destination Port", pair[1] as string);
      } else if (pair.length === 2) {
        add(`${protocol}.src`, "Source", pair[0] as string);
        add(`${protocol}.dst`, "Destination", pair[1] as string);
      } else if (word === "ttl") add("ip.ttl", "Time to Live", rest[at + 1] as string);
      else if (word === "vni") add("vxlan.vni", "VNI", rest[at + 1] as string);
    });
    return node(protocol, protocol, children);
  });
  return { tree } as unknown as PacketDetails;
}

function node(field: string, text: string, children: readonly DetailNode[] = []): DetailNode {
  return { field, text, children, generated: false } as unknown as DetailNode;
}

const points = ["pod", "node", "wire", "far"].map((name, point): JoinPoint => ({
  point,
  id: `${name}#0`,
  name,
  role: point === 0 ? "pod-nic" : "node-nic",
  node: "n1",
  pod: point === 0 ? "default/client" : null,
  roleEvidence: [],
}));

const sighting = (point: number, from: string, to: string, ttl: number, depth = 1): SightingInfo => {
  const endpoint = (text: string): { ip: string; port: number } => {
    const [ip, port] = text.split(":") as [string, string];
    return { ip, port: Number(port) };
  };
  return {
    packet: point,
    number: point + 1,
    point,
    time: [0, point * 1000],
    sinceFirstNs: point * 1000,
    depth,
    source: endpoint(from),
    destination: endpoint(to),
    ttl,
    length: 60,
    tunnel: depth > 1 ? { kind: "vxlan", vni: 7, port: 4789 } : null,
  };
};

const connection = { service: "default/web", protocol: "tcp", path: [], returnPath: [] } as unknown as ConnectionJson;
const journey = { direction: "to-server", points: [0, 1, 2], missingAt: -1 } as unknown as JourneyInfo;

/** A Service call: DNAT on the node, then VXLAN on the wire. */
function serviceCall(): LayerViewModel {
  const seen = [
    [sighting(0, "10.1.0.2:1000", "10.96.0.1:80", 64), "eth aa>bb / ip 10.1.0.2>10.96.0.1 ttl 64 / tcp 1000>80"],
    [sighting(1, "10.1.0.2:1000", "10.2.0.9:8080", 63), "eth cc>dd / ip 10.1.0.2>10.2.0.9 ttl 63 / tcp 1000>8080"],
    [
      sighting(2, "10.1.0.2:1000", "10.2.0.9:8080", 63, 2),
      "eth ee>ff / ip 192.168.0.1>192.168.0.2 ttl 64 / udp 5000>4789 / vxlan vni 7 / eth cc>dd / ip 10.1.0.2>10.2.0.9 ttl 63 / tcp 1000>8080",
    ],
  ] as const;
  return buildLayerView(
    seen.map(([s, text]) => ({ sighting: s, details: packet(text), problem: null })),
    journey,
    connection,
    points,
  );
}

describe("the layer view", () => {
  it("has the packet's own layers first, then those of its carrier, the same lanes in every column", () => {
    expect(serviceCall().lanes.map((lane) => lane.label)).toEqual([
      "4 Transport",
      "3 Network",
      "2 Data link",
      "Tunnel",
      "4 Outer transport",
      "3 Outer network",
      "2 Outer data link",
    ]);
  });

  it("says at each hop what happened, and why each field changed", () => {
    const model = serviceCall();
    expect(model.columns.map((column) => column.happened)).toEqual([
      [],
      ["Routed: TTL 64 → 63.", "DNAT by the Service default/web: to 10.96.0.1:80 → 10.2.0.9:8080."],
      ["Wrapped into a tunnel (VXLAN, VNI 7, UDP 4789): 192.168.0.1 → 192.168.0.2."],
    ]);
    const changed = model.columns[1]?.cards.flatMap((card) =>
      card.fields.filter((f) => f.before !== null).map((f) => `${f.name} ${f.before} → ${f.value}: ${f.reason}`),
    );
    expect(changed).toEqual([
      "tcp.dstport 80 → 8080: DNAT",
      "ip.dst 10.96.0.1 → 10.2.0.9: DNAT",
      "ip.ttl 64 → 63: routed",
      "eth.src aa → cc: next link",
      "eth.dst bb → dd: next link",
    ]);
  });

  it("compares the inner packet with the inner packet: a carrier's own addresses are no change", () => {
    const wrapped = serviceCall().columns[2];
    expect(wrapped?.carriers).toBe(1);
    expect(wrapped?.cards.flatMap((card) => card.fields.filter((f) => f.before !== null))).toEqual([]);
  });

  it("ends with the bits on the wire, and calls the layers by their OSI numbers where that is asked for", () => {
    const seen = [
      {
        sighting: sighting(0, "10.1.0.2:1000", "10.96.0.1:80", 64),
        details: packet("frame / eth aa>bb / ip 10.1.0.2>10.96.0.1 ttl 64 / tcp 1000>80 / http"),
        problem: null,
      },
    ];
    const labels = (names: "five" | "osi"): string[] =>
      buildLayerView(seen, journey, connection, points, names).lanes.map((lane) => lane.label);
    expect(labels("five")).toEqual(["5 Application", "4 Transport", "3 Network", "2 Data link", "1 Physical"]);
    expect(labels("osi")).toEqual(["7 Application", "4 Transport", "3 Network", "2 Data link", "1 Physical"]);
    expect(buildLayerView(seen, journey, connection, points).columns[0]?.carriers).toBe(0);
  });

  it("tells for each device what it got, what it did and what it sent on", () => {
    const steps = deviceSteps(serviceCall());
    expect(steps.map((step) => [step.device, step.cameInAt, step.wentOutAt, step.did])).toEqual([
      ["pod default/client", "pod", "pod", []],
      ["n1", "node", "wire", ["Wrapped into a tunnel (VXLAN, VNI 7, UDP 4789): 192.168.0.1 → 192.168.0.2."]],
    ]);
    expect(steps[1]?.inLayers.map((line) => line.text)).toEqual([
      "TCP 1000 → 8080",
      "IPv4 10.1.0.2 → 10.2.0.9, TTL 63",
      "Ethernet cc → dd",
      "",
      "",
      "",
      "",
    ]);
    expect(steps[1]?.outLayers.filter((line) => line.changed).map((line) => line.text)).toEqual([
      "VXLAN, VNI 7",
      "UDP 5000 → 4789",
      "IPv4 192.168.0.1 → 192.168.0.2, TTL 64",
      "Ethernet ee → ff",
    ]);
  });

  it("is told as text too", () => {
    expect(journeyText(serviceCall())).toMatch(
      /^Seen first at pod \(pod NIC · default\/client\)\. Routed.* Seen at wire/,
    );
  });
});

describe("the layer view's geometry", () => {
  const geometry = layoutLayerView(serviceCall());

  it("draws each header as an envelope around all that it carries", () => {
    const wire = geometry.columns[2];
    const cards = wire?.cards ?? [];
    expect(cards[0]?.card.protocol).toBe("eth");
    for (let i = 1; i < cards.length; i++) {
      const outer = cards[i - 1];
      const inner = cards[i];
      if (!outer || !inner) continue;
      expect(outer.left).toBeLessThan(inner.left);
      expect(outer.top).toBeLessThan(inner.top);
      expect(outer.left + outer.width).toBeGreaterThan(inner.left + inner.width);
      expect(outer.top + outer.height).toBeGreaterThan(inner.top + inner.height);
    }
  });

  it("keeps a field's line at one height in all columns", () => {
    const heights = geometry.columns.map(
      (column) => column.cards.flatMap((card) => card.fields).find((f) => f.field.name === "tcp.dstport")?.top,
    );
    expect(new Set(heights).size).toBe(1);
  });

  it("is made to fit: columns become narrow, and their fields lose the labels", () => {
    const narrow = layoutLayerView(serviceCall(), 600);
    expect(narrow.compact).toBe(true);
    expect(narrow.width).toBeLessThanOrEqual(600);
    const field = narrow.columns[1]?.cards.flatMap((card) => card.fields).find((f) => f.field.name === "tcp.dstport");
    expect([field?.label.text, field?.value.text, field?.reason]).toEqual(["", "→8080", null]);
    expect(layoutLayerView(serviceCall(), 4000)).toEqual(layoutLayerView(serviceCall()));
  });

  it("fits seven hops beside the list of packets in a window of 1280 px, by the ends of addresses and a little smaller", () => {
    const call = serviceCall();
    const [client, node, wire] = call.columns;
    if (!client || !node || !wire) throw new Error("a call has three columns");
    const long: LayerViewModel = { ...call, columns: [...call.columns, wire, node, node, client] };
    expect(long.columns).toHaveLength(7);
    const fitted = layoutLayerView(long, 810);
    expect(fitted.width * fitted.scale).toBeLessThanOrEqual(810);
    expect(fitted.scale).toBeGreaterThan(0.85);
    const values = fitted.columns[0]?.cards.flatMap((card) => card.fields.map((f) => f.value.text)) ?? [];
    expect(values).toContain("10.1.0.2");
    // Where not even that is room enough it is scrolled: nothing becomes too small to be read.
    expect(layoutLayerView(long, 300).scale).toBe(0.85);
  });

  it("stands in the height there is: of each header what names it, a word for what happened, and at last all of it smaller", () => {
    const call = serviceCall();
    const tall = layoutLayerView(call, 600);
    const short = layoutLayerView(call, 600, tall.height - 100);
    expect(short.height * short.scale).toBeLessThanOrEqual(tall.height - 100);
    // Nothing is condensed that fits.
    expect(layoutLayerView(call, 600, tall.height)).toEqual(tall);
    const texts = (geometry: LayerGeometry, column: number, protocol: string): readonly string[] | undefined =>
      geometry.columns[column]?.cards
        .find(({ card }) => card.protocol === protocol)
        ?.fields.map(({ value }) => value.text);
    expect(texts(short, 1, "ip")).toEqual(["10.1.0.2", "→10.2.0.9", "TTL 63"]);
    const ip = short.columns[1]?.cards.find(({ card }) => card.protocol === "ip");
    const ttl = ip?.fields.find(({ field }) => field.name === "ip.ttl");
    expect([ttl?.value.y, ttl?.field.before]).toEqual([ip?.title.y, "64"]);
    expect(short.columns.map(({ happened }) => happened.map(({ text }) => text).join(" "))).toEqual([
      "",
      "routed, DNAT",
      "into VXLAN",
    ]);
    expect(layoutLayerView(call, 600, 50).scale).toBe(0.85);
  });

  it("leaves out what stays as it is and names nothing, and keeps what a hop changed", () => {
    const call = serviceCall();
    const [first, second] = call.columns;
    const card = first?.cards.find(({ protocol }) => protocol === "tcp");
    const field = card?.fields[0];
    if (!first || !second || !card || !field) throw new Error("a call begins with TCP");
    const withSum = (column: typeof first, before: string | null): typeof first => ({
      ...column,
      cards: column.cards.map((one) =>
        one.protocol === "tcp" ? { ...one, fields: [{ ...field, name: "tcp.checksum", value: "0x1", before }] } : one,
      ),
    });
    const names = (before: string | null): readonly string[] =>
      condensed({ ...call, columns: [withSum(first, null), withSum(second, before)] }).columns.flatMap(({ cards }) =>
        cards.filter(({ protocol }) => protocol === "tcp").flatMap(({ fields }) => fields.map(({ name }) => name)),
      );
    expect(names(null)).toEqual([]);
    // In both columns: before and after are compared by looking along the line.
    expect(names("0x2")).toEqual(["tcp.checksum", "tcp.checksum"]);
  });

  it("breaks sentences at spaces and long words anywhere", () => {
    expect(wrapText("one two three", 7)).toEqual(["one two", "three"]);
    expect(wrapText("abcdefghij k", 4)).toEqual(["abcd", "efgh", "ij k"]);
  });
});

describe("the ladder", () => {
  const one = (index: number, label: string, over: Partial<JourneyInfo>): JourneyInfo => ({
    index,
    direction: "to-server",
    label,
    sightings: [sighting(0, "a:1", "b:2", 64), sighting(1, "a:1", "c:3", 63)],
    points: [0, 1],
    sinceStartNs: index * 1e6,
    retransmissionOf: -1,
    missingAt: -1,
    lastSeen: 1,
    duplicates: 0,
    payloadLength: Number(/(\d+) bytes/.exec(label)?.[1] ?? 0),
    evidence: [],
    ...over,
  });
  const data = {
    connection: { ...connection, path: ["pod#0", "node#0", "far#0"], returnPath: ["far#0", "wire#0", "pod#0"] },
    points,
    journeys: [
      one(0, "SYN", {}),
      one(1, "ACK 100 bytes", {}),
      one(2, "ACK 100 bytes", { missingAt: 3, lastSeen: 1 }),
      one(3, "ACK 100 bytes", { sinceStartNs: 900e6, retransmissionOf: 2 }),
      one(4, "FIN, ACK", { sinceStartNs: 901e6 }),
    ],
    from: 0,
    total: 5,
    related: [],
  };
  const ladder = buildLadder(data);

  it("puts the points of both ways into one order from client to server", () => {
    expect(ladder.columns.map((column) => column.name)).toEqual(["pod", "wire", "node", "far"]);
  });

  it("marks translation, loss, repetition, phases and pauses", () => {
    expect(
      ladder.rows.map((row) => [
        row.heading,
        row.steps[0]?.translation,
        row.lost?.expected ?? null,
        row.retransmission,
      ]),
    ).toEqual([
      ["Handshake", "DNAT", null, false],
      ["Data", "DNAT", null, false],
      [null, "DNAT", 3, false],
      ["898 ms without a packet", "DNAT", null, true],
      ["Teardown", "DNAT", null, false],
    ]);
  });

  it("that begins in the middle of a connection says nothing of the time before", () => {
    const { rows } = buildLadder({ ...data, from: 3, journeys: data.journeys.slice(3) });
    expect(rows.map((row) => [row.journey, row.heading])).toEqual([
      [3, "Data"],
      [4, "Teardown"],
    ]);
    const pings = [one(0, "echo request", { sinceStartNs: 900e6 })];
    const icmp = { ...data, connection: { ...data.connection, protocol: "icmp" as const }, journeys: pings };
    const headings = (from: number): unknown => buildLadder({ ...icmp, from }).rows[0]?.heading;
    expect([headings(0), headings(900)]).toEqual(["900 ms without a packet", null]);
  });

  it("counts a bare acknowledgment to the handshake or the teardown that it ends", () => {
    const labels = ["SYN", "SYN, ACK", "ACK", "ACK 5 bytes", "ACK", "FIN, ACK", "ACK"];
    const back = new Set([1, 4]);
    const journeys = labels.map((label, at) => one(at, label, back.has(at) ? { direction: "to-client" } : {}));
    expect(buildLadder({ ...data, journeys }).rows.map((row) => row.phase)).toEqual([
      "handshake",
      "handshake",
      "handshake",
      "data",
      "data",
      "teardown",
      "teardown",
    ]);
  });

  it("takes an address that comes back for a copy of the bridge, not for another translation", () => {
    const rows = buildLadder({
      ...data,
      journeys: [
        one(0, "SYN", {
          sightings: [sighting(0, "a:1", "b:2", 64), sighting(1, "n:1", "c:3", 64), sighting(2, "a:1", "c:3", 63)],
          points: [0, 1, 2],
        }),
      ],
    }).rows;
    expect(rows[0]?.steps.map((step) => step.translation)).toEqual(["DNAT and SNAT", null]);
  });

  it("folds a phase to one row that says how many it stands for, but never what was lost or sent again", () => {
    expect(foldLadder(ladder, new Set(["data"])).map((row) => [row.journey, row.folded])).toEqual([
      [0, 0],
      [1, 1],
      [2, 0],
      [3, 0],
      [4, 0],
    ]);
    const plain = { ...ladder, rows: ladder.rows.map((r) => ({ ...r, lost: null, retransmission: false })) };
    const folded = foldLadder(plain, new Set(["data"]));
    expect(folded.map((row) => [row.journey, row.folded])).toEqual([
      [0, 0],
      [1, 3],
      [4, 0],
    ]);
    expect(folded[1] && foldText(folded[1])).toBe("Data: 3 packets folded");
  });

  it("draws of thousands of rows those that are in sight, and a few around", () => {
    const [from, to] = rowsInSight(5000, 100_000, 600);
    expect(from).toBeLessThan(2500);
    expect(to).toBeGreaterThan(2515);
    expect(to - from).toBeLessThan(40);
    expect(rowsInSight(3, 0, 600)).toEqual([0, 3]);
    expect(rowsInSight(0, 0, 600)).toEqual([0, 0]);
  });
});
