/**
 * The commands: for each its options, what `--help` says, and the call. What carries it out is loaded when it is called: start-up
 * is a tenth of a second that every call pays.
 */
import { DEFAULT_PORT } from "../serve/default-port";
import { type Command, command, readingCommand } from "./command";
import { choice, flag, list, number, type Option, text, wholeNumber } from "./option";
import { UsageError } from "./usage";

const filter = text("-Y, --filter FILTER", "only packets that match; Wireshark's display filter language");
const follow = flag("--follow", "wait for a growing file to grow; Ctrl+C ends it");

/** What is told for joining. */
const JOINING = {
  cluster: list(
    "--cluster FILE",
    `output of kubectl get nodes,pods,services,endpointslices,networkpolicies -A -o json or yaml
(repeatable): names are told by it; without it nodes, pods and Services are inferred and marked so`,
  ),
  clockOffsets: list(
    "--clock-offset FILE=SECONDS",
    `add so much to a file's times (repeatable), the other files stay where they are; without it
offsets between files are estimated from packets seen both ways`,
  ),
  conntrack: list(
    "--conntrack FILE",
    `output of conntrack -L or -E, also -o extended,timestamp (repeatable): tells the client and
what it asked for where a machine translated a call before any capture point saw it`,
  ),
};

/** For commands that join only if a field asks for it. */
const JOINED_FIELDS = {
  cluster: list(
    "--cluster FILE",
    `for fields that ask what joining says (connection.id journey.hop k8s.src.pod …): the
captures are read twice then; see hopscope connections --help`,
  ),
  clockOffsets: list("--clock-offset FILE=SECONDS", "as for hopscope connections"),
  conntrack: list("--conntrack FILE", "as for hopscope connections"),
};

const oneObject = (what: string): Option<boolean> => flag("--json", `one object: ${what}`);

const info = readingCommand({
  name: "info",
  about: "what a capture holds: format, interfaces, counts, time span, comments, problems",
  usage: "FILE... [--json]",
  description: `Tells what captures hold: format, sections, interfaces, link types, packet and byte counts, time span, comments, drops,
name resolution, problems.`,
  options: { json: oneObject("files with all of it") },
  run: async (options) => (await import("./info-command")).runInfo(options),
});

const fields = readingCommand({
  name: "fields",
  about: "chosen fields of every packet, the same text as tshark -T fields",
  usage: "FILE... -e FIELD... [-Y FILTER] [--format tsv|csv|json|ek] [--header]",
  description: "Prints one line per packet, tab-separated, occurrences joined by a comma, outermost first.",
  options: {
    fields: list("-e, --field FIELD", "a field, by Wireshark's name (repeatable)"),
    list: flag("--list", "all fields there are: name and meaning, one line each"),
    filter,
    format: choice("--format FORMAT", ["tsv", "csv", "json", "ek"], "tsv (default), csv, json, ek"),
    header: flag("--header", "names of the fields first"),
    perPoint: flag(
      "--point",
      `TCP analysis per capture point (a second sighting is no retransmission);
without it all interfaces of a file are taken together, as tshark does`,
    ),
    verifyChecksums: flag("--checksums", "verify IP header checksums (ip.checksum.status), off as in tshark"),
    ...JOINED_FIELDS,
    follow,
  },
  reassemble: "ipv6",
  run: async ({ list: isListing, format = "tsv", ...options }) => {
    const { printFieldList, runFields } = await import("./fields-command");
    return isListing ? printFieldList() : runFields({ ...options, format });
  },
});

const packets = readingCommand({
  name: "packets",
  about: "the packet list: No. Time Source Destination Protocol Length Info",
  usage: "FILE... [-Y FILTER] [-c COUNT]",
  description:
    "Prints the packet list: No. Time Source Destination Protocol Length Info. TCP analysis is per capture point.",
  options: {
    filter,
    count: wholeNumber("-c, --count COUNT", 1, "stop after so many"),
    ...JOINED_FIELDS,
    follow,
  },
  run: async (options) => (await import("./packets-command")).runPackets(options),
});

const flows = readingCommand({
  name: "flows",
  about: "flows at every depth, with Community ID, Zeek state and history",
  usage: "FILE... [--json] [--point] [-Y FILTER]",
  description: `Prints flows at every depth, one line each, tab-separated: number, protocol, source and destination (the originator
first), depth and tunnel, packets and bytes each way, start, duration, Zeek's conn_state and history, Community ID v1,
number of the carrying flow, capture points. Counts are those of the capture point that saw most of the flow.`,
  options: {
    json: oneObject("points and flows, also per-direction IP and payload bytes"),
    perPoint: flag("--point", "one line per flow and capture point"),
    filter,
  },
  run: async (options) => (await import("./flows-command")).runFlows(options),
});

const connections = readingCommand({
  name: "connections",
  about: "who called whom: through NAT and tunnels, the path each way, pods, Services",
  usage: "FILE... [--cluster CLUSTER.json] [--json]",
  description: `Joins the sightings of every packet over all capture points and files, through NAT, tunnels and offload, and prints the
connections, one line each, tab-separated: client, what it asked for, who answered, as whom the server saw it, traffic kind,
tunnels, packets sent, missing on the way, sent again, path. --json adds what belongs to it: the DNS lookup before it, the
other side of an Ingress.`,
  options: { ...JOINING, json: oneObject("points, connections, clocks, where every sighting went") },
  run: async (options) => (await import("./connections-command")).runConnections(options),
});

const journeys = readingCommand({
  name: "journeys",
  about: "the packets of a connection, hop by hop",
  usage: "FILE... [--connection ID] [--cluster CLUSTER.json] [--json]",
  description: `Prints the packets of a connection: each sighting in hop order, with times, and what the hop changed. Without --connection:
how every packet was accounted for, and the clocks of the files.`,
  options: {
    connection: text("--connection ID", "as hopscope connections prints it"),
    ...JOINING,
    json: oneObject("points, clocks, the connection, its journeys"),
  },
  run: async (options) => (await import("./journeys-command")).runJourneys(options),
});

const findings = readingCommand({
  name: "findings",
  about: "what is worth a look: losses, blackholes, stalls, conflicts, with evidence and what to check",
  usage: "FILE... [--cluster CLUSTER.json] [--conntrack FILE] [--json]",
  description: `Prints what is worth a person's attention, worst first: what happened, where, why it is believed, what was ruled out, the
packets that show it (file and number), and the command to run next. Kinds: lost-between mtu-blackhole path-mtu
snat-hides-client asymmetric-path policy-silence no-endpoint broken-outer-checksum port-reuse conntrack-clash conntrack-differs dns-stall
arp-conflict slow-hop slow-answer ttl duplicate-delivery. Nothing is changed anywhere; commands are for you to run.`,
  options: {
    ...JOINING,
    conntrack: list(
      "--conntrack FILE",
      `output of conntrack -L or -E, also -o extended,timestamp (repeatable): compared with what the
packets show, and as for hopscope connections`,
    ),
    json: oneObject("findings, and what was compared with connection tracking"),
  },
  run: async (options) => (await import("./findings-command")).runFindings(options),
});

const model = readingCommand({
  name: "model",
  about: "the network model's rules: held, broken, no evidence",
  usage: "FILE... [--cluster CLUSTER.json] [--json]",
  description: `Holds the rules of the Kubernetes network model against the packets: pods reach all pods without NAT; nodes and pods reach
each other without NAT; a pod sees itself under the address others see it under. Each is held, broken, or without evidence,
with the packets for and against.`,
  options: { ...JOINING, json: oneObject("the rules, with up to 20 connections for and against each") },
  run: async (options) => (await import("./model-command")).runModel(options),
});

const exportTo = readingCommand({
  name: "export",
  about: "writes csv, json, ndjson, pcapng, parquet, html, conn.log, hubble.json, ipfix.csv",
  usage: "FILE... --to NAME [-Y FILTER] [-e FIELD...]",
  description: `Writes what the name says:
  X.pcapng                 packets, with interfaces, comments, options and nanoseconds kept
  X.csv X.json X.ndjson    the packet list, or the fields chosen with -e
  conn.log                 flows as Zeek's conn.log
  X.parquet                a row for every network layer of every packet, with a key that groups the sightings of one packet
                           (docs/SCALE.md): for databases, and for captures that are joined there
  hubble.json              every sighting of a connection's packets as Hubble's flow JSON, one object a line
  ipfix.csv                connections with IPFIX's names, before and after translation side by side
  X.html                   a report to read and print, one file without scripts: captures, findings, connections, and with
                           --connection that one hop by hop, with -Y the packets that match`,
  options: {
    to: text("--to NAME", "the file to write"),
    filter,
    fields: list("-e, --field FIELD", "a column (repeatable)"),
    connection: text("--connection ID", "only this one, as hopscope connections prints it"),
    journeys: flag(
      "--journeys",
      `pcapng: besides the epb_packetid that all sightings of a packet share, a comment with its hop
(always with --connection)`,
    ),
    plain: flag(
      "--plain",
      `pcapng: packets as they are, without an epb_packetid for their journey; parquet: keys made of each packet alone,
for captures too large to be joined here; not joined, so faster`,
    ),
    decapsulate: flag(
      "--decapsulate",
      "pcapng: what tunnels carry, each with its own link type; a comment names the carrier",
    ),
    tunnels: wholeNumber("--tunnels N", 1, "so many tunnels off, from the outermost; without it all of them"),
    ...JOINING,
  },
  run: async ({ to, tunnels, decapsulate, ...options }) => {
    if (to === undefined) throw new UsageError("--to is missing: name the file to write, for example --to flows.csv");
    if (tunnels !== undefined && !decapsulate)
      throw new UsageError("--tunnels says how many tunnels --decapsulate takes off: give both");
    const { runExport } = await import("./export-command");
    return runExport({ ...options, to, decapsulate: decapsulate ? (tunnels ?? Infinity) : 0 });
  },
});

const simulate = command({
  name: "simulate",
  about: "a recording of a network that is simulated: no lab, no cluster",
  usage: "SCENARIO [--seed N] [--out X.pcapng] [--cluster-out C.json] [--truth-out T.json] [--live]",
  description: `Runs a simulated network and writes what was recorded in it: real bytes at every capture point. The same scenario and
seed give the same bytes. SCENARIO is a name of --list, or a file (YAML or JSON; docs/SIMULATOR.md is the language's manual).`,
  options: {
    list: flag("--list", "the built-in scenarios and faults, one line each"),
    show: flag("--show", "prints the scenario as YAML, to start one's own from"),
    seed: wholeNumber("--seed N", 0, "default 1"),
    out: text(
      "-o, --out X.pcapng",
      "one file; - is standard output, where it goes without --out, unless that is a terminal",
    ),
    split: text("--split FOLDER", "one file for each network namespace in place of one for all"),
    clusterOut: text(
      "--cluster-out C.json",
      `what kubectl get nodes,pods,services,endpointslices,ingresses,networkpolicies -A -o json prints;
C.2.json and so on where it changed`,
    ),
    truthOut: text(
      "--truth-out T.json",
      "the connections as they really were, in the form of hopscope connections --json",
    ),
    conntrackOut: text(
      "--conntrack-out FOLDER",
      "connection tracking's events of each machine that has it, as conntrack -E prints them",
    ),
    live: flag("--live", "in real time, each packet at its moment; Ctrl+C ends it, the file is whole"),
    faults: list("--fault NAME[=VALUE]", "breaks something (repeatable), for example --fault loss=0.1"),
    seconds: number(
      "--duration SECONDS",
      (value) => value > 0 && value <= 86400,
      "seconds, up to 86400",
      "in place of the scenario's",
    ),
    points: list("--point NAME", "records only at this machine, pod or MACHINE/DEVICE (repeatable)"),
  },
  exitCodes: "0 done; 2 unusable arguments or scenario.",
  run: async ({ seed = 1, ...options }, scenarios) => {
    if (scenarios.length > 1) throw new UsageError(`one scenario at a time: ${scenarios.join(" ")}`);
    const { runSimulate } = await import("./simulate-command");
    return runSimulate({ ...options, seed, scenario: scenarios[0] });
  },
});

const serve = command({
  name: "serve",
  about: "the app in a browser, on this machine only",
  usage: "[FILE...] [--follow] [--port N] [--no-open]",
  description: `Serves the app to a browser on this machine, at 127.0.0.1 only, and opens it. The link that is printed lets one browser in,
once. Ctrl+C ends it. A FILE may be a named pipe, or - for standard input: the window shows the packets as they come
(ssh node tcpdump -U -w - -i any | hopscope serve -). Capture… in the window starts dumpcap, ssh or kubectl by itself.`,
  options: {
    follow: flag("--follow", "the last FILE is being written: it is read as it grows"),
    port: number(
      "--port N",
      (port) => Number.isInteger(port) && port <= 65535,
      "a number from 0 (any free port) to 65535",
      `this port, 0 for any free one; without it ${DEFAULT_PORT}, or the next one that is free.
What the browser keeps (notes) belongs to the port`,
    ),
    noOpen: flag("--no-open", "only print the link"),
  },
  run: async ({ noOpen, ...options }, inputs) =>
    (await import("./serve-command")).runServe({ ...options, inputs, open: !noOpen }),
});

const open = command({
  name: "open",
  about: "the app in a window of its own",
  usage: "[FILE...]",
  description: `Opens the app in a window of its own. Where Electron's binary cannot be had, or there is no display, it says so and serves the
app to a browser instead (hopscope serve). A FILE may be - for standard input.`,
  options: {},
  run: async (_, inputs) => (await import("./open-command")).runOpen(inputs),
});

/** By name, in the order of the overview. */
export const COMMANDS: ReadonlyMap<string, Command> = new Map(
  [info, fields, packets, flows, connections, journeys, findings, model, exportTo, simulate, serve, open].map((one) => [
    one.name,
    one,
  ]),
);

export function overview(): string {
  const lines = [...COMMANDS].map(([name, { about }]) => `  ${name.padEnd(13)}${about}\n`);
  return `hopscope: opens packet captures of Kubernetes-style networks and shows where every packet went.

Usage: hopscope COMMAND FILE... [options]

${lines.join("")}
hopscope COMMAND --help tells more; hopscope --version which version it is.
`;
}
