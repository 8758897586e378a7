/** A connection and its journeys as blocks of a report: facts, picture, the packets with their addresses at every hop. */
import type { TimeZone } from "../base/time-zone";
import { endpointText } from "../model/endpoint-text";
import type { ConnectionJourneys, ConnectionJson, JourneyInfo, SightingInfo } from "../contract/join";
import { durationText, journeyCaption, journeyPicture, tunnelText } from "./journey-picture";
import type { PictureBlock, ReportBlock, TableBlock } from "./report";
import { timeText } from "./report-times";

/** Rows of one table; what is more is said, and found again by the filter. */
const MOST_ROWS = 500;

export function connectionTitle(c: ConnectionJson): string {
  const asked = c.requested ?? c.server;
  return `${c.protocol.toUpperCase()} ${c.client.pod ?? endpointText(c.client)} → ${c.service ?? endpointText(asked)}`;
}

/** What is known of it, by the names of `hopscope connections`. */
export function connectionFactsBlock(c: ConnectionJson, zone: TimeZone = "utc"): TableBlock {
  const place = (e: ConnectionJson["client"]): string =>
    [endpointText(e), e.pod, e.name ?? null, e.node].filter((part) => part !== null).join(", ");
  const translated = c.translations.map(
    (t) =>
      `${t.kind.toUpperCase()} ${endpointText(t.from)} → ${endpointText(t.to)}${t.node === null ? "" : ` at ${t.node}`} (${t.evidence.join(", ")})`,
  );
  const carried = c.encapsulations.map(
    (e) => `${e.kind}${e.vni === null ? "" : ` VNI ${e.vni}`}, ${e.outer.src} → ${e.outer.dst}`,
  );
  const rows: [string, string][] = [
    ["Kind", `${c.kind}, ${c.locality}${c.hairpin ? ", hairpin" : ""}`],
    ["Client", place(c.client)],
    ["Asked for", c.requested ? endpointText(c.requested) : ""],
    ["Server", place(c.server)],
    ["Server saw", c.seenByServerAs ? endpointText(c.seenByServerAs) : ""],
    ["Service", c.service ?? ""],
    ["Translations", translated.join("\n")],
    ["Tunnels", carried.join("\n")],
    ["Path", c.path.join(" → ")],
    ["Way back", c.returnPath.join(" → ")],
    ["Time", `${timeText(c.firstTime, zone)} to ${timeText(c.lastTime, zone)}`],
    ["Packets", `${c.packets.distinct}, seen ${c.packets.sightings} times, ${c.packets.missing} missing somewhere`],
    ["State", c.state],
    ["Inferred, not told", c.inferred.join(", ")],
    ["Told by conntrack, not shown", (c.told ?? []).join(", ")],
  ];
  return {
    kind: "table",
    caption: `Connection ${c.id}`,
    columns: [{ label: "What" }, { label: "Value" }],
    rows: rows.filter(([, value]) => value !== ""),
  };
}

/** The journey that shows most: seen at most places, with bytes rather than without. */
export function tellingJourney(data: ConnectionJourneys): JourneyInfo | undefined {
  const weight = (j: JourneyInfo): number =>
    (j.direction === "to-server" ? 1000 : 0) + j.sightings.length * 10 + (j.payloadLength > 0 ? 5 : 0);
  return [...data.journeys].sort((a, b) => weight(b) - weight(a) || a.index - b.index)[0];
}

export function journeyPictureBlock(data: ConnectionJourneys, journey: JourneyInfo): PictureBlock {
  return { kind: "picture", caption: journeyCaption(data, journey), svg: journeyPicture(data, journey) };
}

/** One row a sighting: where, when, with which addresses, what the hop changed. */
export function hopsBlock(data: ConnectionJourneys, journeys: readonly JourneyInfo[]): TableBlock {
  const rows = journeys.flatMap((journey) =>
    journey.sightings.map((sighting, i) => {
      const before = journey.sightings[i - 1];
      const point = data.points.find((one) => one.point === sighting.point);
      return [
        i === 0 ? `${journey.label} (${journey.direction})` : "",
        point?.name ?? "?",
        String(sighting.number),
        before ? `+${durationText(sighting.sinceFirstNs - before.sinceFirstNs)}` : durationText(journey.sinceStartNs),
        endpointText(sighting.source),
        endpointText(sighting.destination),
        tunnelText(sighting),
        before ? changes(before, sighting).join(", ") : "",
      ];
    }),
  );
  return {
    kind: "table",
    caption: "Packets, hop by hop",
    columns: [
      { label: "Packet" },
      { label: "Seen at" },
      { label: "No.", numeric: true },
      { label: "Time", numeric: true },
      { label: "Source" },
      { label: "Destination" },
      { label: "Inside" },
      { label: "The hop changed" },
    ],
    rows: rows.slice(0, MOST_ROWS),
    ...(rows.length > MOST_ROWS && { note: `The first ${MOST_ROWS} of ${rows.length} sightings.` }),
  };
}

function changes(before: SightingInfo, after: SightingInfo): string[] {
  const list: string[] = [];
  if (endpointText(before.source) !== endpointText(after.source)) list.push("source");
  if (endpointText(before.destination) !== endpointText(after.destination)) list.push("destination");
  if (before.ttl !== after.ttl) list.push(`TTL ${before.ttl} → ${after.ttl}`);
  if (!before.tunnel && after.tunnel) list.push(`into ${tunnelText(after)}`);
  if (before.tunnel && !after.tunnel) list.push(`out of ${tunnelText(before)}`);
  return list;
}

export function connectionsBlock(connections: readonly ConnectionJson[], total: number): TableBlock {
  return {
    kind: "table",
    caption: "Connections",
    columns: [
      { label: "Time" },
      { label: "Protocol" },
      { label: "Kind" },
      { label: "Client" },
      { label: "Asked for" },
      { label: "Server" },
      { label: "Tunnels" },
      { label: "Packets", numeric: true },
      { label: "Missing", numeric: true },
      { label: "State" },
    ],
    rows: connections.map((c) => [
      timeText(c.firstTime),
      c.protocol,
      c.kind,
      c.client.pod ?? endpointText(c.client),
      c.service ?? (c.requested ? endpointText(c.requested) : ""),
      c.server.pod ?? endpointText(c.server),
      c.encapsulations.map(({ kind }) => kind).join(", "),
      String(c.packets.distinct),
      String(c.packets.missing),
      c.state,
    ]),
    ...(total > connections.length && { note: `The first ${connections.length} of ${total} connections.` }),
  };
}

/** A connection's section: its facts, the journey that tells most as a picture, and these journeys hop by hop. */
export function connectionBlocks(
  data: ConnectionJourneys,
  journeys: readonly JourneyInfo[],
  zone: TimeZone = "utc",
): ReportBlock[] {
  const telling = tellingJourney(data);
  return [
    connectionFactsBlock(data.connection, zone),
    ...(telling ? [journeyPictureBlock(data, telling)] : []),
    hopsBlock(data, journeys),
  ];
}
