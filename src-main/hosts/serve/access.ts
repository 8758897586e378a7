/**
 * Who may speak to the browser host: whoever has its cookie. The cookie is given once, for the token of the link that the
 * host prints, so a link that was read over a shoulder or found in a history opens nothing.
 *
 * ```
 * GET /?token=T  ──► T unused? ──► Set-Cookie (HttpOnly, SameSite=Strict), page that goes on to /
 *                       └ used or wrong ──► 403; the host prints a fresh link
 * every other request: Host is ours, cookie is right, Origin (where one is sent, and always for a WebSocket) is ours
 * ```
 */
import { createHash, randomBytes, timingSafeEqual } from "node:crypto";
import type { IncomingHttpHeaders } from "node:http";

/** 192 bits. */
export function randomName(): string {
  return randomBytes(24).toString("base64url");
}

export class Access {
  readonly origin: string;
  private readonly host: string;
  private readonly cookieName: string;
  private readonly session = randomName();
  private token: string | undefined = randomName();
  /** Of links that let a browser in. */
  private readonly used: string[] = [];

  constructor(port: number) {
    this.host = `127.0.0.1:${port}`;
    this.origin = `http://${this.host}`;
    // Cookies are shared by all ports of an address: two hosts must not overwrite each other's.
    this.cookieName = `hopscope-${port}`;
  }

  /** The link that lets one browser in. A new one if the last was used. */
  link(): string {
    this.token ??= randomName();
    return `${this.origin}/?token=${this.token}`;
  }

  /** Whether a link is out that nobody has used. */
  get hasUnusedLink(): boolean {
    return this.token !== undefined;
  }

  /** @returns the Set-Cookie header, once; undefined for a token that is wrong or was used */
  redeem(token: string): string | undefined {
    if (this.token === undefined || !isSame(token, this.token)) return undefined;
    this.token = undefined;
    this.used.push(token);
    return `${this.cookieName}=${this.session}; Path=/; HttpOnly; SameSite=Strict`;
  }

  /** The token was right once; one that never was is a link that was cut, or another host's. */
  wasUsed(token: string): boolean {
    return this.used.some((used) => isSame(token, used));
  }

  /** DNS rebinding: a page of another name that was made to point here sends that name. */
  isOurHost(headers: IncomingHttpHeaders): boolean {
    return headers.host === this.host;
  }

  /** Exactly ours; a missing Origin counts as ours only where a browser sends none (plain navigation, its own GETs). */
  isOurOrigin(headers: IncomingHttpHeaders, required: boolean): boolean {
    return headers.origin === undefined ? !required : headers.origin === this.origin;
  }

  hasCookie(headers: IncomingHttpHeaders): boolean {
    for (const part of (headers.cookie ?? "").split(";")) {
      const [name, value] = part.split("=");
      if (name?.trim() === this.cookieName && value !== undefined && isSame(value.trim(), this.session)) return true;
    }
    return false;
  }
}

/** Takes the same time wherever the texts differ. */
function isSame(a: string, b: string): boolean {
  const digest = (text: string): Buffer => createHash("sha256").update(text).digest();
  return timingSafeEqual(digest(a), digest(b));
}
