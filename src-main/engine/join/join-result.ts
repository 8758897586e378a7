/** The result of joining as everybody else reads it: builds connections and journeys on demand from the columns. */
import type { ToldTranslation } from "../../../src-shared/model/told-translation";
import type {
  Accounting,
  ClockOffset,
  Connection,
  Journey,
  JoinResult,
  Point,
  Topology,
} from "../../../src-shared/reconstruct/result";
import { NO_PORT } from "./connection-table";
import { accountFor } from "./join-result/accounting";
import { AddressTexts } from "./join-result/address-texts";
import { BareConnections } from "./join-result/bare-connections";
import { ConnectionJourneys } from "./join-result/connection-journeys";
import { ConnectionOrder } from "./join-result/connection-order";
import { IndirectFacts } from "./join-result/indirect-facts";
import type { JoinResultInput } from "./join-result/join-result-input";
import { Relations } from "./related";
import type { PlacedHost } from "./related-source";
import { SightingRows } from "./sighting-rows";
import { ToldNat } from "./told-nat";

/** What is close together on one clock may be stamped in any order: taps of several devices, batches of a driver. */
const LEAST_CLOCK_ERROR_NS = 1e6;

export class JoinedResult implements JoinResult {
  readonly points: readonly Point[];
  readonly clocks: readonly ClockOffset[];
  readonly topology: Topology;
  readonly sightings: SightingRows;
  readonly baseSeconds: number;
  readonly connectionCount: number;
  private readonly order: ConnectionOrder;
  private readonly texts: AddressTexts;
  private readonly indirect: IndirectFacts;
  private readonly connectionJourneys: ConnectionJourneys;
  private readonly bare: BareConnections;

  constructor(private readonly input: JoinResultInput) {
    const { columns, joined, topology } = input;
    this.points = topology.points;
    this.topology = topology;
    this.clocks = joined.clocks.offsets;
    this.baseSeconds = columns.baseSeconds;
    this.connectionCount = joined.table.count;
    this.order = new ConnectionOrder(columns, joined.table);
    this.sightings = new SightingRows(columns, joined, input, this.order.positions);
    this.texts = new AddressTexts(columns);
    this.indirect = new IndirectFacts(input, this.points, this.sightings);
    this.connectionJourneys = new ConnectionJourneys(input);
    this.bare = new BareConnections(input, this.order, this.texts, this.indirect, this.connectionJourneys);
  }

  /** Packets of the workspace before each file's first. */
  get firstPacketOfFile(): readonly number[] {
    return this.input.firstPacketOfFile;
  }

  /** Position of the connection with this id, -1 if there is none. */
  find(id: string): number {
    return this.order.find(id);
  }

  connectionId(index: number): string {
    return this.order.id(index);
  }

  connection(index: number): Connection {
    return (this.relations ??= this.relate()).complete(this.bare.build(index));
  }

  unrelated(index: number): Connection {
    return (this.relations ??= this.relate()).withService(this.bare.build(index));
  }

  shown(index: number): Connection {
    return (this.relations ??= this.relate()).complete(this.bare.shown(index));
  }

  /** From now on connections say what these entries tell and their packets do not show; those before are forgotten. */
  tell(told: readonly ToldTranslation[]): void {
    const { topology } = this.input;
    const nodeOf = (ip: string, atMs: number): string | null => {
      const place = topology.placeAt(ip, atMs);
      return place?.network === "node" ? place.node : null;
    };
    this.bare.told = told.length === 0 ? undefined : new ToldNat(told, this.points, nodeOf);
    this.relations = undefined;
  }

  isTranslated(index: number): boolean {
    const c = this.order.rows[index] as number;
    return this.input.joined.table.changes[c] !== 0 || this.indirect.quotedNat.translations.has(c);
  }

  private relations: Relations | undefined;

  /** Looks for connections that belong together: once, when the first one is asked for. */
  private relate(): Relations {
    const { columns, topology, joined } = this.input;
    const { table } = joined;
    const { rows } = this.order;
    const v6 = (c: number): boolean => table.v6[c] === 1;
    const end = (index: number, addresses: Uint32Array, ports: Uint32Array): PlacedHost => {
      const c = rows[index] as number;
      const ip = this.texts.text(addresses[c] as number, v6(c));
      const atMs = columns.seconds(table.firstRow[c] as number) * 1000;
      const place = topology.placeAt(ip, atMs);
      return {
        ip,
        port: ports[c] as number,
        pod: place ? place.pod : null,
        node: place ? place.node : null,
        network: place ? place.network : null,
      };
    };
    const errors = this.clocks.map((c) => c.errorSeconds ?? 0).sort((a, b) => b - a);
    return new Relations(
      {
        sightings: this.sightings,
        messages: this.input.messages,
        connectionCount: this.connectionCount,
        clockErrorNs: LEAST_CLOCK_ERROR_NS + ((errors[0] ?? 0) + (errors[1] ?? 0)) * 1e9,
        bare: (index) => this.bare.build(index),
        client: (index) => end(index, table.clientAddress, table.clientPort),
        server: (index) => end(index, table.serverAddress, table.serverPort),
        askedAddress: (index) => {
          const c = rows[index] as number;
          const asked = table.requestedPort[c] !== NO_PORT;
          return this.texts.text((asked ? table.requestedAddress : table.serverAddress)[c] as number, v6(c));
        },
        firstNs: (index) => table.firstNs[rows[index] as number] as number,
      },
      this.input.cluster,
    );
  }

  journeys(index: number): readonly Journey[] {
    return this.connectionJourneys.of(this.order.rows[index] as number);
  }

  complaints(index: number): readonly number[] {
    return this.indirect.complaints(this.order.rows[index] as number);
  }

  get accounting(): Accounting {
    return accountFor(this.input, this.indirect.quotedNat);
  }
}
