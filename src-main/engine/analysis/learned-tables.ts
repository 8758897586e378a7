/**
 * What devices learned, as tables of the window: MAC tables of bridges, neighbour caches, forwarding entries of tunnels, routes. Each
 * row says from when until when it held, by which packets that is known, and whether it moved.
 */
import type { Cell, TimeValue } from "../../../src-shared/contract/results";
import { LEARNED_TABLES, type LearnedTableName } from "../../../src-shared/contract/tables";
import {
  addressFilter,
  neighbourFilter,
  portFilter,
  textLiteral,
  timeLiteral,
} from "../../../src-shared/model/filter-text";
import type { JoinResult } from "../../../src-shared/reconstruct/result";
import { type TableSource, column } from "../tables/table";
import { joinPoints } from "./join-answers";
import { type Learned, movedText, type Stamp } from "./learned-history";
import { linkAddresses } from "./learned-link";
import { MacLearner } from "./learned-macs";
import { learnNeighbours, ownersByLink, placeName } from "./learned-neighbours";
import type { LearnedObserver } from "./learned-observer";
import { readWay, RouteLearner } from "./learned-routes";
import { learnTunnels } from "./learned-tunnels";
import { tunnelValueFilter } from "../../../src-shared/reconstruct/tunnel-filter";

export function isLearnedTable(name: string): name is LearnedTableName {
  return (LEARNED_TABLES as readonly string[]).includes(name);
}

const TIMES = [
  column("from", "From", "time", "The first packet that shows it", "frame.time_epoch"),
  column(
    "until",
    "Until",
    "time",
    "When something else took its place; empty: it held to the end of the recording",
    "frame.time_epoch",
  ),
  column("last", "Last seen", "time", "The last packet that shows it", "frame.time_epoch"),
  column("packets", "Packets", "number", "Packets that show it"),
  column("moved", "Moved", "text", "What it was before, and whether both were in use at once"),
  column("shown-by", "Shown by", "text", "The first packet that shows it: file and number"),
] as const;

interface Row {
  readonly key: string;
  readonly filter: string | null;
  readonly cells: readonly Cell[];
  /** Of cells that are not simply their column's field, by the column's id. */
  readonly filters: Readonly<Record<string, string | null>>;
}

interface Walked {
  readonly macs: MacLearner;
  readonly routes: RouteLearner;
}

/** Everything learned of one joining; each part is made when it is first asked for. */
export class LearnedTables {
  #journeys: Promise<Walked> | undefined;
  readonly #tables = new Map<LearnedTableName, Promise<TableSource>>();

  #owners: ReadonlyMap<string, string> | undefined;
  /** Of capture points, with the file's where several have one name. */
  readonly #names: readonly string[];

  constructor(
    private readonly join: JoinResult,
    private readonly observer: LearnedObserver,
  ) {
    this.#names = joinPoints(join).map((point) => point.name);
  }

  table(name: LearnedTableName, breathe: () => Promise<void>): Promise<TableSource> {
    let table = this.#tables.get(name);
    if (!table) this.#tables.set(name, (table = this.#make(name, breathe)));
    return table;
  }

  async #make(name: LearnedTableName, breathe: () => Promise<void>): Promise<TableSource> {
    switch (name) {
      case "macs":
        return this.#macs((await this.#walk(breathe)).macs);
      case "routes":
        return this.#routes((await this.#walk(breathe)).routes);
      case "neighbours":
        return this.#neighbours();
      case "tunnels":
        return this.#tunnels(breathe);
    }
  }

  #walk(breathe: () => Promise<void>): Promise<Walked> {
    this.#journeys ??= (async () => {
      const link = linkAddresses(this.join, this.observer);
      const macs = new MacLearner(this.join, link);
      const routes = new RouteLearner(this.join, link);
      for (let i = 0; i < this.join.connectionCount; i++) {
        for (const journey of this.join.journeys(i)) {
          macs.visit(journey);
          routes.visit(journey);
        }
        await breathe();
      }
      return { macs, routes };
    })();
    return this.#journeys;
  }

  #macs(learner: MacLearner): TableSource {
    const byMac = new Map<string, string[]>();
    for (const { mac, address } of this.observer.claims) {
      const list = byMac.get(mac);
      if (!list) byMac.set(mac, [address]);
      else if (!list.includes(address)) list.push(address);
    }
    // Calico's ee:ee:… and proxies answer for everybody.
    const claimed = (mac: string): readonly string[] => {
      const list = byMac.get(mac) ?? [];
      return list.length > 4 ? [] : list;
    };
    return source(
      [
        column("machine", "Machine", "text", "Node or router the bridge is on"),
        column("bridge", "Bridge", "text", "Its interface; empty: it was not recorded itself"),
        column("mac", "MAC", "address", "Hardware address", "eth.src"),
        column("port", "Port", "text", "The bridge's port that frames from it came in by; local: the bridge's own"),
        column("who", "Whose", "text", "Pod or addresses its frames were sent from"),
        ...TIMES,
      ],
      learner.entries().map(({ machine, bridge, mac, port, local, addresses, learned }): Row => {
        const name = (value: string): string => this.#interface(Number(value));
        return {
          key: `${machine}/${mac}/${port}`,
          filter: `eth.src == ${mac}`,
          cells: [
            machine,
            bridge,
            mac,
            local ? "local" : name(String(port)),
            this.#who([...addresses, ...claimed(mac)], local),
            ...this.#times(learned, movedText(learned, name), (mark) => this.#sighting(mark)),
          ],
          filters: {
            // Whose it is: the frames that say so are those from this MAC.
            who: `eth.src == ${mac}`,
            port: local ? null : this.#pointFilter(port),
            "shown-by": shownBy(this.#sighting(learned.firstMark)),
          },
        };
      }),
    );
  }

  #neighbours(): TableSource {
    const { claims } = this.observer;
    const stamp = (mark: number): Stamp => {
      const claim = claims[mark] as (typeof claims)[number];
      return { time: claim.firstTime, file: claim.file, frameNumber: claim.frameNumber };
    };
    return source(
      [
        column("owner", "Cache of", "text", "Pod or machine that was told"),
        column("owner-address", "Its address", "address", "The address it was told at"),
        column("address", "Address", "address", "Whose hardware address it learned"),
        column("who", "Whose", "text", "Pod or machine that has the address"),
        column("mac", "MAC", "address", "Hardware address it learned", "eth.addr"),
        column("how", "How", "text", "By an answer, by a question it answered, by an announcement"),
        column("device", "Seen at", "text", "Capture points"),
        ...TIMES,
      ],
      learnNeighbours(this.join, claims, (address) => this.#place(address)).map(
        ({ owner, address, mac, how, points, learned }): Row => {
          const filter = address.includes(":")
            ? `icmpv6 && ipv6.addr == ${address}`
            : `arp.src.proto_ipv4 == ${address} && arp.src.hw_mac == ${mac}`;
          return {
            key: `${owner}/${address}/${mac}/${learned.firstMark}`,
            filter,
            cells: [
              this.#place(owner),
              owner,
              address,
              this.#place(address),
              mac,
              how,
              points.map((point) => this.#interface(point)).join(", "),
              ...this.#times(
                learned,
                movedText(learned, (value) => value),
                stamp,
              ),
            ],
            filters: {
              owner: neighbourFilter(owner),
              "owner-address": neighbourFilter(owner),
              address: neighbourFilter(address),
              who: neighbourFilter(address),
              device: points.map((point) => this.#pointFilter(point)).join(" || "),
              "shown-by": shownBy(stamp(learned.firstMark)),
            },
          };
        },
      ),
    );
  }

  async #tunnels(breathe: () => Promise<void>): Promise<TableSource> {
    const entries = await learnTunnels(this.join, linkAddresses(this.join, this.observer), breathe);
    return source(
      [
        column("tunnel", "Tunnel", "text", "Kind of encapsulation"),
        column("vni", "VNI", "identifier", "Network identifier or key; empty: the tunnel has none"),
        column("port", "Port", "identifier", "UDP port the tunnel is sent to; empty: it is a protocol of IP"),
        column("inner", "Inner address", "address", "Address inside the tunnel"),
        column("who", "Whose", "text", "Pod or machine that has the inner address"),
        column("mac", "Inner MAC", "address", "Hardware address inside the tunnel; empty: it carries none", "eth.addr"),
        column("outer", "Behind", "address", "Outer address of the machine it is behind"),
        column("node", "On", "text", "The machine with the outer address"),
        column("held-by", "Known to", "text", "Machines at the other end that sent to it or heard from it"),
        ...TIMES,
      ],
      entries.map(({ kind, vni, port, inner, mac, outer, heldBy, learned }): Row => {
        return {
          key: `${kind}/${String(vni)}/${inner}/${outer}/${mac}`,
          filter: `${addressFilter(outer)} && ${addressFilter(inner)}`,
          cells: [
            kind,
            vni,
            port,
            inner,
            this.#place(inner),
            mac === "" ? null : mac,
            outer,
            this.#place(outer),
            heldBy.map((address) => this.#place(address) ?? address).join(", "),
            ...this.#times(
              learned,
              movedText(learned, (value) => value.split(" ")[0] ?? value),
              (mark) => this.#sighting(mark),
            ),
          ],
          filters: {
            tunnel: tunnelValueFilter(kind, null),
            vni: vni === null ? null : tunnelValueFilter(kind, vni),
            port: port === null ? null : portFilter("udp", port),
            inner: addressFilter(inner),
            who: addressFilter(inner),
            outer: addressFilter(outer),
            node: addressFilter(outer),
            "held-by": heldBy.flatMap((address) => addressFilter(address) ?? []).join(" || ") || null,
            "shown-by": shownBy(this.#sighting(learned.firstMark)),
          },
        };
      }),
    );
  }

  #routes(learner: RouteLearner): TableSource {
    const ways = (value: string): string => {
      const { mac, tunnelTo, point } = readWay(value);
      return `${tunnelTo === "" ? mac : `tunnel to ${tunnelTo}`} on ${this.#interface(point)}`;
    };
    return source(
      [
        column("holder", "Routes of", "text", "Pod or machine that sends"),
        column(
          "prefix",
          "To",
          "address",
          "Addresses that go this way: the prefix that holds all that were seen and none of another way",
        ),
        column("addresses", "Addresses", "number", "Addresses that were seen going this way"),
        column("network", "Network", "text", "Node, pod or Service network, or outside"),
        column("next-hop", "Next hop", "text", "direct: the destination itself; empty: whose MAC it is, nobody said"),
        column("mac", "Next MAC", "address", "Hardware address it is sent to", "eth.dst"),
        column("device", "Device", "text", "Capture point it leaves by"),
        column("from", "From", "time", "The first packet that shows it", "frame.time_epoch"),
        column("last", "Last seen", "time", "The last packet that shows it", "frame.time_epoch"),
        column("packets", "Packets", "number", "Packets that show it"),
        column("moved", "Moved", "text", "Which way an address of it went before, and whether both were in use"),
        column("shown-by", "Shown by", "text", "The first packet that shows it: file and number"),
      ],
      learner.entries(this.observer.claims).map((route): Row => {
        const [first = ""] = route.addresses;
        const destination = `${first.includes(":") ? "ipv6.dst" : "ip.dst"} == ${route.prefix}`;
        return {
          key: `${route.holder}/${route.prefix}/${route.point}/${route.mac}/${route.nextHop ?? ""}`,
          filter: route.mac === "" ? destination : `eth.dst == ${route.mac} && ${destination}`,
          cells: [
            route.holder,
            route.prefix,
            route.addresses.length,
            this.#networks(route.addresses),
            route.nextHop,
            route.mac === "" ? null : route.mac,
            this.#interface(route.point),
            this.#sighting(route.firstMark).time,
            this.#sighting(route.lastMark).time,
            route.packets,
            route.moved ? movedText(route.moved, ways) : null,
            this.#shownBy(this.#sighting(route.firstMark)),
          ],
          filters: {
            prefix: destination,
            device: this.#pointFilter(route.point),
            "shown-by": shownBy(this.#sighting(route.firstMark)),
          },
        };
      }),
    );
  }

  /** The cells of TIMES. */
  #times(learned: Learned, moved: string, stamp: (mark: number) => Stamp): readonly Cell[] {
    const first = stamp(learned.firstMark);
    return [
      first.time,
      learned.untilMark < 0 ? null : stamp(learned.untilMark).time,
      stamp(learned.lastMark).time,
      learned.count,
      moved === "" ? null : moved,
      this.#shownBy(first),
    ];
  }

  #sighting(row: number): Stamp {
    const { sightings } = this.join;
    const time: TimeValue = [sightings.seconds(row), sightings.nanoseconds(row)];
    return { time, file: sightings.file(row), frameNumber: sightings.frameNumber(row) };
  }

  #shownBy({ file, frameNumber }: Stamp): string {
    const name = this.join.points.find((point) => point.fileIndex === file)?.file ?? `file ${file}`;
    return `${name} #${frameNumber}`;
  }

  #pointFilter(point: number): string {
    return `point.id == ${textLiteral(this.join.points[point]?.id ?? "")}`;
  }

  #interface(point: number): string {
    return this.#names[point] ?? `point ${point}`;
  }

  #place(address: string): string | null {
    this.#owners ??= ownersByLink(this.join, this.observer.claims);
    return placeName(this.join, address) ?? this.#owners.get(address) ?? null;
  }

  /** A pod that nobody named goes by its address, as everywhere: its node's MAC is another. */
  #whose(address: string): string {
    const place = this.join.topology.place(address);
    const isUnnamedPod = place?.network === "pod" && place.pod === null;
    return isUnnamedPod ? address : (this.#place(address) ?? address);
  }

  #networks(addresses: readonly string[]): string | null {
    const names = new Set(addresses.flatMap((address) => this.join.topology.place(address)?.network ?? []));
    return names.size === 0 ? null : [...names].sort().join(", ");
  }

  /** `isMachine`: the MAC is that of the bridge's own machine. */
  #who(addresses: readonly string[], isMachine: boolean): string | null {
    // Everybody has a link-local address: another says more.
    const plain = addresses.filter((address) => !/^fe[89ab]/i.test(address));
    const names = [
      ...new Set(
        (plain.length > 0 ? plain : addresses).map((address) =>
          isMachine ? (this.#place(address) ?? address) : this.#whose(address),
        ),
      ),
    ];
    return names.length === 0 ? null : names.join(", ");
  }
}

/** A number counts in each file anew: with its time it is one packet's. */
function shownBy({ time, frameNumber }: Stamp): string {
  return `frame.number == ${frameNumber} && frame.time_epoch == ${timeLiteral(time)}`;
}

function source(columns: TableSource["columns"], rows: readonly Row[]): TableSource {
  return {
    columns,
    rows: rows.length,
    cell: (row, at) => rows[row]?.cells[at] ?? null,
    cellFilter: (row, at) => rows[row]?.filters[columns[at]?.id ?? ""],
    key: (row) => rows[row]?.key ?? "",
    filter: (row) => rows[row]?.filter ?? null,
  };
}
