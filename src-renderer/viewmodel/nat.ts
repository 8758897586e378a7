/**
 * A translation as the window tells it: two lines as `conntrack -L` prints them, what was changed marked.
 *
 * ```
 * original   10.1.0.5:4000  →  10.96.0.1:80            what came
 * reply      10.1.1.9:8080  →  10.1.0.1:4000           what an answer looks like: DNAT changed its source, SNAT its destination
 * ```
 */
import type { EndpointJson } from "../../src-shared/contract/join";
import type { NatEntryInfo, NatTuple, NatVerdict } from "../../src-shared/contract/nat";
import { endpointText } from "../../src-shared/model/endpoint-text";
import { protocolWord } from "../../src-shared/model/protocol-word";
import { connectionValue, distinctValues, endpointValue, type FilterValue, natKindValue } from "./filter-value";
import { formatDuration } from "./quantity";

export interface NatEnd {
  readonly text: string;
  readonly changed: boolean;
  /** Without a filter where no packet has it: connection tracking alone tells. */
  readonly value: FilterValue;
}

export interface NatLine {
  readonly label: string;
  readonly source: NatEnd;
  readonly destination: NatEnd;
}

/** As the packets show it. */
export function natLines(entry: NatEntryInfo): readonly NatLine[] {
  return linesOf(entry, entry.original, entry.reply, "");
}

/** As imported connection tracking tells it; none: it does not. */
export function toldLines(entry: NatEntryInfo): readonly NatLine[] {
  return entry.told === null ? [] : linesOf(entry, entry.told.original, entry.told.reply, "told ");
}

/** Everything of the translation that packets show. */
export function natValues(entry: NatEntryInfo): readonly FilterValue[] {
  return distinctValues([
    ...(entry.connection === null ? [] : [connectionValue(entry.connection)]),
    ...kindValues(entry),
    ...lineValues(natLines(entry)),
  ]);
}

export function lineValues(lines: readonly NatLine[]): readonly FilterValue[] {
  return lines.flatMap(({ source, destination }) => [source.value, destination.value]);
}

/** What is said of its kind: no packet shows a translation that is only told. */
export function kindValues({ kinds, verdict }: NatEntryInfo): readonly FilterValue[] {
  return verdict === "told-only" ? [] : [...new Set(kinds)].map(natKindValue);
}

function linesOf(entry: NatEntryInfo, original: NatTuple, reply: NatTuple, prefix: string): readonly NatLine[] {
  const seen = new Set(
    entry.verdict === "told-only"
      ? []
      : [entry.original, entry.reply].flatMap(({ source, destination }) => [source, destination].map(endpointText)),
  );
  const end = (label: string, one: EndpointJson, other: EndpointJson): NatEnd => {
    const value = endpointValue(label, one, entry.protocol);
    return {
      text: value.text,
      changed: one.ip !== other.ip || one.port !== other.port,
      value: seen.has(value.text) ? value : { ...value, filter: null },
    };
  };
  return [
    {
      label: `${prefix}original`,
      source: end("Original from", original.source, reply.destination),
      destination: end("Original to", original.destination, reply.source),
    },
    {
      label: `${prefix}reply`,
      source: end("Reply from", reply.source, original.destination),
      destination: end("Reply to", reply.destination, original.source),
    },
  ];
}

const KINDS: Readonly<Record<string, string>> = { dnat: "DNAT", snat: "SNAT", "icmp-id": "ICMP identifier" };

/** "n1 translates: DNAT and SNAT of a TCP connection." */
export function natSentence(entry: NatEntryInfo): string {
  const kinds = [...new Set(entry.kinds.map((kind) => KINDS[kind] ?? kind))].join(" and ");
  return `${entry.node ?? "A machine"} translates: ${kinds} of ${article(protocolWord(entry.protocol))} connection.`;
}

function article(word: string): string {
  return `${/^[AEIOU]|^(S|F|H|L|M|N|R|X)[A-Z]/.test(word) ? "an" : "a"} ${word}`;
}

/** "TIME_WAIT; the kernel forgets it 2 min after the last packet"; "" where nothing is known. */
export function lifeText({ state, timeoutSeconds }: NatEntryInfo): string {
  if (state === null) return "";
  if (timeoutSeconds === null) return state;
  return `${state}; by Linux's default the kernel forgets it ${formatDuration(timeoutSeconds)} after the last packet`;
}

export const NAT_VERDICTS: Readonly<
  Record<NatVerdict, { readonly label: string; readonly icon: "ok" | "info" | "warning" | "minus" }>
> = {
  none: { label: "Not compared", icon: "minus" },
  equal: { label: "Equal", icon: "ok" },
  "packets-only": { label: "Only seen in packets", icon: "info" },
  "told-only": { label: "Only told", icon: "info" },
  differs: { label: "Differs", icon: "warning" },
};
