/** A connection keeps its end as a number: every word that a flow may end with has one. */
import { describe, expect, it } from "vitest";
import { connState } from "../../../src-main/engine/flows/zeek";
import { CONN_STATES } from "../../../src-main/engine/join/connection-facts/end-state";
import { STATE_END_A_SHIFT, STATE_END_B_SHIFT, STATE_ORIGIN_B } from "../../../src-main/engine/kernel/assembly/abi";

describe("how connections ended", () => {
  it("has a number for every end of TCP, UDP and others, and uses every number", () => {
    const words = new Set<string>();
    for (const protocol of [1, 6, 17])
      for (let a = 0; a < 8; a++)
        for (let b = 0; b < 8; b++)
          for (const origin of [0, STATE_ORIGIN_B])
            for (const packets of [0, 1])
              for (const payload of [0, 1]) {
                const state = (a << STATE_END_A_SHIFT) | (b << STATE_END_B_SHIFT) | origin;
                words.add(connState(protocol, state, packets, 1, payload, payload));
                words.add(connState(protocol, state, 1, packets, payload, 0));
              }
    expect([...words].sort()).toEqual([...CONN_STATES].sort());
  });

  it("begins with the word for connections that tell nothing", () => {
    expect(CONN_STATES[0]).toBe("OTH");
  });
});
