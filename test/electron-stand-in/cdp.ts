/** A Chromium of its own and the DevTools protocol to it: commands, answers, events, by session. */
import { type ChildProcess, spawn } from "node:child_process";
import { EventEmitter } from "node:events";
import { WebSocket } from "ws";

export type Values = Record<string, unknown>;

/** A page's side of the connection; events are emitted under their protocol name ("Page.loadEventFired"). */
export class CdpSession extends EventEmitter {
  constructor(
    private readonly connection: CdpConnection,
    readonly sessionId: string | undefined,
  ) {
    super();
  }

  send(method: string, params: Values = {}): Promise<Values> {
    return this.connection.send(method, params, this.sessionId);
  }
}

export class CdpConnection {
  /** Of the browser itself. */
  readonly browser = new CdpSession(this, undefined);
  private readonly sessions = new Map<string, CdpSession>();
  private readonly waiting = new Map<
    number,
    { readonly resolve: (result: Values) => void; readonly reject: (error: Error) => void; readonly method: string }
  >();
  private nextId = 1;

  private constructor(private readonly socket: WebSocket) {
    socket.on("message", (data: Buffer) => this.receive(JSON.parse(data.toString("utf8")) as Values));
    socket.on("close", () => {
      for (const { reject, method } of this.waiting.values()) reject(new Error(`${method}: Chromium ended`));
      this.waiting.clear();
    });
  }

  static async to(address: string): Promise<CdpConnection> {
    const socket = new WebSocket(address, { perMessageDeflate: false, maxPayload: 1 << 30 });
    await new Promise<void>((resolve, reject) => {
      socket.once("open", resolve);
      socket.once("error", reject);
    });
    return new CdpConnection(socket);
  }

  session(sessionId: string): CdpSession {
    let session = this.sessions.get(sessionId);
    if (session === undefined) this.sessions.set(sessionId, (session = new CdpSession(this, sessionId)));
    return session;
  }

  send(method: string, params: Values, sessionId: string | undefined): Promise<Values> {
    const id = this.nextId++;
    return new Promise((resolve, reject) => {
      this.waiting.set(id, { resolve, reject, method });
      this.socket.send(JSON.stringify({ id, method, params, ...(sessionId !== undefined && { sessionId }) }));
    });
  }

  close(): void {
    this.socket.terminate();
  }

  private receive(message: Values): void {
    if (typeof message["id"] === "number") {
      const waiting = this.waiting.get(message["id"]);
      this.waiting.delete(message["id"]);
      const error = message["error"] as { message: string } | undefined;
      if (error) waiting?.reject(new Error(`${waiting.method}: ${error.message}`));
      else waiting?.resolve(message["result"] as Values);
      return;
    }
    const { method, params, sessionId } = message as { method: string; params: Values; sessionId?: string };
    (sessionId === undefined ? this.browser : this.session(sessionId)).emit(method, params);
  }
}

export interface RunningChromium {
  readonly process: ChildProcess;
  readonly connection: CdpConnection;
}

/** Starts Chromium without any way to a network; its "DevTools listening on …" goes to our standard error, for Playwright. */
export async function startChromium(executable: string, profile: string): Promise<RunningChromium> {
  const child = spawn(
    executable,
    [
      "--headless",
      "--no-sandbox",
      "--disable-gpu",
      "--no-first-run",
      "--no-startup-window",
      "--disable-background-networking",
      "--disable-component-update",
      "--disable-sync",
      "--host-resolver-rules=MAP * ~NOTFOUND",
      "--remote-debugging-port=0",
      "--remote-debugging-pipe",
      `--user-data-dir=${profile}`,
    ],
    // A process group of its own: Ctrl+C is for the application alone, which then ends its Chromium. It also ends when its
    // pipes (3, 4) close, that is with this process, even one that is killed.
    { stdio: ["ignore", "ignore", "pipe", "pipe", "pipe"], detached: true },
  );
  const address = await new Promise<string>((resolve, reject) => {
    let text = "";
    child.stderr?.on("data", (chunk: Buffer) => {
      text += chunk.toString("utf8");
      const found = /^DevTools listening on (ws:\/\/\S+)$/m.exec(text)?.[1];
      if (found !== undefined) resolve(found);
    });
    child.once("error", reject);
    child.once("exit", (code) => reject(new Error(`Chromium ended with ${code}: ${text}`)));
  });
  process.stderr.write(`DevTools listening on ${address}\n`);
  return { process: child, connection: await CdpConnection.to(address) };
}
