/** All packets of a connection can be reached, half a page at a time. */
import { describe, expect, it } from "vitest";
import {
  isOnPage,
  nextPage,
  pageAround,
  pageText,
  type JourneyPage,
} from "../../../src-renderer/viewmodel/journey-pages";

const page = (from: number, length: number, total: number): JourneyPage => ({ from, journeys: { length }, total });

describe("pages of a connection's packets", () => {
  it("follow each other to the end and back, each with half of the one before", () => {
    const froms: number[] = [];
    for (let from: number | null = 0; from !== null; from = nextPage(page(from, 5000, 12_000), 0.5)) froms.push(from);
    expect(froms).toEqual([0, 2500, 5000, 7000]);
    expect(nextPage(page(7000, 5000, 12_000), -0.5)).toBe(4500);
    expect(nextPage(page(1000, 5000, 12_000), -0.5)).toBe(0);
    expect(nextPage(page(0, 5000, 12_000), -0.5)).toBeNull();
    expect(nextPage(page(0, 5000, 12_000), 1)).toBe(5000);
  });

  it("are one where the connection has no more", () => {
    expect(nextPage(page(0, 12, 12), 1)).toBeNull();
    expect(pageAround(7, 12)).toBe(0);
  });

  it("have a packet in their middle, as far as the ends allow", () => {
    expect([pageAround(-1), pageAround(100), pageAround(9000), pageAround(11_999, 12_000)]).toEqual([0, 0, 6500, 7000]);
    expect([6499, 6500, 11_499, 11_500].map((journey) => isOnPage(page(6500, 5000, 12_000), journey))).toEqual([
      false,
      true,
      true,
      false,
    ]);
  });

  it("are told in numbers that count from one", () => {
    expect(pageText(page(2500, 5000, 24_000))).toBe("packets 2,501 to 7,500 of 24,000");
  });
});
