/**
 * Commands a person can paste: what comes from captures and cluster files (interface names, pod names) is hostile text, so it
 * is quoted, and what cannot stand in one line is shown as \xNN.
 */
import { oneLine } from "../../../src-shared/base/text";

/** One word of a POSIX shell command. */
export function shellWord(text: string): string {
  const safe = oneLine(text);
  return /^[\w@%+=:,./-]+$/.test(safe) && !safe.startsWith("-") ? safe : `'${safe.replaceAll("'", `'\\''`)}'`;
}

/** A command and where to run it, as a comment behind it; null: anywhere that can. */
export function onNode(node: string | null, command: string): string {
  return node === null ? command : `${command}   # on ${oneLine(node)}`;
}

/** "tcpdump -ni veth0 'host 10.0.0.1 and tcp port 80'" for a conversation with an address and a port (0: any). */
export function tcpdump(device: string | null, address: string, port: number, protocol: string): string {
  const proto = protocol === "tcp" || protocol === "udp" ? protocol : protocol === "icmpv6" ? "icmp6" : "icmp";
  const what = proto === "tcp" || proto === "udp" ? (port > 0 ? `${proto} port ${port}` : proto) : proto;
  return `tcpdump -ni ${shellWord(device ?? "any")} 'host ${address} and ${what}'`;
}

/** `kubectl -n shop get networkpolicy -o yaml`; `name` is "namespace/name" or a name without a namespace. */
export function kubectl(verb: string, kind: string, name: string, more = ""): string {
  return `kubectl ${inNamespace(name)}${verb} ${kind} ${shellWord(name.slice(name.indexOf("/") + 1))}${more}`;
}

function inNamespace(name: string): string {
  const slash = name.indexOf("/");
  return slash < 0 ? "" : `-n ${shellWord(name.slice(0, slash))} `;
}

/** `kubectl exec` in a pod ("namespace/name", or a name without a namespace). `command` is ours, not text from a capture. */
export function kubectlExec(pod: string, command: string): string {
  return `kubectl ${inNamespace(pod)}exec ${shellWord(pod.slice(pod.indexOf("/") + 1))} -- ${command}`;
}

/** The EndpointSlices of a Service ("namespace/name"). */
export function kubectlEndpointSlices(service: string): string {
  const [namespace = "", name = ""] = service.split("/");
  return `kubectl -n ${shellWord(namespace)} get endpointslices -l ${shellWord(`kubernetes.io/service-name=${name}`)} -o yaml`;
}
