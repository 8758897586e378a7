/**
 * Recordings of two nodes for tests of findings: a client pod on n1 talks to a server pod on n2, every packet is written down at
 * each capture point it reaches.
 *
 * ```
 *  client 10.1.0.5                                                             server 10.1.1.9
 *     └─ n1/veth1 ──── n1/eth0 ═══════ (node network 192.168.0.1 │ .2) ═══════ n2/eth0 ──── n2/veth2 ─┘
 *   TTL     64           63                                                       63           62
 * ```
 * Sends are lines of the traffic notation without place and time: `send("client", 0.0, "tcp SYN ts=1,0")`. `reaches: 2` ends the
 * packet's way behind its second point. Interfaces are named node/device: each node becomes a file of its own.
 */
import { parseTraffic, type Traffic, trafficToPcapng } from "./traffic";

export interface TwoNodesOptions {
  /** Address and port the client asks for, translated on n1. Without: the server's own. */
  readonly service?: string;
  /** SNAT on n1: the address and port the server sees. */
  readonly seenAs?: string;
  /** Tunnel words for both eth0, client to server: "vxlan(vni=1, n1 > n2)". */
  readonly tunnel?: string;
  readonly client?: string;
  /** Device of n1 that the client is behind; "veth1" unless it is outside. */
  readonly clientDevice?: string;
  readonly server?: string;
}

export interface SendOptions {
  /** Points the packet is seen at, of all on its way. */
  readonly reaches?: number;
  /** Words for the sightings from the n-th on (0 is the first point): [3, "ttl=1"]. */
  readonly change?: readonly [number, string];
  /** Delay of each hop, microseconds. */
  readonly hopMicroseconds?: readonly number[];
  /** Label, to send the same again with "again LABEL". */
  readonly label?: string;
}

const HOPS = [0, 1, 1, 2] as const;

export class TwoNodes {
  readonly #lines: string[];
  readonly #more: string[] = [];
  #labels = 0;
  readonly #client: string;
  readonly #server: string;
  readonly #points: readonly string[];

  constructor(private readonly options: TwoNodesOptions = {}) {
    this.#client = options.client ?? "10.1.0.5:40000";
    this.#server = options.server ?? "10.1.1.9:8080";
    this.#points = [`n1/${options.clientDevice ?? "veth1"}`, "n1/eth0", "n2/eth0", "n2/veth2"];
    this.#lines = [
      ...this.#points.map((point) => `@${point} = ethernet resolution=ns`),
      "n1 = 192.168.0.1   n2 = 192.168.0.2",
    ];
  }

  /** Sends from one end to the other; `what` is what follows "A > B" in the notation, or "again LABEL". */
  send(from: "client" | "server", seconds: number, what: string, given: SendOptions = {}): this {
    const { service, seenAs, tunnel = "" } = this.options;
    const label = given.label ?? `p${this.#labels++}`;
    const order = from === "client" ? [0, 1, 2, 3] : [3, 2, 1, 0];
    const ends =
      from === "client"
        ? `${this.#client} > ${service ?? this.#server}`
        : `${this.#server} > ${seenAs ?? this.#client}`;
    const wraps = from === "client" ? tunnel : tunnel.replace(/(\w+) > (\w+)/, "$2 > $1");
    let micros = 0;
    order.slice(0, given.reaches ?? 4).forEach((at, i) => {
      if (i > 0) micros += given.hopMicroseconds?.[i - 1] ?? 20;
      const time = (seconds + micros / 1e6).toFixed(6);
      const tunnelled = at === 1 || at === 2 ? wraps : "";
      const changed = given.change && i >= given.change[0] ? given.change[1] : "";
      // Answers pass the same translation backwards, behind n1's NIC.
      const nat =
        from === "client"
          ? at > 0
            ? [service && `dst=${this.#server}`, seenAs && `src=${seenAs}`]
            : []
          : at === 0
            ? [service && `src=${service}`, seenAs && `dst=${this.#client}`]
            : [];
      const hops = from === "client" ? HOPS[at] : HOPS[3 - at];
      const words = [...nat.filter(Boolean), hops ? `hops=${hops}` : "", changed].join(" ");
      if (i > 0) this.#lines.push(`${time} @${this.#points[at] ?? ""} seen ${label} ${tunnelled} ${words}`);
      else
        this.#lines.push(
          `${label}: ${time} @${this.#points[at] ?? ""} ${what.startsWith("again ") ? "" : ends} ${tunnelled} ${what} ${words}`,
        );
    });
    return this;
  }

  /** A line of the traffic notation as it is, before the packets (an interface, a name) or among them. */
  line(text: string): this {
    (text.trim().startsWith("@") ? this.#more : this.#lines).push(text);
    return this;
  }

  /** SYN, SYN-ACK, ACK from `seconds` on, a millisecond apart. */
  handshake(seconds: number): this {
    return this.send("client", seconds, "tcp SYN seq=3000000000 id=101 ts=5000,0 mss=1460")
      .send("server", seconds + 0.001, "tcp SYN,ACK seq=2000000000 id=0 ts=7000,5000 mss=1460")
      .send("client", seconds + 0.002, "tcp ACK id=102 ts=5001,7000");
  }

  /** Each node's packets as a pcapng file, by name. */
  captures(): Readonly<Record<string, Uint8Array>> {
    return splitByNode(parseTraffic([...this.#more, ...this.#lines].join("\n")));
  }
}

/** Interfaces "n1/eth0" of one traffic become interface eth0 of the file n1.pcapng. */
export function splitByNode(all: Traffic): Readonly<Record<string, Uint8Array>> {
  const nodes = [...new Set(all.interfaces.map((i) => i.name?.split("/")[0] ?? ""))];
  return Object.fromEntries(
    nodes.map((node) => {
      const ids = all.interfaces.flatMap((one, i) => (one.name?.startsWith(`${node}/`) ? [i] : []));
      const own = <T extends { readonly interfaceId: number }>(list: readonly T[]): T[] =>
        list.filter((x) => ids.includes(x.interfaceId)).map((x) => ({ ...x, interfaceId: ids.indexOf(x.interfaceId) }));
      const part: Traffic = {
        interfaces: ids.flatMap((i) => {
          const one = all.interfaces[i];
          return one ? [{ ...one, name: one.name?.slice(node.length + 1) }] : [];
        }),
        packets: own(all.packets),
        hosts: all.hosts,
        counts: own(all.counts),
      };
      return [`${node}.pcapng`, trafficToPcapng(part)];
    }),
  );
}
