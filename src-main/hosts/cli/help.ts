/** What `--help` prints, by command; "" is the overview. */
import { DEFAULT_PORT } from "../serve/default-port";

const READING = `
Reading:
  FILE...                  captures (pcap, pcapng; also gzip, zstd, lz4), folders, globs; - is standard input
  -d, --decode-as RULE     udp.port=9000:ip  tcp.port=8081:http  interface=eth0:101 (repeatable)
      --reassemble         rebuild fragmented IP datagrams      --no-reassemble  leave them as they are
      --known-ports-only   do not recognise tunnels by their bytes on other ports
      --follow             wait for a growing file to grow
      --threads 1|2        decode on a second thread (default: for inputs over 6 MB)
  -h, --help               this text

Exit codes: 0 done; 1 done, part of the input was unreadable; 2 unusable arguments or no readable input.
`;

export const HELP: Readonly<Record<string, string>> = {
  "": `hopscope: opens packet captures of Kubernetes-style networks and shows where every packet went.

Usage: hopscope COMMAND FILE... [options]

  info      what a capture holds: format, interfaces, counts, time span, comments, problems
  fields    chosen fields of every packet, the same text as tshark -T fields
  packets   the packet list: No. Time Source Destination Protocol Length Info
  flows     flows at every depth, with Community ID, Zeek state and history
  connections  who called whom: through NAT and tunnels, the path each way, pods, Services
  journeys  the packets of a connection, hop by hop
  findings  what is worth a look: losses, blackholes, stalls, conflicts, with evidence and what to check
  model     the network model's rules: held, broken, no evidence
  export    writes csv, json, ndjson, pcapng, parquet, html, conn.log, hubble.json, ipfix.csv
  simulate  a recording of a network that is simulated: no lab, no cluster
  serve     the app in a browser, on this machine only
  open      the app in a window of its own

hopscope COMMAND --help tells more.
`,
  fields: `Usage: hopscope fields FILE... -e FIELD... [-Y FILTER] [--format tsv|csv|json|ek] [--header]

Prints one line per packet, tab-separated, occurrences joined by a comma, outermost first.

  -e, --field FIELD        a field, by Wireshark's name (repeatable)
  -Y, --filter FILTER      only packets that match; Wireshark's display filter language
      --format FORMAT      tsv (default), csv, json, ek
      --header             names of the fields first
      --point              TCP analysis per capture point (a second sighting is no retransmission);
                           without it all interfaces of a file are taken together, as tshark does
      --checksums          verify IP header checksums (ip.checksum.status), off as in tshark
      --cluster FILE       for the fields that ask what joining says (connection.id journey.hop k8s.src.pod …): the captures
      --clock-offset FILE=SECONDS   are read twice then; see hopscope connections --help
${READING}`,
  info: `Usage: hopscope info FILE... [--json]

Tells what captures hold: format, sections, interfaces, link types, packet and byte counts, time span, comments, drops,
name resolution, problems.
${READING}`,
  packets: `Usage: hopscope packets FILE... [-Y FILTER] [-c COUNT]

Prints the packet list: No. Time Source Destination Protocol Length Info. TCP analysis is per capture point.

  -Y, --filter FILTER      only packets that match
  -c, --count COUNT        stop after so many
      --cluster FILE       for filters that ask what joining says (connection.id journey.hop k8s.src.pod …); see
      --clock-offset FILE=SECONDS   hopscope connections --help
${READING}`,
  flows: `Usage: hopscope flows FILE... [--json] [--point] [-Y FILTER]

Prints flows at every depth, one line each, tab-separated: number, protocol, source and destination (the originator
first), depth and tunnel, packets and bytes each way, start, duration, Zeek's conn_state and history, Community ID v1,
number of the carrying flow, capture points. Counts are those of the capture point that saw most of the flow.

      --json               one object with everything, also per-direction IP and payload bytes
      --point              one line per flow and capture point
  -Y, --filter FILTER      only packets that match
${READING}`,
  connections: `Usage: hopscope connections FILE... [--cluster CLUSTER.json] [--json]

Joins the sightings of every packet over all capture points and files, through NAT, tunnels and offload, and prints the
connections, one line each, tab-separated: client, what it asked for, who answered, as whom the server saw it, traffic kind,
tunnels, packets sent, missing on the way, sent again, path. --json adds what belongs to it: the DNS lookup before it, the
other side of an Ingress.

      --cluster FILE       output of kubectl get nodes,pods,services,endpointslices -A -o json or yaml (repeatable):
                           names are told by it; without it nodes, pods and Services are inferred and marked so
      --clock-offset FILE=SECONDS  add so much to a file's times (repeatable); without it offsets between files are estimated
                           from packets seen both ways
      --json               one object: points, connections, clocks, where every sighting went
${READING}`,
  findings: `Usage: hopscope findings FILE... [--cluster CLUSTER.json] [--conntrack FILE] [--json]

Prints what is worth a person's attention, worst first: what happened, where, why it is believed, what was ruled out, the
packets that show it (file and number), and the command to run next. Kinds: lost-between mtu-blackhole path-mtu
snat-hides-client asymmetric-path policy-silence no-endpoint broken-outer-checksum port-reuse conntrack-clash conntrack-differs dns-stall
arp-conflict slow-hop slow-answer ttl duplicate-delivery. Nothing is changed anywhere; commands are for you to run.

      --json               one object: findings, and what was compared with connection tracking
      --cluster FILE       see hopscope connections --help; NetworkPolicies and EndpointSlices are used, too
      --conntrack FILE     output of conntrack -L or -E, also -o extended,timestamp (repeatable): compared with what the
                           packets show
      --clock-offset FILE=SECONDS   see hopscope connections --help
${READING}`,
  model: `Usage: hopscope model FILE... [--cluster CLUSTER.json] [--json]

Holds the rules of the Kubernetes network model against the packets: pods reach all pods without NAT; nodes and pods reach
each other without NAT; a pod sees itself under the address others see it under. Each is held, broken, or without evidence,
with the packets for and against.

      --json               one object, with up to 20 connections for and against each rule
      --cluster FILE       see hopscope connections --help
      --clock-offset FILE=SECONDS   see hopscope connections --help
${READING}`,
  journeys: `Usage: hopscope journeys FILE... [--connection ID] [--cluster CLUSTER.json] [--json]

Prints the packets of a connection: each sighting in hop order, with times, and what the hop changed. Without --connection:
how every packet was accounted for, and the clocks of the files.

      --connection ID      as hopscope connections prints it
      --cluster FILE       see hopscope connections --help
      --clock-offset FILE=SECONDS
      --json
${READING}`,
  export: `Usage: hopscope export FILE... --to NAME [-Y FILTER] [-e FIELD...]

Writes what the name says:
  X.pcapng                 packets, with interfaces, comments, options and nanoseconds kept
  X.csv X.json X.ndjson    the packet list, or the fields chosen with -e
  conn.log                 flows as Zeek's conn.log
  X.parquet                a row for every network layer of every packet, with a key that groups the sightings of one packet
                           (docs/SCALE.md): for captures that are joined in a database
  hubble.json              every sighting of a connection's packets as Hubble's flow JSON, one object a line
  ipfix.csv                connections with IPFIX's names, before and after translation side by side
  X.html                   a report to read and print, one file without scripts: captures, findings, connections, and with
                           --connection that one hop by hop, with -Y the packets that match

  -Y, --filter FILTER      only packets that match
  -e, --field FIELD        a column (repeatable)
      --connection ID      only this one, for pcapng, html, hubble.json and ipfix.csv; hopscope connections lists them
      --journeys           pcapng: every sighting of a packet gets the same epb_packetid, and a comment with its hop
                           (always with --connection)
      --decapsulate        pcapng: what tunnels carry, each with its own link type; a comment names the carrier
      --tunnels N          so many tunnels off, from the outermost; without it all of them
      --cluster FILE       see hopscope connections --help
      --clock-offset FILE=SECONDS
${READING}`,
  simulate: `Usage: hopscope simulate SCENARIO [--seed N] [--out X.pcapng] [--cluster-out C.json] [--truth-out T.json] [--live]

Runs a simulated network and writes what was recorded in it: real bytes at every capture point. The same scenario and
seed give the same bytes. SCENARIO is a name of --list, or a file (YAML or JSON; docs/SIMULATOR.md is the language's manual).

      --list               the built-in scenarios and faults, one line each
      --show               prints the scenario as YAML, to start one's own from
      --seed N             default 1
  -o, --out X.pcapng       one file; - is standard output, where it goes without --out, unless that is a terminal
      --split FOLDER       one file for each network namespace in place of one for all
      --cluster-out C.json what kubectl get nodes,pods,services,endpointslices,ingresses,networkpolicies -A -o json prints;
                           C.2.json and so on where it changed
      --truth-out T.json   the connections as they really were, in the form of hopscope connections --json
      --conntrack-out FOLDER   connection tracking's events of each machine that has it, as conntrack -E prints them
      --live               in real time, each packet at its moment; Ctrl+C ends it, the file is whole
      --fault NAME[=VALUE] breaks something (repeatable), for example --fault loss=0.1
      --duration SECONDS   in place of the scenario's
      --point NAME         records only at this machine, pod or MACHINE/DEVICE (repeatable)
  -h, --help               this text

Exit codes: 0 done; 2 unusable arguments or scenario.
`,
  serve: `Usage: hopscope serve [FILE...] [--follow] [--port N] [--no-open]

Serves the app to a browser on this machine, at 127.0.0.1 only, and opens it. The link that is printed lets one browser in,
once. Ctrl+C ends it. A FILE may be a named pipe, or - for standard input: the window shows the packets as they come
(ssh node tcpdump -U -w - -i any | hopscope serve -). Capture… in the window starts dumpcap, ssh or kubectl by itself.

      --follow             the last FILE is being written: it is read as it grows
      --port N             this port, 0 for any free one; without it ${DEFAULT_PORT}, or the next one that is free.
                           What the browser keeps (notes) belongs to the port
      --no-open            only print the link
  -h, --help               this text
`,
  open: `Usage: hopscope open [FILE...]

Opens the app in a window of its own. Where Electron's binary cannot be had, or there is no display, it says so and serves the
app to a browser instead (hopscope serve). A FILE may be - for standard input.

  -h, --help               this text
`,
};
