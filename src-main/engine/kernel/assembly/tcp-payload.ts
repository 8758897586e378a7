/** What a TCP segment carries: told by the port tables, else by its first bytes. */
import { PORT_DATA, PORT_DNS, PORT_HTTP } from "./abi";
import { LAYER_DNS, LAYER_HTTP, LAYER_PAYLOAD, LAYER_TLS } from "../../../../src-shared/model/layer-kind";
import { be16 } from "./bytes";
import { addLayer } from "./layers";

/** First bytes of an HTTP/1.x request or response line. */
function looksLikeHttp(p: usize, end: usize): bool {
  if (end - p < 8) return false;
  switch (load<u32>(p)) {
    case 0x20544547: // "GET "
    case 0x54534f50: // "POST"
    case 0x20545550: // "PUT "
    case 0x44414548: // "HEAD"
    case 0x454c4544: // "DELE"
    case 0x4954504f: // "OPTI"
    case 0x43544150: // "PATC"
    case 0x4e4e4f43: // "CONN"
    case 0x43415254: // "TRAC"
      return true;
    case 0x50545448: // "HTTP"
      return load<u8>(p + 4) == 0x2f;
    default:
      return false;
  }
}

/** A TLS record header (RFC 8446 section 5.1). */
function looksLikeTls(p: usize, left: u32, end: usize): bool {
  if (left < 6 || end - p < 6) return false;
  const type = load<u8>(p);
  return type >= 20 && type <= 24 && load<u8>(p + 1) == 3 && load<u8>(p + 2) <= 4 && be16(p + 3) <= 18432;
}

/** `kind`: what the port tables say (PORT_*). */
export function addTcpPayload(kind: u32, p: usize, left: u32, end: usize): void {
  if (kind == PORT_DNS) addLayer(LAYER_DNS, p, 14, left, end, 1);
  else if (kind != PORT_DATA && (kind == PORT_HTTP || looksLikeHttp(p, end))) addLayer(LAYER_HTTP, p, 0, left, end, 0);
  else if (kind != PORT_DATA && looksLikeTls(p, left, end)) addLayer(LAYER_TLS, p, 5, left, end, 0);
  else addLayer(LAYER_PAYLOAD, p, 0, left, end, 0);
}
