/**
 * Pieces of display filters, the same wherever a value is pointed at: tables, pictures, findings.
 *
 * ```
 * 10.0.0.1          ip.addr == 10.0.0.1              fd00::1   ipv6.addr == fd00::1
 * 10.0.0.1:80, tcp  ip.addr == 10.0.0.1 && tcp.port == 80
 * say "hi"          "say \"hi\""
 * ```
 * What comes from a capture becomes a literal, never a part of the filter's language.
 */

/** Text as a literal of the filter: quoted, what is special escaped. */
export function textLiteral(text: string): string {
  let out = '"';
  for (const c of text) {
    const code = c.codePointAt(0) as number;
    if (c === '"' || c === "\\") out += `\\${c}`;
    else if (code < 0x20 || code === 0x7f) out += `\\x${code.toString(16).padStart(2, "0")}`;
    else out += c;
  }
  return `${out}"`;
}

/** Seconds and nanoseconds as a literal of a time. */
export function timeLiteral([seconds, nanoseconds]: readonly [seconds: number, nanoseconds: number]): string {
  return `${seconds}.${String(nanoseconds).padStart(9, "0")}`;
}

/** Of an IPv4, IPv6 or MAC address; null: the text is none (a name). */
export function addressFilter(text: string, side: "addr" | "src" | "dst" = "addr"): string | null {
  if (/^\d{1,3}(\.\d{1,3}){3}$/.test(text)) return `ip.${side} == ${text}`;
  if (/^([\da-f]{2}:){5}[\da-f]{2}$/i.test(text)) return `eth.${side} == ${text}`;
  if (/^[\da-f:.]+$/i.test(text) && text.includes(":")) return `ipv6.${side} == ${text}`;
  return null;
}

/** Of an address that may be known from ARP alone. */
export function neighbourFilter(address: string): string | null {
  const filter = addressFilter(address);
  return filter?.startsWith("ip.")
    ? `${filter} || arp.src.proto_ipv4 == ${address} || arp.dst.proto_ipv4 == ${address}`
    : filter;
}

/** Of a transport, as joining names it ("tcp" … "other"); null: no filter is called so. */
export function protocolFilter(protocol: string): string | null {
  return protocol === "other" ? null : protocol;
}

const WITH_PORTS: ReadonlySet<string> = new Set(["tcp", "udp", "sctp"]);

/** Of a port of a protocol, "tcp" "udp" "sctp"; null: the protocol has none, or it is not told (0). */
export function portFilter(protocol: string, port: number): string | null {
  return WITH_PORTS.has(protocol) && port > 0 ? `${protocol}.port == ${port}` : null;
}

/** Of an address and its port at one end of a conversation; null: no address. */
export function endpointFilter(
  { ip, port }: { readonly ip: string; readonly port: number },
  protocol: string,
): string | null {
  const address = addressFilter(ip);
  const byPort = portFilter(protocol, port);
  return address === null || byPort === null ? address : `${address} && ${byPort}`;
}

/** The packet with this number in the file of a capture point: numbers count in each file anew. */
export function packetFilter(number: number, pointId: string): string {
  return `frame.number == ${number} && point.id == ${textLiteral(pointId)}`;
}
