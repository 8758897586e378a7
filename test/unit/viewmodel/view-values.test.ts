/**
 * "Apply as filter" of values outside of tables (facts, ladder, layers, translations, rules, findings, Services, map, timeline, followed
 * streams): the engine takes each filter, and it finds packets of what the value stands beside.
 */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Params, Results } from "../../../src-shared/contract/requests";
import { connectionFacts } from "../../../src-renderer/viewmodel/connection-facts";
import { connectionFilter, type FilterValue } from "../../../src-renderer/viewmodel/filter-value";
import { findingValues, ruleValues } from "../../../src-renderer/viewmodel/findings";
import { segmentValues, streamBlocks, streamValues } from "../../../src-renderer/viewmodel/follow";
import { journeyValues, numberValues, sightingValues } from "../../../src-renderer/viewmodel/journey-values";
import { layoutMap } from "../../../src-renderer/viewmodel/map-layout";
import { mapItems, readMapGraph } from "../../../src-renderer/viewmodel/map-model";
import { elementValues } from "../../../src-renderer/viewmodel/map-values";
import { lineValues, natLines, natValues } from "../../../src-renderer/viewmodel/nat";
import { PROTOCOL_NAMES, protocolNameFilter } from "../../../src-renderer/viewmodel/packet-filter";
import { pointNames } from "../../../src-renderer/viewmodel/point-names";
import { buildServiceFlow } from "../../../src-renderer/viewmodel/service-flow";
import { lookupValues, serviceValue } from "../../../src-renderer/viewmodel/service-words";
import { buildTimeline, seriesValue } from "../../../src-renderer/viewmodel/timeline";
import { findScenario } from "../../../src-main/engine/simulate/scenarios/catalogue";
import { JoinedNetwork, NETWORKS, withoutPackets } from "../../builders/joined-network";
import { recordScenario } from "../../builders/recorded-scenario";

/** Looked at of each network: the first have every kind of value. */
const CONNECTIONS = 4;
const JOURNEYS = 3;

/** A value, and the filter of what it stands beside: its own must meet it. */
interface Shown {
  readonly place: string;
  readonly value: FilterValue;
  readonly of: string | null;
}

/** Which kinds of values had a filter, over all networks: none is forgotten. */
const seen = new Set<string>();

class Views {
  readonly network: JoinedNetwork;
  onClose = (): void => undefined;
  private readonly shown: Shown[] = [];

  constructor(files: readonly string[], clusterFiles: readonly string[] = []) {
    this.network = new JoinedNetwork(files, clusterFiles);
  }

  async close(): Promise<void> {
    await this.network.close();
    this.onClose();
  }

  private async ask<
    M extends "join.journeys" | "join.findings" | "join.model" | "nat.entry" | "services.list" | "map.graph",
  >(method: M, params: Params<M>): Promise<Results[M]> {
    return (await this.network.joined.answer(method, params)) as Results[M];
  }

  private add(place: string, values: readonly FilterValue[], of: string | null): void {
    this.shown.push(...values.map((value) => ({ place, value, of })));
  }

  async all(): Promise<readonly Shown[]> {
    await this.connections();
    await this.translations();
    const { points } = this.network.workspace;
    for (const finding of (await this.ask("join.findings", {})).findings)
      this.add("finding", findingValues(finding, points).slice(0, 1), null);
    for (const rule of (await this.ask("join.model", {})).rules) this.add("rule", ruleValues(rule), null);
    for (const service of (await this.ask("services.list", {})).services) {
      if (service.connections === 0) continue;
      this.add("service", [serviceValue(service)], null);
      for (const { values } of buildServiceFlow(service, 900).ribbons) this.add("ribbon", values, null);
      for (const lookup of service.lookups) this.add("lookup", lookupValues(service, lookup), null);
    }
    await this.map();
    await this.timeline();
    return this.shown;
  }

  private async connections(): Promise<void> {
    const names = pointNames(this.network.workspace.points);
    const { rows } = await this.network.table("connections", {}, CONNECTIONS);
    for (const { key } of rows) {
      const data = await this.ask("join.journeys", { connection: key, from: 0 });
      const own = connectionFilter(key);
      for (const { label, values } of connectionFacts(data.connection, names)) this.add(`fact ${label}`, values, own);
      for (const journey of data.journeys.slice(0, JOURNEYS)) {
        const values = journeyValues(journey, data);
        this.add("journey", values, values[0]?.filter ?? null);
        for (const sighting of journey.sightings) {
          const here = sightingValues(sighting, data);
          const packet = here[0]?.filter ?? null;
          const taken = await this.network.client.ask("packet.details", { packet: sighting.packet });
          expect(taken.number).toBe(sighting.number);
          this.add("sighting", [...here, ...numberValues(taken, sighting)], packet);
        }
      }
    }
  }

  private async translations(): Promise<void> {
    const { rows } = await this.network.table("nat", {}, CONNECTIONS);
    for (const { key } of rows) {
      const entry = await this.ask("nat.entry", { key });
      this.add(
        "translation",
        [...natValues(entry), ...lineValues(natLines(entry))],
        entry.connection === null ? null : connectionFilter(entry.connection),
      );
    }
  }

  private async map(): Promise<void> {
    const { points } = this.network.workspace;
    const isRecorded = new Set<string | undefined>(points.flatMap(({ id, packets }) => (packets > 0 ? [id] : [])));
    const model = readMapGraph(await this.ask("map.graph", {}));
    const talks = new Set([...model.client, ...model.server]);
    for (const kind of ["node", "service"] as const)
      for (const element of layoutMap(model, mapItems(model, "pods"), new Map(), kind).layout.elements)
        if (
          element.kind === "service" ||
          element.places.some((place) => talks.has(place)) ||
          isRecorded.has(model.points[element.point]?.id)
        )
          // The first asks for all of it: not every address that kubectl tells was on the wire.
          this.add(`map ${element.kind}`, elementValues(model, element).slice(0, 1), null);
  }

  private async timeline(): Promise<void> {
    for (const by of ["all", "point", "protocol", "filters"] as const) {
      const params = { from: null, to: null, buckets: 10, by, filters: ["ip", "ipv6 || arp"], view: null };
      const answer = await this.network.client.ask("stats.timeline", params);
      for (const series of buildTimeline(answer, answer.from, "packets").series)
        this.add(`series ${by}`, [seriesValue(series, by, [answer.from, answer.to])], null);
    }
  }
}

/** Simulated ones with what kubectl tells of them: names, rules that were held and broken, two families of addresses. */
const SIMULATED = ["dual-stack", "node-port-cluster", "ingress", "fault-conntrack-differs", "external-name"];

/** Opens a simulated network; the recordings are gone when it is. */
async function simulated(name: string): Promise<Views> {
  const scenario = findScenario(name);
  if (!scenario) throw new Error(`no scenario ${name}`);
  const { files, clusters, conntrack, remove } = recordScenario(scenario, { split: true });
  const views = new Views(files, clusters);
  await views.network.open();
  views.network.joined.useConntrack([views.network.client.write("conntrack.txt", new TextEncoder().encode(conntrack))]);
  views.onClose = remove;
  return views;
}

async function recorded(files: readonly string[]): Promise<Views> {
  const views = new Views(files);
  await views.network.open();
  return views;
}

const ALL: readonly (readonly [name: string, open: () => Promise<Views>])[] = [
  ...Object.entries(NETWORKS).map(([name, files]) => [name, () => recorded(files)] as const),
  ...SIMULATED.map((name) => [`simulated, ${name}`, () => simulated(name)] as const),
];

describe.each(ALL)("%s: a value's filter", (_, open) => {
  let views: Views;
  let shown: readonly Shown[] = [];
  beforeAll(async () => {
    views = await open();
    shown = await views.all();
  }, 60_000);
  afterAll(() => views.close());

  it("is taken by the engine and finds packets of what it stands beside", async () => {
    const filters = shown.flatMap(({ place, value, of }) => {
      const { label, filter } = value;
      if (filter === null) return [];
      seen.add(`${place}: ${label}`);
      return [{ place: `${place}, ${label}`, filter, of }];
    });
    const wrong = await withoutPackets(views.network, filters);
    expect(shown.length).toBeGreaterThan(20);
    expect(wrong).toEqual([]);
  });

  it("a packet of a journey is found at every place that saw it, and nowhere else", async () => {
    const journeys = shown.flatMap(({ place, value: { label, filter } }) =>
      place === "journey" && label === "Packet, everywhere" && filter !== null ? [filter] : [],
    );
    const found = await views.network.matches(journeys);
    expect(journeys.length).toBeGreaterThan(0);
    for (const filter of journeys) expect(found.get(filter), filter).toHaveLength(new Set(filter.split(" || ")).size);
  });
});

it("a followed stream's ends, its begin, a piece of it and what is marked there find its packets", async () => {
  const network = new JoinedNetwork(["http-ethernet.pcap"]);
  await network.open();
  const stream = await network.client.ask("stream.follow", { packet: 3, maxBytes: 100_000 });
  const [block] = streamBlocks(stream.segments, "both", "text");
  if (!block) throw new Error("the stream has no bytes");
  const marked = block.text.slice(0, 12);
  const values = [...streamValues(stream), ...segmentValues(stream, block, marked)];
  expect(values.map(({ label }) => label)).toEqual(["Client", "Server", "Stream", "Time", "Marked text", "Packet"]);
  const shown = values.map(({ label, filter }) => ({ place: label, filter: filter ?? "", of: stream.filter }));
  expect(await withoutPackets(network, shown)).toEqual([]);
  await network.close();
});

it("the list's names of protocols are filters that the engine knows", async () => {
  const network = new JoinedNetwork(["dhcp.pcap"]);
  await network.open();
  const found = await network.matches(PROTOCOL_NAMES.map((name) => protocolNameFilter(name) ?? ""));
  expect([...found.values()].filter((packets) => typeof packets === "string")).toEqual([]);
  await network.close();
});

it("there is one for addresses, ports, points, times, numbers in headers, names and kinds in each view", () => {
  const expected = [
    ..."Client|Asked for|Answered by|Server saw|Kind|DNAT|Tunnel|Path|Way back|Packets|Bytes|State"
      .split("|")
      .map((fact) => `fact ${fact}`),
    ..."journey|sighting|translation|finding|rule|service|ribbon|lookup|map point|map pod".split("|"),
    ..."series all|series point|series protocol|series filters".split("|"),
  ];
  const places = new Set([...seen].map((one) => one.split(": ")[0]));
  expect(expected.filter((place) => !places.has(place))).toEqual([]);
  const labels = new Set([...seen].map((one) => one.split(": ")[1]));
  const kinds = [
    ..."Packet, everywhere|Packet|From|To|Capture point|Time|Sequence number|Acknowledgment number".split("|"),
    ..."Echo id|Echo sequence|DNS id|DNS name|Translation|Before|After|VNI|UDP port|Outer source|Connection".split("|"),
  ];
  expect(kinds.filter((kind) => !labels.has(kind))).toEqual([]);
});
