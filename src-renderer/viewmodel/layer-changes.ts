/** What a packet had changed between two capture points: which fields, why, and in sentences. */
import type { ConnectionJson, JoinPoint, JourneyInfo, SightingInfo } from "../../src-shared/contract/join";
import { endpointText } from "../../src-shared/model/endpoint-text";
import { carriersOf, laneId, type RawCard } from "./layer-cards";

interface Changes {
  /** By lane and field. */
  readonly fields: ReadonlyMap<string, { readonly before: string; readonly reason: string }>;
  readonly said: readonly Said[];
}

/** What happened on a hop: in a sentence, and in a word or two where there is no room for one. */
export interface Said {
  readonly sentence: string;
  readonly short: string;
}

export function changesBetween(
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
  const said: Said[] = [];
  const hops = last.ttl - sighting.ttl;
  const routed = hops > 0;
  const translated = translationWords(earlier, sighting, journey, connection);
  const wrapped = carriersOf(now) - carriersOf(before);
  const point = points.find((p) => p.point === sighting.point);
  if (routed)
    said.push({
      sentence: `Routed${hops > 1 ? ` ${hops} times` : ""}: TTL ${last.ttl} → ${sighting.ttl}.`,
      short: hops > 1 ? `routed ×${hops}` : "routed",
    });
  said.push(...translated.said);
  if (wrapped > 0) said.push({ sentence: wrapSentence(sighting, now), short: `into ${tunnelName(sighting)}` });
  else if (wrapped < 0)
    said.push({
      sentence: `Taken out of the tunnel${last.tunnel ? ` (${tunnelWords(last)})` : ""}.`,
      short: `out of ${tunnelName(last)}`,
    });
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
  if (last.length !== sighting.length && last.ttl === sighting.ttl)
    said.push({
      sentence: `Cut differently by segmentation offload: ${last.length} → ${sighting.length} bytes.`,
      short: "cut differently",
    });
  if (said.length === 0) {
    const moved = [...fields.keys()].some((key) => key.endsWith("eth.src") || key.endsWith("eth.dst"));
    if (moved) said.push({ sentence: "New link addresses, nothing else changed.", short: "new link" });
    else if (point?.role === "bridge") said.push({ sentence: "Switched: nothing changed.", short: "switched" });
    else said.push({ sentence: "Passed on unchanged.", short: "unchanged" });
  }
  return { fields, said };
}

const TUNNEL_NAMES: Readonly<Record<string, string>> = {
  vxlan: "VXLAN",
  geneve: "Geneve",
  gre: "GRE",
  ipip: "IP-in-IP",
  "ip-udp": "IP over UDP",
  wireguard: "WireGuard",
  gtpu: "GTP-U",
};

function tunnelName({ tunnel }: SightingInfo): string {
  return tunnel ? (TUNNEL_NAMES[tunnel.kind] ?? tunnel.kind) : "tunnel";
}

function tunnelWords(sighting: SightingInfo): string {
  const { tunnel } = sighting;
  if (!tunnel) return "";
  const parts = [tunnelName(sighting)];
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
  readonly said: readonly Said[];
}

/** DNAT changes where a packet goes, SNAT where it seems to come from; the way back undoes both. */
function translationWords(
  earlier: readonly SightingInfo[],
  sighting: SightingInfo,
  journey: JourneyInfo,
  connection: ConnectionJson,
): TranslationWords {
  const same = (a: { ip: string; port: number }, b: { ip: string; port: number }): boolean =>
    a.ip === b.ip && a.port === b.port;
  const said: Said[] = [];
  const names: string[] = [];
  const last = earlier.at(-1) as SightingInfo;
  const forward = journey.direction === "to-server";
  const service = connection.service === null ? "" : ` by the Service ${connection.service}`;
  if (!same(last.destination, sighting.destination)) {
    const name = forward ? "DNAT" : "SNAT undone";
    const copy = earlier.some((one) => same(one.destination, sighting.destination));
    names.push(copy ? `copy from before the ${name}` : name);
    const change = `to ${endpointText(last.destination)} → ${endpointText(sighting.destination)}`;
    if (copy)
      said.push({ sentence: copyText(name, "to", endpointText(sighting.destination)), short: `before ${name}` });
    else said.push({ sentence: `${name}${forward ? service : ""}: ${change}.`, short: name });
  }
  if (!same(last.source, sighting.source)) {
    const name = forward ? "SNAT" : "DNAT undone";
    const copy = earlier.some((one) => same(one.source, sighting.source));
    names.push(copy ? `copy from before the ${name}` : name);
    const change = `from ${endpointText(last.source)} → ${endpointText(sighting.source)}`;
    if (copy) said.push({ sentence: copyText(name, "from", endpointText(sighting.source)), short: `before ${name}` });
    else said.push({ sentence: `${name}${forward ? "" : service}: ${change}.`, short: name });
  }
  return { reason: names.length > 0 ? names.join(" and ") : null, said };
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
