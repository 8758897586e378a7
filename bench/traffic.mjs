/**
 * The traffic of a made-up cluster, packet by packet. A number of conversations is open at a time; each step opens the next
 * one, or lets an open one say something (the first ones often, the last ones seldom, as in real life).
 *
 * ```
 * step()  ─► open │ exchange │ close   of a Flow ─► Packet ─► place(flow, fromClient, packet)
 *                                                              which capture files and interfaces see it, in which carrier
 * ```
 *
 * Opening is paced by how far the file has come, so a file holds the number of flows asked for whatever its size.
 */
import { ACK, FIN, ICMP, IP_IN_IP, PLAIN, PSH, Packet, RST, SYN, TCP, UDP, VLAN, VXLAN } from "./frames.mjs";

export const NODES = 100;
const PODS_A_NODE = 40;
const SERVICES = 256;

const DNS_SERVICE = 0x0a60000a;
const TLS_PORTS = [443, 443, 443, 6443, 10250];
const HTTP_PORTS = [80, 8080];
/** Random bytes: ports that no dissector takes for its own and calls malformed. */
const OTHER_PORTS = [2379, 2380, 9153, 10256, 10259];
const FIRST_EPHEMERAL_PORT = 32768;
const EPHEMERAL_PORTS = 28232;

const OTHER = 0;
const TLS = 1;
const HTTP = 2;
const APPLICATION_PORTS = [OTHER_PORTS, TLS_PORTS, HTTP_PORTS];

/** @param {number} node */
export const nodeAddress = (node) => 0xc0a80000 + 10 + node;
/** @param {number} node */
export const nodeDevice = (node) => node + 1;
/**
 * The node's end of its tunnel (flannel.1, tunl0).
 * @param {number} node
 */
export const tunnelDevice = (node) => 0x10000 + node;
/**
 * The node's bridge that its pods hang on.
 * @param {number} node
 */
export const bridgeDevice = (node) => 0x20000 + node;
/**
 * @param {number} node
 * @param {number} pod
 */
export const podAddress = (node, pod) => 0x0af40000 + node * 256 + 2 + pod;
/**
 * @param {number} node
 * @param {number} pod
 */
export const podDevice = (node, pod) => 0x100000 + node * 256 + pod;

/** A conversation. Client is who opens it. */
export class Flow {
  protocol = TCP;
  ipv6 = false;
  carrier = PLAIN;
  tunnelPort = 0;
  /** VXLAN network, or the VLAN's number. */
  network = 0;
  hash = 0;

  clientNode = 0;
  clientPod = 0;
  client = 0;
  clientPort = 0;
  clientSequence = 0;

  serverNode = 0;
  serverPod = 0;
  server = 0;
  serverPort = 0;
  serverSequence = 0;

  /** What the client addressed, where that is a service: seen on its own interface only. 0: the server itself. */
  service = 0;
  servicePort = 0;
  /** What TCP carries: OTHER, TLS, HTTP. */
  application = OTHER;
}

/**
 * Time as the capture has it, in whole seconds and nanoseconds.
 */
export class Clock {
  seconds = 1_790_000_000;
  nanoseconds = 0;

  /** @param {number} nanoseconds less than a second */
  advance(nanoseconds) {
    this.nanoseconds += nanoseconds;
    if (this.nanoseconds < 1e9) return;
    this.nanoseconds -= 1e9;
    this.seconds++;
  }

  get milliseconds() {
    return (this.seconds % 1_000_000) * 1000 + Math.floor(this.nanoseconds / 1e6);
  }
}

/**
 * @typedef {"k8s" | "small" | "multi" | "two-node"} Kind
 * @typedef {(flow: Flow, fromClient: boolean, packet: Packet) => void} Place
 */

export class Traffic {
  opened = 0;

  #kind;
  #random;
  #payloads;
  #clock;
  #flows;
  #place;
  /** @type {Flow[]} */
  #active = [];
  #activeLimit;
  #packet = new Packet();
  /** DNS is asked and answered at once: it needs no place among the open ones. */
  #lookup = new Flow();

  /**
   * @param {object} options
   * @param {Kind} options.kind
   * @param {import("./random.mjs").Random} options.random
   * @param {import("./payloads.mjs").Payloads} options.payloads
   * @param {Clock} options.clock
   * @param {number} options.flows how many conversations there are in the end
   * @param {Place} options.place
   */
  constructor({ kind, random, payloads, clock, flows, place }) {
    this.#kind = kind;
    this.#random = random;
    this.#payloads = payloads;
    this.#clock = clock;
    this.#flows = flows;
    this.#place = place;
    this.#activeLimit = Math.max(1, Math.ceil(flows / 4));
  }

  /** @param {number} progress how much of the file is written, 0 to 1 */
  step(progress) {
    // One ahead, so that the last one is opened before the file is full.
    const due = Math.min(this.#flows, Math.ceil(this.#flows * progress) + 1);
    if (this.opened < due) this.#openNext();
    else if (this.#active.length === 0) this.#lookUp(this.#lookup);
    else this.#exchange(this.#active[this.#random.skewed(this.#active.length)]);
  }

  #openNext() {
    this.opened++;
    const random = this.#random;
    const share = random.below(100);
    if (share < 14) {
      this.#choose(this.#lookup, UDP);
      this.#lookUp(this.#lookup);
      return;
    }
    let flow;
    if (this.#active.length < this.#activeLimit) this.#active.push((flow = new Flow()));
    else {
      flow = this.#active[random.below(this.#active.length)];
      this.#close(flow);
    }
    this.#choose(flow, share < 95 ? TCP : share < 98 ? UDP : ICMP);
    if (flow.protocol !== TCP) {
      this.#exchange(flow);
      return;
    }
    this.#send(flow, true, SYN, 0);
    this.#send(flow, false, SYN | ACK, 0);
    this.#send(flow, true, ACK, 0);
  }

  /**
   * Who talks to whom, and through what. DNS is UDP on the flow kept for it.
   * @param {Flow} flow
   * @param {number} protocol
   */
  #choose(flow, protocol) {
    const random = this.#random;
    const dns = flow === this.#lookup;
    flow.protocol = protocol;
    flow.hash = random.bits();
    flow.clientPort = FIRST_EPHEMERAL_PORT + random.below(EPHEMERAL_PORTS);
    flow.clientSequence = random.bits() | 0;
    flow.serverSequence = random.bits() | 0;
    const application = random.below(8);
    flow.application = application < 4 ? TLS : application === 4 && this.#kind !== "small" ? HTTP : OTHER;
    const ports = APPLICATION_PORTS[flow.application];
    flow.serverPort = dns ? 53 : protocol === UDP ? 8125 : ports[random.below(ports.length)];
    flow.network = 1 + random.below(4);
    flow.tunnelPort = 4789;
    flow.service = 0;
    flow.servicePort = 0;
    this.#choosePlaces(flow);
    if (this.#kind === "two-node") this.#chooseService(flow, dns);
    else this.#chooseCarrier(flow, dns);
  }

  /** @param {Flow} flow */
  #choosePlaces(flow) {
    const random = this.#random;
    const nodes = this.#kind === "two-node" ? 2 : NODES;
    flow.clientNode = random.below(nodes);
    flow.serverNode = (flow.clientNode + 1 + random.below(nodes - 1)) % nodes;
    flow.clientPod = random.below(PODS_A_NODE);
    flow.serverPod = random.below(PODS_A_NODE);
    flow.client = podAddress(flow.clientNode, flow.clientPod);
    flow.server = podAddress(flow.serverNode, flow.serverPod);
  }

  /**
   * @param {Flow} flow
   * @param {boolean} dns
   */
  #chooseService(flow, dns) {
    flow.carrier = VXLAN;
    flow.tunnelPort = 8472;
    flow.network = 1;
    flow.ipv6 = false;
    if (dns) {
      flow.serverPod = 0;
      flow.server = podAddress(flow.serverNode, 0);
      flow.service = DNS_SERVICE;
      flow.servicePort = 53;
    } else if (flow.protocol === TCP && this.#random.below(2) === 0) {
      flow.service = 0x0a600100 + ((flow.serverPod * 6 + (flow.serverPort % 6)) % SERVICES);
      flow.servicePort = flow.application === TLS ? 443 : flow.application === HTTP ? 80 : flow.serverPort;
    }
  }

  /**
   * @param {Flow} flow
   * @param {boolean} dns
   */
  #chooseCarrier(flow, dns) {
    const random = this.#random;
    const share = random.below(100);
    flow.ipv6 = random.below(100) < 9;
    if (this.#kind === "small") {
      // Nothing may be longer than 90 bytes: DNS and IPv6 go plain.
      flow.carrier = share < 12 ? IP_IN_IP : share < 24 ? VLAN : PLAIN;
      if (dns) flow.ipv6 = false;
      if (dns || flow.ipv6) flow.carrier = PLAIN;
      // Most peers are somewhere on the internet.
      if (!dns && flow.carrier !== IP_IN_IP && random.below(10) < 7)
        flow.server = 0x01000000 + random.below(0xde000000);
    } else {
      flow.carrier = share < 47 ? VXLAN : share < 65 ? IP_IN_IP : share < 72 ? VLAN : PLAIN;
      if (flow.carrier === VXLAN && share >= 32) flow.tunnelPort = 8472;
      if (flow.carrier === PLAIN && !flow.ipv6 && random.below(4) === 0) {
        flow.client = nodeAddress(flow.clientNode);
        flow.server = nodeAddress(flow.serverNode);
      }
    }
    if (dns) flow.server = DNS_SERVICE;
    if (flow.carrier === VLAN) flow.network += 100;
  }

  /** @param {Flow} flow */
  #exchange(flow) {
    if (flow.protocol === ICMP) this.#ping(flow);
    else if (flow.protocol === UDP) this.#report(flow);
    else if (this.#kind === "small") this.#chat(flow);
    else if (flow.application === HTTP) this.#fetch(flow);
    else this.#talk(flow);
  }

  /**
   * Requests, answers, long transfers and signs of life.
   * @param {Flow} flow
   */
  #talk(flow) {
    const random = this.#random;
    const what = random.below(16);
    if (what < 6) {
      this.#data(flow, true, 80 + random.below(520));
      this.#send(flow, false, ACK, 0);
      if (what < 3) this.#data(flow, false, this.#segmentLength(flow));
      this.#data(flow, false, 60 + random.below(900));
      this.#send(flow, true, ACK, 0);
    } else if (what < 12) {
      const download = what < 10;
      for (let i = 2 + random.below(6); i > 0; i--) {
        this.#data(flow, !download, this.#segmentLength(flow));
        if (i & 1) this.#send(flow, download, ACK, 0);
      }
    } else {
      this.#data(flow, (what & 1) === 0, 20 + random.below(100));
      this.#send(flow, (what & 1) === 1, ACK, 0);
    }
  }

  /**
   * One page.
   * @param {Flow} flow
   */
  #fetch(flow) {
    const { pages } = this.#payloads;
    const { request, response } = pages[this.#random.below(pages.length)];
    this.#send(flow, true, PSH | ACK, request.length, request.at);
    this.#send(flow, false, PSH | ACK, response.length, response.at);
    this.#send(flow, true, ACK, 0);
  }

  /**
   * One or two segments of a few bytes.
   * @param {Flow} flow
   */
  #chat(flow) {
    const random = this.#random;
    const fromClient = random.below(2) === 0;
    // Frames of 60 to 90 bytes. A TLS record is longer than its 5 bytes of header.
    const length = random.below(flow.ipv6 || flow.carrier === IP_IN_IP ? 17 : 33);
    if (length < 6) this.#send(flow, fromClient, ACK, 0);
    else this.#data(flow, fromClient, length);
    if (random.below(2) === 0) this.#send(flow, !fromClient, ACK, 0);
  }

  /** @param {Flow} flow */
  #ping(flow) {
    const packet = this.#packet;
    const length = this.#kind === "small" ? 20 : 56;
    flow.clientSequence = (flow.clientSequence + 1) & 0xffff;
    for (const fromClient of [true, false]) {
      this.#address(flow, fromClient);
      packet.sourcePort = flow.clientPort;
      packet.sequence = flow.clientSequence;
      packet.reply = !fromClient;
      this.#carry(this.#payloads.somewhere(), length, 0);
      this.#place(flow, fromClient, packet);
    }
  }

  /**
   * Figures for a collector, which does not answer.
   * @param {Flow} flow
   */
  #report(flow) {
    this.#address(flow, true);
    // At most 42 + 28 bytes of a small frame with IPv6 or a tunnel.
    const length = this.#kind === "small" ? 8 + this.#random.below(20) : 40 + this.#random.below(400);
    this.#carry(this.#payloads.lines(), length, 0);
    this.#place(flow, true, this.#packet);
  }

  /** @param {Flow} flow */
  #lookUp(flow) {
    const { lookups } = this.#payloads;
    for (const { question, answer } of lookups[this.#random.below(lookups.length)]) {
      const id = 1 + this.#random.below(0xffff);
      this.#address(flow, true);
      this.#carry(question.at, question.length, id);
      this.#place(flow, true, this.#packet);
      this.#address(flow, false);
      this.#carry(answer.at, answer.length, id);
      this.#place(flow, false, this.#packet);
    }
  }

  /** @param {Flow} flow */
  #close(flow) {
    if (flow.protocol !== TCP) return;
    const how = this.#random.below(20);
    // Half of them just fall silent.
    if (how < 10) return;
    if (how === 10) {
      this.#send(flow, false, RST | ACK, 0);
      return;
    }
    this.#send(flow, true, FIN | ACK, 0);
    this.#send(flow, false, FIN | ACK, 0);
    this.#send(flow, true, ACK, 0);
  }

  /**
   * One segment of data; now and then it is sent again.
   * @param {Flow} flow
   * @param {boolean} fromClient
   * @param {number} length
   */
  #data(flow, fromClient, length) {
    const from = this.#payloads.somewhere();
    this.#send(flow, fromClient, PSH | ACK, length, from);
    if (this.#random.below(300) !== 0) return;
    if (fromClient) flow.clientSequence -= length;
    else flow.serverSequence -= length;
    this.#send(flow, fromClient, PSH | ACK, length, from);
  }

  /**
   * One TCP segment.
   * @param {Flow} flow
   * @param {boolean} fromClient
   * @param {number} flags
   * @param {number} length
   * @param {number} [from]
   */
  #send(flow, fromClient, flags, length, from = 0) {
    const packet = this.#packet;
    this.#address(flow, fromClient);
    this.#carry(from, length, 0);
    packet.flags = flags;
    packet.sequence = fromClient ? flow.clientSequence : flow.serverSequence;
    const acknowledges = (flags & ACK) !== 0;
    packet.acknowledgement = !acknowledges ? 0 : fromClient ? flow.serverSequence : flow.clientSequence;
    packet.tcpOptions = this.#kind !== "small";
    if (packet.tcpOptions) {
      const now = this.#clock.milliseconds;
      packet.timestamp = now + (fromClient ? flow.client : flow.server);
      packet.timestampEcho = acknowledges ? now + (fromClient ? flow.server : flow.client) : 0;
    }
    packet.tls = flow.application === TLS && length > 5;
    const consumed = length + (flags & (SYN | FIN) ? 1 : 0);
    if (fromClient) flow.clientSequence = (flow.clientSequence + consumed) | 0;
    else flow.serverSequence = (flow.serverSequence + consumed) | 0;
    this.#place(flow, fromClient, packet);
  }

  /**
   * @param {Flow} flow
   * @param {boolean} fromClient
   */
  #address(flow, fromClient) {
    const packet = this.#packet;
    packet.ipv6 = flow.ipv6;
    packet.protocol = flow.protocol;
    packet.source = fromClient ? flow.client : flow.server;
    packet.destination = fromClient ? flow.server : flow.client;
    packet.sourcePort = fromClient ? flow.clientPort : flow.serverPort;
    packet.destinationPort = fromClient ? flow.serverPort : flow.clientPort;
    packet.identification = this.#random.below(0x10000);
    // Pods of one node, pods behind a router, hosts far away.
    packet.ttl = flow.hash & 1 ? 64 : flow.hash & 2 ? 63 : 117;
    packet.tls = false;
  }

  /**
   * @param {number} from
   * @param {number} length
   * @param {number} id
   */
  #carry(from, length, id) {
    this.#packet.payloadFrom = from;
    this.#packet.payloadLength = length;
    this.#packet.id = id;
  }

  /**
   * What a full segment holds: the link's 1500 bytes less all headers, with time stamps.
   * @param {Flow} flow
   */
  #segmentLength(flow) {
    return 1448 - (flow.carrier === VXLAN ? 50 : flow.carrier === IP_IN_IP ? 20 : 0) - (flow.ipv6 ? 20 : 0);
  }
}
