/**
 * Reads the fixed part of a BOOTP or DHCP message (RFC 951 section 3, RFC 2131 section 2).
 *
 * ```
 *  0    op  htype  hlen  hops
 *  4    xid
 *  8    secs         flags
 *  12   ciaddr   client
 *  16   yiaddr   "your" address
 *  20   siaddr   next server
 *  24   giaddr   relay
 *  28   chaddr   16 bytes, hlen used
 *  44   sname    64 bytes
 *  108  file     128 bytes
 *  236  63 82 53 63, then options code(1) length(1) data; 0 pads, 255 ends
 * ```
 */

export interface DhcpMessage {
  /** 1 request, 2 reply (`dhcp.type`; not the DHCP message type of option 53), or -1 if it was not captured. */
  operation: number;
  /** Position of the "your" address (`dhcp.ip.your`), or -1 if it was not captured. */
  yourAddress: number;
  /** Position of the first option, or -1: plain BOOTP, or cut before it. */
  options: number;
}

export function createDhcpMessage(): DhcpMessage {
  return { operation: -1, yourAddress: -1, options: -1 };
}

const REQUEST = 1;
const HARDWARE_LENGTH = 2;
const YOUR_ADDRESS = 16;
const HARDWARE_ADDRESS = 28;
const OPTIONS = 236;
const VENDOR_AREA = 64;
const OPTION_PAD = 0;
const OPTION_END = 255;

/**
 * Fills `into` with one message.
 *
 * @param claimedEnd end of the message on the wire, if more than `end` (a snapshot length cut it off)
 * @returns false if the message was cut short
 */
export function readDhcp(
  bytes: Uint8Array,
  start: number,
  end: number,
  into: DhcpMessage,
  claimedEnd: number = end,
): boolean {
  into.operation = -1;
  into.yourAddress = -1;
  into.options = -1;
  const size = end - start;
  if (size <= HARDWARE_LENGTH) return false;

  const operation = bytes[start] ?? 0;
  if (operation === REQUEST) {
    // tshark names a request's client before it shows anything else: without the client's address it shows nothing.
    const hardware = bytes[start + HARDWARE_LENGTH] ?? 0;
    if (hardware > 0 && size < HARDWARE_ADDRESS + hardware) return false;
  }
  const cookie = start + OPTIONS;
  const isDhcp =
    size >= OPTIONS + 4 &&
    bytes[cookie] === 0x63 &&
    bytes[cookie + 1] === 0x82 &&
    bytes[cookie + 2] === 0x53 &&
    bytes[cookie + 3] === 0x63;
  // Likewise, tshark scans the options before it shows anything; a BOOTP vendor area is followed by what it takes for
  // options.
  const options = isDhcp ? cookie + 4 : cookie + VENDOR_AREA;
  if (claimedEnd > end && !optionsCaptured(bytes, options, end, claimedEnd)) return false;

  into.operation = operation;
  if (size < YOUR_ADDRESS + 4) return false;
  into.yourAddress = start + YOUR_ADDRESS;
  if (isDhcp) into.options = options;
  return size >= OPTIONS && claimedEnd <= end;
}

/** Whether the option headers, up to the end option or the end of the message, lie in what was captured. */
function optionsCaptured(bytes: Uint8Array, options: number, end: number, claimedEnd: number): boolean {
  let at = options;
  while (at < claimedEnd) {
    if (at >= end) return false;
    const code = bytes[at++] ?? 0;
    if (code === OPTION_PAD) continue;
    if (code === OPTION_END || at >= claimedEnd) return true;
    if (at >= end) return false;
    at += 1 + (bytes[at] ?? 0);
    if (at > claimedEnd) return true;
  }
  return true;
}

/** Calls `visit` for each option; stops at the end option or where an option does not fit, and then returns false. */
export function visitDhcpOptions(
  bytes: Uint8Array,
  options: number,
  end: number,
  visit: (code: number, data: number, length: number) => void,
): boolean {
  let at = options;
  while (at < end) {
    const code = bytes[at++] ?? 0;
    if (code === OPTION_PAD) continue;
    if (code === OPTION_END) return true;
    if (at >= end) return false;
    const length = bytes[at++] ?? 0;
    if (at + length > end) return false;
    visit(code, at, length);
    at += length;
  }
  return false;
}
