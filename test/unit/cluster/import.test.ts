/** Reading cluster files and conntrack's output: every shape they come in, and errors that say where. */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { readConntrack } from "../../../src-main/engine/cluster/conntrack";
import { formatClusterProblem, loadCluster, readClusterFile } from "../../../src-main/engine/cluster/load-cluster";
import { objectName } from "../../../src-shared/model/kubernetes";
import { toldChanges } from "../../../src-shared/model/told-translation";
import { LABS } from "../../builders/shared-data";

const read = (text: string | Uint8Array): { objects: string[]; skipped: string[]; problems: string[] } => {
  const bytes = typeof text === "string" ? new TextEncoder().encode(text) : text;
  const { snapshot, problems } = readClusterFile("c.json", bytes);
  return {
    objects: snapshot.objects.map((o) => `${o.kind} ${objectName(o)}`),
    skipped: [...snapshot.skipped].map(([kind, count]) => `${kind} ${count}`),
    problems: problems.map(formatClusterProblem),
  };
};

const POD = { kind: "Pod", apiVersion: "v1", metadata: { name: "a", namespace: "x" }, status: { podIP: "10.0.0.1" } };

describe("shapes of cluster files", () => {
  it.each([
    ["one object", JSON.stringify(POD)],
    ["a list of mixed kinds", JSON.stringify({ kind: "List", apiVersion: "v1", items: [POD] })],
    [
      "a typed list, whose items name no kind",
      JSON.stringify({ kind: "PodList", apiVersion: "v1", items: [{ ...POD, kind: undefined }] }),
    ],
    ["a list in a list", JSON.stringify({ kind: "List", items: [{ kind: "List", items: [POD] }] })],
    ["a bare array", JSON.stringify([POD])],
    ["YAML", "kind: Pod\nmetadata:\n  name: a\n  namespace: x\nstatus:\n  podIP: 10.0.0.1\n"],
    ["YAML documents, the last one empty", "---\nkind: Pod\nmetadata: {name: a, namespace: x}\n---\n"],
    ["a byte order mark", `\ufeff${JSON.stringify(POD)}`],
  ])("%s", (_, text) => {
    expect(read(text)).toEqual({ objects: ["Pod x/a"], skipped: [], problems: [] });
  });

  it("JSON documents in a row, as `kubectl … >> file` leaves them", () => {
    const two = `${JSON.stringify(POD, null, 2)}\n${JSON.stringify({ ...POD, metadata: { name: "b" } })}\n`;
    expect(read(two).objects).toEqual(["Pod x/a", "Pod default/b"]);
  });

  it("UTF-16, as an older PowerShell writes it", () => {
    expect(read(new Uint8Array(Buffer.from(`\ufeff${JSON.stringify(POD)}`, "utf16le"))).objects).toEqual(["Pod x/a"]);
  });

  it("kinds that explain no packets, and other groups' kinds of the same name, are skipped and counted", () => {
    const items = [
      POD,
      { kind: "Secret", apiVersion: "v1", metadata: { name: "s" } },
      { kind: "Deployment", apiVersion: "apps/v1", metadata: { name: "d" } },
      { kind: "Deployment", apiVersion: "apps/v1", metadata: { name: "e" } },
      { kind: "NetworkPolicy", apiVersion: "crd.projectcalico.org/v1", metadata: { name: "n" } },
      { kind: "Service", apiVersion: "serving.knative.dev/v1", metadata: { name: "k" } },
    ];
    expect(read(JSON.stringify({ kind: "List", items }))).toEqual({
      objects: ["Pod x/a"],
      skipped: ["Secret 1", "Deployment 2", "NetworkPolicy 1", "Service 1"],
      problems: [],
    });
  });

  it("a label may be named like a part of JavaScript", () => {
    const { snapshot } = readClusterFile(
      "c.json",
      new TextEncoder().encode('{"kind":"Pod","metadata":{"name":"a","labels":{"__proto__":"x","constructor":"y"}}}'),
    );
    expect([...(snapshot.objects[0]?.meta.labels ?? [])]).toEqual([
      ["__proto__", "x"],
      ["constructor", "y"],
    ]);
  });

  it("a pod's owner is its Deployment, not the ReplicaSet between", () => {
    const metadata = {
      name: "web-5d4f-x",
      labels: { "pod-template-hash": "5d4f" },
      ownerReferences: [{ kind: "ReplicaSet", name: "web-5d4f", controller: true }],
    };
    const { snapshot } = readClusterFile("c.json", new TextEncoder().encode(JSON.stringify({ kind: "Pod", metadata })));
    expect(snapshot.objects[0]).toMatchObject({ owner: { kind: "Deployment", name: "web" } });
  });
});

describe("errors say file, line, place and what was expected; the rest is read", () => {
  it("a wrong value in JSON", () => {
    const text = JSON.stringify(
      {
        kind: "List",
        items: [POD, { kind: "Service", metadata: { name: "s" }, spec: { ports: [{ port: 80 }, { port: "http" }] } }],
      },
      null,
      1,
    );
    const line = text.split("\n").findIndex((l) => l.includes('"http"')) + 1;
    const got = read(text);
    expect(got.objects).toEqual(["Pod x/a"]);
    expect(got.problems).toEqual([
      `c.json:${line}: items[1].spec.ports[1].port: expected a whole number 1 … 65535, found "http"`,
    ]);
  });

  it("a wrong value in YAML, in a later document", () => {
    const text =
      "kind: Pod\nmetadata: {name: a, namespace: x}\n---\nkind: Pod\nmetadata:\n  name: b\nstatus:\n  podIP: 10.0.0.300\n";
    const got = read(text);
    expect(got.objects).toEqual(["Pod x/a"]);
    expect(got.problems).toEqual(['c.json:8: document 2 status.podIP: expected an IP address, found "10.0.0.300"']);
  });

  it.each([
    [
      '{"kind":"Pod"',
      "c.json:1: neither JSON nor YAML (column 1): the file ends inside the value that begins here: it is cut short",
    ],
    ['{"kind":"Pod","metadata":{}}', "c.json:1: metadata.name: expected text, found nothing"],
    ['{"metadata":{"name":"a"}}', "c.json:1: kind: expected text, found nothing"],
    ["just words", 'c.json:1: expected an object, found "just words"'],
    ["", "c.json: expected Kubernetes objects (JSON or YAML), found nothing"],
    ['{"kind":"Pod","metadata":[]}', "c.json:1: metadata: expected an object, found a list of 0"],
    [
      '{"kind":"Pod","metadata":{"name":"a","creationTimestamp":"yesterday"}}',
      'c.json:1: metadata.creationTimestamp: expected a time such as 2024-03-01T10:00:00Z, found "yesterday"',
    ],
    [
      '{"kind":"NetworkPolicy","metadata":{"name":"a"},"spec":{"ingress":[{"from":[{}]}]}}',
      "c.json:1: spec.ingress[0].from[0]: expected ipBlock, namespaceSelector or podSelector, found an object",
    ],
    [
      '{"kind":"NetworkPolicy","metadata":{"name":"a"},"spec":{"ingress":[{"ports":[{"port":"http","endPort":9}]}]}}',
      "c.json:1: spec.ingress[0].ports[0].endPort: expected nothing: endPort needs a port that is a number, found 9",
    ],
  ])("%s", (text, problem) => {
    expect(read(text).problems).toEqual([problem]);
  });

  it("broken YAML names the line", () => {
    expect(read("kind: Pod\nmetadata:\n  name: 'a\n").problems[0]).toMatch(/^c\.json:[34]: neither JSON nor YAML/);
  });

  it("aliases that would unfold to gigabytes are refused", () => {
    let text = "a0: &a0 [x, x, x, x, x, x, x, x, x]\n";
    for (let i = 1; i < 10; i++)
      text += `a${i}: &a${i} [${Array(9)
        .fill(`*a${i - 1}`)
        .join(", ")}]\n`;
    expect(read(`${text}kind: Pod\n`).problems[0]).toMatch(/Excessive alias count/);
  });

  it("lists in lists without end are refused", () => {
    let text = JSON.stringify(POD);
    for (let i = 0; i < 2000; i++) text = `{"kind":"List","items":[${text}]}`;
    expect(read(text).problems[0]).toContain("at most 8 lists in each other");
  });

  it("a file that is not there", () => {
    const { cluster, problems } = loadCluster(["/nowhere/c.json"]);
    expect(cluster.empty).toBe(true);
    expect(problems.map(formatClusterProblem)[0]).toMatch(/^\/nowhere\/c\.json: there is no such file/);
  });
});

describe("when a snapshot was taken", () => {
  const time = (text: string, told: string | null, written: string | null): [string | null, string] => {
    const ms = (t: string | null): number | null => (t === null ? null : Date.parse(t));
    const { snapshot } = readClusterFile("c", new TextEncoder().encode(text), {
      toldMs: ms(told),
      writtenMs: ms(written),
    });
    return [snapshot.timeMs === null ? null : new Date(snapshot.timeMs).toISOString(), snapshot.timeFrom];
  };
  const dated =
    '{"kind":"Pod","metadata":{"name":"a","creationTimestamp":"2024-03-01T10:00:00Z","managedFields":[{"time":"2024-03-01T11:00:00Z"}]}}';

  it("what a person says counts before what the objects mention, that before the file's own time", () => {
    expect(time(dated, "2024-03-02T00:00:00Z", "2024-04-01T00:00:00Z")).toEqual(["2024-03-02T00:00:00.000Z", "told"]);
    expect(time(dated, null, "2024-04-01T00:00:00Z")).toEqual(["2024-03-01T11:00:00.000Z", "objects"]);
    expect(time(JSON.stringify(POD), null, "2024-04-01T00:00:00Z")).toEqual(["2024-04-01T00:00:00.000Z", "file"]);
    expect(time(JSON.stringify(POD), null, null)).toEqual([null, "unknown"]);
  });
});

describe("conntrack", () => {
  /** "tcp a:1>b:2 | b:2>a:1 NEW …" */
  const lines = (text: string): string[] =>
    readConntrack("ct", text).entries.map((e) => {
      const t = (x: typeof e.original): string => `${x.source}:${x.sourcePort}>${x.destination}:${x.destinationPort}`;
      return [e.event, e.protocol, e.state ?? "-", t(e.original), "|", t(e.reply), ...e.flags].join(" ");
    });

  it("events with times: a Service's DNAT", () => {
    const text =
      "[1795180101.725458]\t    [NEW] ipv4     2 tcp      6 120 SYN_SENT src=10.1.0.11 dst=10.96.0.10 sport=4000 dport=80 [UNREPLIED] src=10.1.1.10 dst=10.1.0.11 sport=8080 dport=4000\n";
    expect(lines(text)).toEqual([
      "new tcp SYN_SENT 10.1.0.11:4000>10.96.0.10:80 | 10.1.1.10:8080>10.1.0.11:4000 UNREPLIED",
    ]);
    const [entry] = readConntrack("ct", text).entries;
    expect(entry).toMatchObject({ time: "1795180101.725458", line: 1, protocolNumber: 6 });
    expect(entry && toldChanges(entry)).toEqual([
      { kind: "dnat", from: { ip: "10.96.0.10", port: 80 }, to: { ip: "10.1.1.10", port: 8080 } },
    ]);
  });

  it("a list without and with -o extended, counters, marks, zones, ids, times; /proc's form", () => {
    expect(
      lines(`tcp      6 431999 ESTABLISHED src=10.0.0.1 dst=10.0.0.2 sport=1 dport=2 packets=3 bytes=180 src=10.0.0.2 dst=10.0.0.1 sport=2 dport=1 packets=2 bytes=120 [ASSURED] mark=0 use=1
ipv6     10 udp      17 29 src=fd00:0:0::1 dst=fd00::2 sport=5 dport=53 src=fd00::2 dst=fd00::1 sport=53 dport=5 [OFFLOAD] mark=16384 zone=3 use=2 id=3712
ipv4     2 unknown  112 599 src=10.0.0.1 dst=224.0.0.18 [UNREPLIED] src=224.0.0.18 dst=10.0.0.1 [start=Thu Jan  1 00:00:00 2026] mark=0
conntrack v1.4.8 (conntrack-tools): 3 flow entries have been shown.`),
    ).toEqual([
      "entry tcp ESTABLISHED 10.0.0.1:1>10.0.0.2:2 | 10.0.0.2:2>10.0.0.1:1 ASSURED",
      "entry udp - fd00::1:5>fd00::2:53 | fd00::2:53>fd00::1:5 OFFLOAD",
      "entry other - 10.0.0.1:0>224.0.0.18:0 | 224.0.0.18:0>10.0.0.1:0 UNREPLIED",
    ]);
    expect(
      readConntrack(
        "ct",
        "udp 17 29 src=1.1.1.1 dst=1.1.1.2 sport=5 dport=53 src=1.1.1.2 dst=1.1.1.1 sport=53 dport=5 mark=16384 zone=3",
      ).entries[0],
    ).toMatchObject({ mark: 16384, zone: 3 });
  });

  it("destroy events have no timeout", () => {
    expect(
      lines(
        "[DESTROY] tcp      6 src=10.0.0.1 dst=10.0.0.2 sport=1 dport=2 src=10.0.0.2 dst=10.0.0.1 sport=2 dport=1 [ASSURED]",
      ),
    ).toEqual(["destroy tcp - 10.0.0.1:1>10.0.0.2:2 | 10.0.0.2:2>10.0.0.1:1 ASSURED"]);
  });

  it("an echo's identifier is the client's port, also where SNAT changed it", () => {
    const text =
      "    [NEW] icmp     1 30 src=10.1.0.11 dst=198.51.100.50 type=8 code=0 id=7 [UNREPLIED] src=198.51.100.50 dst=192.0.2.11 type=0 code=0 id=9";
    const [entry] = readConntrack("ct", text).entries;
    expect(entry && toldChanges(entry)).toEqual([
      { kind: "snat", from: { ip: "10.1.0.11", port: 7 }, to: { ip: "192.0.2.11", port: 9 } },
    ]);
  });

  it("-o save: the options that would make the entry again", () => {
    const saved = [
      "-A -t 59 -u SEEN_REPLY,ASSURED -s 10.1.1.2 -d 10.99.0.1 -g 10.2.2.2 -n 10.2.2.1 -p tcp --sport 338 --dport 80 --reply-port-src 8080 --reply-port-dst 559 --state CLOSE_WAIT",
      "-U -t 29 -u UNSET -w 7 -s fd01::2 -d fd02::2 -r fd02::2 -q fd01::2 -p udp --sport 404 --dport 53 --reply-port-src 53 --reply-port-dst 404",
    ].join("\n");
    expect(lines(saved)).toEqual([
      "entry tcp CLOSE_WAIT 10.1.1.2:338>10.99.0.1:80 | 10.2.2.2:8080>10.2.2.1:559 SEEN_REPLY ASSURED",
      "update udp - fd01::2:404>fd02::2:53 | fd02::2:53>fd01::2:404",
    ]);
    expect(readConntrack("ct", saved).entries[1]).toMatchObject({ zone: 7, line: 2 });
    const { problems } = readConntrack("ct", "-A -s 10.1.1.2 -d 10.99.0.1\n-A");
    expect(problems).toHaveLength(2);
  });

  it("a line longer than any entry is refused, brackets without end cost no more than others", () => {
    const good = "tcp 6 1 CLOSE src=10.0.0.1 dst=10.0.0.2 sport=1 dport=2 src=10.0.0.2 dst=10.0.0.1 sport=2 dport=1";
    const hostile = `${good} ${"[x ".repeat(1300)}`;
    const text = `${hostile}\n`.repeat(100) + "[x ".repeat(200_000);
    const { entries, problems } = readConntrack("ct.txt", text);
    expect(entries).toHaveLength(100);
    expect(problems.map(formatClusterProblem)).toEqual([
      "ct.txt:101: expected a conntrack entry, found a line of 600000 characters",
    ]);
  });

  it("malformed lines are told by number, the others are read", () => {
    const good = "tcp 6 1 CLOSE src=10.0.0.1 dst=10.0.0.2 sport=1 dport=2 src=10.0.0.2 dst=10.0.0.1 sport=2 dport=1";
    const { entries, problems } = readConntrack(
      "ct.txt",
      [
        good,
        "hello",
        "tcp 6 1 src=10.0.0.1 dst=10.0.0.2 sport=1 dport=2",
        good.replace("10.0.0.2", "10.0.0.256"),
        good.replace("sport=1", "sport=70000"),
        good,
      ].join("\n"),
    );
    expect(entries.map((e) => e.line)).toEqual([1, 6]);
    expect(problems.map(formatClusterProblem)).toEqual([
      'ct.txt:2: expected a protocol and its number, such as "tcp 6", found "hello"',
      'ct.txt:3: expected a second tuple (the reply\'s "src=… dst=…"), found "tcp 6 1 src=10.0.0.1 dst=10.0.0.2 sport=1 dport=2"',
      'ct.txt:4: expected an address after "dst=", found "10.0.0.256"',
      'ct.txt:5: expected a port after "sport=", found "70000"',
    ]);
  });

  it("a file of other text gives some problems and a count, not thousands", () => {
    const { problems } = readConntrack("ct", "x\n".repeat(1000));
    expect(problems).toHaveLength(21);
    expect(problems.at(-1)?.message).toBe("980 more lines are no conntrack entries");
  });
});

describe.skipIf(!existsSync(LABS))("the labs", () => {
  it.each(existsSync(LABS) ? readdirSync(LABS).filter((f) => existsSync(join(LABS, f, "cluster.json"))) : [])(
    "%s: cluster and conntrack are read without a problem",
    (lab) => {
      const { cluster, problems } = loadCluster([join(LABS, lab, "cluster.json")]);
      expect(problems).toEqual([]);
      expect([cluster.nodes(null).length, cluster.pods(null).length, cluster.services(null).length]).toEqual([2, 4, 1]);
      const [service] = cluster.services(null);
      expect(cluster.endpointsOf(service ? objectName(service) : "", service?.ports[0] ?? null, null)).toHaveLength(2);
      for (const file of readdirSync(join(LABS, lab)).filter((f) => f.startsWith("conntrack"))) {
        const text = readFileSync(join(LABS, lab, file), "utf8");
        const { entries, problems: unread } = readConntrack(file, text);
        expect(unread).toEqual([]);
        expect(entries).toHaveLength(text.trim().split("\n").length);
      }
    },
  );
});
