/**
 * The plain sighting key: 64 bits over what survives bridges, routers, NAT and tunnels, so that sightings of one packet are
 * `GROUP BY sighting_key` in any database (docs/SCALE.md says what it suffices for). It is made of the packet alone; journey-keys.ts
 * makes it exact among captures that are joined.
 *
 * | packet | in the key, beside IP version and protocol |
 * |---|---|
 * | TCP | IP identification, sequence number, length of the IP packet: known also of what was cut within its header |
 * | TCP with identification 0 | sequence and acknowledgment number, SYN FIN RST ACK, payload length, TSval; without payload and SYN also window and options |
 * | ICMP echo and its kin | identification, type, code, sequence number, payload length and hash (not the identifier: NAT rewrites it) |
 * | UDP, SCTP, others | identification, payload length, hash of its first 256 bytes |
 * | later fragment | identification, offset, length, hash |
 *
 * Never in it: addresses, ports, TTL, MACs, checksums, PSH (offload moves it).
 */
import {
  PROTOCOL_TCP,
  type SightingReader,
  W_ACK,
  W_EXTRA,
  W_HASH,
  W_ID,
  W_IP_LENGTH,
  W_LENGTH,
  W_SEQ,
} from "../join/sighting-columns";
import { SIGHTING_FRAGMENT, SIGHTING_NO_TRANSPORT } from "../kernel/assembly/abi";

/** FIN, SYN, RST, ACK. */
const KEY_FLAGS = 0x17;

let low = 0;
let high = 0;

function begin(value: number): void {
  low = Math.imul(value ^ 0x9e3779b1, 0x85ebca6b);
  high = Math.imul(value ^ 0xc2b2ae35, 0x27d4eb2f);
}

function add(value: number): void {
  low = Math.imul(low ^ value, 0x85ebca6b);
  low ^= low >>> 13;
  high = Math.imul(high ^ (value + 0x165667b1), 0x9e3779b1);
  high ^= high >>> 15;
  low = (low + high) | 0;
}

/** Writes the key of a row as two words, low first. */
export function sightingKey(columns: SightingReader, row: number, into: Uint32Array, at: number): void {
  const { words } = columns;
  const w = columns.at(row);
  const flow = columns.flow(row);
  const protocol = columns.protocol(flow);
  const id = words[w + W_ID] as number;
  const length = words[w + W_LENGTH] as number;
  begin(protocol * 2 + (columns.v6(flow) ? 1 : 0));
  add(id >>> 16);
  if (protocol === PROTOCOL_TCP && !(id & (SIGHTING_NO_TRANSPORT | SIGHTING_FRAGMENT))) {
    add(words[w + W_SEQ] as number);
    if (id >>> 16 !== 0) add(words[w + W_IP_LENGTH] as number);
    else {
      add(length >>> 8);
      add(length & KEY_FLAGS);
      add(words[w + W_ACK] as number);
      add(words[w + W_EXTRA] as number);
      if (length >>> 8 === 0) add(words[w + W_HASH] as number);
    }
  } else {
    add(length >>> 8);
    add(words[w + W_EXTRA] as number);
    add(words[w + W_HASH] as number);
  }
  // Last stirring: every bit of the input reaches every bit of the key.
  add(0);
  add(high);
  into[at] = low;
  into[at + 1] = high;
}

/** Makes another key of the one at `at`: the `n`-th of those that would be the same. */
export function numberedKey(key: Uint32Array, at: number, n: number): void {
  low = key[at] as number;
  high = key[at + 1] as number;
  add(n);
  add(high);
  key[at] = low;
  key[at + 1] = high;
}
