/** A connection as `hopscope connections --json` prints it: the schema other programs read (docs/CLI.md). */
import type {
  Connection,
  DnsLookup,
  Endpoint,
  JoinResult,
  PlacedEndpoint,
  Point,
  RelatedConnection,
} from "../../../src-shared/reconstruct/result";

export interface PointJson {
  readonly id: string;
  readonly file: string;
  readonly interface: string | null;
  readonly role: Point["role"];
  readonly node: string | null;
  readonly namespace: string | null;
  readonly pod: string | null;
}

export interface ConnectionJson {
  readonly id: string;
  readonly protocol: Connection["protocol"];
  readonly kind: Connection["kind"];
  readonly locality: Connection["locality"];
  readonly hairpin: boolean;
  readonly client: PlacedEndpoint;
  readonly requested: Endpoint | null;
  readonly server: PlacedEndpoint;
  readonly seenByServerAs: Endpoint | null;
  readonly service: string | null;
  readonly translations: readonly {
    readonly kind: string;
    readonly from: Endpoint;
    readonly to: Endpoint;
    readonly between: readonly (string | null)[];
    readonly node: string | null;
    readonly evidence: readonly string[];
  }[];
  readonly encapsulations: Connection["encapsulations"];
  /** Ids of points. */
  readonly path: readonly string[];
  readonly returnPath: readonly string[];
  readonly otherPaths: number;
  readonly firstTime: string;
  readonly lastTime: string;
  readonly packets: {
    readonly sightings: number;
    readonly distinct: number;
    readonly missing: number;
    readonly retransmissions: number;
  };
  readonly bytes: { readonly fromClient: number; readonly fromServer: number };
  readonly state: string;
  readonly ambiguous: boolean;
  /** Ids of the connections that are equally good as its other half; only where ambiguous. */
  readonly alternatives?: readonly string[];
  readonly inferred: readonly string[];
  /** Connections it belongs with: the DNS lookup before it, the hops of an Ingress. */
  readonly related: readonly {
    readonly relation: RelatedConnection["relation"];
    /** Id of the other connection. */
    readonly connection: string;
    readonly detail: string;
    readonly ambiguous: boolean;
    readonly lookup?: DnsLookup;
  }[];
}

export function pointJson(point: Point): PointJson {
  return {
    id: point.id,
    file: point.file,
    interface: point.interface,
    role: point.role,
    node: point.node,
    namespace: point.namespace,
    pod: point.pod,
  };
}

export function connectionJson(result: JoinResult, c: Connection): ConnectionJson {
  const id = (point: number | null): string | null => (point === null ? null : (result.points[point]?.id ?? null));
  const ids = (points: readonly number[]): string[] => points.map((p) => result.points[p]?.id ?? "?");
  return {
    id: c.id,
    protocol: c.protocol,
    kind: c.kind,
    locality: c.locality,
    hairpin: c.hairpin,
    client: c.client,
    requested: c.requested,
    server: c.server,
    seenByServerAs: c.seenByServerAs,
    service: c.service,
    translations: c.translations.map((t) => ({
      kind: t.kind,
      from: t.from,
      to: t.to,
      between: t.between.map(id),
      node: t.node,
      evidence: t.evidence,
    })),
    encapsulations: c.encapsulations,
    path: ids(c.path),
    returnPath: ids(c.returnPath),
    otherPaths: c.otherPaths,
    firstTime: c.firstTime,
    lastTime: c.lastTime,
    packets: { sightings: c.sightings, distinct: c.distinct, missing: c.missing, retransmissions: c.retransmissions },
    bytes: { fromClient: c.bytesFromClient, fromServer: c.bytesFromServer },
    state: c.state,
    ambiguous: c.ambiguous,
    ...(c.ambiguous && { alternatives: c.alternatives.map((i) => result.connectionId(i)) }),
    inferred: c.inferred,
    related: c.related.map(({ connection, ...rest }) => ({ ...rest, connection: result.connectionId(connection) })),
  };
}
