/**
 * HTTP/1.1 over the simulator's sockets (RFC 9112): a server, a client, and what both need to read messages from a byte stream.
 *
 * ```
 * GET /r1?size=20000 HTTP/1.1          the query says how many bytes the answer's body is to have, as in the labs
 * Host: web:8080
 * ```
 */
import { encodeUtf8 } from "../../../../src-shared/wire/write/byte-builder";
import { httpRequest, httpResponse } from "../../../../src-shared/wire/write/http";
import type { Namespace, SocketError, TcpConnection, TcpHandlers, TcpListener } from "../network/api/namespaces";
import type { Network } from "../network/api/network";
import type { ServerSpec } from "../scenario/schema";
import { fill, messageBytes } from "./payload";

/** Nobody's header is larger: what goes on is no HTTP. */
const MAX_HEAD = 65536;
const DEFAULT_SIZE = 64;

export interface HttpMessage {
  /** "GET /x HTTP/1.1" or "HTTP/1.1 200 OK" */
  readonly startLine: string;
  /** Names in lower case. */
  readonly headers: ReadonlyMap<string, string>;
  readonly body: Uint8Array;
}

/** Takes a stream's bytes, gives whole messages. */
export class HttpReader {
  #bytes = new Uint8Array(0);
  #head:
    { readonly startLine: string; readonly headers: ReadonlyMap<string, string>; readonly length: number } | undefined;

  constructor(private readonly onMessage: (message: HttpMessage) => void) {}

  take(bytes: Uint8Array): void {
    const joined = new Uint8Array(this.#bytes.length + bytes.length);
    joined.set(this.#bytes);
    joined.set(bytes, this.#bytes.length);
    this.#bytes = joined;
    for (;;) {
      if (!this.#head) {
        const end = headEnd(this.#bytes);
        if (end < 0) {
          if (this.#bytes.length > MAX_HEAD) this.#bytes = new Uint8Array(0);
          return;
        }
        this.#head = parseHead(new TextDecoder("latin1").decode(this.#bytes.subarray(0, end)));
        this.#bytes = this.#bytes.slice(end + 4);
      }
      const { length, ...head } = this.#head;
      if (this.#bytes.length < length) return;
      const body = this.#bytes.slice(0, length);
      this.#bytes = this.#bytes.slice(length);
      this.#head = undefined;
      this.onMessage({ ...head, body });
    }
  }
}

function headEnd(bytes: Uint8Array): number {
  for (let i = 0; i + 3 < bytes.length; i++)
    if (bytes[i] === 13 && bytes[i + 1] === 10 && bytes[i + 2] === 13 && bytes[i + 3] === 10) return i;
  return -1;
}

function parseHead(text: string): {
  readonly startLine: string;
  readonly headers: ReadonlyMap<string, string>;
  readonly length: number;
} {
  const [startLine = "", ...lines] = text.split("\r\n");
  const headers = new Map<string, string>();
  for (const line of lines) {
    const colon = line.indexOf(":");
    if (colon > 0) headers.set(line.slice(0, colon).trim().toLowerCase(), line.slice(colon + 1).trim());
  }
  const length = Number(headers.get("content-length") ?? 0);
  return { startLine, headers, length: Number.isSafeInteger(length) && length >= 0 ? length : 0 };
}

export interface HttpServerOptions {
  readonly namespace: Namespace;
  readonly network: Network;
  /** In the answer's X-Served-By. */
  readonly name: string;
  readonly spec: ServerSpec;
  /** Think time that a fault adds; asked at each request. */
  readonly slownessNs?: () => number;
}

export function serveHttp({ namespace, network, name, spec, slownessNs }: HttpServerOptions): TcpListener {
  return namespace.tcpListen({
    port: spec.port,
    onConnection: (connection): TcpHandlers => {
      const reader = new HttpReader((request) => {
        const delayNs = (spec.delayMs ?? 0) * 1e6 + (slownessNs?.() ?? 0);
        const size = wantedSize(request.startLine) ?? spec.size ?? DEFAULT_SIZE;
        const answer = messageBytes(
          httpResponse({
            headers: {
              Server: "simulated/1",
              "Content-Type": "text/plain",
              "X-Served-By": name,
              ...(spec.closesFirst === true && { Connection: "close" }),
            },
            body: fill(name, size),
          }),
        );
        later(network, delayNs, connection, () => {
          connection.write(answer);
          if (spec.closesFirst === true) connection.end();
        });
      });
      return {
        onData: (bytes) => {
          reader.take(bytes);
        },
        onEnd: () => {
          connection.end();
        },
      };
    },
  });
}

/** At once, or after a delay if the connection is still there then. */
export function later(network: Network, delayNs: number, connection: TcpConnection, action: () => void): void {
  if (delayNs <= 0) action();
  else
    network.schedule(network.nowNs + delayNs, () => {
      if (connection.state === "ESTABLISHED" || connection.state === "CLOSE_WAIT") action();
    });
}

function wantedSize(startLine: string): number | undefined {
  const found = /[?&]size=(\d{1,9})(&| |$)/.exec(startLine);
  return found?.[1] === undefined ? undefined : Number(found[1]);
}

export interface HttpCall {
  readonly namespace: Namespace;
  readonly address: string;
  readonly port: number;
  readonly host: string;
  readonly method: string;
  readonly path: string;
  readonly sendSize: number;
  readonly requests: number;
  readonly fromPort?: number;
  readonly keepOpen?: boolean;
  readonly onDone?: (error: SocketError | undefined) => void;
}

/** Opens a connection, asks, waits for each answer, closes. */
export function callHttp(call: HttpCall): TcpConnection {
  const bytes = messageBytes(
    httpRequest({
      method: call.method,
      target: call.path,
      host: call.host,
      headers: { "User-Agent": "simulated/1", Accept: "*/*" },
      ...(call.sendSize > 0 && { body: fill("request", call.sendSize) }),
    }),
  );
  let left = call.requests;
  const reader = new HttpReader(() => {
    left--;
    if (left > 0) connection.write(bytes);
    else if (call.keepOpen !== true) connection.end();
  });
  const connection = call.namespace.tcpConnect({
    to: { address: call.address, port: call.port },
    ...(call.fromPort !== undefined && { fromPort: call.fromPort }),
    onOpen: (opened) => {
      opened.write(bytes);
    },
    onData: (data) => {
      reader.take(data);
    },
    onClose: (error) => {
      call.onDone?.(error);
    },
  });
  return connection;
}

/** For error answers of a proxy. */
export function statusAnswer(status: number, text: string): Uint8Array {
  return messageBytes(httpResponse({ status, headers: { "Content-Type": "text/plain" }, body: encodeUtf8(text) }));
}
