/** Queries and questions over a small invented recording: what is right, what is wrong, what is badly asked. */
import { describe, expect, it } from "vitest";
import {
  type LessonSource,
  answerText,
  evaluate,
  hopOptions,
  isRight,
  questionProblem,
  valueAt,
} from "../../../src-main/engine/lessons/lesson-answers";
import type { ConnectionJson, ConnectionJourneys } from "../../../src-shared/contract/join";
import { type Question, parseLesson } from "../../../src-shared/lessons/lesson";
import { unwrapMarkdown } from "../../../src-shared/lessons/unwrap";

const POINTS = ["n1 cni0", "flannel.1", "eth0"].map((name, point) => ({
  point,
  id: `a#${point}`,
  name,
  role: "unknown" as const,
  node: "n1",
  pod: null,
  roleEvidence: [],
}));

const CONNECTION = {
  id: "c1",
  protocol: "tcp",
  service: "default/web",
  requested: { ip: "10.96.0.1", port: 80 },
  server: { ip: "10.244.2.5", port: 8080, pod: null, node: null },
  translations: [
    {
      kind: "dnat",
      from: { ip: "10.96.0.1", port: 80 },
      to: { ip: "10.244.2.5", port: 8080 },
      between: ["a#0", "a#1"],
      node: "n1",
      evidence: [],
    },
  ],
  path: ["a#0", "a#1", "a#2"],
} as unknown as ConnectionJson;

const SOURCE: LessonSource = {
  matching: (filter) => Promise.resolve(filter === "tcp" ? [0, 1, 2] : filter === "syn" ? [1] : []),
  values: (_field, packets) => packets.map((packet) => [String(60 + packet)]),
  connections: () => Promise.resolve([CONNECTION]),
  journeys: () =>
    Promise.resolve({
      connection: CONNECTION,
      points: POINTS,
      journeys: [{ missingAt: 2, lastSeen: 1 }],
    } as unknown as ConnectionJourneys),
  findings: () => Promise.resolve([{ kind: "slow-hop", severity: "note" }] as never),
  rules: () => Promise.resolve([{ id: "pods-reach-pods", verdict: "held" }] as never),
};

describe("a query", () => {
  it.each([
    [{ count: "tcp" }, [3]],
    [{ field: "ip.ttl", of: "tcp" }, ["60", "61", "62"]],
    [{ connection: { service: "default/web" }, get: "server.port" }, [8080]],
    [{ connection: {}, get: "translations.length" }, [1]],
    [{ connection: { service: "default/other" }, get: "server.port" }, []],
    [{ connections: { "requested.port": 80 } }, [1]],
    [{ connections: { "requested.port": 81 } }, [0]],
    [{ translation: "dnat", of: {}, get: "hop" }, ["cni0 on n1 → flannel.1 on n1"]],
    [{ translation: "dnat", of: {}, get: "after" }, ["flannel.1 on n1"]],
    [{ translation: "dnat", of: {}, get: "to.ip" }, ["10.244.2.5"]],
    [{ translation: "snat", of: {}, get: "to.ip" }, []],
    [{ lastSeen: {} }, ["flannel.1 on n1"]],
    [{ finding: "slow-hop", get: "severity" }, ["note"]],
    [{ finding: "arp-conflict", get: "count" }, [0]],
    [{ rule: "pods-reach-pods" }, ["held"]],
  ] as const)("%j finds %j", async (query, values) => expect(await evaluate(query, SOURCE)).toEqual(values));

  it("looks at nothing but what a connection itself holds", () => {
    expect(valueAt({ a: [{ b: 1 }] }, "a.0.b")).toBe(1);
    for (const path of ["constructor", "__proto__.polluted", "a.constructor.name", "a.1", "a.length.x"])
      expect(valueAt({ a: [{ b: 1 }] }, path), path).toBeUndefined();
  });
});

const number: Question = { kind: "number", ask: "?", answer: { count: "tcp" } };
const text: Question = { kind: "text", ask: "?", answer: { connection: {}, get: "service" } };
const choice = (...values: number[]): Question => ({
  kind: "choice",
  ask: "?",
  options: values.map((value) => ({ text: `option ${value}`, value })),
  answer: { count: "tcp" },
});
const packet: Question = { kind: "packet", ask: "?", answer: { packet: "syn" } };
const point: Question = { kind: "text", ask: "?", answer: { translation: "dnat", of: {}, get: "before" } };
const hop: Question = { kind: "hop", ask: "?", answer: { translation: "dnat", of: {} } };

describe("an answer", () => {
  it.each([
    [number, 3, true],
    [number, " 3 ", true],
    [number, "3.0", true],
    [number, "", false],
    [number, 4, false],
    [text, " Default/WEB ", true],
    [text, "default", false],
    [choice(1, 3), "3", true],
    [choice(1, 3), 1, false],
    [hop, "cni0 on n1 → flannel.1 on n1", true],
    [hop, "flannel.1 on n1 → eth0 on n1", false],
    [number, null, false],
    [point, "cni0 on n1", true],
    [point, "cni0", true],
    [point, "N1 cni0", true],
    [point, "cni0 · n1", true],
    [point, "cni0 on n2", false],
    [point, "n1", false],
    [point, "flannel.1", false],
  ])("%j: %j is %s", async (question, given, right) =>
    expect(await isRight(question, { given, packet: null }, SOURCE)).toBe(right),
  );

  it("may be a packet", async () => {
    expect(await isRight(packet, { given: null, packet: 1 }, SOURCE)).toBe(true);
    expect(await isRight(packet, { given: null, packet: 2 }, SOURCE)).toBe(false);
    expect(await isRight(packet, { given: null, packet: null }, SOURCE)).toBe(false);
  });

  it("can be told", async () => {
    expect(await answerText(choice(1, 3), SOURCE)).toEqual({ text: "option 3", packet: null });
    expect(await answerText(packet, SOURCE)).toEqual({ text: "This packet.", packet: 1 });
    expect((await hopOptions(hop, SOURCE)).map(({ text: shown }) => shown)).toHaveLength(2);
  });
});

describe("a question is refused", () => {
  it.each([
    ["if no choice is right", choice(1, 2), /none of the choices is right; the query gives 3/],
    ["if every choice is right", choice(3, 3), /every choice is right/],
    ["if nothing matches", { ...packet, answer: { packet: "udp" } }, /no packet matches udp/],
    ["if everything matches", { ...packet, answer: { packet: "tcp" } }, /every packet matches tcp/],
    ["if there is no answer", { ...text, answer: { connection: { service: "x" }, get: "id" } }, /finds no answer/],
    ["if a number is none", { ...number, answer: { connection: {}, get: "service" } }, /which is no number/],
  ] as const)("%s", async (_why, question, message) =>
    expect(await questionProblem(question as Question, SOURCE, 3)).toMatch(message),
  );
  it("not, if it can be answered, and wrongly", async () => {
    for (const question of [number, text, choice(1, 3), packet, hop])
      expect(await questionProblem(question, SOURCE, 3)).toBeNull();
  });
});

describe("a lesson's file", () => {
  const lesson = {
    version: 1,
    id: "a",
    title: "A",
    summary: "",
    chapter: "",
    order: 0,
    minutes: 1,
    recording: { scenario: "x", seed: 1 },
    steps: [{ title: "S", text: "" }],
  };
  it.each([
    [{ ...lesson, id: "A b" }, /^id: an id is lower-case/],
    [{ ...lesson, steps: [] }, /^steps: /],
    [{ ...lesson, steps: [{ title: "S", text: "", question: { kind: "guess" } }] }, /^steps\.0\.question/],
    [{ ...lesson, recording: { files: [] } }, /^recording/],
    [{ ...lesson, extra: 1 }, /extra/],
  ])("says where it is wrong", (value, message) => expect(() => parseLesson(value)).toThrow(message));

  it("may wrap its lines, except where Markdown needs them", () => {
    expect(unwrapMarkdown("one\ntwo\n\n- a\n  b\n- c\n\n```\nx\ny\n```\n# head\ntext")).toBe(
      "one two\n\n- a b\n- c\n\n```\nx\ny\n```\n# head\ntext",
    );
  });
});
