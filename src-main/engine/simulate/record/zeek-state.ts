/** Zeek's conn_state from what both sides sent (https://docs.zeek.org/en/master/scripts/base/protocols/conn/main.zeek.html). */

const FIN = 1;
const SYN = 2;
const RST = 4;
const ACK = 16;

/** TCP flags of the packets of each side, in order. For UDP and ICMP only whether there are any counts. */
export function zeekState(protocol: number, fromClient: readonly number[], fromServer: readonly number[]): string {
  if (protocol === 17) return fromServer.length === 0 ? "S0" : fromClient.length === 0 ? "SHR" : "SF";
  if (protocol !== 6) return "OTH";
  const has = (list: readonly number[], bits: number, mask = bits): boolean => list.some((f) => (f & mask) === bits);
  const syn = has(fromClient, SYN, SYN | ACK);
  const synAck = has(fromServer, SYN | ACK);
  if (!syn) return "OTH";
  const clientFin = has(fromClient, FIN);
  const serverFin = has(fromServer, FIN);
  if (!synAck) {
    if (has(fromServer, RST)) return "REJ";
    if (fromServer.length > 0) return "OTH";
    if (has(fromClient, RST)) return "RSTOS0";
    return clientFin ? "SH" : "S0";
  }
  if (has(fromServer, RST)) return "RSTR";
  if (has(fromClient, RST)) return "RSTO";
  if (clientFin && serverFin) return "SF";
  if (clientFin) return "S2";
  return serverFin ? "S3" : "S1";
}
