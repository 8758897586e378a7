/** Details of the record itself: number, time, lengths, capture point, comments. */
import { linkTypeName } from "../../../src-shared/model/link-type";
import { visitOptions } from "../fields/frame-fields";
import { protocolStack } from "../fields/protocol-stack";
import { textLiteral } from "../../../src-shared/model/filter-text";
import { type OpenNode, oneLine } from "./detail-tree";
import { type Drawing, fieldValues, plural } from "./drawing";

const OPTION_FLAGS = 2;
const OPTION_DROP_COUNT = 4;
const OPTION_PACKET_ID = 5;
const OPTION_QUEUE = 6;
const DIRECTIONS = ["Unknown", "Inbound", "Outbound", "Unknown"];

/** Link types in Wireshark's words; the number is the file's. */
const LINK_WORDS: ReadonlyMap<number, string> = new Map([
  [0, "NULL/Loopback"],
  [1, "Ethernet"],
  [9, "PPP"],
  [12, "Raw IP"],
  [14, "Raw IP"],
  [101, "Raw IP"],
  [113, "Linux cooked-mode capture v1"],
  [228, "Raw IPv4"],
  [229, "Raw IPv6"],
  [276, "Linux cooked-mode capture v2"],
]);
const MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

/** "Mar  1, 2024 10:00:00" */
function dateText(date: Date): string {
  const day = String(date.getUTCDate()).padStart(2, " ");
  return `${MONTHS[date.getUTCMonth()]} ${day}, ${date.getUTCFullYear()} ${date.toISOString().slice(-13, -5)}`;
}

export function drawFrame(d: Drawing): OpenNode {
  const { tree, batch, packet, context } = d;
  const point = context.points[batch.point[packet] as number];
  const number = batch.numberBefore + packet + 1;
  const length = batch.length[packet] as number;
  const captured = batch.captured[packet] as number;
  const [id] = fieldValues(d, "frame.interface_id");
  const [name = "unknown"] = fieldValues(d, "frame.interface_name");
  const on = id !== undefined ? ` on interface ${oneLine(name)}, id ${id}` : "";
  const bits = (bytes: number): string => `${plural(bytes, "byte")}`;
  const frame = tree.add(undefined, {
    text: `Frame ${number}: ${bits(length)} on wire (${length * 8} bits), ${bits(captured)} captured (${captured * 8} bits)${on}`,
    field: "frame",
    at: batch.data[packet] as number,
    length: captured,
  });
  const add = (text: string, field?: string, literal?: string, parent = frame): OpenNode =>
    tree.add(parent, { text, field, literal });
  if (id !== undefined && point) {
    add(`Section number: ${point.section + 1}`);
    const one = add(`Interface id: ${id} (${oneLine(name)})`, "frame.interface_id", id);
    add(`Interface name: ${oneLine(name)}`, "frame.interface_name", textLiteral(name), one);
    if (point.description !== undefined)
      add(`Interface description: ${oneLine(point.description)}`, undefined, undefined, one);
  }
  if (point)
    add(`Encapsulation type: ${LINK_WORDS.get(point.linkType) ?? linkTypeName(point.linkType)} (${point.linkType})`);
  const [epoch] = fieldValues(d, "frame.time_epoch");
  if (epoch !== undefined) {
    const [seconds = "0", fraction = ""] = epoch.split(".");
    const date = new Date(Number(seconds) * 1000);
    if (!Number.isNaN(date.getTime())) add(`Arrival Time: ${dateText(date)}.${fraction} UTC`);
    // The filter's language has no negative times.
    add(`Epoch Time: ${epoch} seconds`, "frame.time_epoch", epoch.startsWith("-") ? undefined : epoch);
    const since = (text: string, field: string): void => {
      const [value] = fieldValues(d, field);
      // The filter's language has no negative times.
      const literal = value?.startsWith("-") ? undefined : value;
      if (value !== undefined) tree.generated(frame, { text: `${text}: ${value} seconds`, field, literal });
    };
    since("Time delta from previous captured frame", "frame.time_delta");
    since("Time since reference or first frame", "frame.time_relative");
  } else add("No time was recorded");
  add(`Frame Number: ${number}`, "frame.number", String(number));
  add(`Frame Length: ${bits(length)} (${length * 8} bits)`, "frame.len", fieldValues(d, "frame.len")[0]);
  add(`Capture Length: ${bits(captured)} (${captured * 8} bits)`, "frame.cap_len", String(captured));
  // Without a literal: which protocols a payload is taken for depends on the packets before it.
  tree.generated(frame, {
    text: `Protocols in frame: ${protocolStack(batch, packet, context)}`,
    field: "frame.protocols",
  });
  drawOptions(d, frame);
  return frame;
}

function drawOptions(d: Drawing, frame: OpenNode): void {
  const { tree, batch, packet } = d;
  const { view } = batch;
  for (const text of fieldValues(d, "frame.comment"))
    tree.add(frame, { text: `Packet comment: ${oneLine(text)}`, field: "frame.comment", literal: textLiteral(text) });
  visitOptions(batch, packet, (code, start, length, little) => {
    if (code === OPTION_FLAGS && length === 4) {
      const flags = view.getUint32(start, little);
      tree.add(frame, { text: `Direction: ${DIRECTIONS[flags & 3] ?? "Unknown"} (${flags & 3})` });
    } else if (code === OPTION_DROP_COUNT && length === 8)
      tree.add(frame, { text: `Packets dropped since the packet before: ${view.getBigUint64(start, little)}` });
    else if (code === OPTION_PACKET_ID && length === 8) {
      const id = view.getBigUint64(start, little).toString();
      tree.add(frame, { text: `Packet id: ${id}`, field: "frame.packet_id", literal: textLiteral(id) });
    } else if (code === OPTION_QUEUE && length === 4)
      tree.add(frame, { text: `Interface queue: ${view.getUint32(start, little)}` });
  });
}
