/**
 * A source address that a packet has twice on its way: a pod calls its Service by the gateway's public address, the gateway sends the call back to the
 * node it came from, and the node hands it on to a pod elsewhere.
 *
 * ```
 * pod ─► node: SNAT to the node ─► gateway: DNAT to the node port, SNAT to the gateway ─► node: DNAT to the pod, SNAT to the node
 * ```
 */
import { describe, expect, test } from "vitest";
import { endpointText } from "../../../src-shared/model/endpoint-text";
import type { Connection } from "../../../src-shared/reconstruct/result";
import { connectionsOf, joinTraffic } from "../../builders/join-files";

/** What goes through node and gateway, one line a sighting: `there` and `back` are the changes that each line shows. */
function call(label: string, at: number, packet: string, sightings: readonly string[]): string {
  const time = (step: number): string => (at + step * 0.00002).toFixed(6);
  return [
    `${label}: ${time(0)} ${packet}`,
    ...sightings.map((sighting, step) => {
      const [point = "", ...words] = sighting.split(" ");
      return `${time(step + 1)} ${point} seen ${label} ${words.join(" ")}`;
    }),
  ].join("\n");
}

const THERE = [
  "@eth0 src=10.9.0.1:40000 hops=1",
  "@wan src=10.9.0.254:40000 dst=10.9.0.1:31090 hops=2",
  "@eth0 src=10.9.0.254:40000 dst=10.9.0.1:31090 hops=2",
  "@eth0 src=10.9.0.1:40000 dst=10.1.7.7:8080 hops=3",
  "@veth7 src=10.9.0.1:40000 dst=10.1.7.7:8080 hops=4",
];
const BACK = [
  "@eth0 hops=1",
  "@eth0 src=10.9.0.1:31090 dst=10.9.0.254:40000 hops=2",
  "@wan src=100.64.5.2:80 dst=10.9.0.1:40000 hops=3",
  "@eth0 src=100.64.5.2:80 dst=10.9.0.1:40000 hops=3",
  "@veth1 src=100.64.5.2:80 dst=10.1.0.5:40000 hops=4",
];

const recording = (there: readonly string[], back: readonly string[]): string => `
  @veth1 = ethernet resolution=ns
  @eth0 = ethernet resolution=ns
  @wan = ethernet resolution=ns
  @veth7 = ethernet resolution=ns
  a = 10.1.0.5:40000   s = 100.64.5.2:80   b = 10.1.7.7:8080   n = 10.9.0.1:40000
  ${call("q1", 0, "@veth1 a > s tcp SYN seq=3000000000 id=4660 ts=900000001,0", there)}
  ${call("r1", 0.001, "@veth7 b > n tcp SYN,ACK seq=2000000000 ack=3000000001 id=0 ts=700000001,900000001", back)}
  ${call("q2", 0.002, '@veth1 a > s tcp PSH,ACK seq=3000000001 ack=2000000001 id=4661 ts=900000002,700000001 "hello hello hello"', there)}
  ${call("r2", 0.003, '@veth7 b > n tcp PSH,ACK seq=2000000001 ack=3000000018 id=77 ts=700000002,900000002 "welcome welcome"', back)}
`;

async function only(there: readonly string[], back: readonly string[]): Promise<Connection> {
  const connections = connectionsOf(await joinTraffic({ "n1.pcapng": recording(there, back) }));
  const [connection] = connections;
  if (!connection || connections.length > 1) throw new Error(`${connections.length} connections, expected one`);
  return connection;
}

const changes = (connection: Connection, kind: string): string[] =>
  connection.translations
    .filter((t) => t.kind === kind)
    .map(({ from, to }) => `${endpointText(from)} to ${endpointText(to)}`);

const SNATS = [
  "10.1.0.5:40000 to 10.9.0.1:40000",
  "10.9.0.1:40000 to 10.9.0.254:40000",
  "10.9.0.254:40000 to 10.9.0.1:40000",
];

describe("a pod's call that comes back to its own node", () => {
  test("each change of the source is told, in hop order, and the server sees the node", async () => {
    const connection = await only(THERE, BACK);
    expect(changes(connection, "snat")).toEqual(SNATS);
    expect(changes(connection, "dnat")).toEqual(["100.64.5.2:80 to 10.9.0.1:31090", "10.9.0.1:31090 to 10.1.7.7:8080"]);
    expect(connection.seenByServerAs && endpointText(connection.seenByServerAs)).toBe("10.9.0.1:40000");
  });

  test("the last step was seen of the answers only: the same", async () => {
    const connection = await only(THERE.slice(0, -2), BACK);
    expect(changes(connection, "snat")).toEqual(SNATS);
    expect(connection.seenByServerAs && endpointText(connection.seenByServerAs)).toBe("10.9.0.1:40000");
  });
});

test("not: what a bridge shows late, with the address that was left, is no change", async () => {
  const [snat = "", ...rest] = THERE;
  const late = [snat.replace("hops=1", "hops=0"), "@wan hops=0", "@wan hops=1", snat];
  const connection = await only([...late, ...rest], BACK);
  expect(changes(connection, "snat")).toEqual(SNATS);
});
