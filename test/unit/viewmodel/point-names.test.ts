/** Capture points by the shortest name that tells them apart. */
import { describe, expect, it } from "vitest";
import { pointNames } from "../../../src-renderer/viewmodel/point-names";
import { fileLabel } from "../../../src-renderer/viewmodel/point-text";

describe("names of files", () => {
  it("have the folder where another open file has the same name", () => {
    const files = ["/caps/n1/all.pcap", "/caps/n2/all.pcap", "/caps/n2/lo.pcap"].map((path, file) => ({
      file,
      path,
      name: path.slice(path.lastIndexOf("/") + 1),
    }));
    expect(files.map((file) => fileLabel({ ...file }, files))).toEqual(["n1/all.pcap", "n2/all.pcap", "lo.pcap"]);
  });
});

describe("names of capture points", () => {
  it("are the interface's where only one has it, with the file where several do", () => {
    const names = pointNames([
      { id: "n1.pcapng#0", name: "eth0" },
      { id: "n1.pcapng#1", name: "cni0" },
      { id: "n2.pcap.gz#0", name: "eth0" },
    ]);
    expect(["n1.pcapng#0", "n1.pcapng#1", "n2.pcap.gz#0"].map(names)).toEqual(["n1 eth0", "cni0", "n2 eth0"]);
  });

  it("are with the machine where one file holds many network namespaces and says so", () => {
    const names = pointNames([
      { id: "all.pcapng#0", name: "eth0", description: "network namespace node-a" },
      { id: "all.pcapng#4", name: "eth0", description: "network namespace web, pod default/web" },
    ]);
    expect(["all.pcapng#0", "all.pcapng#4"].map(names)).toEqual(["node-a eth0", "web eth0"]);
  });

  it("stay ids where nothing tells them apart", () => {
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
