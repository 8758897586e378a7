/** What a file is for, by its name: so files can be given all at once, on the command line, by dialog or dropped. */

/** captures: also folders and everything else; the engine says what is wrong with what is none. */
export type OpenedKind = "captures" | "cluster" | "conntrack" | "workspaces";

const WORKSPACE_NAME = /\.hopscope$/i;
const CLUSTER_NAME = /\.(json|ya?ml)$/i;
const CONNTRACK_NAME = /conntrack[^/\\]*$(?<!\.(pcap|pcapng|cap|gz|zst|lz4))/i;

function openedKind(path: string): OpenedKind {
  if (WORKSPACE_NAME.test(path)) return "workspaces";
  if (CLUSTER_NAME.test(path)) return "cluster";
  return CONNTRACK_NAME.test(path) ? "conntrack" : "captures";
}

/** Paths by what they are for, each in the order given. */
export function byOpenedKind(paths: readonly string[]): Readonly<Record<OpenedKind, string[]>> {
  const of = (kind: OpenedKind): string[] => paths.filter((path) => openedKind(path) === kind);
  return { captures: of("captures"), cluster: of("cluster"), conntrack: of("conntrack"), workspaces: of("workspaces") };
}
