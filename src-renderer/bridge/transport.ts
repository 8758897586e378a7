/**
 * The carrier of messages: Electron's preload, or a WebSocket to the host that served the page.
 *
 * ```
 * window.hopscope (preload)  ─┐
 *                             ├─►  Transport ◄──► engine.ts
 * ws://<host>/engine (msgpack)┘    state: connecting ─► open ─► lost ─► connecting …    (browser only)
 *                                                             └─► ended: the host was restarted, this page's session is over
 * ```
 */
import { decode, encode } from "@msgpack/msgpack";
import type { FromEngine, ToEngine } from "../../src-shared/contract/messages";

/** What Electron's preload gives the page. */
export interface HostBridge {
  post(message: ToEngine): void;
  /** Returns "stop listening". */
  onMessage(listener: (message: FromEngine) => void): () => void;
  /** The file's path, "" if it is none on disk. */
  pathForFile(file: File): string;
}

declare global {
  interface Window {
    readonly hopscope?: HostBridge;
  }
}

export type ConnectionState = "connecting" | "open" | "lost" | "ended";

export interface Transport {
  post(message: ToEngine): void;
  /** Tries again at once instead of after the pause. */
  retry(): void;
}

export interface TransportListener {
  message(message: FromEngine): void;
  state(state: ConnectionState): void;
}

/** Pauses between attempts, in milliseconds; the last one repeats. */
const PAUSES_MS = [250, 500, 1000, 2000, 5000];

/** The bridge of Electron's preload, undefined in a browser. */
export function hostBridge(): HostBridge | undefined {
  return window.hopscope;
}

/** Starts carrying messages. `listener.state` is called with every change. */
export function openTransport(listener: TransportListener): Transport {
  const bridge = hostBridge();
  if (!bridge) return openSocket(listener);
  bridge.onMessage((message) => listener.message(message));
  // Later, because the caller has no transport to post with before this returns.
  queueMicrotask(() => listener.state("open"));
  return { post: (message) => bridge.post(message), retry: () => undefined };
}

function openSocket(listener: TransportListener): Transport {
  let socket: WebSocket | null = null;
  let attempts = 0;
  let timer: ReturnType<typeof setTimeout> | undefined;

  const connect = (): void => {
    clearTimeout(timer);
    const opened = new WebSocket(`${location.protocol === "https:" ? "wss" : "ws"}://${location.host}/engine`);
    opened.binaryType = "arraybuffer";
    socket = opened;
    opened.onopen = () => {
      attempts = 0;
      listener.state("open");
    };
    opened.onmessage = (event: MessageEvent<unknown>) => {
      if (event.data instanceof ArrayBuffer) listener.message(decode(event.data) as FromEngine);
    };
    opened.onclose = () => {
      if (socket !== opened) return;
      socket = null;
      listener.state("lost");
      void isSessionOver().then((over) => {
        if (over) return listener.state("ended");
        timer = setTimeout(connect, PAUSES_MS[Math.min(attempts++, PAUSES_MS.length - 1)]);
      });
    };
  };
  listener.state("connecting");
  connect();
  return {
    post: (message) => socket?.send(encode(message)),
    retry: () => {
      if (socket === null) connect();
    },
  };
}

/** The host answers, but does not know this page's cookie any more. */
async function isSessionOver(): Promise<boolean> {
  try {
    const answer = await fetch("/", { method: "HEAD", cache: "no-store" });
    return answer.status === 401 || answer.status === 403;
  } catch {
    return false;
  }
}
