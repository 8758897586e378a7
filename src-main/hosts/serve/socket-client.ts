/**
 * One browser tab: carries messages of the contract as MessagePack, one a WebSocket frame.
 *
 * A tab that reads slowly must not fill the host's memory. Results are bounded by what a window may ask at once (hub);
 * events and progress, of which only the newest counts, wait here while much is unsent:
 *
 * ```
 * unsent < 4 MiB   ─► every message is sent at once
 * unsent ≥ 4 MiB   ─► event, progress: the newest of each kind is kept; sent when the socket has drained
 * ```
 */
import { decode, encode } from "@msgpack/msgpack";
import type { RawData, WebSocket } from "ws";
import type { FromEngine } from "../../../src-shared/contract/messages";
import type { EngineHub } from "../shared/engine-hub";

const MUCH_UNSENT_BYTES = 4 << 20;
/** A tab that does not read at all is given up. */
const GIVE_UP_BYTES = 512 << 20;

/** WebSocket close codes, RFC 6455 section 7.4.1. */
const UNSUPPORTED_DATA = 1003;
const INVALID_DATA = 1007;
const POLICY_VIOLATION = 1008;

/** Couples a socket that was let in with the hub, until it closes. */
export function serveSocket(socket: WebSocket, hub: EngineHub): void {
  const waiting = new Map<string, FromEngine>();

  const transmit = (message: FromEngine): void => {
    if (socket.readyState !== socket.OPEN) return;
    if (socket.bufferedAmount > GIVE_UP_BYTES) {
      socket.terminate();
      return;
    }
    // Called when the bytes are handed to the system, or the socket failed: then "close" follows.
    socket.send(encode(message), () => sendWaiting());
  };
  const sendWaiting = (): void => {
    if (waiting.size === 0 || socket.bufferedAmount >= MUCH_UNSENT_BYTES) return;
    const messages = [...waiting.values()];
    waiting.clear();
    messages.forEach(transmit);
  };
  const client = hub.connect((message) => {
    const key = replaceableKey(message);
    if (key !== undefined && socket.bufferedAmount >= MUCH_UNSENT_BYTES) waiting.set(key, message);
    else transmit(message);
  });

  socket.on("message", (data: RawData, isBinary: boolean) => {
    if (!isBinary) {
      socket.close(UNSUPPORTED_DATA, "messages are MessagePack, in binary frames");
      return;
    }
    let message: unknown;
    try {
      message = decode(data as Buffer);
    } catch {
      socket.close(INVALID_DATA, "not MessagePack");
      return;
    }
    if (!client.receive(message)) socket.close(POLICY_VIOLATION, "no message of the contract");
  });
  socket.on("close", () => client.disconnect());
  // Oversized and malformed frames: ws closes the socket with the fitting code by itself.
  socket.on("error", () => {});
}

/** What a later message of the same key makes superfluous; undefined: every one counts. */
function replaceableKey(message: FromEngine): string | undefined {
  if (message.kind === "progress") return `progress ${message.id}`;
  if (message.kind !== "event") return undefined;
  switch (message.event) {
    case "view":
      return `view ${(message.data as { view: number }).view}`;
    case "workspace":
    case "analysis":
    case "live":
    case "notes":
      return message.event;
    case "command":
    case "restarted":
      return undefined;
  }
}
