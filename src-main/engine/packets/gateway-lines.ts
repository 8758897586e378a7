/**
 * Lines about routers that stand in for each other and routes they tell: HSRP (RFC 2281), GLBP, BFD (RFC 5880 section 4.1),
 * EIGRP (RFC 7868 section 6.3), RIP (RFC 2453 section 4).
 */
import { MOST_MESSAGES, type MessageBytes, u16, u32, u8 } from "./message-line";

const HSRP_OPERATIONS = ["Hello", "Coup", "Resign", "Advertise"];
const HSRP_ADVERTISE = 3;
const HSRP_STATES: ReadonlyMap<number, string> = new Map([
  [0, "Initial"],
  [1, "Learn"],
  [2, "Listen"],
  [4, "Speak"],
  [8, "Standby"],
  [16, "Active"],
]);
const HSRP_ADVERTISED = ["", "Dormant", "Passive", "Active"];
const HSRP2_STATES = ["Disabled", "Initial", "Learn", "Listen", "Speak", "Standby", "Active"];
const HSRP2_GROUP_STATE = 1;
const HSRP2_GROUP_STATE_LENGTH = 40;

/** Version 2 begins with a type and a length, version 1 with a 0. */
export const hsrpVersion = (m: MessageBytes): number => (u8(m, m.at) > 0 ? 2 : 1);

/** 1: version(1)=0 operation(1) state(1) …, or operation 3: version(1) 3 type(2) length(2) state(1). 2: type(1) length(1) version(1) operation(1) state(1) … */
export function hsrpLine(m: MessageBytes): string {
  if (hsrpVersion(m) === 2) {
    if (u8(m, m.at) !== HSRP2_GROUP_STATE || u8(m, m.at + 1) !== HSRP2_GROUP_STATE_LENGTH) return "";
    return stated(HSRP_OPERATIONS[u8(m, m.at + 3)], HSRP2_STATES[u8(m, m.at + 4)]);
  }
  const operation = u8(m, m.at + 1);
  const state = operation === HSRP_ADVERTISE ? HSRP_ADVERTISED[u8(m, m.at + 6)] : HSRP_STATES.get(u8(m, m.at + 2));
  return stated(HSRP_OPERATIONS[operation], state);
}

const stated = (operation: string | undefined, state: string | undefined): string =>
  operation === undefined ? "" : `${operation} (state ${state ?? "Unknown"})`;

const GLBP_HELLO = 1;
const GLBP_FORWARDER = 2;
const GLBP_AUTHENTICATION = 3;

/** version(1) unknown(1) group(2) unknown(2) owner(6), then type(1) length(1, itself and the type counted) value … */
export function glbpLine(m: MessageBytes): string {
  const group = u16(m, m.at + 2);
  if (group < 0) return "";
  let text = `G: ${group}`;
  let at = m.at + 12;
  for (let count = 0; at + 2 <= m.end && count < MOST_MESSAGES; count++) {
    const type = u8(m, at);
    const length = u8(m, at + 1);
    if (length < 2) break;
    if (type === GLBP_HELLO) {
      const family = u8(m, at + 22);
      text += `, Hello${family === 1 ? ", IPv4" : family === 2 ? ", IPv6" : ""}`;
    } else if (type === GLBP_FORWARDER) text += ", Request/Response?";
    else if (type === GLBP_AUTHENTICATION) text += ", Auth";
    at += length;
  }
  return text;
}

const BFD_DIAGNOSTICS = [
  "No Diagnostic",
  "Control Detection Time Expired",
  "Echo Function Failed",
  "Neighbor Signaled Session Down",
  "Forwarding Plane Reset",
  "Path Down",
  "Concatenated Path Down",
  "Administratively Down",
  "Reverse Concatenated Path Down",
  "Mis-Connectivity Defect",
];
const BFD_STATES = ["AdminDown", "Down", "Init", "Up"];

/** version(3 bits) diagnostic(5) state(2) flags(6) … */
export function bfdLine(m: MessageBytes): string {
  const first = u8(m, m.at);
  const second = u8(m, m.at + 1);
  if (second < 0 || first >> 5 !== 1) return "";
  const flags = (second & 0x3f).toString(16).padStart(2, "0");
  return `Diag: ${BFD_DIAGNOSTICS[first & 31] ?? "Unknown"}, State: ${BFD_STATES[second >> 6]}, Flags: 0x${flags}`;
}

const EIGRP_HELLO = 5;
const EIGRP_OPERATIONS: ReadonlyMap<number, string> = new Map([
  [1, "Update"],
  [2, "Request"],
  [3, "Query"],
  [4, "Reply"],
  [EIGRP_HELLO, "Hello"],
  [10, "SIA-Query"],
  [11, "SIA-Reply"],
]);

/** version(1) operation(1) checksum(2) flags(4) sequence(4) acknowledgment(4) …: a Hello that acknowledges is no more than that. */
export function eigrpLine(m: MessageBytes): string {
  const operation = u8(m, m.at + 1);
  const name = EIGRP_OPERATIONS.get(operation) ?? "";
  return operation === EIGRP_HELLO && u32(m, m.at + 12) > 0 ? `${name} (Ack)` : name;
}

const RIP_COMMANDS: ReadonlyMap<number, string> = new Map([
  [1, "Request"],
  [2, "Response"],
  [3, "Traceon"],
  [4, "Traceoff"],
  [5, "Vendor specific (Sun)"],
]);

/** command(1) version(1) … */
export const ripLine = (m: MessageBytes): string => RIP_COMMANDS.get(u8(m, m.at)) ?? "";

/** "RIPv1", "RIPv2"; "RIP" for versions nobody has named. */
export function ripName(m: MessageBytes): string {
  const version = u8(m, m.at + 1);
  return version === 1 || version === 2 ? `RIPv${version}` : "RIP";
}
