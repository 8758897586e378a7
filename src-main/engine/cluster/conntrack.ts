/**
 * Reads what `conntrack -L`, `conntrack -E` (also with `-o extended,timestamp,id,labels,ktimestamp`) and
 * /proc/net/nf_conntrack print; `-o save` is put into the same words first (conntrack-save.ts).
 *
 * ```
 * [1795180101.725458]      [NEW] ipv4     2 tcp      6 120 SYN_SENT src=A dst=B sport=1 dport=2 [UNREPLIED] src=B dst=A sport=2 dport=1
 * └ -o timestamp           └ -E  └ extended └ protocol, number, timeout, state      └ original tuple   └ reply tuple
 * ```
 * Order of words is the tool's; unknown key=value words and flags are kept apart, so newer versions are read, too. ICMP's reply
 * tuple repeats the identifier (`id=`), which stands for the port.
 */
import { TRANSPORT_NAMES } from "../../../src-shared/model/protocol-word";
import { parseAddress } from "../../../src-shared/model/ip-range";
import type { ToldTranslation, ToldTuple } from "../../../src-shared/model/told-translation";
import { fromSaved } from "./conntrack-save";
import type { ClusterProblem } from "./load-cluster";

export interface ConntrackRead {
  readonly entries: readonly ToldTranslation[];
  /** Malformed lines; the rest is used. At most MAX_PROBLEMS are told one by one, then a count. */
  readonly problems: readonly ClusterProblem[];
}

const MAX_PROBLEMS = 20;
/** Entries with every word that there is are under 600 characters; labels may add some. */
const LONGEST_LINE = 4096;

export function readConntrack(file: string, text: string): ConntrackRead {
  const entries: ToldTranslation[] = [];
  const problems: ClusterProblem[] = [];
  let unread = 0;
  if (/^\s*<\?xml|^\s*<conntrack/.test(text))
    return {
      entries,
      problems: [
        {
          file,
          line: 1,
          path: "",
          message: "expected conntrack's plain output, found XML: run conntrack again without -o xml",
        },
      ],
    };
  let line = 0;
  for (const source of text.split(/\r?\n/)) {
    line++;
    // The tool's own last line goes to standard error, but often ends up in the file.
    if (source.trim() === "" || /^conntrack v?\d|flow entries have been shown|^#/.test(source)) continue;
    try {
      if (source.length > LONGEST_LINE)
        throw new LineProblem(`expected a conntrack entry, found a line of ${source.length} characters`);
      entries.push(readLine(file, line, fromSaved(source) ?? source));
    } catch (error) {
      if (!(error instanceof LineProblem)) throw error;
      if (unread++ < MAX_PROBLEMS) problems.push({ file, line, path: "", message: error.message });
    }
  }
  if (unread > MAX_PROBLEMS)
    problems.push({ file, line: 0, path: "", message: `${unread - MAX_PROBLEMS} more lines are no conntrack entries` });
  return { entries, problems };
}

class LineProblem extends Error {}

interface OpenTuple {
  readonly words: Map<string, string>;
}

const TUPLE_WORDS = new Set(["src", "dst", "sport", "dport", "type", "code", "id", "srckey", "dstkey"]);
const EVENTS: ReadonlyMap<string, ToldTranslation["event"]> = new Map([
  ["NEW", "new"],
  ["UPDATE", "update"],
  ["DESTROY", "destroy"],
]);

function readLine(file: string, line: number, source: string): ToldTranslation {
  let time: string | null = null;
  let event: ToldTranslation["event"] = "entry";
  const flags: string[] = [];
  const head: string[] = [];
  const tuples: OpenTuple[] = [];
  let zone: number | null = null;
  let mark: number | null = null;
  // Bracketed words may hold spaces: "[start=Thu Jan 1 …]", but no bracket: each character is looked at twice at most.
  for (const [word] of source.matchAll(/\[[^[\]]*\]|\S+/g)) {
    if (word.startsWith("[")) {
      const inside = word.slice(1, -1).trim();
      const known = EVENTS.get(inside);
      if (/^\d+(\.\d+)?$/.test(inside)) time = inside;
      else if (known) event = known;
      else if (!inside.includes("=")) flags.push(inside);
      continue;
    }
    const equals = word.indexOf("=");
    if (equals < 0) {
      if (tuples.length === 0) head.push(word);
      continue;
    }
    const key = word.slice(0, equals);
    const value = word.slice(equals + 1);
    const open = tuples.at(-1);
    if (key === "src" && tuples.length < 2) tuples.push({ words: new Map([[key, value]]) });
    else if (open && TUPLE_WORDS.has(key) && !open.words.has(key)) open.words.set(key, value);
    else if (key === "zone") zone = Number(value);
    else if (key === "mark") mark = Number(value);
  }
  const [protocol, number, state] = readHead(head);
  const [original, reply] = tuples;
  if (!original) throw new LineProblem(`expected a tuple "src=… dst=…", found ${quote(source)}`);
  if (!reply) throw new LineProblem(`expected a second tuple (the reply's "src=… dst=…"), found ${quote(source)}`);
  return {
    file,
    line,
    time,
    event,
    protocol,
    protocolNumber: number,
    state,
    original: tuple(original, number),
    reply: tuple(reply, number, original),
    flags,
    zone: Number.isInteger(zone) ? zone : null,
    mark: Number.isInteger(mark) ? mark : null,
  };
}

/** "[ipv4 2] tcp 6 [120] [SYN_SENT]": family only with -o extended, timeout not with destroy events, state not with UDP. */
function readHead(words: readonly string[]): [ToldTranslation["protocol"], number, string | null] {
  const rest = words[0] === "ipv4" || words[0] === "ipv6" ? words.slice(2) : words;
  const number = Number(rest[1]);
  if (!/^\d{1,3}$/.test(rest[1] ?? "") || number > 255)
    throw new LineProblem(`expected a protocol and its number, such as "tcp 6", found ${quote(words.join(" "))}`);
  const state = rest.slice(2).find((word) => /^[A-Z][A-Z0-9_]*$/.test(word)) ?? null;
  return [TRANSPORT_NAMES.get(number) ?? "other", number, state];
}

function tuple(open: OpenTuple, protocol: number, original?: OpenTuple): ToldTuple {
  const address = (key: string): string => {
    const text = open.words.get(key);
    const found = text === undefined ? undefined : parseAddress(text);
    if (found === undefined)
      throw new LineProblem(`expected an address after "${key}=", found ${quote(text ?? "nothing")}`);
    return found;
  };
  const port = (key: string): number => {
    const text = open.words.get(key) ?? "0";
    if (!/^\d{1,5}$/.test(text) || Number(text) > 65535)
      throw new LineProblem(`expected a port after "${key}=", found ${quote(text)}`);
    return Number(text);
  };
  const echo = protocol === 1 || protocol === 58;
  // The echo identifier belongs to the client: source of the original, destination of the reply.
  return {
    source: address("src"),
    sourcePort: echo ? (original ? 0 : port("id")) : port("sport"),
    destination: address("dst"),
    destinationPort: echo ? (original ? port("id") : 0) : port("dport"),
  };
}

function quote(text: string): string {
  return JSON.stringify(text.length > 60 ? `${text.slice(0, 57)}…` : text);
}
