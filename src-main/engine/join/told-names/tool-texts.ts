/**
 * What other tools write of pods into their captures: comments of packets, descriptions of interfaces. One small reader for each form,
 * as the tools' sources write it (docs/CLI.md lists these, with the repositories):
 *
 * ```
 * ptcpdump          "PodName: web-a\nPodNamespace: default\nPodUID: …"   "ContainerName: web\n…"   "PID: 7\nCmd: nginx\n…"   comments
 * rustnet           "rustnet process=nginx pid=7 pod=web-a ns=default container=web direction=incoming …"                    comment
 * Inspektor Gadget  "Node: n1, Namespace: default, Pod: web-a"            interface's description; its name is the container's
 *                   "k8s.namespace=default;k8s.podName=web-a"             interface's description, values escaped as in a query
 * Tracee            {"kubernetes":{"podName":"web-a","podNamespace":"default"},"container":{"name":"web"}}      description, JSON
 * ```
 * All of it is hostile text: a pod's name is taken only where it is one that Kubernetes allows, all else is cut and shown as text.
 */

/** What one text tells; null: not that. */
export interface ToldText {
  /** "default/web-a" */
  readonly pod: string | null;
  readonly container: string | null;
  readonly process: string | null;
  readonly node: string | null;
  /** Whether the local end opened the connection. */
  readonly opened: boolean | null;
}

const NOTHING: ToldText = { pod: null, container: null, process: null, node: null, opened: null };

/** Texts are not read beyond this: ptcpdump repeats a pod's annotations, which may be long. */
const MOST_CHARACTERS = 16_384;
/** Names that are shown, of containers, processes and nodes. */
const LONGEST_NAME = 128;

/** A pod's name: a DNS subdomain (RFC 1123); a namespace is one label of it. */
const POD = /^[a-z0-9](?:[-a-z0-9.]{0,251}[a-z0-9])?$/;
const NAMESPACE = /^[a-z0-9](?:[-a-z0-9]{0,61}[a-z0-9])?$/;

export function podName(namespace: string | undefined, pod: string | undefined): string | null {
  if (pod === undefined) return null;
  const slash = pod.indexOf("/");
  if (slash > 0 && namespace === undefined) return podName(pod.slice(0, slash), pod.slice(slash + 1));
  return namespace !== undefined && NAMESPACE.test(namespace) && POD.test(pod) ? `${namespace}/${pod}` : null;
}

function shortName(text: string | undefined): string | null {
  const name = text?.trim().slice(0, LONGEST_NAME);
  return name === undefined || name === "" ? null : name;
}

/** Reads a packet's comment; undefined: it tells nothing of this kind. */
export function readComment(text: string): ToldText | undefined {
  const cut = text.slice(0, MOST_CHARACTERS);
  return told(isLines(cut) ? readLines(cut) : readPairs(cut, /[\s,;]+/));
}

/** Reads an interface's description. `name`: the interface's. */
export function readDescription(text: string, name: string | undefined): ToldText | undefined {
  const cut = text.slice(0, MOST_CHARACTERS);
  if (cut.startsWith("{")) return told(readJson(cut));
  const gadget = /^Node: ([^,]*), Namespace: ([^,]*), Pod: ([^,]*)$/.exec(cut);
  if (gadget)
    return told({
      ...NOTHING,
      pod: podName(gadget[2], gadget[3]),
      container: shortName(name),
      node: shortName(gadget[1]),
    });
  return told(cut.includes(";") ? readEscaped(cut) : readPairs(cut, /[\s,;]+/));
}

function told(text: ToldText): ToldText | undefined {
  return text.pod === null && text.container === null && text.process === null ? undefined : text;
}

function isLines(text: string): boolean {
  return /^(?:PID|ContainerName|PodName): /.test(text);
}

/** ptcpdump: a comment for the process, one for its container, one for its pod. Arguments and annotations may hold lines of any kind. */
function readLines(text: string): ToldText {
  const lines = text.split("\n", 64);
  const after = (index: number, key: string): string | undefined => {
    const line = lines[index];
    return line?.startsWith(`${key}: `) ? line.slice(key.length + 2).trim() : undefined;
  };
  const pods = lines.flatMap((_, i) => {
    const pod = podName(after(i + 1, "PodNamespace"), after(i, "PodName"));
    return pod === null ? [] : [pod];
  });
  const container = lines.flatMap((_, i) => after(i, "ContainerName") ?? [])[0];
  const isOfPod = after(0, "PodName") !== undefined;
  return {
    ...NOTHING,
    // Told twice, once of them by what a process was called with: nobody knows which.
    pod: isOfPod || pods.length === 1 ? (pods[0] ?? null) : null,
    container: isOfPod ? null : shortName(container),
    process: after(0, "PID") === undefined ? null : shortName(after(1, "Cmd")),
  };
}

const KEYS: ReadonlyMap<string, "pod" | "namespace" | "container" | "process" | "node" | "direction"> = new Map([
  ["pod", "pod"],
  ["podname", "pod"],
  ["pod_name", "pod"],
  ["k8s.pod", "pod"],
  ["k8s.podname", "pod"],
  ["ns", "namespace"],
  ["namespace", "namespace"],
  ["podnamespace", "namespace"],
  ["pod_namespace", "namespace"],
  ["k8s.namespace", "namespace"],
  ["container", "container"],
  ["containername", "container"],
  ["container_name", "container"],
  ["k8s.container", "container"],
  ["k8s.containername", "container"],
  ["runtime.containername", "container"],
  ["process", "process"],
  ["proc.comm", "process"],
  ["node", "node"],
  ["k8s.node", "node"],
  ["direction", "direction"],
]);

/** "key=value" between separators; of a key that is there twice the first one counts, as a tool's own stand before what it found. */
function readPairs(text: string, separator: RegExp): ToldText {
  if (!text.includes("=")) return NOTHING;
  return ofPairs(text.split(separator, 64).map((part) => [part.slice(0, part.indexOf("=")), part] as const));
}

/** The same, each value escaped as in a URL's query. */
function readEscaped(text: string): ToldText {
  return ofPairs(
    text.split(";", 64).map((part) => {
      const at = part.indexOf("=");
      return [part.slice(0, at), `${part.slice(0, at)}=${unescaped(part.slice(at + 1))}`] as const;
    }),
  );
}

function unescaped(text: string): string {
  try {
    return decodeURIComponent(text.replaceAll("+", " "));
  } catch {
    return text;
  }
}

function ofPairs(pairs: readonly (readonly [key: string, pair: string])[]): ToldText {
  const values = new Map<string, string>();
  for (const [key, pair] of pairs) {
    const what = KEYS.get(key.trim().toLowerCase());
    if (what !== undefined && !values.has(what)) values.set(what, pair.slice(key.length + 1).trim());
  }
  const direction = values.get("direction");
  return {
    pod: podName(values.get("namespace"), values.get("pod")),
    container: shortName(values.get("container")),
    process: shortName(values.get("process")),
    node: shortName(values.get("node")),
    opened: direction === "outgoing" ? true : direction === "incoming" ? false : null,
  };
}

function readJson(text: string): ToldText {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return NOTHING;
  }
  const part = (of: unknown, key: string): unknown =>
    typeof of === "object" && of !== null ? (of as Record<string, unknown>)[key] : undefined;
  const words = (of: unknown, key: string): string | undefined => {
    const found = part(of, key);
    return typeof found === "string" ? found : undefined;
  };
  const pod = part(value, "kubernetes");
  return {
    ...NOTHING,
    pod: podName(words(pod, "podNamespace"), words(pod, "podName")),
    container: shortName(words(part(value, "container"), "name")),
    process: shortName(words(value, "processName")),
  };
}
