/**
 * Protocols that are known by name only: "ssh", "ospf", "mdns". A packet has one if frame.protocols names it, which is what
 * Wireshark's filter of that name asks. They are too many to be listed; whoever types one finds it.
 */
import {
  ETHERTYPES,
  IP_PROTOCOLS,
  SCTP_PAYLOADS,
  SCTP_PORTS,
  TCP_PORTS,
  UDP_PORTS,
  protocolsByNumber,
} from "../../../src-shared/model/port-protocols";
import { appendValue } from "../../../src-shared/tables/value-column";
import { type Field, packetField } from "./field";
import { protocolStack } from "./protocol-stack";

const TABLES = [UDP_PORTS, TCP_PORTS, SCTP_PORTS, SCTP_PAYLOADS, IP_PROTOCOLS, ETHERTYPES];
/** Found by their bytes, or inside others. */
const OTHERS =
  "quic data stp cdp lldp vtp dtp udld ssdp xml json image-gif image-jfif png mime_multipart data-text-lines media " +
  "urlencoded-form websocket rtp rtcp dtls ieee8021ad ieee8021ah pwethheuristic macsec";

let names: ReadonlySet<string> | undefined;
const made = new Map<string, Field>();

/** The field of a protocol that frame.protocols may name. */
export function protocolByName(name: string): Field | undefined {
  names ??= new Set([...TABLES.flatMap((table) => [...protocolsByNumber(table).values()]), ...OTHERS.split(" ")]);
  if (!names.has(name)) return undefined;
  let field = made.get(name);
  if (!field) {
    field = packetField(
      { name, label: `Protocol ${name}`, kind: "none", protocol: name, needsStreams: true },
      (batch, packet, out, context) => {
        const path = protocolStack(batch, packet, context);
        if (path.includes(name) && path.split(":").includes(name)) appendValue(out, packet, 1, 1);
      },
    );
    made.set(name, field);
  }
  return field;
}
