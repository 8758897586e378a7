/** Recordings kept in a folder for each machine have one name: ids, nodes and localities tell them apart all the same. */
import { describe, expect, test } from "vitest";
import { fileMachines } from "../../../src-main/engine/join/point-groups";
import { distinctNames } from "../../../src-shared/base/distinct-names";
import { connectionsOf, joinTraffic } from "../../builders/join-files";

describe("names of files", () => {
  test("are as short as tells them apart", () => {
    expect(distinctNames(["/caps/n1.pcapng", "/caps/n2.pcapng"])).toEqual(["n1.pcapng", "n2.pcapng"]);
    expect(distinctNames(["caps/n1/eth0.pcap", "caps/n2/eth0.pcap", "caps/n2/lo.pcap"])).toEqual([
      "n1/eth0.pcap",
      "n2/eth0.pcap",
      "lo.pcap",
    ]);
    expect(distinctNames(["a/x/eth0.pcap", "b/x/eth0.pcap", "eth0.pcap"])).toEqual([
      "a/x/eth0.pcap",
      "b/x/eth0.pcap",
      "eth0.pcap",
    ]);
    expect(distinctNames(["C:\\caps\\n1\\eth0.pcap", "C:\\caps\\n2\\eth0.pcap", "-"])).toEqual([
      "n1/eth0.pcap",
      "n2/eth0.pcap",
      "-",
    ]);
    expect(distinctNames(["same.pcap", "./same.pcap"]), "what cannot be told apart").toEqual([
      "same.pcap",
      "same.pcap",
    ]);
  });

  test("name machines", () => {
    expect(fileMachines(["client-a.pcapng.gz", "node.pcap"])).toEqual(["client-a", "node"]);
    expect(fileMachines(["10.0.0.1.pcap", "10.0.0.2.pcap"]), "addresses").toEqual(["10.0.0.1", "10.0.0.2"]);
    expect(fileMachines(["dump.n1.pcap", "dump.n2.pcap"]), "words").toEqual(["dump.n1", "dump.n2"]);
    expect(fileMachines(["n1.2024-03-01T10.pcap", "n1.pcap0", "n1.pcap"]), "parts of one").toEqual(["n1", "n1", "n1"]);
    expect(fileMachines(["n1/eth0.pcap", "n2/eth0.pcap"]), "folders").toEqual(["n1/eth0", "n2/eth0"]);
  });
});

test("a call between two machines whose recordings have one name crosses nodes", async () => {
  const points = `
    @veth1 = ethernet resolution=ns
    @eth0 = ethernet resolution=ns
    a = 10.1.1.5:40000   b = 10.1.2.9:8080
  `;
  const result = await joinTraffic({
    "first/all.pcapng": `${points}
      q1: 0.000    @veth1 a > b tcp SYN seq=3000000000 id=4660 ts=900000001,0
          0.000020 @eth0  seen q1 hops=1
      r1: 0.001    @eth0  b > a tcp SYN,ACK seq=4000000000 ack=3000000001 id=77 ttl=63 ts=800000001,900000001
          0.001020 @veth1 seen r1 hops=1
    `,
    "second/all.pcapng": `${points}
      q1: 0.000100 @eth0  a > b tcp SYN seq=3000000000 id=4660 ttl=63 ts=900000001,0
          0.000150 @veth1 seen q1 hops=1
      r1: 0.000880 @veth1 b > a tcp SYN,ACK seq=4000000000 ack=3000000001 id=77 ts=800000001,900000001
          0.000900 @eth0  seen r1 hops=1
    `,
  });
  expect(result.points.map((p) => p.id)).toEqual([
    "first/all.pcapng#0",
    "first/all.pcapng#1",
    "second/all.pcapng#0",
    "second/all.pcapng#1",
  ]);
  const [connection] = connectionsOf(result);
  expect(connection?.locality).toBe("cross-node");
  expect([connection?.client.node, connection?.server.node]).toEqual(["first/all", "second/all"]);
});
