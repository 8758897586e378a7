/** A Service in words: its kind, whether its endpoints share the calls evenly, errors, latency, and what its cells stand for in a filter. */
import type {
  Latency,
  ServiceEndpointInfo,
  ServiceErrors,
  ServiceKind,
  ServiceReport,
} from "../../src-shared/contract/map";
import { endpointText } from "../../src-shared/model/endpoint-text";
import { endpointFilter, textLiteral } from "../../src-shared/model/filter-text";
import { addressValue, anyOf, endpointValue, type FilterValue } from "./filter-value";
import { formatCount, formatDuration, formatNoun } from "./quantity";
import type { ConnectionScope } from "./selection-step";

export const KIND_WORDS: Readonly<Record<ServiceKind, string>> = {
  ClusterIP: "ClusterIP",
  headless: "headless, no translation",
  NodePort: "NodePort",
  LoadBalancer: "LoadBalancer",
  ExternalName: "ExternalName, a CNAME",
  inferred: "inferred from DNAT",
};

export interface EndpointBalance {
  /** "never chosen", "78 of 90, 45 expected"; null: nothing to say. */
  readonly note: string | null;
  readonly uneven: boolean;
}

/**
 * Whether calls fall on endpoints as chance would have it: with k ready endpoints each gets n/k of n calls; more than three
 * standard deviations of a binomial from that is called uneven. With few calls nothing is said.
 */
export function balanceOf(report: ServiceReport): readonly EndpointBalance[] {
  const ready = report.endpoints.filter((e) => e.ready);
  const calls = ready.reduce((sum, e) => sum + e.connections, 0);
  const share = ready.length === 0 ? 0 : 1 / ready.length;
  const expected = calls * share;
  const deviation = Math.sqrt(calls * share * (1 - share));
  // Chosen by address or by node, not by chance.
  const byChance = !report.sessionAffinity && !report.localOnly && report.kind !== "headless" && ready.length > 1;
  return report.endpoints.map((endpoint): EndpointBalance => {
    if (!endpoint.ready) return { note: `not ready${endpoint.connections > 0 ? ", yet called" : ""}`, uneven: false };
    const { connections } = endpoint;
    const uneven = byChance && calls >= 10 && Math.abs(connections - expected) > 3 * deviation;
    if (connections === 0 && report.connections > 0)
      return { note: `never chosen${uneven ? `: 0 of ${calls}, ${rounded(expected)} expected` : ""}`, uneven };
    if (connections === 0) return { note: "not called in this recording", uneven: false };
    return uneven
      ? { note: `uneven: ${connections} of ${calls}, ${rounded(expected)} expected`, uneven }
      : { note: null, uneven };
  });
}

function rounded(value: number): string {
  return value >= 10 ? String(Math.round(value)) : value.toFixed(1);
}

export function failures(errors: ServiceErrors): number {
  return errors.refused + errors.reset + errors.unanswered + errors.http5xx;
}

/** "2 refused, 1 without answer"; "": none. */
export function errorWords(errors: ServiceErrors): string {
  const words: [number, string][] = [
    [errors.refused, "refused"],
    [errors.reset, "reset"],
    [errors.unanswered, "without answer"],
    [errors.http5xx, "HTTP 5xx"],
  ];
  return words
    .filter(([count]) => count > 0)
    .map(([count, word]) => `${formatCount(count)} ${word}`)
    .join(", ");
}

/** "0.31 ms, 95 %: 2 ms" */
export function latencyWords({ medianMs, p95Ms }: Latency): string {
  if (medianMs === null || p95Ms === null) return "";
  return `${formatDuration(medianMs / 1000)}, 95 %: ${formatDuration(p95Ms / 1000)}`;
}

export function titleOf(report: ServiceReport): string {
  return report.name ?? report.id;
}

export function serviceScope(
  report: ServiceReport,
  label: string,
  more: Readonly<Record<string, string>>,
): ConnectionScope | null {
  // A headless Service's connections are found by their endpoints: nothing on the wire names it.
  if (report.kind === "ExternalName" || report.kind === "headless") {
    if (report.kind === "headless" && more["endpoint"] !== undefined) return { kind: "endpoint", label, options: more };
    return null;
  }
  return { kind: "service", label, options: { service: report.id, ...more } };
}

/** Its packets: those to where it was asked, without such an address (headless) those of its endpoints. */
export function serviceValue(report: ServiceReport): FilterValue {
  const asked = report.entries.filter((entry) => entry.by !== "unseen" && entry.by !== "endpoint");
  const ends = asked.length > 0 ? asked : report.endpoints;
  return {
    label: "Service",
    text: titleOf(report),
    filter: anyOf(ends.map((end) => endpointFilter(end, report.protocol))),
  };
}

export function clientValue({ ip, name, host }: ServiceReport["clients"][number]): FilterValue {
  return addressValue("Client", ip, host ?? name);
}

/** What the cells of an endpoint's row stand for, by column; the first three, and nothing further. */
export function endpointValues(report: ServiceReport, endpoint: ServiceEndpointInfo): readonly FilterValue[] {
  const { ip, pod } = endpoint;
  return [
    endpointValue("Endpoint", endpoint, report.protocol),
    // A pod stands for its address: the filter knows no name that no joining told.
    addressValue(pod === null ? "Address" : "Pod", ip, pod ?? ip),
  ];
}

export function lookupValues(report: ServiceReport, lookup: ServiceReport["lookups"][number]): readonly FilterValue[] {
  const client = report.clients.find(({ name }) => name === lookup.client);
  return [
    client ? clientValue(client) : addressValue("Client", lookup.client, lookup.client),
    { label: "Name", text: lookup.name, filter: `dns.qry.name == ${textLiteral(lookup.name)}` },
  ];
}

/** What is special about a Service, in sentences. */
export function serviceNotes(report: ServiceReport): readonly string[] {
  const notes: string[] = [];
  if (report.kind === "headless") notes.push("Headless: DNS gives the endpoints' addresses, nothing is translated.");
  if (report.kind === "ExternalName")
    notes.push(
      `ExternalName: DNS answers with the CNAME ${report.externalName ?? ""}; there is no address to translate.`,
    );
  if (report.kind === "inferred") notes.push("Inferred from translated packets: no cluster file names it.");
  if (report.sessionAffinity)
    notes.push("Session affinity: a client stays with its endpoint, so the balance says nothing.");
  if (report.localOnly) notes.push("externalTrafficPolicy Local: calls from outside stay on the node they reach.");
  if (report.entries.some((entry) => entry.by === "unseen"))
    notes.push("Some calls were recorded only behind the translation: what was asked is not shown.");
  if (report.measured < report.connections)
    notes.push(
      `Latency and HTTP answers of ${formatCount(report.measured)} of ${formatNoun(report.connections, "connection")}.`,
    );
  return notes;
}

/** The endpoint's row of the table under the picture. */
export function endpointCells(
  endpoint: ServiceEndpointInfo,
  balance: EndpointBalance | undefined,
  calls: number,
): string[] {
  return [
    endpointText(endpoint),
    endpoint.pod ?? "",
    endpoint.node ?? "",
    formatCount(endpoint.connections),
    calls > 0 ? `${Math.round((100 * endpoint.connections) / calls)} %` : "",
    errorWords(endpoint.errors),
    latencyWords(endpoint.handshake),
    latencyWords(endpoint.firstByte),
    balance?.note ?? "",
  ];
}

export const ENDPOINT_COLUMNS = [
  "Endpoint",
  "Pod",
  "Node",
  "Connections",
  "Share",
  "Errors",
  "Connect, median",
  "First byte, median",
  "Note",
] as const;
