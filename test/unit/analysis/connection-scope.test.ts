/** Which connections belong to machines: one, or several that the map draws as one. */
import { describe, expect, it } from "vitest";
import { connectionScope } from "../../../src-main/engine/analysis/connection-scope";
import type { Connection, JoinResult } from "../../../src-shared/reconstruct/result";

const machine = (name: string, address: string, point: number) => ({ name, addresses: [address], points: [point] });
const JOIN = {
  topology: {
    machines: [machine("n1", "192.168.0.1", 0), machine("n2", "192.168.0.2", 1), machine("n3", "192.168.0.3", 2)],
  },
} as unknown as JoinResult;

/** From a pod on one node (null: unknown) to an address, over capture points. */
const connection = (from: string | null, to: string, path: readonly number[]): Connection =>
  ({
    client: { ip: "10.1.0.5", port: 1, pod: null, node: from },
    server: { ip: to, port: 80, pod: null, node: null },
    path,
  }) as unknown as Connection;

const CONNECTIONS = {
  "from a pod of n1": connection("n1", "10.9.0.1", []),
  "to n2 itself": connection(null, "192.168.0.2", []),
  "through n3": connection(null, "10.9.0.1", [2]),
  elsewhere: connection(null, "10.9.0.1", []),
};

describe("connections of machines", () => {
  it.each([
    ["n1", ["from a pod of n1"]],
    ["n1\nn2", ["from a pod of n1", "to n2 itself"]],
    ["n2\nn3", ["to n2 itself", "through n3"]],
    ["n", []],
  ])("%j", (node, wanted) => {
    const test = connectionScope(JOIN, 0, { node });
    expect(Object.entries(CONNECTIONS).flatMap(([name, one]) => (test?.(one) ? [name] : []))).toEqual(wanted);
  });
});
