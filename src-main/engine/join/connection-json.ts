/** A connection as `hopscope connections --json` prints it: the schema other programs read (docs/CLI.md). */
import type { ConnectionJson } from "../../../src-shared/contract/join";
import type { Connection, JoinResult, Point } from "../../../src-shared/reconstruct/result";

export type { ConnectionJson };

export type PointJson = Pick<Point, "id" | "file" | "interface" | "role" | "node" | "namespace" | "pod">;

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
    ...(c.told.length > 0 && { told: c.told }),
    related: c.related.map(({ connection, ...rest }) => ({ ...rest, connection: result.connectionId(connection) })),
  };
}
