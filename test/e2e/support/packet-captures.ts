/** Captures for tests of the packet panes, written into a temporary folder. */
import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { PcapngWriter } from "../../../src-shared/wire/write/pcapng";
import { parseTraffic, trafficToPcapng } from "../../builders/traffic";

/** Writes traffic in the notation of test/builders/traffic.ts; the file's path. */
export function captureOf(name: string, traffic: string): string {
  const path = join(mkdtempSync(join(tmpdir(), "hopscope-e2e-packets-")), name);
  writeFileSync(path, trafficToPcapng(parseTraffic(traffic)));
  return path;
}

/**
 * `count` packets, one a millisecond: packet n carries the text "packet n", and is TCP of the first conversation if n is
 * divisible by 10, otherwise UDP of one of seven others.
 */
export function manyPackets(count: number): string {
  const lines = ["a = 10.0.0.1:4000   b = 10.0.0.2:80"];
  for (let n = 1; n <= count; n++) {
    const time = (n / 1000).toFixed(3);
    if (n % 10 === 0) lines.push(`${time} a > b tcp PSH,ACK "packet ${n}"`);
    else lines.push(`${time} 10.0.1.${n % 7}:5000 > 10.0.2.1:9000 udp "packet ${n}"`);
  }
  return captureOf("many.pcapng", lines.join("\n"));
}

/** One file of `count` capture points, all called eth0: that of machine-0, machine-1, …; a packet at each. */
export function manyPoints(count: number): string {
  const chunks: Uint8Array[] = [];
  const writer = new PcapngWriter((chunk) => chunks.push(chunk.slice()));
  writer.beginSection();
  for (let n = 0; n < count; n++)
    writer.addInterface({ linkType: 1, name: "eth0", description: `network namespace machine-${n}` });
  for (let n = 0; n < count; n++)
    writer.packet({ interfaceId: n, time: { seconds: 1, nanoseconds: n * 1000 }, bytes: new Uint8Array(60) });
  writer.flush();
  const path = join(mkdtempSync(join(tmpdir(), "hopscope-e2e-points-")), "many-points.pcapng");
  writeFileSync(path, Buffer.concat(chunks));
  return path;
}

/** A DNS question and answer, then a TCP connection with a retransmission and text that wants to be markup. */
export const CONVERSATIONS = `
client = 10.244.1.11:47004   server = 10.96.10.20:80   dns = 10.96.0.10
0.000 10.244.1.11:5353 > dns:53 dns query 7 A web.default.svc
0.001 dns:53 > 10.244.1.11:5353 dns answer 7 A web.default.svc 10.96.10.20
0.010 client > server tcp SYN mss=1460 ws=7 sackok
0.011 server > client tcp SYN,ACK mss=1460
0.012 client > server tcp ACK
data: 0.013 client > server tcp PSH,ACK "GET /<img src=x onerror=alert(1)> HTTP/1.1\\r\\nHost: a\\r\\n\\r\\n"
0.300 again data
0.301 server > client tcp ACK
`;
