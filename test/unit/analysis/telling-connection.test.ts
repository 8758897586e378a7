/** What a person sees who opens recordings and chooses nothing: found by what a connection is, wherever it stands. */
import { describe, expect, it } from "vitest";
import { tellingConnection } from "../../../src-main/engine/analysis/telling-connection";
import type { Connection, JoinResult } from "../../../src-shared/reconstruct/result";

const PING: Partial<Connection> = { protocol: "icmp", locality: "same-node", path: [0, 1], returnPath: [1, 0] };
const SERVICE: Partial<Connection> = {
  ...PING,
  protocol: "tcp",
  locality: "cross-node",
  service: "shop/cart",
  translations: [{ kind: "dnat" }] as unknown as Connection["translations"],
};

/** Connections in order of time; each one's first packet has its index as number. */
function joined(...connections: readonly Partial<Connection>[]): JoinResult {
  const none = { service: null, requested: null, translations: [], encapsulations: [], path: [], returnPath: [] };
  return {
    connection: (index: number) =>
      ({ ...none, bytesFromServer: 0, id: `c${index}`, index, ...connections[index] }) as Connection,
    journeys: (index: number) => [{ index: 0, sightings: [index] }],
    sightings: { file: () => 0, frameNumber: (row: number) => row },
  } as unknown as JoinResult;
}

const telling = (join: JoinResult, ...order: readonly number[]): ReturnType<typeof tellingConnection> =>
  tellingConnection(join, Uint32Array.from(order), (_, number) => number);

describe("the connection to begin with", () => {
  it("is the first answered call to a Service, not the first connection", () => {
    const unanswered = { ...SERVICE, returnPath: [] };
    expect(telling(joined(PING, unanswered, SERVICE, SERVICE), 0, 1, 2, 3)).toEqual({
      connection: "c2",
      journey: 0,
      packet: 2,
      what: "a call to the Service shop/cart across nodes",
    });
  });

  it("is one through a tunnel where there is no Service", () => {
    const tunnel = { ...PING, encapsulations: [{}] as unknown as Connection["encapsulations"] };
    expect(telling(joined(PING, PING, tunnel), 0, 1, 2)?.what).toBe("a connection through a tunnel on one node");
    expect(telling(joined(PING, PING), 0, 1)).toMatchObject({ connection: "c0", what: "a ping on one node" });
  });

  it("is none where nothing was seen at two points", () => {
    expect(telling(joined({ ...SERVICE, path: [0] }), 0)).toBeNull();
    expect(telling(joined())).toBeNull();
  });
});
