/** The faults of the scenario language: what breaks, where, from when to when (docs/SIMULATOR.md). */
import * as v from "valibot";
import { amount, name, objectName, port, seconds, share, whole } from "./schema-values";

const span = { at: v.optional(seconds), until: v.optional(seconds) };
/** MACHINE or MACHINE/DEVICE: the wire at that network card. */
const card = v.pipe(
  v.string(),
  v.regex(/^[a-z0-9][-a-z0-9.]*(\/[A-Za-z0-9._-]{1,15})?$/, "expected MACHINE or MACHINE/DEVICE, for example n1/eth0"),
);
export const faultSchema = v.variant("kind", [
  v.strictObject({ kind: v.literal("loss"), on: v.optional(card), share: v.optional(share), ...span }),
  v.strictObject({ kind: v.literal("duplicate"), on: v.optional(card), share: v.optional(share), ...span }),
  v.strictObject({
    kind: v.literal("slow-link"),
    on: v.optional(card),
    delayMs: v.optional(amount(0, 60_000)),
    ...span,
  }),
  /** A smaller MTU on the way; `silent`: nobody says so (a blackhole), else ICMP does. */
  v.strictObject({
    kind: v.literal("small-mtu"),
    on: v.optional(card),
    mtu: v.optional(whole(576, 9216)),
    silent: v.optional(v.boolean()),
    ...span,
  }),
  /** A firewall that drops what says that a packet is too big: ICMPv6 Packet Too Big, ICMP fragmentation needed. */
  v.strictObject({ kind: v.literal("drop-too-big"), machine: v.optional(name), ...span }),
  v.strictObject({ kind: v.literal("masquerade-all"), node: v.optional(name), ...span }),
  v.strictObject({
    kind: v.literal("drop"),
    pod: v.optional(objectName),
    cluster: v.optional(name),
    port: v.optional(port),
    ...span,
  }),
  v.strictObject({ kind: v.literal("deny-policy"), pod: v.optional(objectName), cluster: v.optional(name), ...span }),
  v.strictObject({
    kind: v.literal("no-endpoints"),
    service: v.optional(objectName),
    cluster: v.optional(name),
    ...span,
  }),
  v.strictObject({
    kind: v.literal("stale-endpoint"),
    service: v.optional(objectName),
    cluster: v.optional(name),
    ...span,
  }),
  v.strictObject({ kind: v.literal("closed-port"), pod: v.optional(objectName), cluster: v.optional(name), ...span }),
  v.strictObject({ kind: v.literal("broken-checksum"), node: v.optional(name), ...span }),
  v.strictObject({ kind: v.literal("forget-connections"), machine: v.optional(name), ...span }),
  v.strictObject({ kind: v.literal("conntrack-clash"), node: v.optional(name), ...span }),
  v.strictObject({ kind: v.literal("stale-conntrack"), node: v.optional(name), ...span }),
  v.strictObject({ kind: v.literal("dns-loss"), count: v.optional(whole(1, 1000)), ...span }),
  v.strictObject({ kind: v.literal("duplicate-address"), machine: v.optional(name), ...span }),
  v.strictObject({
    kind: v.literal("slow-server"),
    pod: v.optional(objectName),
    cluster: v.optional(name),
    delayMs: v.optional(amount(0, 600_000)),
    ...span,
  }),
  v.strictObject({ kind: v.literal("routing-loop"), ...span }),
  v.strictObject({ kind: v.literal("other-way-back"), ...span }),
]);

export type FaultSpec = v.InferInput<typeof faultSchema>;
export type FaultKind = FaultSpec["kind"];

export const FAULT_KINDS: readonly FaultKind[] = faultSchema.options.map((option) => option.entries.kind.literal);
