/** Packets that are cut into fragments on the way, and those that their sender cut. */
import { describe, expect, test } from "vitest";
import { findingLines, search } from "../../builders/find-in-traffic";
import { TwoNodes } from "../../builders/two-nodes";

const TUNNEL = "vxlan(vni=1, n1 > n2)";
const CUT = "vxlan(vni=1, n1 > n2, frag=976)";

/** A connection through a tunnel, and one large packet of it: its words at the four points. */
function large(atNode1: string, atNode2: string): TwoNodes {
  return new TwoNodes({ tunnel: TUNNEL })
    .handshake(0)
    .line("big: 0.2 @n1/veth1 10.1.0.5:40000 > 10.1.1.9:8080 tcp PSH,ACK id=300 ts=6300,7000 len=1400")
    .line(`0.2001 @n1/eth0 seen big ${atNode1} hops=1`)
    .line(`0.2002 @n2/eth0 seen big ${atNode2} hops=1`)
    .line("0.2003 @n2/veth2 seen big hops=2")
    .send("server", 0.21, "tcp ACK id=5400 ts=9000,6300");
}

describe("packets cut into fragments on the way", () => {
  test("whole where the first node sends them, in pieces at the second: said of the tunnel's packets, with the piece's size", async () => {
    const found = await search(large(TUNNEL, CUT).captures());
    expect(findingLines(found)).toEqual([
      "note path-mtu: Tunnel packets are cut into fragments in front of eth0 of n2: pieces of at most 996 bytes",
    ]);
    const [cut] = found.findings;
    expect(cut?.text).toContain(
      "1 packet of 1 connection is whole at eth0 of n1 and in fragments at eth0 of n2; 2 others",
    );
    expect(cut?.evidence).toContain("1 of 1 are seen again behind eth0 of n2");
    expect(cut?.ruledOut).toContain("an MTU blackhole: the pieces arrive");
  });

  test("cut by the node that packs them in: its NIC is where the pieces begin", async () => {
    const found = await search(large(CUT, CUT).captures());
    expect(found.of("path-mtu").map((f) => f.where)).toEqual([["n1.pcapng#0", "n1.pcapng#1", "n1"]]);
  });

  test("not a datagram that its sender sends in fragments", async () => {
    const nodes = new TwoNodes();
    nodes.line("d: 0.1 @n1/veth1 10.1.0.5:5000 > 10.1.1.9:53 udp id=9 len=2000 frag=1480");
    for (const [i, point] of ["n1/eth0", "n2/eth0", "n2/veth2"].entries())
      nodes.line(`0.1${i + 1} @${point} seen d frag=1480 hops=${i === 2 ? 2 : 1}`);
    expect((await search(nodes.captures())).of("path-mtu")).toEqual([]);
  });
});
