/** Names that captures tell (pcapng's name resolution) on the ends of connections; a name is hostile text. */
import { expect, test } from "vitest";
import { captureNames } from "../../../src-main/engine/join/topology/capture-names";
import { connectionsOf, joinTraffic } from "../../builders/join-files";

/** A call from a pod's card over its node to the world. */
const CALL = `
  @veth1 = ethernet resolution=ns
  @eth0 = ethernet resolution=ns
  q: 0.000  @veth1 10.1.0.5:41354 > 203.0.113.9:443 tcp SYN seq=3000000000 id=4660
     0.0001 @eth0 seen q src=192.168.0.1:41354 hops=1
  r: 0.001  @eth0 203.0.113.9:443 > 192.168.0.1:41354 tcp SYN,ACK seq=2000000000 ack=3000000001 id=0 ttl=60
     0.0011 @veth1 seen r dst=10.1.0.5:41354 hops=1
`;

test("a pod and an outside server are called what the capture calls them; the node's own name stays", async () => {
  const result = await joinTraffic({
    "n1.pcapng": `${CALL}host 10.1.0.5 web-a other-name\nhost 203.0.113.9 api.example.org\nhost 192.168.0.1 node-one`,
  });
  expect(connectionsOf(result).map((c) => [c.client, c.server])).toEqual([
    [
      { ip: "10.1.0.5", port: 41354, pod: "web-a", node: "n1" },
      { ip: "203.0.113.9", port: 443, pod: null, node: null, name: "api.example.org" },
    ],
  ]);
});

test("nothing told, nothing named; where nothing else is known of an address, its name is still told", async () => {
  const lone = "0.0 10.1.0.5:1 > 10.1.0.6:2 udp id=7 len=30";
  const [without] = connectionsOf(await joinTraffic({ "a.pcapng": lone }));
  expect([without?.client.name, without?.kind]).toEqual([undefined, "unknown"]);
  const [named] = connectionsOf(await joinTraffic({ "a.pcapng": `${lone}\nhost 10.1.0.5 printer` }));
  expect([named?.client.name, named?.kind, named?.locality]).toEqual(["printer", "unknown", "unknown"]);
});

test("hostile and contradicting names: cut to a DNS name's length, the several ones told, empty ones left out", () => {
  const names = captureNames([
    { address: "10.0.0.1", names: ["<img src=x onerror=alert(1)>".padEnd(70_000, "x")] },
    { address: "10.0.0.2", names: ["a"] },
    { address: "10.0.0.2", names: ["b", "alias"] },
    { address: "10.0.0.2", names: ["a"] },
    { address: "10.0.0.3", names: [] },
    { address: "10.0.0.4", names: ["  "] },
  ]);
  expect([...names.keys()]).toEqual(["10.0.0.1", "10.0.0.2"]);
  expect(names.get("10.0.0.1")).toHaveLength(255);
  expect(names.get("10.0.0.2")).toBe("a or b");
});
