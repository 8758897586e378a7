/**
 * An Ingress proxy: ends the client's connection, looks at host and path, opens its own to the Service, hands request and answer on.
 *
 * ```
 * client ══ TCP ══► proxy ══ TCP ══► Service        X-Forwarded-For names the client
 * ```
 */
import { httpRequest } from "../../../../src-shared/wire/write/http";
import type { TcpConnection, TcpHandlers } from "../network/api/namespaces";
import type { IngressSpec } from "../scenario/schema";
import { fullName } from "../world/names";
import { clusterIps, type ClusterState, type Pod } from "../world/world";
import { HttpReader, type HttpMessage, statusAnswer } from "./http";
import { messageBytes } from "./payload";

const HTTP_PORT = 80;
/** Headers that belong to one connection, not to the message (RFC 9110 section 7.6.1). */
const HOP_BY_HOP: ReadonlySet<string> = new Set([
  "connection",
  "keep-alive",
  "content-length",
  "transfer-encoding",
  "host",
]);

export function serveIngress(cluster: ClusterState, pod: Pod, spec: IngressSpec): void {
  pod.namespace.tcpListen({
    port: spec.port ?? HTTP_PORT,
    onConnection: (client): TcpHandlers => {
      let upstream: TcpConnection | undefined;
      const reader = new HttpReader((request) => {
        upstream = passOn(cluster, pod, spec, client, request);
      });
      return {
        onData: (bytes) => {
          reader.take(bytes);
        },
        onEnd: () => {
          client.end();
          upstream?.end();
        },
      };
    },
  });
}

function passOn(
  cluster: ClusterState,
  pod: Pod,
  spec: IngressSpec,
  client: TcpConnection,
  request: HttpMessage,
): TcpConnection | undefined {
  const [method = "GET", target = "/"] = request.startLine.split(" ");
  const host = request.headers.get("host") ?? "";
  const rule = spec.rules
    .filter(
      (r) =>
        (r.host === undefined || r.host === host.replace(/:\d+$/, "")) &&
        pathMatches(target.split("?")[0] ?? "/", r.path),
    )
    // The longest path wins (networking/v1, pathType Prefix).
    .sort((a, b) => b.path.length - a.path.length)[0];
  const service = rule && cluster.services.get(fullName(rule.service));
  const [clusterIp] = service ? clusterIps(service) : [];
  if (!rule || clusterIp === undefined) {
    client.write(statusAnswer(404, "no rule matches\n"));
    return undefined;
  }
  const headers: Record<string, string> = {};
  for (const [name, value] of request.headers) if (!HOP_BY_HOP.has(name)) headers[name] = value;
  headers["x-forwarded-for"] = client.remote.address;
  headers["x-forwarded-host"] = host;
  const bytes = messageBytes(
    httpRequest({ method, target, host, headers, ...(request.body.length > 0 && { body: request.body }) }),
  );
  let answered = false;
  const upstream = pod.namespace.tcpConnect({
    to: { address: clusterIp, port: rule.port },
    onOpen: (opened) => {
      opened.write(bytes);
    },
    onData: (data) => {
      answered = true;
      if (client.state === "ESTABLISHED" || client.state === "CLOSE_WAIT") client.write(data);
    },
    onClose: (error) => {
      if (error !== undefined && !answered && client.state === "ESTABLISHED")
        client.write(statusAnswer(502, "the Service does not answer\n"));
    },
  });
  return upstream;
}

/** By whole elements of the path: /shop matches /shop and /shop/cart, not /shopping. */
function pathMatches(path: string, prefix: string): boolean {
  const bare = prefix.replace(/\/$/, "");
  return bare === "" || path === bare || path.startsWith(`${bare}/`);
}
