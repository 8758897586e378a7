/**
 * Numbers in headers that more than one reader needs. Plain constants: the kernel (AssemblyScript) compiles this file, too.
 */

/** Flags of a TCP segment, as in the 14th byte of its header (RFC 9293 section 3.1). */
export const FIN = 1;
export const SYN = 2;
export const RST = 4;
export const ACK = 16;

/** Below: a length (IEEE 802.3), or some other number. */
export const FIRST_ETHERTYPE = 0x600;
/** The type of a service tag. */
export const TPID_8021AD = 0x88a8;
