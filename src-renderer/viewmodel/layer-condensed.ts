/**
 * The layer view where height is short: of each header what names it and what changes on the way.
 *
 * ```
 *  TCP            TCP SYN          a header's first field without an address stands beside its title (layer-geometry.ts)
 *  47004          47004
 *  →8080          →8080
 *  SYN            sum 0x8046       only because it changes on this journey
 *  seq 0    ─►
 *  ack 0
 *  sum 0x8046
 * ```
 * What is left out is in the packet's details, and here with "Fit" off.
 */
import type { CardField, LayerCard, LayerViewModel } from "./layer-view";

/** Fields that tell a packet apart, but not where it goes or what became of it. */
const LEFT_OUT = new Set([
  "frame.interface_name",
  "ip.id",
  "ip.len",
  "ipv6.plen",
  "icmp.ident",
  "icmpv6.echo.identifier",
  "tcp.seq",
  "tcp.ack",
  "tcp.checksum",
  "udp.length",
  "udp.checksum",
  "sll.pkttype",
  "dns.id",
  "http.host",
]);

export function condensed(model: LayerViewModel): LayerViewModel {
  const changing = new Set<string>();
  const key = (card: LayerCard, field: CardField): string => `${card.lane} ${field.name}`;
  for (const { cards } of model.columns)
    for (const card of cards)
      for (const field of card.fields) if (field.before !== null) changing.add(key(card, field));
  return {
    lanes: model.lanes,
    columns: model.columns.map((column) => ({
      ...column,
      cards: column.cards.map((card) => ({
        ...card,
        fields: card.fields.filter((field) => !LEFT_OUT.has(field.name) || changing.has(key(card, field))),
      })),
    })),
  };
}
