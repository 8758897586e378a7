/**
 * app://hopscope/: the interface's files inside the window. An origin of its own, without a server and without file://,
 * whose pages may read the disk.
 */
import { SECURITY_HEADERS, contentSecurityPolicy } from "../shared/content-policy";
import type { InterfaceFiles } from "../shared/interface-files";

export const INTERFACE_SCHEME = "app";
export const INTERFACE_ORIGIN = "app://hopscope";
export const INTERFACE_ADDRESS = `${INTERFACE_ORIGIN}/`;

/** Whether an address belongs to the interface; anything else is never loaded, navigated to or listened to. */
export function isInterfaceAddress(address: string): boolean {
  return address.startsWith(INTERFACE_ADDRESS);
}

/** Answers a request for app://… */
export async function answerInterfaceRequest(files: InterfaceFiles, request: Request): Promise<Response> {
  const headers = { ...SECURITY_HEADERS, "content-security-policy": contentSecurityPolicy() };
  if (!isInterfaceAddress(request.url) || request.method !== "GET") return new Response(null, { status: 404, headers });
  const { pathname } = new URL(request.url);
  const file = files.find(pathname);
  if (file === undefined) return new Response(null, { status: 404, headers });
  return new Response(await file.read(), { headers: { ...headers, "content-type": file.contentType } });
}
