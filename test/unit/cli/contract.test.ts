/** The command line's contract: exit codes, where messages go, inputs of every kind, exports other programs can read. */
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { afterAll, describe, expect, it } from "vitest";
import { CLI, hasTool, hopscope } from "../../builders/shared-data";

const HTTP = "fixtures/http-ethernet.pcap";
const MIXED = "fixtures/mixed-sections.pcapng";
const folder = mkdtempSync(join(tmpdir(), "hopscope-cli-"));
afterAll(() => rmSync(folder, { recursive: true }));

describe("exit codes", () => {
  it("0 when all was read", () => expect(hopscope("flows", HTTP).status).toBe(0));
  it("1 when part was unreadable: what could be read is printed, the problem told with file and byte", () => {
    const r = hopscope("fields", "fixtures/damaged-truncated.pcapng", "-e", "frame.number");
    expect(r.status).toBe(1);
    expect(r.stdout.length).toBeGreaterThan(0);
    expect(r.stderr).toMatch(/damaged-truncated\.pcapng: byte \d+: .*cut short/);
  });
  it("2 without input, with a file that is no capture, with a missing file", () => {
    const text = join(folder, "notes.txt");
    writeFileSync(text, "not a capture at all");
    expect(hopscope("flows").status).toBe(2);
    expect(hopscope("flows", text).status).toBe(2);
    expect(hopscope("flows", text).stderr).toContain("expected a pcap or pcapng capture");
    const missing = hopscope("packets", join(folder, "missing.pcap"));
    expect(missing.stderr).toMatch(/no such file/);
    expect(missing.stdout, "without results nothing goes to standard output").toBe("");
  });
  it("2 for unusable arguments, naming what is wrong", () => {
    expect(hopscope("flowz", HTTP).stderr).toContain("no command is named flowz");
    expect(hopscope("fields", HTTP, "-e", "ip.scr").stderr).toContain("did you mean ip.src?");
    expect(hopscope("fields", HTTP, "-e", "ip.src", "--format", "xml").status).toBe(2);
    const filter = hopscope("fields", HTTP, "-e", "ip.src", "-Y", "ip.src == ");
    expect(filter.status).toBe(2);
    expect(filter.stderr).toContain("^");
  });
  it.each(["info", "fields", "packets", "flows", "export", "serve", "open"])("%s --help", (command) => {
    const r = hopscope(command, "--help");
    expect(r.status).toBe(0);
    expect(r.stdout).toContain(`Usage: hopscope ${command}`);
  });
});

describe("inputs", () => {
  const numbers = (...args: string[]): string => hopscope("fields", ...args, "-e", "frame.number").stdout;
  it("reads standard input", () => {
    const r = spawnSync(process.execPath, [CLI, "fields", "-", "-e", "frame.number"], {
      input: readFileSync(HTTP),
      encoding: "utf8",
    });
    expect(r.stdout).toBe(numbers(HTTP));
  });
  it("reads gzip, told by its bytes and not by its name", () => {
    const path = join(folder, "compressed.pcap");
    writeFileSync(path, gzipSync(readFileSync(HTTP)));
    expect(numbers(path)).toBe(numbers(HTTP));
  });
  it("reads several files and folders as one workspace", () => {
    const both = numbers(HTTP, MIXED);
    expect(both).toBe(numbers(HTTP) + numbers(MIXED));
  });
  it("gives the same with one thread and with two", () => {
    for (const command of ["flows", "packets"])
      expect(hopscope(command, MIXED, "--threads", "2").stdout).toBe(hopscope(command, MIXED, "--threads", "1").stdout);
  });
});

describe("fields", () => {
  it("joins occurrences by commas, outermost first", () => {
    const r = hopscope("fields", "fixtures/ip-in-ip.pcapng", "-Y", "ip.src#2", "-e", "ip.src", "-e", "ip.proto");
    expect(r.stdout.split("\n")[0]).toMatch(/^[\d.]+,[\d.]+\t4,\d+$/);
  });
  it("prints csv with a header, json and ek", () => {
    const csv = hopscope("fields", HTTP, "-e", "frame.number", "-e", "ip.src", "--format", "csv", "--header").stdout;
    expect(csv.split("\n")[0]).toBe("frame.number,ip.src");
    const json = JSON.parse(
      hopscope("fields", HTTP, "-Y", "ip", "-e", "ip.src", "--format", "json").stdout,
    ) as unknown[];
    expect(json[0]).toMatchObject({ _source: { layers: { "ip.src": [expect.any(String)] } } });
    const ek = hopscope("fields", HTTP, "-Y", "ip", "-e", "ip.src", "--format", "ek").stdout.split("\n");
    expect(JSON.parse(ek[1] as string)).toMatchObject({ layers: { ip_src: [expect.any(String)] } });
  });
  it("filters by layer: #2 is the inner address", () => {
    const all = hopscope("fields", "fixtures/ip-in-ip.pcapng", "-Y", "ip.src#2", "-e", "ip.src").stdout.split(
      "\n",
    )[0] as string;
    const inner = all.split(",")[1] as string;
    expect(
      hopscope("fields", "fixtures/ip-in-ip.pcapng", "-e", "ip.src", "-Y", `ip.src#2 == ${inner}`).stdout,
    ).toContain(all);
    expect(
      hopscope("fields", "fixtures/ip-in-ip.pcapng", "-e", "ip.src", "-Y", `ip.src#1 == ${inner}`).stdout,
    ).not.toContain(all);
  });
});

describe("decode as", () => {
  it("sees into a tunnel on a port of one's choice, and can be told not to", () => {
    const inner = (...args: string[]): string =>
      hopscope("fields", "fixtures/ip-over-udp.pcapng", "-e", "ip.src", ...args).stdout;
    expect(inner()).toContain(",");
    expect(inner("--known-ports-only")).not.toContain(",");
    const port = hopscope("fields", "fixtures/ip-over-udp.pcapng", "-e", "udp.dstport")
      .stdout.split(/[\n,]/)
      .find(Boolean) as string;
    expect(inner("--known-ports-only", "--decode-as", `udp.port=${port}:ip`)).toBe(inner());
    expect(inner("--decode-as", `udp.port=${port}:data`)).not.toContain(",");
  });
});

const wireshark = hasTool("tshark") && hasTool("capinfos");
if (!wireshark) console.log("skipped: exports read by tshark and capinfos (not installed)");

describe.skipIf(!wireshark)("exported pcapng", () => {
  it.each([HTTP, MIXED, "fixtures/vxlan-ports.pcapng"])(
    "%s: capinfos and tshark read the same packets, times, comments and interfaces",
    (file) => {
      const out = join(folder, "copy.pcapng");
      expect(hopscope("export", "--plain", file, "--to", out).status).toBe(0);
      expect(spawnSync("capinfos", [out]).status).toBe(0);
      const fields = [
        "frame.number",
        "frame.time_epoch",
        "frame.comment",
        "frame.len",
        "ip.src",
        "tcp.seq_raw",
      ].flatMap((f) => ["-e", f]);
      const read = (path: string): string =>
        spawnSync("tshark", ["-r", path, "-T", "fields", ...fields], { encoding: "utf8" }).stdout;
      expect(read(out)).toBe(read(file));
    },
  );
  it("leaves out what the filter leaves out", () => {
    const out = join(folder, "filtered.pcapng");
    hopscope("export", HTTP, "--to", out, "-Y", "tcp.len > 0");
    expect(hopscope("fields", out, "-e", "tcp.len").stdout).toBe(
      hopscope("fields", HTTP, "-e", "tcp.len", "-Y", "tcp.len > 0").stdout,
    );
  });
});

describe("other exports", () => {
  it("conn.log has Zeek's header and one line a flow", () => {
    const out = join(folder, "conn.log");
    expect(hopscope("export", HTTP, "--to", out).status).toBe(0);
    const lines = readFileSync(out, "utf8").trimEnd().split("\n");
    expect(lines.find((l) => l.startsWith("#fields"))).toContain("\tuid\tid.orig_h\t");
    const flows = hopscope("flows", HTTP).stdout.trimEnd().split("\n").length - 1;
    expect(lines.filter((l) => !l.startsWith("#"))).toHaveLength(flows);
  });
  it("csv, json and ndjson hold the packet list", () => {
    const path = (name: string): string => join(folder, name);
    for (const name of ["p.csv", "p.json", "p.ndjson"])
      expect(hopscope("export", HTTP, "--to", path(name)).status).toBe(0);
    const json = JSON.parse(readFileSync(path("p.json"), "utf8")) as { "No.": number; Info: string }[];
    expect(
      readFileSync(path("p.ndjson"), "utf8")
        .trimEnd()
        .split("\n")
        .map((l) => JSON.parse(l) as unknown),
    ).toEqual(json);
    expect(readFileSync(path("p.csv"), "utf8").split("\r\n")[0]).toBe(
      "No.,Time,Source,Destination,Protocol,Length,Info",
    );
    expect(json.length).toBeGreaterThan(5);
  });
  it("refuses a target it does not know, and leaves no half file behind", () => {
    expect(hopscope("export", HTTP, "--to", join(folder, "x.xlsx")).stderr).toContain("expected a name that ends in");
    expect(hopscope("export", join(folder, "missing.pcap"), "--to", join(folder, "never.csv")).status).toBe(2);
    expect(() => readFileSync(join(folder, "never.csv"))).toThrow();
  });
});
