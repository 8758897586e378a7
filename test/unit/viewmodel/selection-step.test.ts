/** Steps of the selection: back and forward bring everything again that was selected together. */
import { describe, expect, it } from "vitest";
import {
  amendStep,
  moveStep,
  NO_STEPS,
  NOTHING_SELECTED,
  pushStep,
  type SelectionStep,
} from "../../../src-renderer/viewmodel/selection-step";

const step = (change: Partial<SelectionStep>): SelectionStep => ({ ...NOTHING_SELECTED, ...change });
const POD = { kind: "pod", label: "pod a", options: { ends: "a" } };

describe("steps", () => {
  it("are walked back and forward; a new one forgets what was ahead", () => {
    let history = [step({ packet: 1 }), step({ packet: 2 }), step({ connection: "c" })].reduce(pushStep, NO_STEPS);
    history = moveStep(moveStep(history, -1), -1);
    expect(history.steps[history.at]?.packet).toBe(1);
    expect(moveStep(history, -1)).toBe(history);
    history = pushStep(history, step({ scope: POD }));
    expect(history.steps.map((s) => s.packet ?? s.scope?.label)).toEqual([1, "pod a"]);
    expect(moveStep(history, 1)).toBe(history);
  });

  it("are written over by what merely follows", () => {
    const chosen = pushStep(pushStep(NO_STEPS, step({ packet: 1 })), step({ packet: 2 }));
    const followed = amendStep(chosen, step({ packet: 2, connection: "c", journey: 3, hop: 1 }));
    expect(followed.steps.map((s) => [s.packet, s.connection])).toEqual([
      [1, null],
      [2, "c"],
    ]);
    expect(amendStep(NO_STEPS, step({ packet: 2 }))).toBe(NO_STEPS);
  });

  it("the same again is none; also the same pod, the same time range", () => {
    const range = { from: [1, 5] as const, to: [2, 0] as const };
    const history = pushStep(NO_STEPS, step({ scope: POD, range }));
    expect(pushStep(history, step({ scope: { ...POD, options: { ends: "a" } }, range: { ...range } }))).toBe(history);
    expect(pushStep(history, step({ scope: POD, range: { ...range, to: [3, 0] } })).steps).toHaveLength(2);
  });

  it("are five hundred at most", () => {
    let history = NO_STEPS;
    for (let packet = 0; packet < 600; packet++) history = pushStep(history, step({ packet }));
    expect([history.steps.length, history.at, history.steps[0]?.packet]).toEqual([500, 499, 100]);
  });
});
