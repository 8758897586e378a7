/**
 * Makes large captures, the same bytes for the same arguments everywhere.
 *
 *   node bench/generate.mjs KIND OUT.pcap|OUT.pcapng [--bytes 1GB] [--packets N] [--flows N] [--seed 1]
 *
 * KIND
 *   k8s       a cluster's mix: VXLAN on 4789 and 8472, IP in IP, VLAN, plain, IPv6, DNS, ARP, TCP with time stamps
 *   small     frames of 60 to 90 bytes, many flows
 *   multi     the k8s mix on six interfaces of different time resolutions, with comments, flags, packet ids, names, statistics,
 *             custom and unknown blocks; pcapng only
 *   two-node  the same packets seen four times: at the sender's veth, its node's eth0 (VXLAN), the other node's eth0, the
 *             receiver's veth; half of the connections go to a service address. OUT-n1 and OUT-n2, one file a node
 */
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { parseArgs } from "node:util";
import { CaptureFile, RESOLUTIONS } from "./capture-file.mjs";
import { Carrier, IP_IN_IP, PLAIN, VLAN, VXLAN, writeArp, writeFrame } from "./frames.mjs";
import { Payloads } from "./payloads.mjs";
import { Random } from "./random.mjs";
import {
  Clock,
  NODES,
  Traffic,
  bridgeDevice,
  nodeAddress,
  nodeDevice,
  podAddress,
  podDevice,
  tunnelDevice,
} from "./traffic.mjs";

/** Raise it with every change of what is generated: cached inputs of another version are made again. */
const VERSION = 1;

/** @typedef {import("./traffic.mjs").Kind} Kind */
/** @typedef {import("./capture-file.mjs").Interface} Interface */

/** @type {Record<Kind, { bytes: number, flows: number, formats: ("pcap" | "pcapng")[] }>} */
export const KINDS = {
  k8s: { bytes: 1e9, flows: 200_000, formats: ["pcap", "pcapng"] },
  small: { bytes: 860e6, flows: 1_000_000, formats: ["pcap", "pcapng"] },
  multi: { bytes: 300e6, flows: 60_000, formats: ["pcapng"] },
  "two-node": { bytes: 1e9, flows: 50_000, formats: ["pcapng", "pcap"] },
};

/**
 * @typedef {object} Request
 * @property {Kind} kind
 * @property {"pcap" | "pcapng"} format
 * @property {string} path two-node: of a pair, see files
 * @property {number} [bytes] stop at this size, all files together
 * @property {number} [packets] or at this number of packets
 * @property {number} [flows]
 * @property {number} [seed]
 */

/**
 * What was made.
 * @typedef {{ version: number, kind: Kind, seed: number, files: string[], bytes: number, packets: number, flows: number }} Made
 */

/**
 * @param {Request} request
 * @returns {Made}
 */
export function generate({ kind, format, path, bytes, packets, flows = KINDS[kind].flows, seed = 1 }) {
  const limit = bytes ?? (packets === undefined ? KINDS[kind].bytes : Infinity);
  const packetLimit = packets ?? Infinity;
  const random = new Random(seed);
  const payloads = new Payloads(random, kind === "small");
  const clock = new Clock();
  const paths = kind === "two-node" ? ["n1", "n2"].map((node) => path.replace(/(\.\w+)$/, `-${node}$1`)) : [path];
  // Written under another name first: what has the right name is complete.
  const files = paths.map((name) => new CaptureFile(`${name}.part`, format, interfacesOf(kind)));
  /** @type {import("./traffic.mjs").Place} */
  let place;
  /** @type {() => void} */
  let between = () => undefined;
  if (kind === "two-node") place = twoNodes(files, clock, random, payloads);
  else ({ place, between } = oneFile(files[0], kind, clock, random, payloads));
  const traffic = new Traffic({ kind, random, payloads, clock, flows, place });
  for (;;) {
    let written = 0;
    let count = 0;
    for (const file of files) {
      written += file.byteLength;
      count += file.packets;
    }
    if (written >= limit || count >= packetLimit) break;
    traffic.step(Math.max(written / limit, count / packetLimit));
    between();
  }
  const made = { version: VERSION, kind, seed, files: paths, bytes: 0, packets: 0, flows: traffic.opened };
  for (const file of files) {
    if (kind !== "k8s" && kind !== "small") file.statistics(file.packets);
    made.bytes += file.byteLength;
    made.packets += file.packets;
    file.close();
  }
  for (const name of paths) renameSync(`${name}.part`, name);
  return made;
}

/**
 * As generate, unless the files are there from before.
 * @param {Request} request
 * @returns {Made}
 */
export function generateOnce(request) {
  const note = `${request.path}.json`;
  if (existsSync(note)) {
    /** @type {{ request: Request, made: Made }} */
    const cached = JSON.parse(readFileSync(note, "utf8"));
    const same = cached.made.version === VERSION && JSON.stringify(cached.request) === JSON.stringify(request);
    if (same && cached.made.files.every((name) => existsSync(name))) return cached.made;
  }
  mkdirSync(dirname(request.path), { recursive: true });
  const made = generate(request);
  writeFileSync(note, `${JSON.stringify({ request, made }, undefined, 2)}\n`);
  return made;
}

/**
 * @param {Kind} kind
 * @returns {Interface[]}
 */
function interfacesOf(kind) {
  const { default: unsaid, nano, micro, milli, binary20 } = RESOLUTIONS;
  if (kind === "two-node")
    return ["eth0", ...Array.from({ length: 40 }, (_, pod) => `veth${pod}`)].map((name) => ({
      name,
      resolution: nano,
    }));
  if (kind === "multi")
    return [
      { name: "eth0", resolution: unsaid },
      { name: "eth1", description: "second NIC", resolution: nano },
      { name: "flannel.1", resolution: binary20 },
      { name: "cni0", resolution: micro, offsetSeconds: 3600 },
      { name: "veth12ab34cd", resolution: nano, offsetSeconds: -60 },
      { name: "eth0.100", description: "coarse clock", resolution: milli },
    ];
  return ["eth0", "eth0.100", "tunl0", "cni0"].map((name) => ({ name, resolution: micro }));
}

/**
 * Every packet once, in the carrier of its flow.
 * @param {CaptureFile} file
 * @param {Kind} kind
 * @param {Clock} clock
 * @param {Random} random
 * @param {Payloads} payloads
 */
function oneFile(file, kind, clock, random, payloads) {
  const carrier = new Carrier();
  const rich = kind === "multi";
  let nextBlock = 20_000;
  if (rich) file.nameResolution(podNames(200));

  /** @type {import("./traffic.mjs").Place} */
  const place = (flow, fromClient, packet) => {
    setCarrier(carrier, flow, fromClient, packet);
    clock.advance(200 + random.below(4000));
    const end = writeFrame(file.bytes, file.begin(), packet, carrier, payloads);
    let seenAt = flow.carrier === VXLAN ? 0 : flow.carrier === VLAN ? 1 : flow.carrier === IP_IN_IP ? 2 : 3;
    if (rich) seenAt = (seenAt + (flow.hash >>> 30)) % 6;
    file.end(end, clock.seconds, clock.nanoseconds, seenAt, rich ? notesOf(file.packets, fromClient) : undefined);
  };

  /** What is not a conversation's: ARP, and blocks that are not packets. */
  const between = () => {
    if (random.below(400) === 0) {
      const node = random.below(NODES);
      const peer = random.below(NODES);
      for (const reply of [false, true]) {
        clock.advance(1000 + random.below(4000));
        const [device, other] = reply ? [peer, node] : [node, peer];
        const addresses = { address: nodeAddress(device), peerAddress: nodeAddress(other) };
        const devices = { device: nodeDevice(device), peerDevice: nodeDevice(other) };
        const end = writeArp(file.bytes, file.begin(), { reply, ...addresses, ...devices });
        file.end(end, clock.seconds, clock.nanoseconds, 0);
      }
    }
    if (!rich || file.packets < nextBlock) return;
    nextBlock += 20_000;
    file.unknownBlock();
    file.customBlock("hopscope bench");
    file.nameResolution(podNames(10));
    file.statistics(file.packets);
  };
  return { place, between };
}

/**
 * Every packet at four capture points. The second node's clock is 137 µs behind.
 *
 * ```
 * n1 veth │ n1 eth0 (VXLAN) ──── n2 eth0 (VXLAN) │ n2 veth
 *    0 µs │ 4 µs                 26 µs           │ 30 µs      TTL 64, 63, 63, 62
 * ```
 * @param {CaptureFile[]} files
 * @param {Clock} clock
 * @param {Random} random
 * @param {Payloads} payloads
 * @returns {import("./traffic.mjs").Place}
 */
function twoNodes(files, clock, random, payloads) {
  const carrier = new Carrier();
  const skews = [0, -137_000];
  for (const file of files) file.nameResolution(podNames(200));

  return (flow, fromClient, packet) => {
    const from = fromClient ? flow.clientNode : flow.serverNode;
    const to = 1 - from;
    clock.advance(40_000 + random.below(50_000));
    /**
     * @param {number} node
     * @param {number} seenAt
     * @param {number} later
     */
    const see = (node, seenAt, later) => {
      const file = files[node];
      const end = writeFrame(file.bytes, file.begin(), packet, carrier, payloads);
      let { seconds } = clock;
      let nanoseconds = clock.nanoseconds + later + skews[node];
      if (nanoseconds >= 1e9) {
        nanoseconds -= 1e9;
        seconds++;
      } else if (nanoseconds < 0) {
        nanoseconds += 1e9;
        seconds--;
      }
      file.end(end, seconds, nanoseconds, seenAt);
    };
    const [senderPod, receiverPod] = fromClient ? [flow.clientPod, flow.serverPod] : [flow.serverPod, flow.clientPod];

    setPlain(carrier, podDevice(from, senderPod), bridgeDevice(from));
    packet.ttl = 64;
    if (fromClient) addressService(flow, packet);
    see(from, 1 + senderPod, 0);

    if (fromClient) addressServer(flow, packet);
    setCarrier(carrier, flow, fromClient, packet);
    packet.ttl = 63;
    see(from, 0, 4_000);
    see(to, 0, 26_000);

    setPlain(carrier, bridgeDevice(to), podDevice(to, receiverPod));
    packet.ttl = 62;
    if (!fromClient && flow.service) {
      packet.source = flow.service;
      packet.sourcePort = flow.servicePort;
    }
    see(to, 1 + receiverPod, 30_000);
  };
}

/**
 * @param {import("./traffic.mjs").Flow} flow
 * @param {import("./frames.mjs").Packet} packet
 */
function addressService(flow, packet) {
  if (!flow.service) return;
  packet.destination = flow.service;
  packet.destinationPort = flow.servicePort;
}

/**
 * @param {import("./traffic.mjs").Flow} flow
 * @param {import("./frames.mjs").Packet} packet
 */
function addressServer(flow, packet) {
  if (!flow.service) return;
  packet.destination = flow.server;
  packet.destinationPort = flow.serverPort;
}

/**
 * @param {Carrier} carrier
 * @param {number} sourceDevice
 * @param {number} destinationDevice
 */
function setPlain(carrier, sourceDevice, destinationDevice) {
  carrier.kind = PLAIN;
  carrier.sourceDevice = sourceDevice;
  carrier.destinationDevice = destinationDevice;
}

/**
 * Between the nodes.
 * @param {Carrier} carrier
 * @param {import("./traffic.mjs").Flow} flow
 * @param {boolean} fromClient
 * @param {import("./frames.mjs").Packet} packet
 */
function setCarrier(carrier, flow, fromClient, packet) {
  const source = fromClient ? flow.clientNode : flow.serverNode;
  const destination = fromClient ? flow.serverNode : flow.clientNode;
  carrier.kind = flow.carrier;
  carrier.sourceDevice = nodeDevice(source);
  carrier.destinationDevice = nodeDevice(destination);
  carrier.vlan = flow.network;
  carrier.vni = flow.network;
  carrier.outerSource = nodeAddress(source);
  carrier.outerDestination = nodeAddress(destination);
  carrier.identification = packet.identification ^ 0x5555;
  carrier.tunnelPort = flow.tunnelPort;
  // Linux takes it from a hash of what is inside.
  carrier.tunnelSourcePort = 32768 + ((fromClient ? flow.hash : flow.hash >>> 15) & 0x7fff);
  carrier.innerSourceDevice = tunnelDevice(source);
  carrier.innerDestinationDevice = tunnelDevice(destination);
}

/**
 * @param {number} packets how many there are already
 * @param {boolean} fromClient
 * @returns {import("./capture-file.mjs").PacketNotes | undefined}
 */
function notesOf(packets, fromClient) {
  if (packets & 1 && packets % 100 !== 7) return undefined;
  /** @type {import("./capture-file.mjs").PacketNotes} */
  const notes = {};
  if (packets % 100 === 7) notes.comment = `packet ${packets}: looked at twice`;
  // Inbound, outbound.
  notes.flags = fromClient ? 2 : 1;
  if (packets % 16 === 0) notes.packetId = packets;
  if (packets % 32 === 0) notes.queue = (packets / 32) % 8;
  return notes;
}

/**
 * @param {number} count
 * @returns {[number, string][]}
 */
function podNames(count) {
  return Array.from({ length: count }, (_, i) => {
    const [node, pod] = [Math.floor(i / 40), i % 40];
    return [podAddress(node, pod), `pod-${node}-${pod}.default.pod.cluster.local`];
  });
}

/**
 * "1GB", "300 MB", "4096".
 * @param {string} text
 */
export function parseBytes(text) {
  const match = /^(\d+(?:\.\d+)?)\s*([kMG]?)B?$/i.exec(text.trim());
  if (!match) throw new Error(`not a size: ${text} (for example 30MB, 1GB, 4096)`);
  return Math.round(Number(match[1]) * 1000 ** " KMG".indexOf(match[2].toUpperCase() || " "));
}

/**
 * @param {string} text
 * @param {string} option
 */
export function parseCount(text, option) {
  const value = Number(text.replaceAll("_", ""));
  if (!Number.isSafeInteger(value) || value < 1)
    throw new Error(`--${option} wants a whole number above 0, not ${text}`);
  return value;
}

function main() {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      bytes: { type: "string" },
      packets: { type: "string" },
      flows: { type: "string" },
      seed: { type: "string", default: "1" },
    },
  });
  const [kind, path] = positionals;
  if (positionals.length !== 2 || !Object.hasOwn(KINDS, kind))
    throw new Error(
      `usage: generate.mjs ${Object.keys(KINDS).join("|")} OUT.pcap|OUT.pcapng [--bytes N] [--packets N] [--flows N] [--seed N]`,
    );
  const format = path.endsWith(".pcapng") ? "pcapng" : "pcap";
  const known = /** @type {Kind} */ (kind);
  if (!KINDS[known].formats.includes(format))
    throw new Error(`${kind} is written as ${KINDS[known].formats.join(" or ")}`);
  const started = Date.now();
  const made = generate({
    kind: known,
    format,
    path,
    seed: parseCount(values.seed, "seed"),
    bytes: values.bytes === undefined ? undefined : parseBytes(values.bytes),
    packets: values.packets === undefined ? undefined : parseCount(values.packets, "packets"),
    flows: values.flows === undefined ? undefined : parseCount(values.flows, "flows"),
  });
  const average = (made.bytes / made.packets).toFixed(0);
  console.log(
    `${made.files.join(" ")}: ${made.packets} packets, ${made.flows} flows, ${made.bytes} bytes, ${average} a packet, ${((Date.now() - started) / 1000).toFixed(1)} s`,
  );
}

if (process.argv[1] && import.meta.url === pathToFileURL(resolve(process.argv[1])).href) {
  try {
    main();
  } catch (error) {
    console.error(error instanceof Error ? error.message : error);
    process.exitCode = 2;
  }
}
