/**
 * Addresses are names: another name for every address, in whatever order, changes nothing about who talked to whom, what was
 * translated where, and what was lost. What is smaller, and so endpoint A of a flow, is chance.
 */
import fc from "fast-check";
import { expect, test } from "vitest";
import type { JoinedResult } from "../../../src-main/engine/join/join-result";
import { connectionsOf, joinTraffic } from "../../builders/join-files";

const ROLES = ["client", "service", "server", "other", "node", "outside"] as const;
type Names = Readonly<Record<(typeof ROLES)[number], string>>;

/** A node that translates: DNAT of TCP, UDP and pings whose answers repeat the question, SNAT on the way out, no NAT; some losses. */
function scenario(n: Names): string {
  const lines = [
    "@veth0 = ethernet resolution=ns",
    "@veth1 = ethernet resolution=ns",
    "@eth0 = ethernet resolution=ns",
    `c = ${n.client}:40000   cu = ${n.client}:40001   ce = ${n.client}:40002   ca = ${n.client}`,
    `svc = ${n.service}:80   svcu = ${n.service}:7   svca = ${n.service}`,
    `d = ${n.server}:8080   du = ${n.server}:7007   da = ${n.server}`,
    `o = ${n.other}:8080   n = ${n.node}:61000   x = ${n.outside}:443`,
  ];
  let packet = 0;
  /** A packet at one point and, changed, at the next. */
  const pass = (at: number, from: string, to: string, line: string, change: string, isLost = false): void => {
    const label = `p${packet++}`;
    lines.push(`${label}: ${at.toFixed(6)} @${from} ${line}`);
    if (!isLost) lines.push(`${(at + 15e-6).toFixed(6)} @${to} seen ${label} ${change} hops=1`);
  };
  for (let i = 0; i < 4; i++) {
    const at = 1 + i;
    const ack = 3000000001 + i * 4;
    const ts = 900000000 + i * 1000;
    pass(
      at,
      "veth0",
      "veth1",
      `c > svc tcp PSH,ACK seq=${ack} ack=${2000000001 + i * 4} id=${5000 + i} ts=${ts},7 "ask${i}"`,
      "dst=d",
    );
    pass(
      at + 0.001,
      "veth1",
      "veth0",
      `d > c tcp PSH,ACK seq=${2000000001 + i * 4} ack=${ack + 4} id=${100 + i} ts=${ts + 5},9 "told"`,
      "src=svc",
      i === 2,
    );
    // The answer says what the question said, always the same.
    pass(at + 0.1, "veth0", "veth1", `cu > svcu udp "the same text in every datagram" id=${6000 + i}`, "dst=du");
    pass(at + 0.1005, "veth1", "veth0", `du > cu udp "the same text in every datagram" id=${300 + i}`, "src=svcu");
    pass(
      at + 0.2,
      "veth0",
      "veth1",
      `ce > svcu udp "number ${i * 7919} of many numbers" id=${7000 + i}`,
      "dst=du",
      i === 1,
    );
    if (i !== 1)
      pass(at + 0.2005, "veth1", "veth0", `du > ce udp "number ${i * 7919} of many numbers" id=${400 + i}`, "src=svcu");
    pass(
      at + 0.3,
      "veth0",
      "eth0",
      `c > x tcp PSH,ACK seq=${1700000000 + i * 5} ack=${1234567890 + i * 3} id=${8000 + i} ts=${ts},3 "ask x"`,
      "src=n",
    );
    pass(
      at + 0.301,
      "eth0",
      "veth0",
      `x > n tcp PSH,ACK seq=${1234567890 + i * 3} ack=${1700000005 + i * 5} id=${900 + i} ts=${ts + 8},4 "yes"`,
      "dst=c",
    );
    pass(
      at + 0.4,
      "veth0",
      "veth1",
      `c > o tcp PSH,ACK seq=${4000000000 + i * 2} ack=${3900000000 + i * 2} id=${8800 + i} ts=${ts},1 "hi"`,
      "",
    );
    pass(
      at + 0.401,
      "veth1",
      "veth0",
      `o > c tcp PSH,ACK seq=${3900000000 + i * 2} ack=${4000000002 + i * 2} id=${950 + i} ts=${ts + 1},1 "ho"`,
      "",
    );
    pass(
      at + 0.5,
      "veth0",
      "veth1",
      `ca > svca icmp request ident=77 seq=${i + 1} "ping number ${i} of some" id=${9000 + i}`,
      "dst=da",
    );
    pass(
      at + 0.5005,
      "veth1",
      "veth0",
      `da > ca icmp reply ident=77 seq=${i + 1} "ping number ${i} of some" id=${990 + i}`,
      "src=svca",
    );
  }
  return lines.join("\n");
}

/** Everything that joining says of connections and packets, with roles in place of addresses. */
function told(result: JoinedResult, names: Names): string[] {
  const roleOf = new Map(ROLES.map((role) => [names[role], role]));
  const end = (e: { readonly ip: string; readonly port: number } | null): string =>
    e ? `${roleOf.get(e.ip) ?? e.ip}:${e.port}` : "*";
  return connectionsOf(result)
    .map((c, i) =>
      [
        `${c.protocol} ${end(c.client)} > ${end(c.requested)} = ${end(c.server)}`,
        `${c.path.join(" ")} / ${c.returnPath.join(" ")}`,
        c.translations.map((t) => `${t.kind} ${end(t.from)} ${end(t.to)} ${t.between.join("..")}`).join(", "),
        `${c.sightings} sightings, ${c.distinct} packets, ${c.missing} missing${c.ambiguous ? ", ambiguous" : ""}`,
        result
          .journeys(i)
          .map((j) => j.sightings.join("-"))
          .join(" "),
      ].join(" | "),
    )
    .sort();
}

const byte = fc.integer({ min: 1, max: 250 });
const PRIVATE = fc.tuple(fc.constant(10), byte, byte, byte).map((bytes) => bytes.join("."));
const addresses = fc.uniqueArray(PRIVATE, { minLength: ROLES.length, maxLength: ROLES.length });

function named(list: readonly string[]): Names {
  return Object.fromEntries(ROLES.map((role, i) => [role, list[i]])) as Names;
}

test("other addresses, in any order: the same connections of the same packets", async () => {
  const plain = named(["10.1.0.5", "10.96.0.10", "10.1.1.9", "10.1.2.7", "10.200.0.1", "10.220.0.9"]);
  const expected = told(await joinTraffic({ "n1.pcapng": scenario(plain) }), plain);
  expect(expected.map((line) => line.split(" | ")[0])).toEqual([
    "icmp client:77 > service:0 = server:0",
    "tcp client:40000 > other:8080 = other:8080",
    "tcp client:40000 > outside:443 = outside:443",
    "tcp client:40000 > service:80 = server:8080",
    "udp client:40001 > service:7 = server:7007",
    "udp client:40002 > service:7 = server:7007",
  ]);
  await fc.assert(
    fc.asyncProperty(addresses, async (list) => {
      const names = named(list);
      expect(told(await joinTraffic({ "n1.pcapng": scenario(names) }), names)).toEqual(expected);
    }),
    { numRuns: 40 },
  );
});
