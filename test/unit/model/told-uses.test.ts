/** Which use of its ports a connection is, where they were used again within a millisecond: the lines that the kernel would print. */
import { describe, expect, test } from "vitest";
import { readConntrack } from "../../../src-main/engine/cluster/conntrack";
import { toldUses, usesAt } from "../../../src-shared/model/told-uses";

const SECOND = 1709287200;

/** A line about 10.1.0.5:40123 to 10.96.0.10:80, answered by `server`; `ms` after the second. */
function line(ms: number | null, event: "NEW" | "UPDATE" | "DESTROY" | "", server: string): string {
  const time = ms === null ? "" : `[${(SECOND + ms / 1000).toFixed(6)}] `;
  const word = event === "" ? "" : `[${event}] `;
  return `${time}${word}ipv4 2 tcp 6 60 SYN_RECV src=10.1.0.5 dst=10.96.0.10 sport=40123 dport=80 src=${server} dst=10.1.0.5 sport=8080 dport=40123\n`;
}

/** Servers of the uses that may be a connection's, from one to another millisecond. */
function servers(text: string, from: number, to: number): string[] {
  const uses = toldUses(readConntrack("ct.txt", text).entries);
  return usesAt(uses, SECOND + from / 1000, SECOND + to / 1000).map((use) => use.told.reply.source);
}

describe("three uses one after the other", () => {
  const three =
    line(100, "NEW", "10.1.1.1") +
    line(101, "UPDATE", "10.1.1.1") +
    line(180, "DESTROY", "10.1.1.1") +
    line(181, "NEW", "10.1.1.2") +
    line(260, "DESTROY", "10.1.1.2") +
    line(261, "NEW", "10.1.1.1");

  test.each([
    { name: "the first", from: 99.9, to: 170, server: "10.1.1.1" },
    { name: "the second, told of a little late", from: 180.5, to: 255, server: "10.1.1.2" },
    { name: "the third, whose end is not told", from: 260.9, to: 400, server: "10.1.1.1" },
    { name: "seen in its middle only", from: 200, to: 210, server: "10.1.1.2" },
  ])("$name", ({ from, to, server }) => {
    expect(servers(three, from, to)).toEqual([server]);
  });

  test("far from all: none", () => {
    expect(servers(three, 100_000, 100_100)).toEqual([]);
    expect(servers(three, -50_000, -40_000)).toEqual([]);
  });
});

test("uses nearer to one another than events are late are all told, the nearest first", () => {
  const text = line(100, "NEW", "10.1.1.1") + line(100.8, "DESTROY", "10.1.1.1") + line(100.9, "NEW", "10.1.1.2");
  expect(servers(text, 100.8, 101.6)).toEqual(["10.1.1.2", "10.1.1.1"]);
});

test("an entry of a list without times is of all times", () => {
  expect(servers(line(null, "", "10.1.1.1"), -1e9, 1e9)).toEqual(["10.1.1.1"]);
});

test("a call that lasts longer than anything that is told of it", () => {
  expect(servers(line(100, "NEW", "10.1.1.1"), 100, 900_000)).toEqual(["10.1.1.1"]);
});
