/** The small pure parts behind lessons, reports and workspaces in the window. */
import { describe, expect, it } from "vitest";
import {
  checkProgress,
  progressOf,
  withDone,
  withStep,
  withoutLesson,
} from "../../../src-renderer/lessons/lesson-progress";
import { packetFilterOf } from "../../../src-renderer/viewmodel/lesson-target";
import { draftOf, parsePredicate, questionOf } from "../../../src-renderer/viewmodel/question-draft";
import { moved } from "../../../src-renderer/viewmodel/reorder";
import { saidOf } from "../../../src-renderer/viewmodel/workspace-content";
import type { PacketDetails, WorkspaceState } from "../../../src-shared/contract/results";
import type { Question } from "../../../src-shared/lessons/lesson";

describe("progress", () => {
  it("is kept a lesson, each step once; damaged settings are nothing", () => {
    let all = withDone({}, "a", 2);
    all = withDone(withDone(withStep(all, "a", 1), "a", 0), "a", 2);
    expect(progressOf(all, "a")).toEqual({ done: [0, 2], at: 1 });
    expect(progressOf(all, "toString")).toEqual({ done: [], at: 0 });
    expect(withoutLesson(all, "a")).toEqual({});
    expect(checkProgress({ a: { done: [1], at: 0 }, b: { done: ["x"], at: 0 }, c: null })).toEqual({
      a: { done: [1], at: 0 },
    });
    expect(checkProgress([])).toBeUndefined();
  });
});

describe("a question as a form", () => {
  it.each<Question>([
    { kind: "number", ask: "How many?", answer: { count: "tcp" }, hint: "h" },
    { kind: "text", ask: "Which?", answer: { connection: { kind: "egress", "requested.port": 80 }, get: "server.ip" } },
    { kind: "packet", ask: "Select", answer: { packet: "tcp.flags.syn == 1" }, explain: "because" },
    { kind: "hop", ask: "Where?", answer: { translation: "snat", of: { hairpin: true } } },
    {
      kind: "choice",
      ask: "Which?",
      options: [
        { text: "a = b", value: 1 },
        { text: "c", value: "x" },
      ],
      answer: { field: "ip.ttl", of: "icmp" },
    },
  ])("comes back as it was: %j", (question) => expect(questionOf(draftOf(question))).toEqual(question));

  it("says what is missing", () => {
    const draft = draftOf(undefined);
    expect(questionOf(draft)).toBeNull();
    expect(questionOf({ ...draft, kind: "number" })).toMatch(/what is asked/);
    expect(questionOf({ ...draft, kind: "packet", ask: "?" })).toMatch(/display filter/);
    expect(questionOf({ ...draft, kind: "choice", ask: "?", filter: "tcp", options: "one" })).toMatch(/two choices/);
    expect(parsePredicate("kind")).toMatch(/expected name=value/);
  });
});

it("a packet is described by what it says, innermost values first, and where it was seen", () => {
  const node = (field: string, literal: string, children: object[] = []): object => ({ field, literal, children });
  const packet = {
    number: 7,
    tree: [
      node("frame.interface_name", '"eth0"'),
      node("ip", "x", [node("ip.src", "192.168.0.1")]),
      node("ip", "x", [node("ip.src", "10.0.0.1"), node("ip.ttl", "64")]),
    ],
  } as unknown as PacketDetails;
  expect(packetFilterOf(packet)).toBe('frame.interface_name == "eth0" && ip.src == 10.0.0.1');
  expect(packetFilterOf({ ...packet, tree: [] })).toBe("frame.number == 7");
});

it("moving an entry keeps the order of the others", () => {
  expect(moved(["a", "b", "c"], 0, 2)).toEqual(["b", "c", "a"]);
  expect(moved(["a", "b", "c"], 2, 0)).toEqual(["c", "a", "b"]);
  const list = ["a"];
  expect(moved(list, 0, 1)).toBe(list);
});

it("names, roles, switches, clocks, decode-as and cluster files are what a person said; captures alone are not", () => {
  const point = {
    id: "a#0",
    name: "eth0",
    capturedName: "eth0",
    description: null,
    role: "node-nic",
    roleTold: false,
    enabled: true,
  };
  const state = {
    files: [{ path: "/a", clockOffset: null }],
    points: [point],
    decodeAs: [],
    clusterFiles: [],
  } as unknown as WorkspaceState;
  expect(saidOf(state).isSaid).toBe(false);
  const changed = (changes: object): boolean => saidOf({ ...state, ...changes }).isSaid;
  expect(changed({ points: [{ ...point, name: "mine" }] })).toBe(true);
  expect(changed({ points: [{ ...point, roleTold: true }] })).toBe(true);
  expect(changed({ points: [{ ...point, enabled: false }] })).toBe(true);
  expect(changed({ points: [{ ...point, capturedName: null, name: "interface 0" }] })).toBe(false);
  expect(changed({ files: [{ path: "/a", clockOffset: 1 }] })).toBe(true);
  expect(changed({ clusterFiles: ["x.json"] })).toBe(true);
});
