/**
 * Recordings of tens of millions of packets reach beyond 2 GiB of kernel memory, where WebAssembly's signed positions are negative.
 * Here everything lies beyond it from the start: memory that is reserved and never written costs nothing.
 */
import { describe, expect, test, vi } from "vitest";
import { INDEX_FILTERS } from "../../builders/index-filters";
import { filterMatches } from "../../builders/filter-matches";
import { connectionsJson, joinFiles } from "../../builders/join-files";
import { withLoaded } from "../../builders/open-captures";
import { flowLines } from "../../builders/run-engine";
import { readFileSync } from "node:fs";

const memory = vi.hoisted(() => ({ reservedBytes: 0 }));

vi.mock(import("../../../src-main/engine/kernel/kernel"), async (load) => {
  const real = await load();
  class HighMemory extends real.KernelMemory {
    constructor(...shared: ConstructorParameters<typeof real.KernelMemory>) {
      super(...shared);
      if (shared[0] === undefined && memory.reservedBytes > 0) this.allocate(memory.reservedBytes);
    }
  }
  return { ...real, KernelMemory: HighMemory };
});

const NODES = ["fixtures/service-vxlan-node1.pcapng", "fixtures/service-vxlan-node2.pcapng"];
const RESERVED_BYTES = 2.5 * 2 ** 30;

async function lowAndHigh<T>(run: () => Promise<T>): Promise<{ readonly low: T; readonly high: T }> {
  memory.reservedBytes = 0;
  const low = await run();
  memory.reservedBytes = RESERVED_BYTES;
  try {
    return { low, high: await run() };
  } finally {
    memory.reservedBytes = 0;
  }
}

describe("kernel memory beyond 2 GiB", () => {
  test("gives the same connections", async () => {
    const { low, high } = await lowAndHigh(async () => connectionsJson(await joinFiles(NODES)));
    expect(low.length).toBeGreaterThan(0);
    expect(high).toEqual(low);
  });

  test("gives the same flows", async () => {
    const { low, high } = await lowAndHigh(() => flowLines(readFileSync(NODES[0] as string)));
    expect(low.length).toBeGreaterThan(0);
    expect(high).toEqual(low);
  });

  test("answers filters from the index alike", async () => {
    const { low, high } = await lowAndHigh(() =>
      withLoaded(NODES, (captures) => [...filterMatches(captures, INDEX_FILTERS)]),
    );
    expect(low.length).toBeGreaterThan(0);
    expect(high).toEqual(low);
  });
});
