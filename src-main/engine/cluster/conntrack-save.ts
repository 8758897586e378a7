/**
 * A line of `conntrack -o save`: options that would make the entry again (conntrack-tools' manual page), put as the words that the other
 * forms have, in their order.
 *
 * ```
 * -A -t 29 -u SEEN_REPLY -s A -d B -g C -n D -p udp --sport 1 --dport 2 --reply-port-src 3 --reply-port-dst 4
 *  └ -U, -D: event  original ┘    └ -g, -r: reply's source, -n, -q: its destination (translated, not)
 * udp 17 29 src=A dst=B sport=1 dport=2 src=C dst=D sport=3 dport=4 [SEEN_REPLY]
 * ```
 */
import { TRANSPORT_NAMES } from "../../../src-shared/model/protocol-word";

const ORIGINAL = ["-s src", "-d dst", "--sport sport", "--dport dport", "--icmp-id id"];
const REPLY = [
  "-g src",
  "-r src",
  "-n dst",
  "-q dst",
  "--reply-port-src sport",
  "--reply-port-dst dport",
  "--icmp-id id",
];
const EVENTS: ReadonlyMap<string, string> = new Map([
  ["-U", "[UPDATE] "],
  ["-D", "[DESTROY] "],
]);

/** Undefined: it is none. */
export function fromSaved(line: string): string | undefined {
  const [command, ...words] = line.trim().split(/\s+/);
  if (command === undefined || !/^-[AUD]$/.test(command)) return undefined;
  const options = new Map<string, string>();
  for (let i = 0; i + 1 < words.length; i += 2) options.set(words[i] as string, words[i + 1] as string);
  const tuple = (names: readonly string[]): string[] =>
    names.flatMap((name) => {
      const [option = "", word = ""] = name.split(" ");
      const value = options.get(option);
      return value === undefined ? [] : [`${word}=${value}`];
    });
  const protocol = options.get("-p") ?? "";
  const number = [...TRANSPORT_NAMES].find(([, name]) => name === protocol)?.[0] ?? protocol;
  const given = (option: string, word: string): string[] => tuple([`${option} ${word}`]);
  const flags = (options.get("-u") ?? "").split(",").filter((flag) => flag !== "" && flag !== "UNSET");
  return [
    `${EVENTS.get(command) ?? ""}${protocol}`,
    number,
    options.get("-t") ?? "",
    options.get("--state") ?? "",
    ...tuple(ORIGINAL),
    ...tuple(REPLY),
    ...flags.map((flag) => `[${flag}]`),
    ...given("-w", "zone"),
    ...given("-m", "mark"),
  ]
    .filter((word) => word !== "")
    .join(" ");
}
