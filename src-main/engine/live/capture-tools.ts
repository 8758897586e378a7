/**
 * The programs that record: where they are, how they are installed where they are not, which interfaces they see, and what their
 * refusals mean.
 *
 * ```
 * PATH, usual folders ─► findTool ─► dumpcap -D -M ─► interfaces
 * stderr, exit code   ─► explainFailure ─► what happened, and the commands that mend it
 * ```
 */
import { execFile } from "node:child_process";
import { accessSync, constants, existsSync, statSync } from "node:fs";
import { delimiter, join } from "node:path";
import type {
  CaptureInterfaceInfo,
  CaptureTool,
  LiveProblem,
  LiveTools,
  ToolState,
} from "../../../src-shared/contract/live";

/** A program that lists interfaces answers within this time, or hangs. */
const LIST_TIMEOUT_MS = 10_000;
const MOST_LISTED_BYTES = 1_000_000;

export interface ToolPlace {
  readonly platform: NodeJS.Platform;
  /** Folders programs are looked for in. */
  readonly folders: readonly string[];
  /** Linux distribution family, by its package manager. */
  readonly packages: PackageManager | undefined;
}

export type PackageManager = "apt" | "dnf" | "pacman" | "zypper" | "apk";

const PACKAGE_MANAGERS: readonly (readonly [PackageManager, string])[] = [
  ["apt", "/usr/bin/apt-get"],
  ["dnf", "/usr/bin/dnf"],
  ["pacman", "/usr/bin/pacman"],
  ["zypper", "/usr/bin/zypper"],
  ["apk", "/sbin/apk"],
];

export function thisPlace(): ToolPlace {
  return {
    platform: process.platform,
    folders: [
      ...(process.env["PATH"] ?? "").split(delimiter).filter((folder) => folder !== ""),
      ...usualFolders(process.platform),
    ],
    packages: PACKAGE_MANAGERS.find(([, file]) => existsSync(file))?.[0],
  };
}

/** Where installers put what they do not put into PATH. */
function usualFolders(platform: NodeJS.Platform): readonly string[] {
  if (platform === "win32") return ["C:\\Program Files\\Wireshark", "C:\\Program Files (x86)\\Wireshark"];
  const common = ["/usr/local/bin", "/usr/bin", "/bin", "/usr/local/sbin", "/usr/sbin", "/sbin"];
  if (platform !== "darwin") return common;
  return ["/Applications/Wireshark.app/Contents/MacOS", "/opt/homebrew/bin", ...common];
}

/** Path of a program; undefined if it is not there. One that this user may not start counts as there. */
export function findTool(tool: CaptureTool, place: ToolPlace): string | undefined {
  const name = place.platform === "win32" ? `${tool}.exe` : tool;
  return place.folders
    .map((folder) => join(folder, name))
    .find((file) => statSync(file, { throwIfNoEntry: false })?.isFile() ?? false);
}

const PURPOSES: Readonly<Record<CaptureTool, string>> = {
  dumpcap: "records this machine's interfaces",
  tshark: "records this machine's interfaces, where dumpcap is missing",
  tcpdump: "records this machine's interfaces, one at a time",
  ssh: "records on another machine",
  kubectl: "records inside a pod",
};

const INSTALL: Readonly<Record<PackageManager, Readonly<Record<CaptureTool, string>>>> = {
  apt: {
    dumpcap: "sudo apt-get install wireshark-common",
    tshark: "sudo apt-get install tshark",
    tcpdump: "sudo apt-get install tcpdump",
    ssh: "sudo apt-get install openssh-client",
    kubectl: "https://kubernetes.io/docs/tasks/tools/",
  },
  dnf: {
    dumpcap: "sudo dnf install wireshark-cli",
    tshark: "sudo dnf install wireshark-cli",
    tcpdump: "sudo dnf install tcpdump",
    ssh: "sudo dnf install openssh-clients",
    kubectl: "https://kubernetes.io/docs/tasks/tools/",
  },
  pacman: {
    dumpcap: "sudo pacman -S wireshark-cli",
    tshark: "sudo pacman -S wireshark-cli",
    tcpdump: "sudo pacman -S tcpdump",
    ssh: "sudo pacman -S openssh",
    kubectl: "sudo pacman -S kubectl",
  },
  zypper: {
    dumpcap: "sudo zypper install wireshark",
    tshark: "sudo zypper install wireshark",
    tcpdump: "sudo zypper install tcpdump",
    ssh: "sudo zypper install openssh-clients",
    kubectl: "https://kubernetes.io/docs/tasks/tools/",
  },
  apk: {
    dumpcap: "doas apk add wireshark-common",
    tshark: "doas apk add tshark",
    tcpdump: "doas apk add tcpdump",
    ssh: "doas apk add openssh-client",
    kubectl: "doas apk add kubectl",
  },
};

/** The command that installs a program here; the address of its maker where there is no such command. */
export function installText(tool: CaptureTool, place: ToolPlace): string {
  if (place.packages) return INSTALL[place.packages][tool];
  if (tool === "kubectl") return "https://kubernetes.io/docs/tasks/tools/";
  if (place.platform === "darwin")
    return tool === "dumpcap" || tool === "tshark" ? "brew install --cask wireshark" : `${tool} comes with macOS`;
  if (place.platform === "win32")
    return tool === "ssh"
      ? "Add-WindowsCapability -Online -Name OpenSSH.Client~~~~0.0.1.0"
      : "winget install WiresharkFoundation.Wireshark";
  return "https://www.wireshark.org/download.html";
}

function toolStates(place: ToolPlace): readonly ToolState[] {
  return (Object.keys(PURPOSES) as CaptureTool[]).map((tool) => ({
    tool,
    path: findTool(tool, place) ?? null,
    purpose: PURPOSES[tool],
    install: installText(tool, place),
  }));
}

/** The program that records this machine's interfaces; undefined: there is none. */
export function recorder(place: ToolPlace): { readonly tool: CaptureTool; readonly path: string } | undefined {
  for (const tool of ["dumpcap", "tshark", "tcpdump"] as const) {
    const path = findTool(tool, place);
    if (path !== undefined) return { tool, path };
  }
  return undefined;
}

/** Programs, interfaces, and what stands in the way. */
export async function lookForTools(place: ToolPlace): Promise<Omit<LiveTools, "generators">> {
  const tools = toolStates(place);
  const found = recorder(place);
  if (!found)
    return {
      tools,
      interfaces: [],
      problem: {
        message: "No program that records packets is installed here.",
        commands: [installText("dumpcap", place)],
      },
    };
  const args = found.tool === "dumpcap" ? ["-D", "-M"] : ["-D"];
  const { stdout, stderr, code } = await run(found.path, args);
  const interfaces = parseInterfaces(stdout);
  if (interfaces.length > 0) return { tools, interfaces, problem: null };
  return { tools, interfaces, problem: explainFailure(stderr || `${found.tool} lists no interface`, code, place) };
}

interface Ran {
  readonly stdout: string;
  readonly stderr: string;
  readonly code: string | number | null;
}

function run(path: string, args: readonly string[]): Promise<Ran> {
  return new Promise((resolve) => {
    execFile(path, [...args], { timeout: LIST_TIMEOUT_MS, maxBuffer: MOST_LISTED_BYTES }, (error, stdout, stderr) => {
      resolve({ stdout, stderr: stderr || (error?.message ?? ""), code: error ? (error.code ?? 1) : 0 });
    });
  });
}

/**
 * Interfaces as `dumpcap -D -M` ("1. eth0\tvendor\tname\ttype\taddresses\tloopback\textcap"), `tshark -D` ("1. eth0 (name)") and
 * `tcpdump -D` ("1.eth0 [Up, Running]") list them. Devices that carry no network (USB, D-Bus, external programs) are left out.
 */
export function parseInterfaces(text: string): readonly CaptureInterfaceInfo[] {
  const found: CaptureInterfaceInfo[] = [];
  for (const line of text.split(/\r?\n/)) {
    const [head = "", vendor = "", friendly = "", , addresses = "", kind = ""] = line.split("\t");
    const match = /^\d+\.\s*(\S+)(?:\s+\((.*?)\)|\s+\[(.*?)\])?/.exec(head);
    const name = match?.[1];
    if (name === undefined || isNoNetwork(name)) continue;
    found.push({
      name,
      description: [friendly, vendor, match?.[2] ?? ""].find((t) => t !== "") ?? "",
      addresses: addresses.split(",").filter((a) => a !== ""),
      loopback: kind.trim() === "loopback" || /loopback/i.test(match?.[3] ?? "") || /^lo\d*$/.test(name),
    });
  }
  return found;
}

function isNoNetwork(name: string): boolean {
  return /^(bluetooth|nflog|nfqueue|dbus-|usbmon|ciscodump|dpauxmon|randpkt|sdjournal|sshdump|udpdump|wifidump|etwdump|androiddump)/.test(
    name,
  );
}

/** What a program's last words mean, and what to do. `code`: exit code, or the system's name for why it did not start. */
export function explainFailure(stderr: string, code: string | number | null, place: ToolPlace): LiveProblem {
  const text = stderr.trim();
  const last = text.split(/\r?\n/).filter((line) => line.trim() !== "");
  const said = last.slice(-4).join(" ").slice(0, 600);
  if (code === "ENOENT")
    return { message: "The program is not installed (any more).", commands: [installText("dumpcap", place)] };
  if (/sudo:.*(password|terminal)/i.test(text))
    return {
      message:
        "sudo asks for a password there, which cannot be typed here. Allow tcpdump without one, or log in as root.",
      commands: [`echo "$USER ALL=(root) NOPASSWD: $(command -v tcpdump)" | sudo tee /etc/sudoers.d/tcpdump`],
    };
  if (
    /Permission denied \(|Host key verification failed|Could not resolve hostname|Connection (refused|timed out)/i.test(
      text,
    )
  )
    return { message: `ssh could not log in: ${said}`, commands: [] };
  if (
    /permission|not permitted|EACCES|you don't have|Operation not permitted|privilege/i.test(text) ||
    code === "EACCES"
  )
    return {
      message: `This user may not record packets: ${said || String(code)}`,
      commands: permissionCommands(place),
    };
  if (/not found|No such file or directory/i.test(text) && /tcpdump/i.test(text))
    return {
      message: `tcpdump is not installed there: ${said}`,
      commands: ["apt-get install tcpdump    # or: apk add tcpdump"],
    };
  if (
    /container not found|pods? ".*" not found|(unable|error).*(kubeconfig|connect to the server|upgrade connection)|was refused/i.test(
      text,
    )
  )
    return { message: `kubectl could not reach the pod: ${said}`, commands: [] };
  if (/syntax error|parse(r)? error|capture filter|Invalid capture filter|can't parse filter/i.test(text))
    return { message: `The capture filter is not understood: ${said}`, commands: [] };
  if (/No such device|doesn't exist|no such interface|SIOCETHTOOL/i.test(text))
    return { message: `There is no such interface: ${said}`, commands: [] };
  return { message: said === "" ? `It ended with code ${String(code)} and said nothing.` : said, commands: [] };
}

function permissionCommands(place: ToolPlace): readonly string[] {
  if (place.platform === "darwin")
    return ["open '/Applications/Wireshark.app/Contents/Resources/Extras/Install ChmodBPF.pkg'"];
  if (place.platform === "win32") return ["Install Npcap (https://npcap.com) without “administrators only”"];
  const group = 'sudo usermod -aG wireshark "$USER"    # then log in again';
  if (place.packages === "apt") return ["sudo dpkg-reconfigure wireshark-common", group];
  return ['sudo setcap cap_net_raw,cap_net_admin+eip "$(command -v dumpcap)"', group];
}

/** Whether this user may start it: on Debian dumpcap is for the group wireshark alone. */
export function isStartable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
