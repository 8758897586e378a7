/** What the panes of translations and findings say. */
import { describe, expect, it } from "vitest";
import type { NatEntryInfo } from "../../../src-shared/contract/nat";
import { byFile, checkStep } from "../../../src-renderer/viewmodel/findings";
import { lifeText, natLines, natSentence, natValues, toldLines } from "../../../src-renderer/viewmodel/nat";

const end = (text: string): { ip: string; port: number } => {
  const [ip, port] = text.split(" ") as [string, string];
  return { ip, port: Number(port) };
};

const NOWHERE = { source: end("0.0.0.0 0"), destination: end("0.0.0.0 0") };
const ENTRY: NatEntryInfo = {
  key: "1",
  connection: "c",
  protocol: "tcp",
  kinds: ["dnat"],
  node: null,
  original: NOWHERE,
  reply: NOWHERE,
  state: null,
  timeoutSeconds: null,
  evidence: [],
  verdict: "equal",
  verdictText: "",
  told: null,
};

describe("a translation", () => {
  const original = { source: end("10.1.0.5 4000"), destination: end("10.96.0.1 80") };

  it("marks what was changed: the reply's source is another than what was asked", () => {
    const reply = { source: end("10.1.1.9 8080"), destination: end("10.1.0.5 4000") };
    const lines = natLines({ ...ENTRY, original, reply });
    expect(
      lines.map(
        (l) =>
          `${l.label} ${l.source.text}${l.source.changed ? "!" : ""} ${l.destination.text}${l.destination.changed ? "!" : ""}`,
      ),
    ).toEqual(["original 10.1.0.5:4000 10.96.0.1:80!", "reply 10.1.1.9:8080! 10.1.0.5:4000"]);
  });

  it("writes IPv6 addresses in brackets, and no port where there is none", () => {
    const told = {
      original: { source: end("fd00::1 7"), destination: end("fd00::2 0") },
      reply: { source: end("fd00::2 0"), destination: end("fd00::1 7") },
    };
    const [line] = toldLines({ ...ENTRY, ...told, told: { file: "c.txt", line: 1, state: null, flags: [], ...told } });
    expect([line?.label, line?.source.text, line?.destination.text]).toEqual([
      "told original",
      "[fd00::1]:7",
      "fd00::2",
    ]);
  });

  it("is asked for by what packets have: an address that connection tracking alone tells finds none", () => {
    const reply = { source: end("10.1.1.9 8080"), destination: end("10.1.0.5 4000") };
    const other = { source: end("10.1.1.77 8080"), destination: end("10.1.0.5 4000") };
    const told = { file: "c.txt", line: 1, state: null, flags: [], original, reply: other };
    const entry: NatEntryInfo = { ...ENTRY, original, reply, verdict: "differs", told };
    expect(toldLines(entry).map(({ source }) => source.value.filter)).toEqual([
      "ip.addr == 10.1.0.5 && tcp.port == 4000",
      null,
    ]);
    expect(natValues(entry).map(({ filter }) => filter)).toEqual([
      'connection.id == "c"',
      'nat.kind == "dnat"',
      "ip.addr == 10.1.0.5 && tcp.port == 4000",
      "ip.addr == 10.96.0.1 && tcp.port == 80",
      "ip.addr == 10.1.1.9 && tcp.port == 8080",
    ]);
    expect(natValues({ ...entry, verdict: "told-only", connection: null })).toEqual([]);
  });

  it("is said in a sentence, with how long the kernel keeps it", () => {
    const entry = {
      node: "n1",
      kinds: ["dnat", "snat", "snat"],
      protocol: "tcp",
      state: "TIME_WAIT",
      timeoutSeconds: 120,
    } as unknown as NatEntryInfo;
    expect(natSentence(entry)).toBe("n1 translates: DNAT and SNAT of a TCP connection.");
    expect(natSentence({ ...entry, node: null, protocol: "icmp" })).toBe(
      "A machine translates: DNAT and SNAT of an ICMP connection.",
    );
    expect(lifeText(entry)).toBe("TIME_WAIT; by Linux's default the kernel forgets it 2 min after the last packet");
    expect(lifeText({ ...entry, state: null })).toBe("");
  });
});

describe("a finding", () => {
  it("has its packets by file, each file's in order", () => {
    const packet = (file: string, number: number): { packet: number; file: string; number: number } => ({
      packet: number,
      file,
      number,
    });
    expect(
      byFile([packet("b", 9), packet("a", 3), packet("b", 2)]).map(
        (g) => `${g.file} ${g.packets.map((p) => p.number).join(" ")}`,
      ),
    ).toEqual(["b 2 9", "a 3"]);
  });

  it("has commands apart from where to run them", () => {
    expect(checkStep("conntrack -L # on n1")).toEqual({ command: "conntrack -L", where: "on n1" });
    expect(checkStep("kubectl get pods")).toEqual({ command: "kubectl get pods", where: null });
  });
});
