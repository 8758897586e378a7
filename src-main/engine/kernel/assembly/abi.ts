/**
 * The kernel's boundary: where every column of a batch lies, and what its numbers mean.
 *
 * A *batch* is one slot of shared memory: a header, the packet columns, the layer columns, the analysis columns and the
 * raw bytes they point into. The decode stage fills it, the flow stage adds its columns, the consumer reads it; no byte is
 * copied in between. Both the kernel (AssemblyScript) and its host (TypeScript) compile this file, so it holds nothing but
 * integer constants.
 *
 * ```
 * slot ─┬─ header            64 bytes
 *       ├─ packet columns    MAX_PACKETS rows each
 *       ├─ layer columns     MAX_LAYERS rows each, the layers of packet i are rows FIRST_LAYER[i] … +LAYER_COUNT[i]
 *       ├─ analysis columns  MAX_LAYERS rows each, written by the flow stage when asked for
 *       ├─ reassembled bytes REASSEMBLED_BYTES, payloads rebuilt from fragments
 *       └─ raw bytes         RAW_BYTES, as read from the file; records that straddle a read are carried to the next slot
 * ```
 */
export const MAX_PACKETS = 8192;
export const MAX_LAYERS = 81920;
/** Rows kept free so that one more packet always fits: depth 16 with extension headers, tags and labels. */
export const LAYERS_PER_PACKET = 96;
/** Nested network layers decoded at most. */
export const MAX_DEPTH = 16;
/** Read size: 256 KiB into one reused buffer beats 1 MiB and larger (it stays in the cache). */
export const READ_BYTES = 262144;
/** A slot takes further reads until it holds so many bytes or packets: waking the other thread costs 0.1-0.2 ms. */
export const SLOT_TARGET_BYTES = 524288;
export const SLOT_TARGET_PACKETS = 3072;
/** Largest record or block kept whole; longer blocks that carry no packet are skipped by length. */
export const MAX_RECORD_BYTES = 1900000;
export const RAW_BYTES = 3407872;
export const REASSEMBLED_BYTES = 262144;

// Slot header, u32 each
export const H_PACKETS = 0;
export const H_LAYERS = 4;
/** Bytes of RAW filled. */
export const H_RAW_USED = 8;
/** Bytes of RAW consumed by whole records. */
export const H_RAW_DONE = 12;
export const H_REASSEMBLED_USED = 16;
/** Why the decode stage returned: one of READ_*. */
export const H_STATUS = 20;
/** Position in RAW the status speaks of. */
export const H_STATUS_AT = 24;
export const H_STATUS_VALUE = 28;
/** Number within its file of the slot's first packet, less one (f64). */
export const H_FIRST_NUMBER = 32;
/** File offset of RAW's first byte (f64). */
export const H_FILE_OFFSET = 40;
/** Index of the file in the workspace. */
export const H_FILE = 48;
/** Flow events in the slot. */
export const H_EVENTS = 52;
export const HEADER_BYTES = 64;

// Packet columns
/** i64: seconds since the epoch << 30 | nanoseconds. Sorts as a number, keeps every nanosecond until the year 2242. */
export const P_TIME = HEADER_BYTES;
/** f64: offset of the record (its header) in the file. */
export const P_OFFSET = P_TIME + MAX_PACKETS * 8;
/** u32: address of the packet's first byte. */
export const P_DATA = P_OFFSET + MAX_PACKETS * 8;
export const P_CAPTURED = P_DATA + MAX_PACKETS * 4;
export const P_LENGTH = P_CAPTURED + MAX_PACKETS * 4;
/** u32: capture point, an index over all interfaces of all files of the workspace. */
export const P_POINT = P_LENGTH + MAX_PACKETS * 4;
export const P_FIRST_LAYER = P_POINT + MAX_PACKETS * 4;
/** u32: layer count | stop reason << 8 | packet flags << 16. */
export const P_META = P_FIRST_LAYER + MAX_PACKETS * 4;
/** u32: address at which decoding stopped. */
export const P_STOP_AT = P_META + MAX_PACKETS * 4;
/** u32: address of the record's pcapng options, 0 if none. */
export const P_OPTIONS = P_STOP_AT + MAX_PACKETS * 4;
export const P_OPTIONS_LENGTH = P_OPTIONS + MAX_PACKETS * 4;
/** u32: path of the packet in the packet index's dictionary; only where that is made. */
export const P_PATH = P_OPTIONS_LENGTH + MAX_PACKETS * 4;
const PACKET_END = P_PATH + MAX_PACKETS * 4;

// Packet flags (P_META >> 16)
export const PACKET_NO_TIME = 1;
export const PACKET_BIG_ENDIAN_OPTIONS = 2;
/** Came in an obsolete packet block. */
export const PACKET_OBSOLETE = 4;
/**
 * No packet but a pcapng custom block, which Wireshark counts as a frame: no interface, no time, no layers. Both bits
 * together, because an obsolete packet block always has a time.
 */
export const PACKET_CUSTOM_BLOCK = PACKET_NO_TIME | PACKET_OBSOLETE;
/** The time lies beyond what P_TIME holds, which is the nearest it can; the record has it. */
export const PACKET_FAR_TIME = 256;

// Layer columns
/** u8: one of LAYER_*. */
export const L_KIND = PACKET_END;
/** u8: LAYER_FLAG_*. */
export const L_FLAGS = L_KIND + MAX_LAYERS;
/** u16: bytes of this layer's header. */
export const L_HEADER = L_FLAGS + MAX_LAYERS;
/** u32: address of the header's first byte. */
export const L_PTR = L_HEADER + MAX_LAYERS * 2;
/** u32: bytes from the header's first byte to the layer's end as its carriers state it (may exceed what was captured). */
export const L_LENGTH = L_PTR + MAX_LAYERS * 4;
/** u32: address after the last captured byte of the layer. */
export const L_END = L_LENGTH + MAX_LAYERS * 4;
/** u32: by kind: VNI, carried EtherType, IP protocol; index of the network layer (row) for transport layers. */
export const L_AUX = L_END + MAX_LAYERS * 4;
const LAYER_END = L_AUX + MAX_LAYERS * 4;

export const LAYER_FLAG_QUOTED = 1;
/** A fragment whose transport header is not here, or not whole. */
export const LAYER_FLAG_FRAGMENT = 2;
/** Lies in bytes rebuilt from fragments, or unpacked. */
export const LAYER_FLAG_REASSEMBLED = 4;
/** Recognised by its bytes, on a port that does not say so. */
export const LAYER_FLAG_BY_BYTES = 8;
/** The header itself is cut short by the capture. */
export const LAYER_FLAG_CUT = 16;

// Analysis columns (flow stage), indexed by the transport layer's row
/** u32: stream number as tshark counts it, or flow row; NO_ROW if none. */
export const A_STREAM = LAYER_END;
/** u32: relative sequence number. */
export const A_SEQ = A_STREAM + MAX_LAYERS * 4;
/** u32: relative acknowledgment number. */
export const A_ACK = A_SEQ + MAX_LAYERS * 4;
/** u32: scaled window. */
export const A_WINDOW = A_ACK + MAX_LAYERS * 4;
/** u32: ANALYSIS_* bits. */
export const A_FLAGS = A_WINDOW + MAX_LAYERS * 4;
/** i64: initial round-trip time, nanoseconds; 0 if not known yet or not shown here. */
export const A_IRTT = A_FLAGS + MAX_LAYERS * 4;
const ANALYSIS_END = A_IRTT + MAX_LAYERS * 8;

// Flow events: what one network layer of one packet asks of the flow table. One cache line each, made by the decode stage,
// so that the flow stage touches neither headers nor layers: across cores these cost it 190 ns a packet.
export const MAX_EVENTS = 32768;
export const EVENTS_PER_PACKET = 24;
export const EVENT_BYTES = 64;
export const S_EVENTS = ANALYSIS_END;
/** u32[4]: key of the flow, as F_A … F_TAG. */
export const E_KEY = 0;
export const E_HASH = 16;
export const E_PACKET = 20;
/** u32: row of the network layer; of the transport layer, NO_ROW if none. */
export const E_NETWORK = 24;
export const E_TRANSPORT = 28;
export const E_TIME = 32;
export const E_FRAME_LENGTH = 40;
export const E_IP_LENGTH = 44;
export const E_PAYLOAD = 48;
/** u32: TCP sequence number; ICMP type << 8 | code. */
export const E_SEQ = 52;
export const E_ACK = 56;
/** u32: TCP flags | EVENT_*. */
export const E_BITS = 60;
export const EVENT_FROM_B = 256;
export const EVENT_ZERO_WINDOW = 512;
export const EVENT_FRAGMENT = 1024;
/** The TCP header is whole, its numbers can be believed. */
export const EVENT_TCP_WHOLE = 2048;
/** The event before this one is the carrier's. */
export const EVENT_CARRIED = 4096;
export const EVENT_TCP = 8192;
export const EVENT_UDP = 16384;

/** Beside each event of EVENTS_SIGHTINGS: what survives of the packet, see sighting-marks.ts. */
export const S_MARKS = S_EVENTS + MAX_EVENTS * EVENT_BYTES;
export const MARK_BYTES = 24;

export const S_REASSEMBLED = S_MARKS + MAX_EVENTS * MARK_BYTES;
export const S_RAW = S_REASSEMBLED + REASSEMBLED_BYTES;
export const SLOT_BYTES = S_RAW + RAW_BYTES;

/** What the reassembly needs: 64 datagrams of 64 KiB, their bookkeeping, and one key. */
export const FRAGMENT_MEMORY = 64 * (72 + 64 * 8 + 65536) + 64;

export const NO_ROW = 0xffffffff;

// Why decoding of a packet stopped
export const STOP_NONE = 0;
/** The capture ends inside a header (snap length). */
export const STOP_CAPTURE = 1;
/** A carrier's length field ends inside a header. */
export const STOP_LENGTH = 2;
/** A header contradicts itself (version, header length). */
export const STOP_HEADER = 3;
/** More nesting than MAX_DEPTH. */
export const STOP_DEPTH = 4;
/** Link type that is not decoded. */
export const STOP_LINK_TYPE = 5;
/** Protocol that is not decoded; its bytes are payload. */
export const STOP_PROTOCOL = 6;
/** A fragment: the rest is in other packets. */
export const STOP_FRAGMENT = 7;

// What the block reader says when it returns (H_STATUS)
/** Every whole record was consumed. */
export const READ_MORE = 0;
/** The slot's rows are full; call again with the rest. */
export const READ_FULL = 1;
/** A pcapng block that the host reads: STATUS_AT is its start, STATUS_VALUE its type. */
export const READ_BLOCK = 2;
/** A record or block whose length cannot be: STATUS_AT its start, STATUS_VALUE the length found. */
export const READ_BAD_LENGTH = 3;
/** A packet of an interface that was not described: STATUS_VALUE its number. */
export const READ_BAD_INTERFACE = 4;
/** A block whose trailing length differs from its leading one; the block was used. */
export const READ_BAD_TRAILER = 5;

// Interface descriptions, INTERFACE_BYTES each
export const INTERFACE_BYTES = 48;
export const I_LINK_TYPE = 0;
export const I_SNAP_LENGTH = 4;
/** u32: capture point. */
export const I_POINT = 8;
/** u32: 0 = times count powers of ten, 1 = powers of two. */
export const I_BINARY_TIME = 12;
/** u32: exponent of the power of two. */
export const I_TIME_SHIFT = 16;
/** u64: time units in a second (powers of ten). */
export const I_TIME_UNITS = 24;
/** i64: seconds added to every time. */
export const I_OFFSET_SECONDS = 32;

// Formats of the block reader
export const FORMAT_PCAP = 1;
export const FORMAT_PCAPNG = 2;

// What a UDP or TCP port is decoded as (one byte a port; the host fills the tables)
export const PORT_AUTO = 0;
export const PORT_VXLAN = 1;
export const PORT_GENEVE = 2;
export const PORT_IP = 3;
export const PORT_WIREGUARD = 4;
export const PORT_GTPU = 5;
export const PORT_DNS = 6;
export const PORT_DHCP = 7;
export const PORT_HTTP = 8;
export const PORT_TLS = 9;
/** Never anything but payload. */
export const PORT_DATA = 10;
export const PORT_MPLS = 11;
export const PORT_VXLAN_GPE = 12;
export const PORT_LISP = 13;
export const PORT_LISP_CONTROL = 14;
/** The bits of a PORT_* number. */
export const PORT_KIND = 0x7f;
/** A person says so, and is believed whatever the bytes look like. */
export const PORT_TOLD = 0x80;

// L_AUX of LAYER_TAG: the EtherType that names the header, or one of these where something else does
export const TAG_IPCOMP = 0x10001;
export const TAG_ETHERIP = 0x10002;
export const TAG_LISP = 0x10003;
export const TAG_LISP_DATA = 0x10004;
/** Cisco metadata in GRE: its EtherType comes first. */
export const TAG_CISCO_GRE = 0x10005;

// TCP analysis bits, one for each of tshark's tcp.analysis.* flags
export const ANALYSIS_RETRANSMISSION = 1;
export const ANALYSIS_FAST_RETRANSMISSION = 2;
export const ANALYSIS_OUT_OF_ORDER = 4;
export const ANALYSIS_LOST_SEGMENT = 8;
export const ANALYSIS_DUPLICATE_ACK = 16;
export const ANALYSIS_ZERO_WINDOW = 32;
export const ANALYSIS_KEEP_ALIVE = 64;
export const ANALYSIS_WINDOW_FULL = 128;
export const ANALYSIS_WINDOW_UPDATE = 256;
export const ANALYSIS_SPURIOUS_RETRANSMISSION = 512;
/** Of any kind. */
export const ANALYSIS_ANY_RETRANSMISSION =
  ANALYSIS_RETRANSMISSION | ANALYSIS_FAST_RETRANSMISSION | ANALYSIS_SPURIOUS_RETRANSMISSION;
export const ANALYSIS_ACK_LOST_SEGMENT = 1024;
export const ANALYSIS_ZERO_WINDOW_PROBE = 2048;
export const ANALYSIS_ZERO_WINDOW_PROBE_ACK = 4096;
export const ANALYSIS_KEEP_ALIVE_ACK = 8192;
export const ANALYSIS_REUSED_PORTS = 16384;
/** Segment length is known (not a fragment, not quoted). */
export const ANALYSIS_HAS_LENGTH = 32768;

// Flow table: one row a flow (FLOW_BYTES), canonical endpoints A and B, A the smaller
export const FLOW_BYTES = 128;
/** Rows of a segment, as a power of two: segments never move. */
export const FLOW_SEGMENT_SHIFT = 14;
export const F_A = 0;
export const F_B = 4;
/** u32: port of A << 16 | port of B. */
export const F_PORTS = 8;
/** u32: protocol | FLOW_V6 | context << 9. */
export const F_TAG = 12;
/** u32[2]: packets sent by A, by B. */
export const F_PACKETS = 16;
/** u64[2]: bytes of whole frames sent by A, by B. */
export const F_BYTES = 24;
/** i64: first time, as P_TIME. */
export const F_FIRST = 40;
export const F_LAST = 48;
/** u32: STATE_*. */
export const F_STATE = 56;
/** u32: history letters seen, originator << 0, responder << 12. */
export const F_SEEN = 60;
/** u64[2]: bytes of IP packets. */
export const F_IP_BYTES = 64;
/** u64[2]: bytes of transport payload. */
export const F_PAYLOAD = 80;
/** u64[2]: history, five bits a letter, oldest lowest, twelve a word. */
export const F_HISTORY = 96;
/** u32: row of the first carrier, NO_ROW if none. */
export const F_CARRIER = 112;
/** u32[2]: TCP sequence number expected next from A, from B. */
export const F_NEXT_SEQ = 116;
/** u32: ICMP type << 8 | code of the first packet; UDP and others 0. */
export const F_ICMP = 124;
export const FLOW_V6 = 256;
export const FLOW_CONTEXT_SHIFT = 9;

// F_STATE bits
/** The originator is B. */
export const STATE_ORIGIN_B = 1;
/** The next sequence number of A is known; the bit above it says the same of B. */
export const STATE_NEXT_A = 2;
/** Endpoint states of A (bits 4-6) and B (bits 7-9). */
export const STATE_END_A_SHIFT = 4;
export const STATE_END_B_SHIFT = 7;
export const STATE_FLIPPED = 1024;
export const STATE_HISTORY_SHIFT = 12;
/** Superseded by a later flow with the same tuple (ports reused). */
export const STATE_CLOSED_ROW = 131072;

export const END_INACTIVE = 0;
export const END_SYN_SENT = 1;
export const END_SYN_ACK_SENT = 2;
export const END_PARTIAL = 3;
export const END_ESTABLISHED = 4;
export const END_CLOSED = 5;
export const END_RESET = 6;

// Flow contexts: what besides the tuple tells flows apart
export const CONTEXT_BYTES = 16;
/** u32: capture point (or file, when streams are counted as tshark does). */
export const C_POINT = 0;
/** u32: depth | tunnel kind << 8. */
export const C_DEPTH = 4;
/** u32: VNI or key. */
export const C_VNI = 8;
/** u32: the same context whatever the capture point. */
export const C_ANY_POINT = 12;

// How flow events are made
export const EVENTS_NONE = 0;
/** A flow for every network layer. */
export const EVENTS_FLOWS = 1;
/** tshark's streams: TCP and UDP, quoted headers too; analysis over all interfaces of a file, as tshark does it. */
export const EVENTS_STREAMS = 2;
/** The same streams, analysed per capture point: a second sighting is no retransmission. */
export const EVENTS_POINT_STREAMS = 3;

// What the decode stage interns, told through a block of its own: it grows its tables while the flow stage reads them.
export const K_CONTEXTS = 0;
export const K_CONTEXT_COUNT = 4;
export const K_ADDRESSES6 = 8;
export const K_ADDRESS6_COUNT = 12;
/** Directory of the packet index's paths. */
export const K_PATH_DIRECTORY = 16;
export const INTERNED_BYTES = 64;

/** Not an analysis of tshark's: the packet goes to the originator of its stream. Set for UDP, too. */
export const ANALYSIS_REPLY = 65536;

// Packet index: what is kept of every packet while a workspace is open. The kernel writes a batch's rows here (columns of
// MAX_PACKETS); time, offset and lengths are the batch's own columns. The host copies them behind what it has.
/** u32: path, the packet's headers but for what changes from packet to packet. */
export const X_PATH = 0;
/** u32: stream of the innermost transport layer, TCP n as 2n, UDP n as 2n + 1; NO_ROW if none. */
export const X_STREAM = X_PATH + MAX_PACKETS * 4;
/** u32: relative sequence number of the TCP layer. A packet has at most one: nothing is decoded inside TCP. */
export const X_SEQ = X_STREAM + MAX_PACKETS * 4;
export const X_ACK = X_SEQ + MAX_PACKETS * 4;
export const X_WINDOW = X_ACK + MAX_PACKETS * 4;
/** u32: bytes of the TCP segment. */
export const X_SEGMENT = X_WINDOW + MAX_PACKETS * 4;
/** u32: initial round-trip time of the stream, nanoseconds, where ROW_HAS_RTT; NO_ROW if longer than four seconds. */
export const X_RTT = X_SEGMENT + MAX_PACKETS * 4;
/** u16: ANALYSIS_* bits of the TCP layer. */
export const X_ANALYSIS = X_RTT + MAX_PACKETS * 4;
/** u16: TCP flags (12 bits) | TCP_*. */
export const X_TCP = X_ANALYSIS + MAX_PACKETS * 2;
/** u16: stop reason | ROW_*. */
export const X_FLAGS = X_TCP + MAX_PACKETS * 2;
/** u8: index of the first colour rule that matches, 255 if none does. */
export const X_COLOUR = X_FLAGS + MAX_PACKETS * 2;
/** u8: kind of the application layer (LAYER_DNS and up), 0 if none. */
export const X_APPLICATION = X_COLOUR + MAX_PACKETS;
export const INDEX_AREA_BYTES = X_APPLICATION + MAX_PACKETS;

/** There is a sequence number: 16 bytes of the header, or 8 of one quoted by ICMP. */
export const TCP_HAS_SEQ = 0x1000;
/** Sixteen bytes are there, and the header length is possible: Wireshark shows what lies behind it. */
export const TCP_READABLE = 0x2000;
/** The segment's length is known. */
export const TCP_HAS_LENGTH = 0x4000;
/** The TCP layer has a stream. */
export const TCP_HAS_STREAM = 0x8000;

export const ROW_STOP_MASK = 15;
/** PACKET_* flags, shifted: 16 to 64, and 4096 (PACKET_FAR_TIME). */
export const ROW_PACKET_SHIFT = 4;
export const ROW_HAS_OPTIONS = 128;
export const ROW_HAS_COMMENT = 256;
/** A piece of a datagram: a later packet may hold the whole. */
export const ROW_FRAGMENT = 512;
/** Has layers that lie in bytes rebuilt from fragments: decoding it takes the packets with the others. */
export const ROW_REASSEMBLED = 1024;
export const ROW_REPLY = 2048;
/** The options of its TCP header were not all captured: to Wireshark such a segment has no analysis. */
export const ROW_TCP_CUT = 16384;
/** Shows the initial round-trip time of its stream. */
export const ROW_HAS_RTT = 8192;

/** Longest key of a path: every layer a packet can have, eight bytes of head and forty of header each. */
export const PATH_KEY_BYTES = 8 + LAYERS_PER_PACKET * 48;
export const PATH_POINT = 0;
/** u32: bytes of the key, layer count << 16, PATH_CUSTOM_BLOCK. */
export const PATH_SIZES = 4;
/** Of rows that are no packets, see PACKET_CUSTOM_BLOCK. */
export const PATH_CUSTOM_BLOCK = 0x1000000;

/** Or'ed to EVENTS_FLOWS: quoted headers of ICMP errors make events too, in contexts of their own (DEPTH_QUOTED). */
export const EVENTS_SIGHTINGS = 16;
/** In C_DEPTH: the network layer is quoted by an ICMP error. */
export const DEPTH_QUOTED = 128;

// Sightings (see sightings.ts): one row a network layer
export const SIGHTING_BYTES = 44;
/** Rows of a segment, as a power of two. */
export const SIGHTING_SEGMENT_SHIFT = 15;
/** The row before is the network layer that carries this one. */
export const SIGHTING_CARRIED = 1;
export const SIGHTING_CARRIES = 2;
export const SIGHTING_QUOTED = 4;
export const SIGHTING_FRAGMENT = 8;
export const SIGHTING_DF = 16;
/** Too little of the payload was captured to hash it. */
export const SIGHTING_CUT = 32;
/** No transport header: payload is what follows the IP header. */
export const SIGHTING_NO_TRANSPORT = 64;
export const SIGHTING_REASSEMBLED = 128;

/**
 * Of each flow row, for each direction: source MAC, destination MAC, u32 1 = seen, 2 + packet type of a cooked capture; SLL2 has no
 * destination, in its place are the four bytes of the interface's index. A cooked capture's word has two bits more, COOKED_*.
 */
export const MACS_BYTES = 32;
/** Of a flow's packets in this direction some came in; some were sent by the machine that recorded them. */
export const COOKED_IN = 1 << 16;
export const COOKED_OUT = 1 << 17;
export const MACS_SEGMENT_SHIFT = 14;

// Why a packet has no sighting: index of a count
export const UNSEEN_ARP = 0;
export const UNSEEN_CUT = 1;
export const UNSEEN_LINK_TYPE = 2;
export const UNSEEN_OTHER = 3;

// Picked packets of a flow (see picks.ts): four classes (direction · 2 + long), each u32 count, then PICKED of u32 key, u32 row, by
// key; behind them the rows that carry another network layer.
export const PICKED = 4;
export const PICK_BYTES = 8;
export const PICK_CLASS_BYTES = 36;
export const PICKS_CARRYING = 144;
export const PICKS_BYTES = 148;
export const PICKS_SEGMENT_SHIFT = 12;
/** Payload from which a packet is long: offload splits and merges those. */
export const PICK_LONG = 512;

/**
 * Header: u32 flags, rows, groups sent again, first row, last row; f64 at 24: payload bytes, first and last time; the kernel's own; u32 at
 * 64: groups, groups of one row, first group of the first way.
 */
export const GROUP_HEADER_BYTES = 80;
export const GROUPS_IN = 64;
export const GROUPS_ALONE = 68;
export const GROUPS_FIRST_WAY = 72;
/**
 * u32: first joint, rows | direction << 31, payload length · 256 + TCP flags; while grouping sequence number and row that stands for it,
 * then, of the first group of a way (groups with the same points that all have payload, or none), groups of the way and first group
 * of the next way, NO_ROW none; hash of its points.
 */
export const GROUP_BYTES = 24;
export const GROUP_WORD = 8;
export const GROUP_OF_WAY = 12;
export const GROUP_NEXT_WAY = 16;
export const GROUP_POINTS = 20;
/** f64 aligned time; u32 row, point, next joint. */
export const JOINT_BYTES = 24;
/** In the header: a group without identification has several rows at one point. */
export const GROUP_REPEATED = 1;
/** Segments may have been split or merged. */
export const GROUP_OFFLOAD = 2;
export const GROUP_FRAGMENTS = 4;

// Matching of flows (see flow-matching.ts). What a flow at a capture point is to joining:
export const FLOW_ACTIVE = 0;
/** Outer side of tunnels. */
export const FLOW_CARRIER = 1;
/** Quoted in ICMP errors. */
export const FLOW_QUOTED = 2;
/** IPv6 neighbour discovery: what ARP is to IPv4, between machines of one link, no conversation. */
export const FLOW_NEIGHBOURS = 3;
/** Cut before their ports: nothing tells whose they are. */
export const FLOW_CUT = 4;

// Kinds of evidence as bits, so that a join keeps its evidence in one number
export const EVIDENCE_SEQ = 1;
export const EVIDENCE_ACK = 2;
export const EVIDENCE_TIMESTAMP = 4;
export const EVIDENCE_PAYLOAD = 8;
export const EVIDENCE_ID = 16;
export const EVIDENCE_ICMP_SEQ = 32;
export const EVIDENCE_RANGE = 64;
export const EVIDENCE_QUOTED = 128;
export const EVIDENCE_TIME = 256;

/** A pair of sets that is heavy enough: u32 flow of the first set, u32 flow of the second, u16 weight, u16 EVIDENCE_*, u32 PAIR_*. */
export const PAIR_BYTES = 16;
/** Endpoint A of the first flow is B of the second. */
export const PAIR_SWAPPED = 1;
/** Both were seen at one point with one TTL. */
export const PAIR_AT_ONE_POINT = 2;
/** Set by the host: excluded by another pair that is equally good. */
export const PAIR_REFUSED = 4;
/** Turns of a routing loop, one behind the other. */
export const PAIR_TURNS = 8;
