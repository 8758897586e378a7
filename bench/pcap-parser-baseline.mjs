/**
 * Reads a capture with the npm package pcap-parser and counts: node bench/pcap-parser-baseline.mjs FILE.pcap
 * It only cuts the file into packets, decodes nothing, and knows classic pcap with microseconds only.
 */
import pcapParser from "pcap-parser";

const [path] = process.argv.slice(2);
let packets = 0;
let bytes = 0;
pcapParser
  .parse(path)
  .on("packet", (packet) => {
    packets++;
    bytes += packet.data.length;
  })
  .on("error", (error) => {
    console.error(error.message);
    process.exitCode = 1;
  })
  .on("end", () => console.log(`${packets} packets, ${bytes} bytes`));
