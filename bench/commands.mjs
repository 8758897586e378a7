/**
 * What is measured: this project's commands, and the programs people use today, each doing the nearest thing it can.
 *
 * | what   | ours                                        | peers                                                        |
 * | ------ | ------------------------------------------- | ------------------------------------------------------------ |
 * | read   | info                                        | capinfos, tcpdump counting, pcap-parser                      |
 * | decode | fields, ten of them                         | tshark -T fields, the same ten                               |
 * | flows  | flows, also on one thread                   | tshark -z conv,tcp; nfpcapd; softflowd                       |
 * | filter | fields -Y, the same ten of what matches     | tshark -Y, the same; tcpdump counting what BPF can say of it |
 * | join   | connections (two-node input only)           |                                                              |
 */
import { spawnSync } from "node:child_process";
import { accessSync, constants, existsSync, readFileSync } from "node:fs";
import { delimiter, join } from "node:path";
import { fileURLToPath } from "node:url";
import { emptyFolder } from "./measure.mjs";

export const FIELDS = [
  "frame.number",
  "frame.time_epoch",
  "frame.len",
  "ip.src",
  "ip.dst",
  "ip.ttl",
  "tcp.srcport",
  "tcp.dstport",
  "tcp.flags",
  "udp.dstport",
];
export const FILTER = "tcp.dstport == 443 && ip.ttl < 64";
/** The same of the outermost headers: BPF knows no tunnels. */
const BPF = "tcp dst port 443 and ip[8] < 64";

/**
 * One line of the table.
 * @typedef {object} Row
 * @property {string} name
 * @property {"read" | "decode" | "flows" | "filter" | "join"} what
 * @property {boolean} ours
 * @property {string[]} against names of the rows to compare with: the first that was measured
 * @property {((path: string) => string[])} [command] of the input's file; ours gets all files
 * @property {boolean} [partial] the command can stop after a number of packets, and is slow enough to need it
 * @property {string} [absent] why there is no figure
 */

/** @typedef {{ kind: string, format: string, files: string[] }} Input */
/** @typedef {{ path: string, version: string }} Tool */

/** The command line that is measured: HOPSCOPE_CLI, or what `npm run build` made. */
const cliPath = process.env.HOPSCOPE_CLI ?? fileURLToPath(new URL("../out/main/cli.js", import.meta.url));

const fieldArguments = FIELDS.flatMap((field) => ["-e", field]);

/** Which of our commands this build has. */
export function findOwnCommands() {
  if (!existsSync(cliPath))
    throw new Error("there is no command line to measure: npm run build, or set HOPSCOPE_CLI to a cli.js");
  const wanted = ["info", "fields", "flows", "connections"];
  return new Set(
    wanted.filter((name) => {
      const { status, stdout } = spawnSync(process.execPath, [cliPath, name, "--help"], { encoding: "utf8" });
      // A build without it answers with the list of all commands.
      return status === 0 && stdout.includes(`hopscope ${name} `);
    }),
  );
}

/** The peers that are installed, by name; undefined: not installed. */
export function findPeers() {
  const folders = [...(process.env.PATH ?? "").split(delimiter), "/usr/sbin", "/sbin"];
  /**
   * @param {string} name
   * @param {string[]} versionArguments
   * @param {RegExp} version
   * @returns {[string, Tool | undefined]}
   */
  const find = (name, versionArguments, version) => {
    const path = folders.map((folder) => join(folder, name)).find(isExecutable);
    if (path === undefined) return [name, undefined];
    const { stdout, stderr } = spawnSync(path, versionArguments, { encoding: "utf8" });
    return [name, { path, version: version.exec(`${stdout}\n${stderr}`)?.[1] ?? "of unknown version" }];
  };
  /** @type {[string, Tool | undefined][]} */
  const found = [
    find("tshark", ["--version"], /TShark \(Wireshark\) (\S+?)\.? /),
    find("tcpdump", ["--version"], /tcpdump version (\S+)/),
    find("capinfos", ["--version"], /Capinfos \(Wireshark\) (\S+?)\.? /),
    find("nfpcapd", ["-V"], /Version: ([\d.]+\d)/),
    find("softflowd", ["-h"], /softflowd version (\S+?)\.? /),
    ["pcap-parser", findPackage("pcap-parser")],
  ];
  return new Map(found);
}

/**
 * Our `flows` alone, for the scaling check.
 * @param {string} path
 * @param {string[]} options
 */
export function flowsCommand(path, ...options) {
  return [process.execPath, cliPath, "flows", path, ...options];
}

/**
 * @param {Input} input
 * @param {Set<string>} own
 * @param {Map<string, Tool | undefined>} peers
 * @param {number} partialPackets what a slow peer reads
 * @returns {Row[]}
 */
export function rowsFor(input, own, peers, partialPackets) {
  /** @type {Row[]} */
  const rows = [];
  /**
   * @param {Row["what"]} what
   * @param {string[]} args the command and its options
   * @param {string} [name]
   * @param {string[]} [against]
   */
  const ours = (what, args, name = args[0], against = []) => {
    const command = () => [process.execPath, cliPath, ...args.slice(0, 1), ...input.files, ...args.slice(1)];
    const row = { name: `hopscope ${name}`, what, ours: true, against: against.map((other) => `hopscope ${other}`) };
    rows.push(own.has(args[0]) ? { ...row, command } : { ...row, absent: "not in this build" });
  };
  /**
   * @param {Row["what"]} what
   * @param {string} tool
   * @param {string} name
   * @param {string[]} against
   * @param {(program: string, path: string) => string[]} command
   * @param {{ partial?: boolean, absent?: string }} [more]
   */
  const peer = (what, tool, name, against, command, more = {}) => {
    const found = peers.get(tool);
    const row = { name, what, ours: false, against: against.map((other) => `hopscope ${other}`) };
    if (!found) rows.push({ ...row, absent: "not installed" });
    else rows.push({ ...row, ...more, command: more.absent ? undefined : (path) => command(found.path, path) });
  };
  /** Two files are one workspace to us; to a peer they are two runs. */
  const single = input.files.length === 1;

  ours("read", ["info"]);
  if (single) {
    peer("read", "capinfos", "capinfos", ["info", "flows"], (p, f) => [p, f]);
    // Nearly all of its time goes into SHA-256, RIPEMD-160 and SHA-1 of the file: once more without them.
    const infos = ["-t", "-c", "-s", "-d", "-u", "-a", "-e", "-z", "-I"];
    peer("read", "capinfos", "capinfos, no hashes", ["info", "flows"], (p, f) => [p, ...infos, f]);
    peer("read", "tcpdump", "tcpdump count 'tcp'", ["info", "flows"], (p, f) => tcpdumpCount(p, f, "tcp"));
    peer(
      "read",
      "pcap-parser",
      "pcap-parser (npm)",
      ["info", "flows"],
      (p, f) => [process.execPath, "--no-deprecation", p, f],
      input.format === "pcapng" ? { absent: "reads no pcapng" } : {},
    );
  }
  ours("decode", ["fields", ...fieldArguments], "fields, ten");
  if (single)
    peer(
      "decode",
      "tshark",
      "tshark -T fields, ten",
      ["fields, ten"],
      (p, f) => [...tshark(p, f, partialPackets), "-T", "fields", ...fieldArguments],
      { partial: true },
    );
  ours("flows", ["flows"]);
  ours("flows", ["flows", "--threads", "1"], "flows --threads 1", ["flows"]);
  if (single) {
    peer(
      "flows",
      "tshark",
      "tshark -z conv,tcp",
      ["flows"],
      (p, f) => [...tshark(p, f, partialPackets), "-q", "-z", "conv,tcp"],
      { partial: true },
    );
    peer("flows", "nfpcapd", "nfpcapd", ["flows"], (p, f) => [p, "-r", f, nfpcapdFolderOption(p), emptyFolder()]);
    // No collector: it counts and expires flows all the same. Its default of 8192 flows would make it expire them early.
    peer("flows", "softflowd", "softflowd", ["flows"], (p, f) => [
      ...[p, "-r", f, "-d", "-m", "10000000"],
      ...["-c", "none", "-p", join(emptyFolder(), "pid")],
    ]);
  }
  ours("filter", ["fields", "-Y", FILTER, ...fieldArguments], "fields -Y");
  if (single) {
    peer(
      "filter",
      "tshark",
      "tshark -Y -T fields",
      ["fields -Y"],
      (p, f) => [...tshark(p, f, partialPackets), "-Y", FILTER, "-T", "fields", ...fieldArguments],
      { partial: true },
    );
    peer("filter", "tcpdump", "tcpdump count (BPF)", ["fields -Y"], (p, f) => tcpdumpCount(p, f, BPF));
  }
  if (input.kind === "two-node") ours("join", ["connections"], "connections", ["flows"]);
  return rows;
}

/**
 * Without name look-ups; and with flannel's port as VXLAN, which we recognise by ourselves, so that both look inside.
 * @param {string} program
 * @param {string} path
 * @param {number} packets
 */
function tshark(program, path, packets) {
  return [program, "-n", "-r", path, "-d", "udp.port==8472,vxlan", "-c", String(packets)];
}

/** @type {boolean | undefined} */
let canCount;

/**
 * @param {string} program
 * @param {string} path
 * @param {string} filter
 */
function tcpdumpCount(program, path, filter) {
  canCount ??= printed(program, ["--help"]).includes("--count");
  return [program, "-n", "-r", path, ...(canCount ? ["--count"] : ["-w", "/dev/null"]), filter];
}

/** @type {string | undefined} */
let folderOption;

/**
 * -l up to 1.6, -w since 1.7.
 * @param {string} program
 */
function nfpcapdFolderOption(program) {
  folderOption ??= printed(program, ["-h"]).includes("-w flowdir") ? "-w" : "-l";
  return folderOption;
}

/**
 * @param {string} program
 * @param {string[]} args
 */
function printed(program, args) {
  const { stdout, stderr } = spawnSync(program, args, { encoding: "utf8" });
  return `${stdout}\n${stderr}`;
}

/** @param {string} path */
function isExecutable(path) {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/**
 * @param {string} name
 * @returns {Tool | undefined} the script that uses it
 */
function findPackage(name) {
  const manifest = new URL(`../node_modules/${name}/package.json`, import.meta.url);
  if (!existsSync(manifest)) return undefined;
  const { version } = JSON.parse(readFileSync(manifest, "utf8"));
  return { path: fileURLToPath(new URL(`./${name}-baseline.mjs`, import.meta.url)), version };
}
