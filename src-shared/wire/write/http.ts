/**
 * HTTP/1.1 messages (RFC 9112): a start line, headers, an empty line, a body.
 *
 * Content-Length is added when there is a body and the headers do not speak of its length.
 */
import { encodeUtf8 } from "./byte-builder";
import type { Layer } from "./layer";

export const HTTP_PORT = 80;

interface HttpMessage {
  /** In order; names are written as given. */
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Uint8Array;
}

export interface HttpRequestOptions extends HttpMessage {
  /** Default GET. */
  readonly method?: string;
  /** Default "/". */
  readonly target?: string;
  readonly host: string;
}

export interface HttpResponseOptions extends HttpMessage {
  /** Default 200. */
  readonly status?: number;
  /** Default by status, for the common ones. */
  readonly reason?: string;
}

const REASONS: Readonly<Record<number, string>> = {
  200: "OK",
  204: "No Content",
  301: "Moved Permanently",
  302: "Found",
  304: "Not Modified",
  400: "Bad Request",
  403: "Forbidden",
  404: "Not Found",
  500: "Internal Server Error",
  502: "Bad Gateway",
  503: "Service Unavailable",
  504: "Gateway Timeout",
};

export function httpRequest(options: HttpRequestOptions): Layer {
  return message(
    `${options.method ?? "GET"} ${options.target ?? "/"} HTTP/1.1`,
    { Host: options.host, ...options.headers },
    options.body,
  );
}

export function httpResponse(options: HttpResponseOptions = {}): Layer {
  const status = options.status ?? 200;
  const noBody = status === 204 || status === 304;
  return message(
    `HTTP/1.1 ${status} ${options.reason ?? REASONS[status] ?? ""}`,
    options.headers ?? {},
    options.body ?? (noBody ? undefined : ""),
  );
}

function message(
  startLine: string,
  headers: Readonly<Record<string, string>>,
  body: string | Uint8Array | undefined,
): Layer {
  const bodyBytes = typeof body === "string" ? encodeUtf8(body) : body;
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}`);
  const saysLength = Object.keys(headers).some((name) => /^(content-length|transfer-encoding)$/i.test(name));
  if (bodyBytes !== undefined && !saysLength) lines.push(`Content-Length: ${bodyBytes.length}`);
  const head = encodeUtf8(`${[startLine, ...lines].join("\r\n")}\r\n\r\n`);
  return {
    name: "http",
    carriedAs: { port: HTTP_PORT },
    append(out) {
      out.bytes(head).bytes(bodyBytes ?? []);
    },
  };
}
