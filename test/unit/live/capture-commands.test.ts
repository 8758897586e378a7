/** Commands of live sources: arrays, never text for a shell; names that are no names are refused; failures are explained. */
import { chmodSync, mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { captureCommand, ringCommand } from "../../../src-main/engine/live/capture-commands";
import {
  type ToolPlace,
  explainFailure,
  installText,
  parseInterfaces,
} from "../../../src-main/engine/live/capture-tools";
import type { LiveSource } from "../../../src-shared/contract/live";

type Pod = Extract<LiveSource, { kind: "pod" }>;
type Ssh = Extract<LiveSource, { kind: "ssh" }>;

function placeWith(...programs: string[]): ToolPlace {
  const folder = mkdtempSync(join(tmpdir(), "hopscope-tools-"));
  for (const program of programs) {
    writeFileSync(join(folder, program), "#!/bin/sh\n");
    chmodSync(join(folder, program), 0o755);
  }
  return { platform: "linux", folders: [folder], packages: "apt" };
}

const ssh = (more: Partial<Ssh> = {}): Ssh => ({
  kind: "ssh",
  host: "root@node-1.example",
  port: null,
  interface: "any",
  sudo: false,
  ...more,
});
const pod = (more: Partial<Pod> = {}): Pod => ({
  kind: "pod",
  context: "",
  namespace: "shop",
  pod: "web-7d9f-x2",
  container: "",
  interface: "eth0",
  ...more,
});

describe("the command", () => {
  it("records interfaces with one filter for each", () => {
    const place = placeWith("dumpcap", "tshark");
    const { args } = captureCommand({ kind: "interfaces", interfaces: ["eth0", "lo"] }, "tcp port 80", place);
    expect(args.join(" ")).toBe("-q -i eth0 -f tcp port 80 -i lo -f tcp port 80 -B 32 -w -");
    expect(args).toContain("tcp port 80");
  });

  it("uses what there is, best first", () => {
    const source: LiveSource = { kind: "interfaces", interfaces: ["eth0"] };
    const program = (...tools: string[]): string => captureCommand(source, "", placeWith(...tools)).program;
    expect(program("tcpdump", "tshark", "dumpcap")).toMatch(/dumpcap$/);
    expect(program("tcpdump", "tshark")).toMatch(/tshark$/);
    expect(program("tcpdump")).toMatch(/tcpdump$/);
    expect(() => program()).toThrow(/apt-get install wireshark-common/);
  });

  it("quotes for the shell on the other machine, where ssh has one read it", () => {
    const filter = "host 10.0.0.1 and not 'port 22'; rm -rf / $(id)";
    const { args } = captureCommand(ssh({ port: 2222, sudo: true }), filter, placeWith("ssh"));
    expect(args).toEqual([
      ...["-o", "BatchMode=yes", "-o", "ConnectTimeout=10", "-p", "2222", "--", "root@node-1.example"],
      `sudo -n tcpdump -U -w - -i any 'host 10.0.0.1 and not '\\''port 22'\\''; rm -rf / $(id)'`,
    ]);
  });

  it("gives a pod's names as arguments of their own", () => {
    const { args } = captureCommand(pod({ container: "app", context: "prod" }), "udp port 53", placeWith("kubectl"));
    expect(args).toEqual([
      ...["--context", "prod", "exec", "-n", "shop", "web-7d9f-x2", "-c", "app", "--"],
      ...["tcpdump", "-U", "-w", "-", "-i", "eth0", "udp port 53"],
    ]);
  });

  it("writes a ring with dumpcap, also of what comes from elsewhere", () => {
    const place = placeWith("dumpcap", "ssh");
    const ring = { megabytes: 10, files: 5 };
    const local = ringCommand({ kind: "interfaces", interfaces: ["eth0"] }, "", ring, "/tmp/r.pcapng", place);
    expect(local.args.join(" ")).toBe("-q -i eth0 -B 32 -b filesize:10000 -b files:5 -w /tmp/r.pcapng");
    expect(ringCommand(ssh(), "", ring, "/tmp/r.pcapng", place).args.slice(0, 3)).toEqual(["-q", "-i", "-"]);
  });

  it.each<[string, LiveSource, string]>([
    ["an option as interface", { kind: "interfaces", interfaces: ["-w/etc/passwd"] }, ""],
    ["an option as host", ssh({ host: "-oProxyCommand=touch x" }), ""],
    ["a host with a space", ssh({ host: "a b" }), ""],
    ["an interface with a shell in it", ssh({ interface: "eth0;id" }), ""],
    ["an option as pod", pod({ pod: "--kubeconfig=x" }), ""],
    ["a pod with a slash", pod({ pod: "../x" }), ""],
    ["an option as namespace", pod({ namespace: "-A" }), ""],
    ["an option as filter", pod(), "-w /tmp/x"],
  ])("refuses %s", (_, source, filter) => {
    if (source.kind !== "interfaces" && source.kind !== "ssh" && source.kind !== "pod") throw new Error("no command");
    const place = placeWith("dumpcap", "ssh", "kubectl");
    expect(() => captureCommand(source, filter, place)).toThrow(/cannot be/);
  });
});

describe("interfaces", () => {
  it("as dumpcap, tshark and tcpdump list them, without what is no network", () => {
    const dumpcap = `1. eth0\t\t\t0\t10.0.0.5,fe80::1\tnetwork\t
2. lo\t\tLoopback\t0\t127.0.0.1,::1\tloopback\t
3. nflog\t\t\t0\t\tnetwork\t
4. \\Device\\NPF_{A1-B2}\tIntel\tEthernet 2\t0\t\tnetwork\t\n`;
    expect(parseInterfaces(dumpcap)).toEqual([
      { name: "eth0", description: "", addresses: ["10.0.0.5", "fe80::1"], loopback: false },
      { name: "lo", description: "Loopback", addresses: ["127.0.0.1", "::1"], loopback: true },
      { name: "\\Device\\NPF_{A1-B2}", description: "Ethernet 2", addresses: [], loopback: false },
    ]);
    expect(parseInterfaces("1. eth0\n2. lo (Loopback)\n3. randpkt (Random packet generator)")).toEqual([
      { name: "eth0", description: "", addresses: [], loopback: false },
      { name: "lo", description: "Loopback", addresses: [], loopback: true },
    ]);
    expect(
      parseInterfaces("1.en0 [Up, Running]\n2.lo0 [Up, Running, Loopback]").map((i) => [i.name, i.loopback]),
    ).toEqual([
      ["en0", false],
      ["lo0", true],
    ]);
  });
});

describe("a failure", () => {
  const place: ToolPlace = { platform: "linux", folders: [], packages: "apt" };
  it.each([
    ["dumpcap: You do not have permission to capture on device", "may not record"],
    [
      "tcpdump: eth0: You don't have permission to capture on that device\n(socket: Operation not permitted)",
      "may not record",
    ],
    ["sudo: a password is required", "sudo asks for a password"],
    ["root@n1: Permission denied (publickey,password).", "ssh could not log in"],
    ["bash: line 1: tcpdump: command not found", "tcpdump is not installed there"],
    ['Error from server (NotFound): pods "web" not found', "kubectl could not reach the pod"],
    [
      "dumpcap: Invalid capture filter \"tcp prot\" for interface 'eth0'.\nThat string isn't a valid capture filter (syntax error).",
      "capture filter is not understood",
    ],
    ["tcpdump: eth9: No such device exists\n(SIOCGIFHWADDR: No such device)", "no such interface"],
  ])("%s", (stderr, expected) => {
    expect(explainFailure(stderr, 1, place).message).toContain(expected);
  });

  it("on Debian the group is told, elsewhere the capability, on a Mac ChmodBPF", () => {
    const commands = (more: Partial<ToolPlace>): string =>
      explainFailure("permission denied", 1, { ...place, ...more }).commands.join("\n");
    expect(commands({})).toMatch(/dpkg-reconfigure wireshark-common\n.*usermod -aG wireshark/);
    expect(commands({ packages: "dnf" })).toMatch(/setcap cap_net_raw,cap_net_admin\+eip/);
    expect(commands({ platform: "darwin", packages: undefined })).toMatch(/ChmodBPF/);
    expect(commands({ platform: "win32", packages: undefined })).toMatch(/Npcap/);
  });

  it("every system has its way to install", () => {
    for (const packages of ["apt", "dnf", "pacman", "zypper", "apk"] as const)
      expect(installText("dumpcap", { ...place, packages })).toMatch(/wireshark/);
    expect(installText("dumpcap", { platform: "darwin", folders: [], packages: undefined })).toMatch(/brew/);
    expect(installText("dumpcap", { platform: "win32", folders: [], packages: undefined })).toMatch(/winget/);
  });
});
