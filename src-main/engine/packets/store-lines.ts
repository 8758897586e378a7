/**
 * Lines about messages of stores: Redis (its serialization protocol, version 2), MySQL (its manual's "client/server protocol"),
 * Kafka (its protocol guide). Each segment is told by itself: answers that only the question explains keep TCP's line.
 */
import { decodeLatin1, decodeUtf8 } from "../../../src-shared/base/text";
import { MOST_MESSAGES, type MessageBytes, u16, u24, u32, u8 } from "./message-line";

const CR = 13;
const LF = 10;
const ARRAY = "*";
const BULK = "$";
/** Longer strings are counted, not shown. */
const LONGEST_STRING = 100;

/** "Request: SET k v", "Response: OK"; arrays of an answer by their size. */
export function respLine(m: MessageBytes): string {
  const words: string[] = [];
  let at = m.at;
  while (at < m.end && words.length < MOST_MESSAGES) {
    const element = respElement(m, at);
    if (element.text !== "") words.push(element.text);
    at = element.next;
    // What an array of an answer holds is not listed.
    if (m.fromServer && element.items > 0) at = skipItems(m, at, element.items);
  }
  return `${m.fromServer ? "Response" : "Request"}: ${words.join(" ")}`.trimEnd();
}

interface RespElement {
  readonly text: string;
  readonly next: number;
  /** Of an array: how many follow. */
  readonly items: number;
}

function respElement(m: MessageBytes, at: number): RespElement {
  let end = at;
  while (end + 1 < m.end && !(m.bytes[end] === CR && m.bytes[end + 1] === LF)) end++;
  const next = Math.min(end + 2, m.end);
  const kind = String.fromCharCode(m.bytes[at] as number);
  const line = decodeLatin1(m.bytes, at + 1, Math.min(end, at + 1 + 4 * LONGEST_STRING));
  if (end + 1 >= m.end) return { text: "[fragment]", next: m.end, items: 0 };
  switch (kind) {
    case "+":
    case ":":
      return { text: line, next, items: 0 };
    case "-":
      return { text: `Error: ${line}`, next, items: 0 };
    case ARRAY: {
      const items = Math.max(Number.parseInt(line, 10) || 0, 0);
      return { text: m.fromServer && items > 0 ? `Array(${items})` : "", next, items };
    }
    case BULK: {
      const size = Number.parseInt(line, 10);
      if (!(size >= 0)) return { text: "", next, items: 0 };
      if (size === 0) return { text: m.fromServer ? "" : "BulkString(0)", next: Math.min(next + 2, m.end), items: 0 };
      if (next + size > m.end) return { text: "[continuation]", next: m.end, items: 0 };
      const text = decodeUtf8(m.bytes, next, next + Math.min(size, LONGEST_STRING + 1));
      return {
        text: size > LONGEST_STRING || !/^[\x20-\x7e]*$/.test(text) ? `BulkString(${size})` : text,
        next: Math.min(next + size + 2, m.end),
        items: 0,
      };
    }
    default:
      return { text: "[fragment]", next, items: 0 };
  }
}

/** Behind `items` elements, arrays in them included; each takes a byte at least, so that this ends. */
function skipItems(m: MessageBytes, from: number, items: number): number {
  let at = from;
  for (let left = items; left > 0 && at < m.end; left--) {
    const element = respElement(m, at);
    left += element.items;
    at = element.next;
  }
  return at;
}

const MYSQL_COMMANDS = [
  "SLEEP",
  "Quit",
  "Use Database",
  "Query",
  "Show Fields",
  "Create Database",
  "Drop Database",
  "Refresh",
  "Shutdown",
  "Statistics",
  "Process List",
  "Connect",
  "Kill Server Thread",
  "Dump Debuginfo",
  "Ping",
  "Insert Delayed",
  "Change User",
  "Send Binlog",
  "Send Table",
  "Slave Connect",
  "Register Slave",
  "Prepare Statement",
  "Execute Statement",
  "Send BLOB",
  "Close Statement",
  "Reset Statement",
  "Set Option",
  "Fetch Data",
];
/** The first commands as the numbers count them: 0x16 is Prepare Statement. */
const MYSQL_PREPARE = 0x16;
const MYSQL_PROTOCOL = 10;
const MYSQL_PROTOCOL_41 = 0x200;
const MYSQL_OK = 0;
const MYSQL_ERROR = 0xff;

/** length(3, little-endian) sequence(1), then what the sequence number says. "" in the middle of a result. */
export function mysqlLine(m: MessageBytes): string {
  const sequence = u8(m, m.at + 3);
  const body = m.at + 4;
  const first = u8(m, body);
  if (first < 0) return "";
  if (!m.fromServer) {
    // A request is alone in its segments: its length says where it ends.
    const size = u24le(m, m.at);
    if (sequence === 0 && body + size >= m.statedEnd)
      return `Request ${MYSQL_COMMANDS[first >= MYSQL_PREPARE ? first - 1 : first] ?? `Unknown (${first})`}`;
    if (sequence === 1 && size >= 32 && first + (u8(m, body + 1) << 8) >= MYSQL_PROTOCOL_41 && body + 32 < m.end)
      return `Login Request user=${zeroEnded(m, body + 32)}`;
    return "";
  }
  if (sequence === 0)
    return first === MYSQL_PROTOCOL ? `Server Greeting  proto=10 version=${zeroEnded(m, body + 1)}` : "";
  if (sequence > 2) return "";
  if (first === MYSQL_OK) return "Response  OK";
  if (first === MYSQL_ERROR) return `Response  Error ${u8(m, body + 1) + (u8(m, body + 2) << 8)}`;
  return sequence === 1 ? "Response TABULAR Response" : "";
}

const u24le = (m: MessageBytes, at: number): number => {
  const value = u24(m, at);
  return ((value & 0xff) << 16) | (value & 0xff00) | (value >> 16);
};

function zeroEnded(m: MessageBytes, from: number): string {
  let to = from;
  while (to < m.end && m.bytes[to] !== 0 && to - from < LONGEST_STRING) to++;
  return decodeUtf8(m.bytes, from, to);
}

const KAFKA_KEYS = (
  "Produce Fetch Offsets Metadata LeaderAndIsr StopReplica UpdateMetadata ControlledShutdown OffsetCommit OffsetFetch " +
  "FindCoordinator JoinGroup Heartbeat LeaveGroup SyncGroup DescribeGroups ListGroups SaslHandshake ApiVersions " +
  "CreateTopics DeleteTopics DeleteRecords InitProducerId OffsetForLeaderEpoch AddPartitionsToTxn AddOffsetsToTxn EndTxn " +
  "WriteTxnMarkers TxnOffsetCommit DescribeAcls CreateAcls DeleteAcls DescribeConfigs AlterConfigs AlterReplicaLogDirs " +
  "DescribeLogDirs SaslAuthenticate CreatePartitions CreateDelegationToken RenewDelegationToken ExpireDelegationToken " +
  "DescribeDelegationToken DeleteGroups ElectLeaders IncrementalAlterConfigs AlterPartitionReassignments " +
  "ListPartitionReassignments OffsetDelete DescribeClientQuotas AlterClientQuotas"
).split(" ");
const KAFKA_HIGHEST_VERSION = 20;

/** length(4) key(2) version(2) correlation(4) … of a request; an answer has no key. The last request of a segment is told. */
export function kafkaLine(m: MessageBytes): string {
  if (m.fromServer) return "";
  let text = "";
  let at = m.at;
  for (let count = 0; at + 8 <= m.end && count < MOST_MESSAGES; count++) {
    const key = KAFKA_KEYS[u16(m, at + 4)];
    const version = u16(m, at + 6);
    const length = u32(m, at);
    if (key === undefined || version > KAFKA_HIGHEST_VERSION || length < 8) break;
    text = `Kafka ${key} v${version} Request`;
    at += 4 + length;
  }
  return text;
}
