/** Wireshark's programs, for tests that hold our files against them. */
import { spawnSync } from "node:child_process";

/** Its standard output. Throws with what it said where it failed. */
export function tool(name: string, ...args: readonly string[]): string {
  const { status, stdout, stderr } = spawnSync(name, [...args], { encoding: "utf8", maxBuffer: 1 << 28 });
  if (status !== 0) throw new Error(`${name} ${args.join(" ")} ended with ${status}: ${stderr}`);
  return stdout;
}

/** The comments of every packet, as `tshark -T fields -e frame.comment` prints them. */
export function exported(path: string): string[] {
  return tool("tshark", "-r", path, "-T", "fields", "-e", "frame.comment").split("\n").slice(0, -1);
}

/** What both sides of a stream sent, as hex. */
export interface FollowedSides {
  readonly client: string;
  readonly server: string;
}

/** Bytes each side of the streams 0 … `count - 1` sent, by one run of tshark: lines of the second side are indented with a tab. */
export function tsharkFollowAll(file: string, protocol: string, count: number, first = 0): FollowedSides[] {
  const streams = Array.from({ length: count }, (_, i) => ["-z", `follow,${protocol},raw,${first + i}`]).flat();
  const found = new Map<number, { client: string; server: string }>();
  let sides = { client: "", server: "" };
  for (const line of tool("tshark", "-r", file, "-q", ...streams).split("\n")) {
    const stream = /^Filter: \w+\.stream eq (\d+)/.exec(line)?.[1];
    if (stream !== undefined) found.set(Number(stream), (sides = { client: "", server: "" }));
    else if (/^[0-9a-f]+$/.test(line)) sides.client += line;
    else if (/^\t[0-9a-f]+$/.test(line)) sides.server += line.slice(1);
  }
  return Array.from({ length: count }, (_, i) => found.get(first + i) ?? { client: "", server: "" });
}

export function tsharkFollow(file: string, protocol: string, stream: number): FollowedSides {
  return tsharkFollowAll(file, protocol, 1, stream)[0] as FollowedSides;
}

/**
 * By filter, the numbers of the packets that Wireshark's own engine (sharkd, one process for all of them) selects; undefined for
 * a filter it refuses. `configuration`: a folder with its preferences.
 */
export function sharkdRows(
  file: string,
  filters: readonly string[],
  configuration: string,
): (Set<number> | undefined)[] {
  const requests = [
    { method: "load", params: { file } },
    ...filters.map((filter) => ({ method: "frames", params: { filter } })),
  ];
  const { stdout } = spawnSync("sharkd", ["-"], {
    input: requests.map((r, id) => JSON.stringify({ jsonrpc: "2.0", id: id + 1, ...r }) + "\n").join(""),
    env: { ...process.env, WIRESHARK_CONFIG_DIR: configuration },
    encoding: "utf8",
    maxBuffer: 1 << 29,
  });
  interface Answer {
    readonly id?: number;
    readonly result?: readonly { readonly num: number }[];
  }
  const answers = new Map<number, Answer>();
  for (const line of stdout.split("\n").filter((l) => l.startsWith("{"))) {
    const answer = JSON.parse(line) as Answer;
    if (answer.id !== undefined) answers.set(answer.id, answer);
  }
  return filters.map((filter, i) => {
    const answer = answers.get(i + 2);
    if (!answer) throw new Error(`sharkd did not answer "${filter}"`);
    return answer.result && new Set(answer.result.map((frame) => frame.num));
  });
}

/** Captures a process of sharkd is asked for: one that ends early costs no more than these. */
const CAPTURES_AT_ONCE = 100;

/**
 * By capture, the columns of its packets, as Wireshark's own engine prints them; captures it refuses are left out. `configuration`: a
 * folder with its preferences, which say what the columns are.
 */
export function sharkdColumns(files: readonly string[], configuration: string): Map<string, readonly string[][]> {
  interface Answer {
    readonly id?: number;
    readonly result?: { readonly status?: string } | readonly { readonly c: string[] }[];
  }
  const found = new Map<string, readonly string[][]>();
  for (let from = 0; from < files.length; from += CAPTURES_AT_ONCE) {
    const some = files.slice(from, from + CAPTURES_AT_ONCE);
    const requests = some.flatMap((file) => [{ method: "load", params: { file } }, { method: "frames" }]);
    const { stdout } = spawnSync("sharkd", ["-"], {
      input: requests.map((r, id) => JSON.stringify({ jsonrpc: "2.0", id: id + 1, ...r }) + "\n").join(""),
      env: { ...process.env, WIRESHARK_CONFIG_DIR: configuration },
      encoding: "utf8",
      maxBuffer: 1 << 29,
    });
    const answers = new Map<number, Answer["result"]>();
    for (const line of stdout.split("\n").filter((l) => l.startsWith("{"))) {
      const answer = JSON.parse(line) as Answer;
      if (answer.id !== undefined) answers.set(answer.id, answer.result);
    }
    some.forEach((file, i) => {
      const loaded = answers.get(2 * i + 1);
      const frames = answers.get(2 * i + 2);
      if (!loaded || !("status" in loaded) || loaded.status !== "OK" || !Array.isArray(frames)) return;
      found.set(
        file,
        (frames as readonly { readonly c: string[] }[]).map((frame) => frame.c),
      );
    });
  }
  return found;
}
