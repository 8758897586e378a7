/**
 * The browser host: serves the interface and carries the contract over a WebSocket, to this machine's browser only.
 *
 * ```
 * GET  /?token=…        one-time link ─► cookie           GET /, /assets/…     the interface's files, from a fixed list
 * GET  /engine          WebSocket, the contract           PUT /upload          a dropped file
 * GET  /download/<id>   an export
 * ```
 *
 * Listens on 127.0.0.1 and nowhere else, [::1] included. Every request needs the right Host; all but the link need the cookie.
 */
import { type IncomingMessage, type Server, type ServerResponse, createServer } from "node:http";
import type { AddressInfo } from "node:net";
import type { Duplex } from "node:stream";
import { WebSocketServer } from "ws";
import { PLAIN_PAGE_POLICY, plainPage } from "./plain-page";
import { SECURITY_HEADERS, contentSecurityPolicy } from "../shared/content-policy";
import type { EngineHub } from "../shared/engine-hub";
import type { InterfaceFiles } from "../shared/interface-files";
import { Access } from "./access";
import { DEFAULT_PORT, NEXT_PORTS } from "./default-port";
import { serveSocket } from "./socket-client";
import { type Transfers, UploadError } from "./transfers";

/** The contract allows texts of 4,000,000 characters, up to 12 MB of UTF-8. */
const MAX_MESSAGE_BYTES = 16 << 20;
const HEADERS_TIMEOUT_MS = 10_000;

export interface BrowserHostOptions {
  readonly hub: EngineHub;
  readonly files: InterfaceFiles;
  readonly transfers: Transfers;
  /** undefined: the default one, or the next that is free. 0: any. */
  readonly port?: number | undefined;
  /** Somebody used a link that is used up: here is a fresh one to show. */
  readonly newLink: (link: string) => void;
}

export interface BrowserHost {
  readonly port: number;
  /** The default port was taken. */
  readonly movedFrom: number | undefined;
  readonly link: string;
  close(): Promise<void>;
}

/** Rejects with the system's error (code EADDRINUSE …) if it cannot listen. */
export async function startBrowserHost(options: BrowserHostOptions): Promise<BrowserHost> {
  const server = createServer({ headersTimeout: HEADERS_TIMEOUT_MS, requestTimeout: 0 });
  const wanted = options.port ?? DEFAULT_PORT;
  const port = await listen(server, wanted, options.port === undefined ? NEXT_PORTS : 0);
  const access = new Access(port);
  const sockets = new WebSocketServer({
    noServer: true,
    maxPayload: MAX_MESSAGE_BYTES,
    perMessageDeflate: false,
    clientTracking: true,
  });
  server.on("request", (request, response) => {
    answer(request, response, access, options).catch((error: unknown) => {
      if (!response.headersSent) send(response, 500, `internal error: ${String(error)}`);
      else response.destroy();
    });
  });
  server.on("upgrade", (request: IncomingMessage, socket: Duplex, head: Buffer) => {
    socket.on("error", () => socket.destroy());
    const allowed =
      request.url === "/engine" &&
      access.isOurHost(request.headers) &&
      access.isOurOrigin(request.headers, true) &&
      access.hasCookie(request.headers);
    if (!allowed) {
      socket.end("HTTP/1.1 403 Forbidden\r\nConnection: close\r\nContent-Length: 0\r\n\r\n");
      return;
    }
    sockets.handleUpgrade(request, socket, head, (webSocket) => serveSocket(webSocket, options.hub));
  });
  return {
    port,
    movedFrom: port !== wanted && wanted !== 0 ? wanted : undefined,
    link: access.link(),
    close: async () => {
      for (const socket of sockets.clients) socket.close(1001, "Hopscope is ending");
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      // A tab gets this long to answer the goodbye.
      const patience = setTimeout(() => sockets.clients.forEach((socket) => socket.terminate()), 500);
      server.closeIdleConnections();
      const gone = new Promise<void>((resolve) => sockets.close(() => resolve()));
      await gone;
      clearTimeout(patience);
      server.closeAllConnections();
      await closed;
    },
  };
}

/** Tries `port` and up to `more` after it. @returns the port it listens on */
async function listen(server: Server, port: number, more: number): Promise<number> {
  for (let at = port; ; at++) {
    try {
      await new Promise<void>((resolve, reject) => {
        server.once("error", reject);
        server.listen({ port: at, host: "127.0.0.1", exclusive: true }, () => {
          server.off("error", reject);
          resolve();
        });
      });
      return (server.address() as AddressInfo).port;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "EADDRINUSE" || at >= port + more) throw error;
    }
  }
}

async function answer(
  request: IncomingMessage,
  response: ServerResponse,
  access: Access,
  { files, transfers, newLink }: BrowserHostOptions,
): Promise<void> {
  for (const [name, value] of Object.entries(SECURITY_HEADERS)) response.setHeader(name, value);
  // Older Safari does not take 'self' for WebSockets.
  const policy = contentSecurityPolicy([access.origin.replace("http:", "ws:")]);
  response.setHeader("content-security-policy", policy);
  const { headers, method } = request;
  if (!access.isOurHost(headers)) return send(response, 421, `Open ${access.origin}: other names are not answered.`);
  if (!access.isOurOrigin(headers, method !== "GET" && method !== "HEAD"))
    return send(response, 403, "Requests of other sites are not answered.");
  const { pathname, searchParams } = parseTarget(request.url ?? "/");

  const token = searchParams.get("token");
  if (pathname === "/" && token !== null && method === "GET") {
    const cookie = access.redeem(token);
    if (cookie === undefined && !access.hasCookie(headers)) {
      if (!access.hasUnusedLink) newLink(access.link());
      return sendPage(
        response,
        403,
        access.wasUsed(token)
          ? "This link was used before. Use the link that Hopscope prints in its terminal now."
          : "This link is not the one that Hopscope printed. Use the whole of the newest link in its terminal.",
      );
    }
    if (cookie !== undefined) response.setHeader("set-cookie", cookie);
    // A page, not a redirect: a redirect that began at another site (a link in a chat) would not send a strict cookie.
    return sendPage(response, 200, "Opening…", "/");
  }
  if (!access.hasCookie(headers))
    return sendPage(
      response,
      401,
      "Hopscope was started anew, or this browser has not been let in: use the link it printed.",
    );

  if (pathname === "/upload") {
    if (method !== "PUT") return send(response, 405, "expected PUT");
    try {
      const { path } = await transfers.receive(request);
      return send(response, 201, JSON.stringify({ path }), "application/json");
    } catch (error) {
      if (!(error instanceof UploadError)) throw error;
      response.setHeader("connection", "close");
      return send(response, error.status, error.message);
    }
  }
  if (method !== "GET" && method !== "HEAD") return send(response, 405, "expected GET");
  if (pathname.startsWith("/download/")) {
    if (await transfers.send(pathname.slice("/download/".length), response)) return;
    return send(response, 404, "This export is gone: export again.");
  }
  const file = files.find(pathname);
  if (file === undefined) return send(response, 404, "There is nothing here.");
  const body = await file.read();
  response.writeHead(200, {
    "content-type": file.contentType,
    "content-length": body.length,
    "cache-control": file.immutable ? "private, max-age=31536000, immutable" : "no-store",
  });
  response.end(method === "HEAD" ? undefined : body);
}

/** Of a request line as it came; nothing in it is decoded, so nothing can climb out of the list of files. */
function parseTarget(target: string): { pathname: string; searchParams: URLSearchParams } {
  const question = target.indexOf("?");
  const pathname = question < 0 ? target : target.slice(0, question);
  return { pathname, searchParams: new URLSearchParams(question < 0 ? "" : target.slice(question + 1)) };
}

function send(response: ServerResponse, status: number, text: string, type = "text/plain; charset=utf-8"): void {
  response.writeHead(status, {
    "content-type": type,
    "content-length": Buffer.byteLength(text),
    "cache-control": "no-store",
  });
  response.end(text);
}

/** `text` is ours, never a request's. */
function sendPage(response: ServerResponse, status: number, text: string, goTo?: string): void {
  response.setHeader("content-security-policy", PLAIN_PAGE_POLICY);
  send(response, status, plainPage(text, goTo), "text/html; charset=utf-8");
}
