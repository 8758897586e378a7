/** Capture points in lists and legends: by interface, and by what tells those of one name apart. */
import { describe, expect, it } from "vitest";
import { pointLabels } from "../../../src-main/engine/service/point-label";

interface Point {
  readonly file: string;
  readonly name: string;
  readonly description?: string;
}

/** As much of open captures as labels are made of. */
function labels(points: readonly Point[]): string[] {
  const files = [...new Set(points.map((point) => point.file))];
  const label = pointLabels({
    workspace: {
      files: files.map((name) => ({ name })),
      pointFiles: points.map((point) => files.indexOf(point.file)),
      points: points.map(({ description }) => ({ description })),
      pointId: (point) => `${points[point]?.file ?? "?"}#${point}`,
    },
    pointName: (point) => points[point]?.name ?? "",
  });
  return points.map((_, point) => label(point));
}

describe("labels of capture points", () => {
  it("are interfaces alone where one file has each once", () => {
    expect(
      labels([
        { file: "n1.pcap", name: "eth0" },
        { file: "n1.pcap", name: "cni0" },
      ]),
    ).toEqual(["eth0", "cni0"]);
  });

  it("have the file where there are several", () => {
    expect(
      labels([
        { file: "n1.pcapng.gz", name: "eth0" },
        { file: "n2.pcapng", name: "eth0" },
      ]),
    ).toEqual(["eth0 · n1", "eth0 · n2"]);
  });

  it("leave out what the names of all files begin with, where that is long and enough is left", () => {
    const named = (...files: string[]): string[] => labels(files.map((file) => ({ file, name: "eth0" })));
    expect(named("service-vxlan-node1.pcapng", "service-vxlan-node2.pcapng")).toEqual(["eth0 · node1", "eth0 · node2"]);
    expect(named("2026-11-21-client.pcap", "2026-11-21-server.pcap", "r.pcap")[0]).toBe("eth0 · 2026-11-21-client");
    expect(named("customer-a.pcap", "customer-b.pcap")).toEqual(["eth0 · customer-a", "eth0 · customer-b"]);
  });

  it("are the file alone where it tells no interface and has but one", () => {
    expect(
      labels([
        { file: "n1.pcap", name: "interface 0" },
        { file: "n2.pcapng", name: "interface 0" },
        { file: "n2.pcapng", name: "interface 1" },
      ]),
    ).toEqual(["n1", "interface 0 · n2", "interface 1 · n2"]);
  });

  it("have the machine where one file holds the eth0 of many", () => {
    expect(
      labels([
        { file: "all.pcapng", name: "eth0", description: "network namespace node-a" },
        { file: "all.pcapng", name: "eth0", description: "network namespace client, pod default/client" },
        { file: "all.pcapng", name: "cni0", description: "network namespace node-a" },
      ]),
    ).toEqual(["eth0 · node-a", "eth0 · client", "cni0"]);
  });

  it("show hostile characters of a name as escapes", () => {
    expect(labels([{ file: "a.pcap", name: "eth0\n\u202eevil" }])).toEqual(["eth0\\x0a\\x202eevil"]);
  });
});
