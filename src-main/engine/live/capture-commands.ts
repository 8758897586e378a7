/**
 * The command of a source, as an array of arguments: no shell of this machine ever sees a name. ssh hands its arguments to a
 * shell of the other machine, so they are quoted for that one.
 */
import { ContractError } from "../../../src-shared/contract/messages";
import type { LiveOptions, LiveSource } from "../../../src-shared/contract/live";
import { type ToolPlace, findTool, installText, isStartable, recorder } from "./capture-tools";

export interface CaptureCommand {
  readonly program: string;
  readonly args: readonly string[];
  /** What people call the source. */
  readonly label: string;
}

/** Kernel memory for packets that were not read yet, MiB: half a second of 50,000 packets a second. */
const BUFFER_MIB = "32";
/** Unanswered, ssh and kubectl give up after this. */
const CONNECT_SECONDS = 10;

type CommandSource = Extract<LiveSource, { readonly kind: "interfaces" | "ssh" | "pod" }>;

/** Writes a capture to its standard output. @throws ContractError for names that cannot be, and for missing programs */
export function captureCommand(source: CommandSource, captureFilter: string, place: ToolPlace): CaptureCommand {
  const filter = captureFilter.trim();
  checkFilter(filter);
  switch (source.kind) {
    case "interfaces":
      return interfacesCommand(source.interfaces, filter, ["-w", "-"], place);
    case "ssh":
      return sshCommand(source, filter, place);
    case "pod":
      return podCommand(source, filter, place);
  }
}

/** Records interfaces to ring files beginning with `base`; dumpcap names each on its standard error. */
export function ringCommand(
  source: CommandSource,
  captureFilter: string,
  ring: NonNullable<LiveOptions["ring"]>,
  base: string,
  place: ToolPlace,
): CaptureCommand {
  const filter = captureFilter.trim();
  checkFilter(filter);
  const dumpcap = toolPath("dumpcap", place);
  const output = ["-b", `filesize:${ring.megabytes * 1000}`, "-b", `files:${ring.files}`, "-w", base];
  if (source.kind === "interfaces") return interfacesCommand(source.interfaces, filter, output, place);
  return { program: dumpcap, args: ["-q", "-i", "-", ...output], label: "" };
}

function interfacesCommand(
  interfaces: readonly string[],
  filter: string,
  output: readonly string[],
  place: ToolPlace,
): CaptureCommand {
  const found = recorder(place);
  if (!found) throw new ContractError("file", `no program that records is installed; ${installText("dumpcap", place)}`);
  for (const name of interfaces) checkName("interface", name, /^[\w.:@{}\\-]+$/);
  checkStartable(found.path);
  const label = interfaces.join(", ");
  if (found.tool === "tcpdump") {
    const [first = "", ...more] = interfaces;
    if (more.length > 0) throw new ContractError("file", "tcpdump records one interface at a time; install dumpcap");
    return { program: found.path, args: ["-U", ...output, "-i", first, ...(filter === "" ? [] : [filter])], label };
  }
  // A filter counts for the interface before it.
  const each = interfaces.flatMap((name) => ["-i", name, ...(filter === "" ? [] : ["-f", filter])]);
  return { program: found.path, args: ["-q", ...each, "-B", BUFFER_MIB, ...output], label };
}

function sshCommand(
  source: Extract<LiveSource, { readonly kind: "ssh" }>,
  filter: string,
  place: ToolPlace,
): CaptureCommand {
  checkName("host", source.host, /^(?:[A-Za-z0-9_][\w.-]*@)?[A-Za-z0-9_[][\w.:%[\]-]*$/);
  checkName("interface", source.interface, /^[\w.:@-]+$/);
  const remote = [...(source.sudo ? ["sudo", "-n"] : []), ...tcpdumpToOutput(source.interface, filter)];
  return {
    program: toolPath("ssh", place),
    // BatchMode: nobody could type a password.
    args: [
      "-o",
      "BatchMode=yes",
      "-o",
      `ConnectTimeout=${CONNECT_SECONDS}`,
      ...(source.port === null ? [] : ["-p", String(source.port)]),
      "--",
      source.host,
      remote.map(quoted).join(" "),
    ],
    label: `${source.host} ${source.interface}`,
  };
}

/** Writes to standard output, each packet as it comes (-U). */
function tcpdumpToOutput(device: string, filter: string): readonly string[] {
  return ["tcpdump", "-U", "-w", "-", "-i", device, ...(filter === "" ? [] : [filter])];
}

const DNS_NAME = /^[a-z0-9]([a-z0-9.-]*[a-z0-9])?$/;

function podCommand(
  source: Extract<LiveSource, { readonly kind: "pod" }>,
  filter: string,
  place: ToolPlace,
): CaptureCommand {
  const { context, namespace, pod, container } = source;
  if (context !== "") checkName("context", context, /^[\w.:@/+-]+$/);
  if (namespace !== "") checkName("namespace", namespace, DNS_NAME);
  checkName("pod", pod, DNS_NAME);
  if (container !== "") checkName("container", container, DNS_NAME);
  checkName("interface", source.interface, /^[\w.:@-]+$/);
  return {
    program: toolPath("kubectl", place),
    args: [
      ...(context === "" ? [] : ["--context", context]),
      "exec",
      ...(namespace === "" ? [] : ["-n", namespace]),
      pod,
      ...(container === "" ? [] : ["-c", container]),
      "--",
      ...tcpdumpToOutput(source.interface, filter),
    ],
    label: `pod ${namespace === "" ? "" : `${namespace}/`}${pod} ${source.interface}`,
  };
}

function toolPath(tool: "ssh" | "kubectl" | "dumpcap", place: ToolPlace): string {
  const path = findTool(tool, place);
  if (path === undefined)
    throw new ContractError("file", `${tool} is not installed; to install it: ${installText(tool, place)}`);
  checkStartable(path);
  return path;
}

function checkStartable(path: string): void {
  if (isStartable(path)) return;
  throw new ContractError(
    "file",
    `${path} may not be started by this user: it is for a group (usually wireshark); sudo usermod -aG wireshark "$USER", then log in again`,
  );
}

/** A name that begins with "-" would be an option. */
function checkName(what: string, name: string, pattern: RegExp): void {
  if (name.startsWith("-") || !pattern.test(name))
    throw new ContractError("invalid-request", `"${name}" cannot be the name of a ${what}`);
}

function checkFilter(filter: string): void {
  if (filter.startsWith("-") || filter.includes("\0"))
    throw new ContractError("invalid-request", `a capture filter cannot begin with "-": ${filter.slice(0, 40)}`);
}

/** For a POSIX shell. */
function quoted(text: string): string {
  return /^[\w./:=@-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
}
