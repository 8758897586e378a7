/** Which of the ways that packets took is the connection's path, where many of them were lost. */
import { describe, expect, test } from "vitest";
import { chooseWay, type Way } from "../../../src-main/engine/join/connection-facts/ways";

const way = (count: number, points: readonly number[], data = true): Way => ({ data, count, first: 0, points });

/** Capture points: sender 0, router's ports 1 and 2, the router's bridge 3, receiver 4. The bridge sees what it forwards last. */
const WHOLE = [0, 1, 2, 3, 4];

describe("the path, where most data packets were lost", () => {
  test("on the wire: a packet that was lost votes for the way it was on", () => {
    const { way: path, others } = chooseWay([way(7, [0, 1]), way(4, WHOLE), way(5, WHOLE, false)]);
    expect([path?.points, others]).toEqual([WHOLE, 0]);
  });

  test("at the port a bridge sends them out by: the bridge itself saw them all the same", () => {
    const { way: path, others } = chooseWay([way(7, [0, 1, 3]), way(4, WHOLE), way(5, WHOLE, false)]);
    expect([path?.points, others]).toEqual([WHOLE, 0]);
  });

  test("not where the packets came to the same end beside a point: that is another way", () => {
    const { way: path, others } = chooseWay([way(7, [0, 1, 4]), way(4, [0, 1, 2, 4])]);
    expect([path?.points, others]).toEqual([[0, 1, 4], 4]);
  });
});
