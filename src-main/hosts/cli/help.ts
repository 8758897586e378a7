/** What `--help` prints, by command; "" is the overview. */

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
  export    writes csv, json, ndjson, pcapng, conn.log

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
${READING}`,
  info: `Usage: hopscope info FILE... [--json]

Tells what captures hold: format, sections, interfaces, link types, packet and byte counts, time span, comments, drops,
name resolution, problems.
${READING}`,
  packets: `Usage: hopscope packets FILE... [-Y FILTER] [-c COUNT]

Prints the packet list: No. Time Source Destination Protocol Length Info. TCP analysis is per capture point.

  -Y, --filter FILTER      only packets that match
  -c, --count COUNT        stop after so many
${READING}`,
  flows: `Usage: hopscope flows FILE... [--json] [--point] [-Y FILTER]

Prints flows at every depth, one line each, tab-separated: number, protocol, source and destination (the originator
first), depth and tunnel, packets and bytes each way, start, duration, Zeek's conn_state and history, Community ID v1,
number of the carrying flow, capture points. Counts are those of the capture point that saw most of the flow.

      --json               one object with everything, also per-direction IP and payload bytes
      --point              one line per flow and capture point
  -Y, --filter FILTER      only packets that match
${READING}`,
  export: `Usage: hopscope export FILE... --to NAME [-Y FILTER] [-e FIELD...]

Writes what the name says:
  X.pcapng                 packets, with interfaces, comments, options and nanoseconds kept
  X.csv X.json X.ndjson    the packet list, or the fields chosen with -e
  conn.log                 flows as Zeek's conn.log

  -Y, --filter FILTER      only packets that match
  -e, --field FIELD        a column (repeatable)
${READING}`,
};
