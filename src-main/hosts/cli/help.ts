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
      --checksums          verify IP header checksums (ip.checksum.status), off as in tshark
${READING}`,
};
