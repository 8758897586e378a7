/** What can break: each fault's title, its parameter, the findings it leads to; and how a person writes one (`--fault loss=0.2`). */
import * as v from "valibot";
import type { FindingKind } from "../../../../src-shared/model/finding";
import { FAULT_KINDS, type FaultKind, faultSchema, type FaultSpec } from "../scenario/fault-schema";
import type { Scenario } from "../scenario/schema";

/** Of a scenario that does not say how long it is. */
export const DEFAULT_SECONDS = 5;

/** A fault cannot be applied here: says what is missing. */
export class FaultError extends Error {
  override readonly name = "FaultError";
}

export interface FaultInfo {
  readonly kind: FaultKind;
  readonly title: string;
  /** The parameter that `--fault KIND=VALUE` sets; undefined: none. */
  readonly parameter: string | undefined;
  /** Findings that a recording of it shows. */
  readonly findings: readonly FindingKind[];
  /** So many seconds a recording has to go on to show it: who waits, waits so long. Default 0. */
  readonly seconds?: number;
}

export const FAULTS: Readonly<Record<FaultKind, Omit<FaultInfo, "kind">>> = {
  loss: { title: "a wire loses frames", parameter: "share", findings: ["lost-between"] },
  duplicate: { title: "a wire delivers frames twice", parameter: "share", findings: ["duplicate-delivery"] },
  "slow-link": { title: "a wire is slow", parameter: "delayMs", findings: ["slow-hop"] },
  "small-mtu": {
    title: "large packets vanish on the way, nobody says so",
    parameter: "mtu",
    findings: ["mtu-blackhole"],
  },
  "drop-too-big": {
    title: "a firewall drops what says that a packet is too big",
    parameter: "machine",
    findings: [],
  },
  "masquerade-all": {
    title: "a node masquerades traffic inside the cluster",
    parameter: "node",
    findings: ["snat-hides-client"],
  },
  drop: { title: "a rule drops what a pod is sent", parameter: "pod", findings: ["policy-silence"] },
  "deny-policy": { title: "a NetworkPolicy lets nobody in", parameter: "pod", findings: ["policy-silence"] },
  "no-endpoints": { title: "no pod behind a Service is ready", parameter: "service", findings: ["no-endpoint"] },
  "stale-endpoint": { title: "a Service leads to a pod that is gone", parameter: "service", findings: ["no-endpoint"] },
  "closed-port": { title: "a pod's program does not listen", parameter: "pod", findings: ["no-endpoint"] },
  "broken-checksum": {
    title: "VXLAN's outer checksum is wrong",
    parameter: "node",
    findings: ["broken-outer-checksum"],
  },
  "forget-connections": {
    title: "a NAT forgets its connections: a port is used again while the server remembers it",
    parameter: "machine",
    findings: ["port-reuse"],
  },
  "conntrack-clash": {
    title: "two first packets of a UDP port race for one entry of connection tracking",
    parameter: "node",
    findings: ["conntrack-clash"],
  },
  "stale-conntrack": {
    title: "connection tracking's output is of another moment",
    parameter: "node",
    findings: ["conntrack-differs"],
  },
  "dns-loss": {
    title: "DNS questions are lost, the resolver waits",
    parameter: "count",
    findings: ["dns-stall"],
    seconds: 6,
  },
  "duplicate-address": { title: "two machines have one address", parameter: "machine", findings: ["arp-conflict"] },
  "slow-server": {
    title: "a pod thinks long before it answers",
    parameter: "delayMs",
    findings: ["slow-answer"],
    seconds: 4,
  },
  "routing-loop": { title: "two machines route to each other", parameter: undefined, findings: ["ttl"] },
  "other-way-back": {
    title: "answers take another way than questions",
    parameter: undefined,
    findings: ["asymmetric-path"],
  },
};

/** "loss", "loss=0.2", "no-endpoints=shop/web" to a fault. Throws FaultError with what was expected. */
export function parseFault(text: string): FaultSpec {
  const at = text.indexOf("=");
  const kind = FAULT_KINDS.find((k) => k === (at < 0 ? text : text.slice(0, at)));
  if (kind === undefined) throw new FaultError(`no fault is named ${text}; there are: ${FAULT_KINDS.join(" ")}`);
  if (at < 0) return { kind };
  const { parameter } = FAULTS[kind];
  const value = text.slice(at + 1);
  if (parameter === undefined) throw new FaultError(`fault ${kind} has no parameter`);
  const isNumber = ["share", "delayMs", "mtu", "count"].includes(parameter);
  if (isNumber && (value === "" || !Number.isFinite(Number(value))))
    throw new FaultError(`--fault ${text}: expected a number for ${parameter}`);
  const read = v.safeParse(faultSchema, { kind, [parameter]: isNumber ? Number(value) : value });
  if (!read.success) throw new FaultError(`--fault ${text}: ${parameter}: ${read.issues[0].message}`);
  return read.output;
}

/**
 * The scenario with these faults besides its own, as long as they need. Frames are lost from the first traffic on: a machine that was told
 * no address sends nothing that could be missed.
 */
export function withFaults(scenario: Scenario, faults: readonly FaultSpec[]): Scenario {
  if (faults.length === 0) return scenario;
  const begins = (scenario.traffic ?? []).map((t) => t.at ?? 0);
  const begin = begins.length > 0 ? Math.min(...begins) : 0;
  const more = Math.max(0, ...faults.map((fault) => FAULTS[fault.kind].seconds ?? 0));
  return {
    ...scenario,
    faults: [
      ...(scenario.faults ?? []),
      ...faults.map((fault) => (fault.kind === "loss" && fault.at === undefined ? { ...fault, at: begin } : fault)),
    ],
    ...(more > 0 && { seconds: (scenario.seconds ?? DEFAULT_SECONDS) + more }),
  };
}

/** Findings that a scenario's faults are to show. */
export function expectedFindings(scenario: Scenario): readonly FindingKind[] {
  const kinds = new Set<FindingKind>();
  for (const fault of scenario.faults ?? []) {
    const told = !(scenario.faults ?? []).some((other) => other.kind === "drop-too-big");
    if (fault.kind === "small-mtu" && fault.silent === false) kinds.add(told ? "path-mtu" : "mtu-blackhole");
    else for (const kind of FAULTS[fault.kind].findings) kinds.add(kind);
  }
  return [...kinds].sort();
}
