/**
 * The layer view: one packet at every capture point of its journey, its headers as nested envelopes.
 *
 * ```
 *               client pod NIC     tunnel device            node NIC
 *  application  │ GET /     │      │ GET /     │       ┌──────────────────┐
 *  transport    │ 47004→80  │      │ 47004→8080│◄ DNAT │ │ 47004→8080 │   │
 *  network      │ TTL 64    │      │ TTL 63    │◄ routed │ TTL 63    │   │
 *  data link    └ aa → bb ──┘      └ cc → dd ──┘       │ └ cc → dd ────┘  │
 *  · tunnel                                            │  VXLAN VNI 1     │◄ wrapped
 *  · transport                                         │  UDP 8472        │
 *  · network                                           │  n1 → n2         │
 *  · data link                                         └──────────────────┘
 *  physical     client-a#0         n1#1                 n1#0
 * ```
 * Lanes run from the application down to the wire, the same in every column, so that what changes is seen by looking along
 * a line. Pure: packet details and journeys in, lanes, cards and sentences out.
 */
import type { ConnectionJson, JoinPoint, JourneyInfo, SightingInfo } from "../../src-shared/contract/join";
import type { DetailNode, PacketDetails } from "../../src-shared/contract/results";

export type LayerNumber = 1 | 2 | 3 | 4 | 5;

export interface Lane {
  readonly id: string;
  readonly layer: LayerNumber;
  readonly label: string;
  /** 0: the journey's packet; 1, 2 …: the carriers around it, the nearest first. The physical lane has 0. */
  readonly carrier: number;
  /** Lines of text the tallest card in it has, title included. */
  readonly lines: number;
}

export interface CardField {
  readonly name: string;
  readonly label: string;
  /** Label where there is no room for one: "TTL ", "→". */
  readonly short: string;
  readonly value: string;
  /** Value at the column before, where it was another; null: the same, or nothing to compare with. */
  readonly before: string | null;
  /** Why it changed, in words. */
  readonly reason: string | null;
  readonly node: DetailNode;
}

export interface LayerCard {
  readonly lane: string;
  /** Filter name: "ip" "tcp" … */
  readonly protocol: string;
  readonly title: string;
  readonly fields: readonly CardField[];
  readonly node: DetailNode;
}

export interface HopColumn {
  readonly sighting: SightingInfo;
  readonly point: JoinPoint | null;
  readonly title: string;
  readonly subtitle: string;
  /** Outermost last: the order of the lanes. */
  readonly cards: readonly LayerCard[];
  /** Carriers around the packet here. */
  readonly carriers: number;
  /** What happened on the way here from the column before, in sentences; empty for the first. */
  readonly happened: readonly string[];
  /** Nanoseconds since the column before; null for the first. */
  readonly hopNs: number | null;
  readonly problem: string | null;
}

export interface LayerViewModel {
  readonly lanes: readonly Lane[];
  readonly columns: readonly HopColumn[];
}

const LAYER_OF: Readonly<Record<string, LayerNumber>> = {
  eth: 2,
  sll: 2,
  vlan: 2,
  null: 2,
  llc: 2,
  ppp: 2,
  pppoes: 2,
  mpls: 2,
  arp: 3,
  ip: 3,
  ipv6: 3,
  icmp: 3,
  icmpv6: 3,
  "ipv6.hopopts": 3,
  "ipv6.dstopts": 3,
  "ipv6.routing": 3,
  "ipv6.fraghdr": 3,
  igmp: 3,
  esp: 3,
  ah: 3,
  tcp: 4,
  udp: 4,
  sctp: 4,
  vxlan: 4,
  geneve: 4,
  gre: 4,
  gtp: 4,
  wg: 4,
};
const TUNNELS = new Set(["vxlan", "geneve", "gre", "gtp", "wg"]);

export const PHYSICAL_LANE = "physical";

export type LayerNames = "five" | "osi";

export const LAYER_NAMES: Readonly<Record<"five" | "osi", Readonly<Record<LayerNumber, string>>>> = {
  five: { 5: "5 Application", 4: "4 Transport", 3: "3 Network", 2: "2 Data link", 1: "1 Physical" },
  osi: { 5: "7 Application", 4: "4 Transport", 3: "3 Network", 2: "2 Data link", 1: "1 Physical" },
};

const TITLES: Readonly<Record<string, string>> = {
  eth: "Ethernet",
  sll: "Linux cooked",
  vlan: "VLAN",
  ip: "IPv4",
  ipv6: "IPv6",
  icmp: "ICMP",
  icmpv6: "ICMPv6",
  tcp: "TCP",
  udp: "UDP",
  sctp: "SCTP",
  vxlan: "VXLAN",
  geneve: "Geneve",
  gre: "GRE",
  gtp: "GTP-U",
  wg: "WireGuard",
  arp: "ARP",
  frame: "Bits",
  http: "HTTP",
  dns: "DNS",
  tls: "TLS",
  dhcp: "DHCP",
  data: "Data",
};

/** What a card shows, in this order, as far as the packet has it. */
const SHOWN: Readonly<Record<string, readonly (readonly [field: string, label: string])[]>> = {
  frame: [
    ["frame.interface_name", "interface"],
    ["frame.len", "size"],
  ],
  eth: [
    ["eth.src", "from"],
    ["eth.dst", "to"],
  ],
  sll: [
    ["sll.pkttype", "type"],
    ["sll.src.eth", "from"],
  ],
  vlan: [["vlan.id", "VLAN"]],
  arp: [
    ["arp.opcode", "op"],
    ["arp.src.proto_ipv4", "sender"],
    ["arp.dst.proto_ipv4", "target"],
  ],
  ip: [
    ["ip.src", "from"],
    ["ip.dst", "to"],
    ["ip.ttl", "TTL"],
    ["ip.id", "id"],
    ["ip.len", "length"],
  ],
  ipv6: [
    ["ipv6.src", "from"],
    ["ipv6.dst", "to"],
    ["ipv6.hlim", "hop limit"],
    ["ipv6.plen", "length"],
  ],
  icmp: [
    ["icmp.type", "type"],
    ["icmp.ident", "id"],
    ["icmp.seq", "seq"],
  ],
  icmpv6: [
    ["icmpv6.type", "type"],
    ["icmpv6.echo.identifier", "id"],
    ["icmpv6.echo.sequence_number", "seq"],
  ],
  tcp: [
    ["tcp.srcport", "from"],
    ["tcp.dstport", "to"],
    ["tcp.flags", "flags"],
    ["tcp.seq", "seq"],
    ["tcp.ack", "ack"],
    ["tcp.checksum", "checksum"],
  ],
  udp: [
    ["udp.srcport", "from"],
    ["udp.dstport", "to"],
    ["udp.length", "length"],
    ["udp.checksum", "checksum"],
  ],
  sctp: [
    ["sctp.srcport", "from"],
    ["sctp.dstport", "to"],
  ],
  vxlan: [["vxlan.vni", "VNI"]],
  geneve: [["geneve.vni", "VNI"]],
  gre: [["gre.key", "key"]],
  http: [
    ["http.request.method", "method"],
    ["http.request.uri", "path"],
    ["http.host", "host"],
    ["http.response.code", "status"],
  ],
  dns: [
    ["dns.id", "id"],
    ["dns.qry.name", "name"],
    ["dns.a", "address"],
  ],
  tls: [["tls.handshake.extensions_server_name", "server name"]],
};

export interface SeenPacket {
  readonly sighting: SightingInfo;
  readonly details: PacketDetails | null;
  readonly problem: string | null;
}

interface RawCard {
  readonly layer: LayerNumber;
  readonly carrier: number;
  readonly protocol: string;
  readonly title: string;
  readonly fields: readonly {
    readonly name: string;
    readonly label: string;
    readonly value: string;
    readonly node: DetailNode;
  }[];
  readonly node: DetailNode;
}

/** `seen`: the journey's sightings in hop order with their details. */
export function buildLayerView(
  seen: readonly SeenPacket[],
  journey: JourneyInfo,
  connection: ConnectionJson,
  points: readonly JoinPoint[],
  names: LayerNames = "five",
): LayerViewModel {
  const raw = seen.map(({ sighting, details }) => (details ? cardsOf(details.tree, sighting.depth) : []));
  const lanes = lanesOf(raw, names);
  const columns = seen.map(({ sighting, problem }, at): HopColumn => {
    const point = points.find((p) => p.point === sighting.point) ?? null;
    const before = at > 0 ? (raw[at - 1] as readonly RawCard[]) : null;
    const now = raw[at] as readonly RawCard[];
    const last = at > 0 ? (seen[at - 1] as SeenPacket).sighting : null;
    const earlier = seen.slice(0, at).map((one) => one.sighting);
    const changes = before && last ? changesBetween(before, now, earlier, sighting, journey, connection, points) : null;
    return {
      sighting,
      point,
      title: point?.name ?? `point ${sighting.point}`,
      subtitle: [point ? ROLE_NAMES[point.role] : null, point?.pod ?? point?.node].filter(Boolean).join(" · "),
      cards: now.map((card) => ({
        lane: laneId(card),
        protocol: card.protocol,
        title: card.title,
        node: card.node,
        fields: card.fields.map((field) => {
          const change = changes?.fields.get(`${laneId(card)} ${field.name}`);
          return {
            ...field,
            short: SHORT[field.label] ?? `${field.label} `,
            before: change?.before ?? null,
            reason: change?.reason ?? null,
          };
        }),
      })),
      carriers: carriersOf(now),
      happened: changes?.sentences ?? [],
      hopNs: last ? sighting.sinceFirstNs - last.sinceFirstNs : null,
      problem,
    };
  });
  return { lanes, columns };
}

/** Labels where a column is narrow: what the value itself says needs none. */
const SHORT: Readonly<Record<string, string>> = {
  from: "",
  to: "→",
  flags: "",
  length: "len ",
  checksum: "sum ",
  address: "",
  name: "",
  method: "",
  path: "",
  interface: "",
  size: "",
};

export const ROLE_NAMES: Readonly<Record<JoinPoint["role"], string>> = {
  "pod-nic": "pod NIC",
  "host-veth": "veth on the node",
  bridge: "bridge",
  "tunnel-device": "tunnel device",
  "node-nic": "node NIC",
  "router-port": "router port",
  loopback: "loopback",
  unknown: "capture point",
};

/** The packet's headers, innermost first, told apart into the journey's own packet and its carriers. */
function cardsOf(tree: readonly DetailNode[], depth: number): readonly RawCard[] {
  const headers = tree.filter((node) => node.field !== null && node.field !== "frame" && !node.generated);
  // The network layer of the sighting is the depth-th; what lies before its own data link header carries it.
  let networks = 0;
  let own = headers.length;
  for (let i = 0; i < headers.length; i++) {
    const field = (headers[i] as DetailNode).field;
    if ((field === "ip" || field === "ipv6") && ++networks === depth) {
      own = i;
      break;
    }
  }
  let start = own;
  while (start > 0 && LAYER_OF[(headers[start - 1] as DetailNode).field ?? ""] === 2) start--;
  const cards: RawCard[] = [];
  // Carriers are counted from the packet outwards: a new one begins at each network header going out.
  let carrier = 0;
  let sawNetwork = true;
  for (let i = start - 1; i >= 0; i--) {
    const node = headers[i] as DetailNode;
    const protocol = node.field as string;
    const layer = LAYER_OF[protocol] ?? 5;
    if (sawNetwork && layer >= 3) {
      carrier++;
      sawNetwork = false;
    }
    if (layer === 3) sawNetwork = true;
    cards.push(card(node, protocol, TUNNELS.has(protocol) ? 5 : layer, Math.max(1, carrier)));
  }
  const inner: RawCard[] = [];
  for (let i = start; i < headers.length; i++) {
    const node = headers[i] as DetailNode;
    const protocol = node.field as string;
    // A tunnel's header inside the packet is what it carries: its payload.
    inner.push(
      card(node, protocol, i > own && (protocol === "ip" || protocol === "ipv6") ? 5 : (LAYER_OF[protocol] ?? 5), 0),
    );
  }
  const frame = tree.find((node) => node.field === "frame");
  const bits = frame ? [card(frame, "frame", 1, 0)] : [];
  return [...inner.reverse(), ...cards, ...bits];
}

function card(node: DetailNode, protocol: string, layer: LayerNumber, carrier: number): RawCard {
  const fields = (SHOWN[protocol] ?? []).flatMap(([name, label]) => {
    const found = findNode(node, name);
    return found ? [{ name, label, value: valueText(found), node: found }] : [];
  });
  return { layer, carrier, protocol, title: TITLES[protocol] ?? node.text.split(/[,(:]/)[0] ?? protocol, fields, node };
}

/** Depth first, the first one; not into packets that an error quotes. */
function findNode(node: DetailNode, field: string): DetailNode | null {
  for (const child of node.children) {
    if (child.field === field) return child;
    if (child.field === "ip" || child.field === "ipv6") continue;
    const deeper = findNode(child, field);
    if (deeper) return deeper;
  }
  return null;
}

/** "Time to Live: 63" → "63"; TCP flags without their number: "SYN, ACK". */
export function valueText(node: DetailNode): string {
  const colon = node.text.indexOf(": ");
  const text = colon < 0 ? node.text : node.text.slice(colon + 2);
  const flags = /^0x[\da-f]+ \((.+)\)$/i.exec(text);
  if (node.field === "tcp.flags" && flags) return flags[1] as string;
  // What Wireshark adds in words is in the packet's details.
  if (node.field === "frame.len" || node.field === "ip.id") return text.replace(/ \(.*/, "");
  return text.replace(/(\\r\\n)+$/, "").replace(/ *(\((relative|scaled)[^)]*\)|\[[^\]]*\])$/i, "");
}

function laneId(card: RawCard): string {
  return card.protocol === "frame" ? PHYSICAL_LANE : `${card.carrier}:${card.layer}`;
}

function lanesOf(columns: readonly (readonly RawCard[])[], names: LayerNames): readonly Lane[] {
  const lines = new Map<string, number>();
  for (const cards of columns) {
    const here = new Map<string, number>();
    for (const one of cards) here.set(laneId(one), (here.get(laneId(one)) ?? 0) + one.fields.length + 1);
    for (const [id, n] of here) lines.set(id, Math.max(lines.get(id) ?? 0, n));
  }
  return [...lines]
    .map(([id, n]): Lane => {
      if (id === PHYSICAL_LANE) return { id, carrier: 0, layer: 1, lines: n, label: LAYER_NAMES[names][1] };
      const [carrier, layer] = id.split(":").map(Number) as [number, LayerNumber];
      return { id, carrier, layer, lines: n, label: laneLabel(carrier, layer, names) };
    })
    .sort(
      (a, b) =>
        Number(a.id === PHYSICAL_LANE) - Number(b.id === PHYSICAL_LANE) || a.carrier - b.carrier || b.layer - a.layer,
    );
}

/** "3 Network"; of a carrier "3 Outer network", its tunnel's own header has no layer of the model. */
function laneLabel(carrier: number, layer: LayerNumber, names: LayerNames): string {
  const label = LAYER_NAMES[names][layer];
  if (carrier === 0) return label;
  return layer === 5 ? "Tunnel" : `${label.slice(0, 2)}Outer ${label.slice(2).toLowerCase()}`;
}

interface Changes {
  /** By lane and field. */
  readonly fields: ReadonlyMap<string, { readonly before: string; readonly reason: string }>;
  readonly sentences: readonly string[];
}

function changesBetween(
  before: readonly RawCard[],
  now: readonly RawCard[],
  /** All sightings before, in hop order: the last one is the column before. */
  earlier: readonly SightingInfo[],
  sighting: SightingInfo,
  journey: JourneyInfo,
  connection: ConnectionJson,
  points: readonly JoinPoint[],
): Changes {
  const last = earlier.at(-1) as SightingInfo;
  const fields = new Map<string, { before: string; reason: string }>();
  const sentences: string[] = [];
  const hops = last.ttl - sighting.ttl;
  const routed = hops > 0;
  const translated = translationWords(earlier, sighting, journey, connection);
  const wrapped = carriersOf(now) - carriersOf(before);
  const point = points.find((p) => p.point === sighting.point);
  if (routed) sentences.push(`Routed${hops > 1 ? ` ${hops} times` : ""}: TTL ${last.ttl} → ${sighting.ttl}.`);
  sentences.push(...translated.sentences);
  if (wrapped > 0) sentences.push(wrapSentence(sighting, now));
  else if (wrapped < 0) sentences.push(`Taken out of the tunnel${last.tunnel ? ` (${tunnelWords(last)})` : ""}.`);
  for (const card of now) {
    const other = before.find((b) => laneId(b) === laneId(card) && b.protocol === card.protocol);
    for (const field of other ? card.fields : []) {
      const was = other?.fields.find((f) => f.name === field.name);
      if (!was || was.value === field.value || field.name === "frame.interface_name") continue;
      fields.set(`${laneId(card)} ${field.name}`, {
        before: was.value,
        reason: reasonOf(field.name, card.carrier > 0, routed, translated.reason, wrapped),
      });
    }
  }
  if (last.length !== sighting.length && !sentences.some((s) => s.startsWith("Routed")) && last.ttl === sighting.ttl)
    sentences.push(`Cut differently by segmentation offload: ${last.length} → ${sighting.length} bytes.`);
  if (sentences.length === 0) {
    const moved = [...fields.keys()].some((key) => key.endsWith("eth.src") || key.endsWith("eth.dst"));
    if (moved) sentences.push("New link addresses, nothing else changed.");
    else sentences.push(point?.role === "bridge" ? "Switched: nothing changed." : "Passed on unchanged.");
  }
  return { fields, sentences };
}

function carriersOf(cards: readonly RawCard[]): number {
  return cards.reduce((most, one) => Math.max(most, one.carrier), 0);
}

export function tunnelWords(sighting: SightingInfo): string {
  const { tunnel } = sighting;
  if (!tunnel) return "";
  const name: Readonly<Record<string, string>> = {
    vxlan: "VXLAN",
    geneve: "Geneve",
    gre: "GRE",
    ipip: "IP-in-IP",
    "ip-udp": "IP over UDP",
    wireguard: "WireGuard",
    gtpu: "GTP-U",
  };
  const parts = [name[tunnel.kind] ?? tunnel.kind];
  if (tunnel.vni !== null) parts.push(`VNI ${tunnel.vni}`);
  if (tunnel.port !== null) parts.push(`UDP ${tunnel.port}`);
  return parts.join(", ");
}

function wrapSentence(sighting: SightingInfo, cards: readonly RawCard[]): string {
  const outer = cards.find((one) => one.carrier === 1 && one.layer === 3);
  const value = (name: string): string | undefined => outer?.fields.find((f) => f.name === name)?.value;
  const from = value("ip.src") ?? value("ipv6.src");
  const to = value("ip.dst") ?? value("ipv6.dst");
  return `Wrapped into a tunnel (${tunnelWords(sighting) || "carrier"})${from && to ? `: ${from} → ${to}` : ""}.`;
}

interface TranslationWords {
  readonly reason: string | null;
  readonly sentences: readonly string[];
}

/** DNAT changes where a packet goes, SNAT where it seems to come from; the way back undoes both. */
function translationWords(
  earlier: readonly SightingInfo[],
  sighting: SightingInfo,
  journey: JourneyInfo,
  connection: ConnectionJson,
): TranslationWords {
  const text = (e: { readonly ip: string; readonly port: number }): string =>
    e.port > 0 ? (e.ip.includes(":") ? `[${e.ip}]:${e.port}` : `${e.ip}:${e.port}`) : e.ip;
  const same = (a: { ip: string; port: number }, b: { ip: string; port: number }): boolean =>
    a.ip === b.ip && a.port === b.port;
  const sentences: string[] = [];
  const names: string[] = [];
  const last = earlier.at(-1) as SightingInfo;
  const forward = journey.direction === "to-server";
  const service = connection.service === null ? "" : ` by the Service ${connection.service}`;
  if (!same(last.destination, sighting.destination)) {
    const name = forward ? "DNAT" : "SNAT undone";
    const copy = earlier.some((one) => same(one.destination, sighting.destination));
    names.push(copy ? `copy from before the ${name}` : name);
    if (copy) sentences.push(copyText(name, "to", text(sighting.destination)));
    else
      sentences.push(`${name}${forward ? service : ""}: to ${text(last.destination)} → ${text(sighting.destination)}.`);
  }
  if (!same(last.source, sighting.source)) {
    const name = forward ? "SNAT" : "DNAT undone";
    const copy = earlier.some((one) => same(one.source, sighting.source));
    names.push(copy ? `copy from before the ${name}` : name);
    if (copy) sentences.push(copyText(name, "from", text(sighting.source)));
    else sentences.push(`${name}${forward ? "" : service}: from ${text(last.source)} → ${text(sighting.source)}.`);
  }
  return { reason: names.length > 0 ? names.join(" and ") : null, sentences };
}

/** A bridge shows a frame before and between NAT's steps: an address that was left and comes back is no further translation. */
function copyText(name: string, side: "from" | "to", address: string): string {
  return `A copy from before the ${name}: ${side} ${address} again.`;
}

/** Why a field has another value, in words. `wrapped`: carriers more than before. */
function reasonOf(field: string, outer: boolean, routed: boolean, translation: string | null, wrapped: number): string {
  if (field === "frame.len") return wrapped > 0 ? "tunnel added" : wrapped < 0 ? "tunnel removed" : "other link";
  if (field === "ip.ttl" || field === "ipv6.hlim") return "routed";
  if (field === "eth.src" || field === "eth.dst") return routed || outer ? "next link" : "other link";
  if (/\.(src|dst|srcport|dstport|ident)$/.test(field)) return translation ?? "changed";
  if (field.endsWith("checksum")) return translation ? `follows ${translation}` : "filled in";
  if (field === "ip.len" || field === "ipv6.plen" || field === "udp.length") return "cut differently";
  return outer ? "another carrier" : "changed";
}

/** The whole journey in one paragraph, for screen readers and copying. */
export function journeyText(model: LayerViewModel): string {
  return model.columns
    .map((column, at) => {
      const where = `${column.title}${column.subtitle ? ` (${column.subtitle})` : ""}`;
      return at === 0 ? `Seen first at ${where}.` : `${column.happened.join(" ")} Seen at ${where}.`;
    })
    .join(" ");
}
