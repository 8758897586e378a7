/** What TCP and UDP carry, as bytes; which options a TCP header has. */
import { LAYER_TCP, LAYER_UDP } from "../../../src-shared/model/layer-kind";
import { appendValue } from "../../../src-shared/tables/value-column";
import { LAYER_FLAG_QUOTED } from "../kernel/assembly/abi";
import { type Field, captured, readUint, rowField } from "./field";
import { headerLength, tcpRest, visitTcpOptions } from "./transport-fields";

/** An option that is there: for filters, which ask no more of it. */
function hasOption(name: string, label: string, wanted: number): Field {
  return rowField({ name, label, kind: "none", protocol: "tcp" }, LAYER_TCP, (batch, row, packet, ordinal, out) => {
    if (tcpRest(batch, row) < 20) return;
    visitTcpOptions(batch, row, (kind) => {
      if (kind === wanted) appendValue(out, packet, ordinal, 1);
    });
  });
}

export const SEGMENT_FIELDS: readonly Field[] = [
  rowField(
    { name: "tcp.payload", label: "Payload", kind: "bytes", protocol: "tcp" },
    LAYER_TCP,
    (batch, row, packet, ordinal, out) => {
      // A header that an error quotes is shown without what follows it.
      if ((batch.layerFlags[row] as number) & LAYER_FLAG_QUOTED || tcpRest(batch, row) < 20) return;
      const header = headerLength(batch, row);
      const length = captured(batch, row) - header;
      if (length > 0) appendValue(out, packet, ordinal, (batch.layerPtr[row] as number) + header, length);
    },
  ),
  rowField(
    { name: "udp.payload", label: "Payload", kind: "bytes", protocol: "udp" },
    LAYER_UDP,
    (batch, row, packet, ordinal, out) => {
      if ((batch.layerFlags[row] as number) & LAYER_FLAG_QUOTED || captured(batch, row) < 8) return;
      const p = batch.layerPtr[row] as number;
      const stated = readUint(batch.bytes, p + 4, 2);
      const length = (stated >= 8 ? Math.min(captured(batch, row), stated) : captured(batch, row)) - 8;
      if (length > 0) appendValue(out, packet, ordinal, p + 8, length);
    },
  ),
  hasOption("tcp.options.mss", "Has a maximum segment size", 2),
  hasOption("tcp.options.wscale", "Has a window scale", 3),
  hasOption("tcp.options.sack_perm", "Permits selective acknowledgments", 4),
  hasOption("tcp.options.sack", "Has selective acknowledgments", 5),
  hasOption("tcp.options.timestamp", "Has timestamps", 8),
];
