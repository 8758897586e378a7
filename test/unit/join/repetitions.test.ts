/** What was sent again has the key of what it repeats: translations are found by the repetition that got through, too. */
import { describe, expect, test } from "vitest";
import { groupPoints, podTold } from "../../../src-main/engine/join/point-groups";
import { connectionLines, connectionsOf, joinTraffic } from "../../builders/join-files";

const POINTS = `
  @veth1 = ethernet resolution=ns
  @eth0 = ethernet resolution=ns
  a = 10.1.0.5:40000   s = 10.96.0.10:80`;

describe("a translated packet whose first try was lost before the translation's other side", () => {
  test("a SYN: its second try ties both sides", async () => {
    const result = await joinTraffic({
      "n1.pcapng": `${POINTS}
            0.000    @veth1 a > s tcp SYN seq=3000000000 id=4660 ts=900000001,0
        q2: 1.000    @veth1 a > s tcp SYN seq=3000000000 id=4661 ts=900001001,0
            1.000020 @eth0  seen q2 dst=10.1.1.9:8080 hops=1
      `,
    });
    expect(connectionLines(result)).toEqual([
      "tcp 10.1.0.5:40000 > 10.96.0.10:80 = 10.1.1.9:8080 as * | n1@veth1 n1@eth0 | dnat n1@veth1..n1@eth0",
    ]);
    expect(connectionsOf(result)[0]?.distinct).toBe(2);
  });
});

describe("capture points of one file", () => {
  test("are grouped by the network namespaces that their descriptions tell", () => {
    const groups = groupPoints(
      [0, 0, 0, 1],
      ["all.pcapng", "n2.pcapng.gz"],
      [
        "network namespace n1",
        "network namespace web-a, pod default/web-a",
        "network namespace n1, pod default/web-a",
        undefined,
      ],
      ["eth0", "eth0", "veth1", "eth0"],
    );
    expect(groups.names).toEqual(["all", "n2", "n1", "web-a"]);
    expect(groups.ofPoint).toEqual([2, 3, 2, 1]);
    expect(groups.mixed.size).toBe(0);
  });

  test("tell the pod they belong to", () => {
    expect(podTold("network namespace n1, pod default/web-a")).toBe("default/web-a");
    expect(podTold("a lovely card")).toBeNull();
  });
});
