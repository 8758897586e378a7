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

/** Types of pcapng's blocks (draft-ietf-opsawg-pcapng section 4). The section's is the same in either byte order. */
export const BLOCK_SECTION = 0x0a0d0d0a;
export const BLOCK_INTERFACE = 1;
/** The Packet Block that the Enhanced one replaced. */
export const BLOCK_OBSOLETE_PACKET = 2;
export const BLOCK_SIMPLE_PACKET = 3;
export const BLOCK_NAME_RESOLUTION = 4;
export const BLOCK_STATISTICS = 5;
export const BLOCK_ENHANCED_PACKET = 6;
export const BLOCK_DECRYPTION_SECRETS = 10;
export const BLOCK_CUSTOM = 0x00000bad;
/** A custom block that programs which write the file anew are to leave out. */
export const BLOCK_CUSTOM_NO_COPY = 0x40000bad;
