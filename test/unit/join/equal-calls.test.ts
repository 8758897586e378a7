/**
 * Calls that all say the same (heartbeats, metrics, pings), each from a port or an address of its own, through NAT: what NAT keeps besides
 * the content says which sides belong together. Where nothing is left that tells them apart, they stay apart.
 */
import { describe, expect, test } from "vitest";
import { connectionsOf, joinTraffic } from "../../builders/join-files";

const POINTS = "@veth = ethernet resolution=ns\n@eth0 = ethernet resolution=ns\n";
const CALLS = 8;

/** A second each; `k`: the call's number. */
type Call = (k: number, at: (ms: number) => string) => string;

function traffic(call: Call, calls = CALLS): string {
  return POINTS + Array.from({ length: calls }, (_, k) => call(k, (ms) => (k + ms / 1000).toFixed(6))).join("\n");
}

/** "from > to" of every change of an address or port, by client; and how many connections there are. */
async function changes(files: Readonly<Record<string, string>>): Promise<readonly [number, readonly string[]]> {
  const all = connectionsOf(await joinTraffic(files));
  const told = all.flatMap((c) =>
    c.translations.map(
      (t) => `${c.client.ip}:${c.client.port} ${t.kind} ${t.to.ip}:${t.to.port}${c.ambiguous ? " ambiguous" : ""}`,
    ),
  );
  return [all.length, told.sort()];
}

/** Question and answer before and behind a Service's translation. */
const service =
  (id: (k: number) => string, answerId = id): Call =>
  (k, at) => `
    ${at(0)} @veth 10.1.0.5:${41000 + k} > 10.96.0.9:7000 udp "heartbeat v1 ok!" ${id(k)}
    ${at(0.02)} @eth0 10.1.0.5:${41000 + k} > 10.1.3.8:7070 udp "heartbeat v1 ok!" ${id(k)} ttl=63
    ${at(0.3)} @eth0 10.1.3.8:7070 > 10.1.0.5:${41000 + k} udp "re: heartbeat v1" ${answerId(k + 500)} ttl=62
    ${at(0.32)} @veth 10.96.0.9:7000 > 10.1.0.5:${41000 + k} udp "re: heartbeat v1" ${answerId(k + 500)} ttl=61
  `;
/** The same of a node's address: another source, the destination stays. */
const masquerade =
  (id: (k: number) => string): Call =>
  (k, at) => `
    ${at(0)} @veth 10.1.0.5:${41000 + k} > 203.0.113.9:7000 udp "heartbeat v1 ok!" ${id(k)}
    ${at(0.02)} @eth0 192.0.2.10:${22000 + k} > 203.0.113.9:7000 udp "heartbeat v1 ok!" ${id(k)} ttl=63
    ${at(0.3)} @eth0 203.0.113.9:7000 > 192.0.2.10:${22000 + k} udp "re: heartbeat v1" ${id(k + 500)} ttl=62
    ${at(0.32)} @veth 203.0.113.9:7000 > 10.1.0.5:${41000 + k} udp "re: heartbeat v1" ${id(k + 500)} ttl=61
  `;
const own = (k: number): string => `id=${3000 + 37 * k}`;
const none = (): string => "id=0";
const constant = (): string => "id=54321";

const each = (line: (k: number) => string, calls = CALLS): string[] =>
  Array.from({ length: calls }, (_, k) => line(k)).sort();

/** One file of each of the two points. */
function twoFiles(text: string): Record<string, string> {
  const of = (point: string): string =>
    text
      .split("\n")
      .filter((line) => line.includes(point))
      .join("\n");
  return { "n1.pcapng": of("@veth"), "n2.pcapng": of("@eth0") };
}

describe("equal calls are told apart", () => {
  test.each([3, 4, 8, 40])("by their packets' identification: %i heartbeats to a Service", async (calls) => {
    const expected = [calls, each((k) => `10.1.0.5:${41000 + k} dnat 10.1.3.8:7070`, calls)];
    const text = traffic(service(own), calls);
    expect(await changes({ "n.pcapng": text })).toEqual(expected);
    expect(await changes(twoFiles(text))).toEqual(expected);
  });

  test("by it alone, where the client's end is another", async () => {
    const expected = [CALLS, each((k) => `10.1.0.5:${41000 + k} snat 192.0.2.10:${22000 + k}`)];
    const text = traffic(masquerade(own));
    expect(await changes({ "n.pcapng": text })).toEqual(expected);
    expect(await changes(twoFiles(text))).toEqual(expected);
  });

  test("by it, where nobody answers (metrics)", async () => {
    const text = traffic(
      (k, at) => `
        ${at(0)} @veth 10.1.0.5:${41000 + k} > 10.96.0.9:8125 udp "metric.a:1|c" ${own(k)}
        ${at(0.02)} @eth0 10.1.0.5:${41000 + k} > 10.1.3.8:8125 udp "metric.a:1|c" ${own(k)} ttl=63
      `,
    );
    expect(await changes(twoFiles(text))).toEqual([CALLS, each((k) => `10.1.0.5:${41000 + k} dnat 10.1.3.8:8125`)]);
  });

  test("by it, of pings whose identifier is translated", async () => {
    const text = traffic((k, at) =>
      [1, 2, 3]
        .map(
          (n) => `
        ${at(n)} @veth 10.1.0.${k + 1} > 203.0.113.9 icmp request ident=1 seq=${n} "abcdefghijklmnopqrstuvwabcdefghi" id=${900 + 7 * (k * 3 + n)}
        ${at(n + 0.02)} @eth0 192.0.2.10 > 203.0.113.9 icmp request ident=${600 + k} seq=${n} "abcdefghijklmnopqrstuvwabcdefghi" id=${900 + 7 * (k * 3 + n)} ttl=63
        ${at(n + 0.3)} @eth0 203.0.113.9 > 192.0.2.10 icmp reply ident=${600 + k} seq=${n} "abcdefghijklmnopqrstuvwabcdefghi" id=${7000 + 3 * (k * 3 + n)} ttl=62
        ${at(n + 0.32)} @veth 203.0.113.9 > 10.1.0.${k + 1} icmp reply ident=1 seq=${n} "abcdefghijklmnopqrstuvwabcdefghi" id=${7000 + 3 * (k * 3 + n)} ttl=61`,
        )
        .join("\n"),
    );
    const [count, told] = await changes(twoFiles(text));
    expect([count, told.length]).toEqual([CALLS, CALLS]);
    expect(told.map((line) => line.split(" ")[0])).toEqual(each((k) => `10.1.0.${k + 1}:1`));
  });

  test.each([
    { name: "without identification", id: none },
    { name: "with a constant one", id: constant },
  ])("$name by the client's address and port, on one clock, routed in between", async ({ id }) => {
    const text = traffic(service(id));
    expect(await changes({ "n.pcapng": text })).toEqual([
      CALLS,
      each((k) => `10.1.0.5:${41000 + k} dnat 10.1.3.8:7070`),
    ]);
  });

  test("also where the answer passed a point that the question did not", async () => {
    const text = traffic(service(none)).replaceAll(
      /.*@veth 10\.96\.0\.9.*/g,
      (line) => `${line.replace("@veth", "@br0")}\n${line}`,
    );
    const [count, told] = await changes({ "n.pcapng": `@br0 = ethernet resolution=ns\n${text}` });
    expect([count, told.length]).toEqual([CALLS, CALLS]);
  });
});

/** MACs of a pod, of another one, and of the bridge that is their gateway. */
const [ASKER, ANSWERER, GATE] = ["02:bb:00:00:00:05", "02:bb:00:00:00:08", "02:aa:00:00:00:01"];

/** Two pods on one bridge: IPv6, so no identification; where answers are seen as whose the bridge makes them. */
const bridged =
  (answerFrom: string): Call =>
  (k, at) => `
    ${at(0)} @veth1 [fd00:1::5]:${41000 + k} > [fd00:96::9]:53 udp "heartbeat v1 ok!" ttl=64 smac=${ASKER} dmac=${GATE}
    ${at(0.02)} @veth2 [fd00:1::5]:${41000 + k} > [fd00:1::8]:5353 udp "heartbeat v1 ok!" ttl=64 smac=${ASKER} dmac=${ANSWERER}
    ${at(0.3)} @veth2 [fd00:1::8]:5353 > [fd00:1::5]:${41000 + k} udp "re: heartbeat v1" ttl=64 smac=${ANSWERER} dmac=${ASKER}
    ${at(0.31)} @veth1 [fd00:96::9]:53 > [fd00:1::5]:${41000 + k} udp "re: heartbeat v1" ttl=64 smac=${answerFrom} dmac=${ASKER}
  `;
const PORTS = "@veth1 = ethernet resolution=ns\n@veth2 = ethernet resolution=ns\n";

describe("equal calls that a bridge translates, without a hop", () => {
  test("are told by their answers, which come from the server's MAC and another address", async () => {
    expect(await changes({ "n.pcapng": PORTS + traffic(bridged(ANSWERER)) })).toEqual([
      CALLS,
      each((k) => `fd00:1::5:${41000 + k} dnat fd00:1::8:5353`),
    ]);
  });

  test("also where a bridge's copy keeps the stamp", async () => {
    const text = PORTS + traffic((k, at) => bridged(ANSWERER)(k, (ms) => at(ms === 0.02 ? 0 : ms)));
    expect((await changes({ "n.pcapng": text }))[0]).toBe(CALLS);
  });

  test("stay apart where another machine answers", async () => {
    expect(await changes({ "n.pcapng": PORTS + traffic(bridged(GATE)) })).toEqual([2 * CALLS, []]);
  });

  test("stay apart where the first one asked is the first to answer", async () => {
    const late = traffic((k, at) => bridged(ANSWERER)(k, (ms) => at(ms === 0.31 ? 0.29 : ms)));
    expect(await changes({ "n.pcapng": PORTS + late })).toEqual([2 * CALLS, []]);
  });
});

describe("equal calls stay apart", () => {
  const APART = [2 * CALLS, []];

  test("where the client's end is another and the identification is missing or constant", async () => {
    for (const id of [none, constant])
      expect(await changes({ "n.pcapng": traffic(masquerade(id)) })).toEqual([2 * CALLS, []]);
  });

  test("where nothing says how far apart the clocks are", async () => {
    expect(await changes(twoFiles(traffic(service(none))))).toEqual(APART);
  });

  test("where questions share an identification by chance and answers do not", async () => {
    const text = traffic((k, at) =>
      service(own, (n) => `id=${n + 1}`)(k, at).replace(/(@eth0 10\.1\.3\.8.* id=)\d+/, "$19999"),
    );
    expect(await changes({ "n.pcapng": text })).toEqual(APART);
  });

  test("of one socket that says the same to several neighbours, each seen at its own port of a switch", async () => {
    const names = ["a", "b", "c", "d"];
    const gossip = names.map((own, i) =>
      names
        .map((name, n) =>
          own === name
            ? ""
            : `
        ${(i + n * 0.0001).toFixed(6)} @${name} 10.5.0.${i + 1}:7946 > 10.5.1.${n + 1}:7946 udp "hello, are you there?" id=0
        ${(i + 0.001 + (9 - n) * 0.0001).toFixed(6)} @${name} 10.5.1.${n + 1}:7946 > 10.5.0.${i + 1}:7946 udp "hello, I am here now" id=0`,
        )
        .join("\n"),
    );
    const points = names.map((name) => `@${name} = ethernet resolution=ns`).join("\n");
    expect(await changes({ "n.pcapng": `${points}\n${gossip.join("\n")}` })).toEqual([12, []]);
  });

  test("of many clients that ask the same at once, each seen at a port of its own", async () => {
    const clients = Array.from({ length: 12 }, (_, k) => k);
    const points = clients.map((k) => `@p${k} = ethernet resolution=ns`).join("\n");
    const text = clients
      .map(
        (k) => `
        0.${String(100000 + k)} @p${k} 10.5.0.${k + 1}:5353 > 10.9.0.9:5300 udp "the same for all of us" id=0 ttl=${64 - (k % 2)}
        0.${String(100900 - k)} @p${k} 10.9.0.9:5300 > 10.5.0.${k + 1}:5353 udp "the same answer, too" id=0 ttl=${62 + (k % 2)}`,
      )
      .join("\n");
    expect(await changes({ "n.pcapng": `${points}\n${text}` })).toEqual([12, []]);
  });
});
