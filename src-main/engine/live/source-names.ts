/** What live sources are called: in the window, and in recordings that hold several machines. */
import { hostname } from "node:os";
import { baseName } from "../../../src-shared/base/file-name";
import type { LiveSource } from "../../../src-shared/contract/live";
import { findGenerator } from "./generators";

/** As the window names it. */
export function labelOf(source: LiveSource): string {
  switch (source.kind) {
    case "interfaces":
      return source.interfaces.join(", ");
    case "ssh":
      return `${source.host} ${source.interface}`;
    case "pod":
      return `pod ${podName(source)} ${source.interface}`;
    case "pipe":
      return source.path === "-" ? "standard input" : source.path;
    case "file":
      return baseName(source.path);
    case "generator":
      return findGenerator(source.name)?.title ?? source.name;
  }
}

/** The machine (or pod) whose clock its packets have: "node-1" of root@node-1, "n1" of /tmp/n1.pcapng. */
export function machineOf(source: LiveSource): string {
  switch (source.kind) {
    case "interfaces":
      return hostname();
    case "ssh":
      return source.host.slice(source.host.lastIndexOf("@") + 1);
    case "pod":
      return podName(source);
    case "pipe":
    case "file":
      return baseName(source.path === "-" ? "standard-input" : source.path).replace(/(?<=.)\..*$/, "");
    case "generator":
      return source.name;
  }
}

/** What to call an interface that the recording does not name: pcap files, as tcpdump writes them, have no names. */
export function interfaceOf(source: LiveSource): string | undefined {
  if (source.kind === "ssh" || source.kind === "pod") return source.interface;
  return source.kind === "interfaces" && source.interfaces.length === 1 ? source.interfaces[0] : undefined;
}

function podName({ namespace, pod }: Extract<LiveSource, { kind: "pod" }>): string {
  return namespace === "" ? pod : `${namespace}/${pod}`;
}
