/** Answers packet.details. */
import { decodeUtf8 } from "../../../src-shared/base/text";
import type { PacketDetails } from "../../../src-shared/contract/results";
import { visitOptions } from "../fields/frame-fields";
import { IndexedPast } from "../packets/packet-past";
import { summarise } from "../packets/summary";
import type { Engine, Handlers, OpenCaptures } from "../service/handlers";
import { drawPacket } from "./packet-details";
import { relatedPackets } from "./related-packets";
import { streamFacts } from "./stream-facts";

const OPTION_COMMENT = 1;

export function detailsHandlers(engine: Engine): Handlers {
  return { "packet.details": ({ packet }) => packetDetails(engine.captures(), packet) };
}

/** @throws ContractError "gone" for a packet that does not exist, "file" where its file no longer holds it */
export function packetDetails(captures: OpenCaptures, id: number): PacketDetails {
  const { index, reader } = captures;
  const past = IndexedPast.ofIndex(index, reader);
  past.prepare(id);
  const conversation = id >= 0 && id < index.count ? streamFacts(index, reader, id) : undefined;
  const { batch, packet, number, file, point, context } = reader.decode(id);
  const comments: string[] = [];
  visitOptions(batch, packet, (code, start, length) => {
    if (code === OPTION_COMMENT) comments.push(decodeUtf8(batch.bytes, start, start + length));
  });
  const { tree, sources } = drawPacket(batch, packet, context, conversation);
  const details = {
    packet: id,
    number,
    file,
    point: point.point,
    time: [batch.seconds(packet), batch.nanoseconds(packet)],
    length: batch.length[packet] as number,
    captured: batch.captured[packet] as number,
    summary: summarise(batch, packet, point, past.of(id)).info,
    sources,
    tree,
    comments,
  } as const;
  // Decodes other packets: what was drawn is drawn.
  return { ...details, related: relatedPackets(index, reader, id) };
}
