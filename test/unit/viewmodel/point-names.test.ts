/** Capture points by the shortest name that tells them apart. */
import { describe, expect, it } from "vitest";
import { pointNames } from "../../../src-renderer/viewmodel/point-names";

describe("names of capture points", () => {
  it("are the interface's where only one has it, with the file where several do", () => {
    const names = pointNames([
      { id: "n1.pcapng#0", name: "eth0" },
      { id: "n1.pcapng#1", name: "cni0" },
      { id: "n2.pcap.gz#0", name: "eth0" },
    ]);
    expect(["n1.pcapng#0", "n1.pcapng#1", "n2.pcap.gz#0"].map(names)).toEqual(["n1 eth0", "cni0", "n2 eth0"]);
  });

  it("stay ids where neither tells them apart: one file of many network namespaces", () => {
    const names = pointNames([
      { id: "all.pcapng#0", name: "eth0" },
      { id: "all.pcapng#4", name: "eth0" },
    ]);
    expect(names("all.pcapng#4")).toBe("all.pcapng#4");
  });

  it("leave other text alone", () => {
    expect(pointNames([])("n1")).toBe("n1");
  });
});
