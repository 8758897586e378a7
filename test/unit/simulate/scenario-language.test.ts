/** The scenario language: what is accepted, and that every mistake is told with line, path and expectation. */
import { describe, expect, test } from "vitest";
import { ScenarioError, checkScenario, readScenario } from "../../../src-main/engine/simulate/scenario/read-scenario";
import { SCENARIOS } from "../../../src-main/engine/simulate/scenarios/catalogue";

const SOUND = `name: mine
title: one pod pings another
networks:
  lan: { subnet: 10.0.0.0/24 }
clusters:
  c:
    podRange: 10.1.0.0/16
    nodes:
      n1: { addresses: { lan: 10.0.0.11 } }
    pods:
      a: { node: n1 }
      b: { node: n1 }
traffic:
  - kind: ping
    from: { pod: a }
    to: { pod: b }
`;

function problemsOf(text: string): readonly string[] {
  try {
    readScenario("mine.yaml", text);
    return [];
  } catch (error) {
    if (!(error instanceof ScenarioError)) throw error;
    return error.message.split("\n");
  }
}

describe("a scenario in YAML", () => {
  test("is read", () => {
    expect(readScenario("mine.yaml", SOUND).traffic).toHaveLength(1);
  });

  test("may be JSON as well", () => {
    expect(readScenario("mine.json", JSON.stringify(readScenario("mine.yaml", SOUND))).name).toBe("mine");
  });

  test("with a word that does not exist is refused, at its line", () => {
    expect(problemsOf(SOUND.replace("b: { node: n1 }", "b: { node: n1, colour: red }"))).toEqual([
      "mine.yaml line 12: clusters.c.pods.b.colour: colour is not a word of the scenario language here",
    ]);
  });

  test("with a value of the wrong kind says what was expected", () => {
    expect(problemsOf(SOUND.replace("10.1.0.0/16", "10.1.0.0"))).toEqual([
      'mine.yaml line 7: clusters.c.podRange: expected an IPv4 range such as 10.0.0.0/24, not "10.1.0.0"',
    ]);
  });

  test.each([
    [
      "IPv6 pods on nodes without IPv6",
      { "podRange: 10.1.0.0/16": "podRange: 10.1.0.0/16\n    podRange6: fd00::/48" },
      "clusters.c.nodes.n1.addresses6: is missing: the cluster has a podRange6",
    ],
    [
      "an IPv6 address on a network without",
      { "{ addresses: { lan: 10.0.0.11 } }": "{ addresses: { lan: 10.0.0.11 }, addresses6: { lan: fd00::1 } }" },
      "clusters.c.nodes.n1.addresses6.lan: network lan has no subnet6",
    ],
    [
      "a route between families",
      {
        "{ addresses: { lan: 10.0.0.11 } }":
          "{ addresses: { lan: 10.0.0.11 }, routes: [{ to: fd00::/64, via: 10.0.0.1 }] }",
      },
      "clusters.c.nodes.n1.routes.0.via: 10.0.0.1 is not of the family of fd00::/64",
    ],
    [
      "one address for two pods",
      {
        "a: { node: n1 }": "a: { node: n1, address: 10.1.1.5 }",
        "b: { node: n1 }": "b: { node: n1, address: 10.1.1.5 }",
      },
      "clusters.c.pods.b.address: pod a has 10.1.1.5 already",
    ],
    [
      "a gateway on another network",
      { "{ addresses: { lan: 10.0.0.11 } }": "{ addresses: { lan: 10.0.0.11 }, gateway: 10.9.0.1 }" },
      "clusters.c.nodes.n1.gateway: 10.9.0.1 is on none of its networks",
    ],
    [
      "an IPv6 Service in a cluster without",
      { "    pods:": "    services: { s: { families: [IPv6], ports: [{ port: 80 }] } }\n    pods:" },
      "clusters.c.services.s.families: the cluster has no podRange6",
    ],
  ] as const)("with %s is refused", (_what, changes, problem) => {
    const text = Object.entries(changes).reduce((all, [from, to]) => all.replace(from, to), SOUND);
    expect(problemsOf(text).map((line) => line.replace(/^mine\.yaml line \d+: /, ""))).toEqual([problem]);
  });

  test("with something missing says what", () => {
    expect(problemsOf(SOUND.replace("    podRange: 10.1.0.0/16\n", ""))).toEqual([
      "mine.yaml line 7: clusters.c.podRange: is missing",
    ]);
  });

  test("with traffic of no known kind lists the kinds", () => {
    const [problem = ""] = problemsOf(SOUND.replace("kind: ping", "kind: gossip"));
    expect(problem).toContain("mine.yaml line 14: traffic.0.kind: expected one of");
    expect(problem).toContain('"ping"');
  });

  test("that names what is not there is refused, with what is there", () => {
    expect(problemsOf(SOUND.replace("to: { pod: b }", "to: { pod: zebra }"))).toEqual([
      "mine.yaml line 16: traffic.0.to.pod: no pod is named default/zebra; there are: default/a, default/b",
    ]);
  });

  test("with an address outside of its network is refused", () => {
    expect(problemsOf(SOUND.replace("{ lan: 10.0.0.11 }", "{ lan: 10.9.0.11 }"))).toEqual([
      "mine.yaml line 9: clusters.c.nodes.n1.addresses.lan: 10.9.0.11 is not in 10.0.0.0/24 of network lan",
    ]);
  });

  test("that is no YAML says where it stops being any", () => {
    expect(problemsOf("name: [mine\ntitle: x\n")[0]).toMatch(/^mine\.yaml line \d+: /);
  });

  test("may be empty of everything but names", () => {
    expect(problemsOf("")).toEqual(["mine.yaml line 1: expected a scenario, the file is empty"]);
  });
});

describe("built-in scenarios", () => {
  test.each(SCENARIOS.map((s) => [s.name, s] as const))(
    "%s is one that a user could have written",
    (name, scenario) => {
      expect(checkScenario(scenario, name)).toEqual(scenario);
    },
  );

  test("have names of their own and one line of title", () => {
    expect(new Set(SCENARIOS.map((s) => s.name)).size).toBe(SCENARIOS.length);
    for (const { title } of SCENARIOS) expect(title).not.toContain("\n");
  });
});
