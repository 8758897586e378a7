/**
 * Two machines say to have one IPv4 address: each takes the other's packets away in turn.
 *
 * ```
 * who has 10.0.0.5?   ◄─ is at 02:…:0a
 *                     ◄─ is at 02:…:0b          two answers to one question, or A, then B, then A again
 * ```
 * A change from A to B alone is no conflict: a pod was replaced, an address moved. Nor is Calico's: every cali* interface has
 * ee:ee:ee:ee:ee:ee and answers for 169.254.1.1; nor a proxy that answers for many.
 */
import type { Finding } from "../../../src-shared/model/finding";
import type { ArpAddress, ArpClaim } from "./arp-claims";
import { durationText, type FindingContext, type FindingFamily } from "./context";
import { onNode, shellWord } from "./shell";

const CALICO_MAC = "ee:ee:ee:ee:ee:ee";
const CALICO_GATEWAY = "169.254.1.1";
/** Two different answers within this time are to one question. */
const ONE_QUESTION_NS = 1e9;
/** A takes the address back from B within this time: both are there. */
const FLAPPING_NS = 300e9;
/** Answers for so many addresses: a proxy. */
const PROXY_ADDRESSES = 8;

export function arpConflicts(context: FindingContext): FindingFamily {
  return {
    finish: () => {
      const found = new Map<string, Finding>();
      for (const address of context.observer.arp.addresses()) {
        const finding = conflict(context, address);
        // The same conflict at several points of one link is one.
        if (finding && !found.has(finding.id)) found.set(finding.id, finding);
      }
      return [...found.values()];
    },
  };
}

const conflicts = new WeakMap<FindingContext, ReadonlySet<string>>();

/** Addresses that two machines say to have; looked for once. */
export function addressesInConflict(context: FindingContext): ReadonlySet<string> {
  const known = conflicts.get(context);
  if (known) return known;
  const found = new Set<string>();
  for (const one of context.observer.arp.addresses()) if (proofOf(context, one)) found.add(one.address);
  conflicts.set(context, found);
  return found;
}

function proofOf(context: FindingContext, { address, claims }: ArpAddress): Proof | null {
  if (address === CALICO_GATEWAY) return null;
  const real = claims.filter((c) => c.mac !== CALICO_MAC && context.observer.arp.addressesOf(c.mac) < PROXY_ADDRESSES);
  return twoAnswers(real) ?? backAndForth(real);
}

function conflict(context: FindingContext, claimed: ArpAddress): Finding | null {
  const { point, address } = claimed;
  const proof = proofOf(context, claimed);
  if (!proof) return null;
  const macs = [...new Set(proof.claims.map((c) => c.mac))];
  const device = context.point(point).interface ?? "any";
  const { node } = context.point(point);
  const pod = context.join.topology.place(address)?.pod ?? null;
  const packets = proof.claims.map((c) => context.otherPacket(point, c.packet));
  return context.finding({
    kind: "arp-conflict",
    about: `${address} ${[...macs].sort().join(" ")}`,
    severity: "error",
    title: `Address conflict: ${macs.join(" and ")} both say to have ${address}`,
    text: `At ${context.pointText(point)} ${proof.how}.`,
    inference: false,
    where: [context.pointId(point), ...[node, pod].filter((n) => n !== null)],
    evidence: proof.claims.map((c) => `${c.reply ? "ARP reply" : "ARP request"}: ${address} is at ${c.mac}`),
    fits: ["the address was given twice (two IPAM ranges, a leftover pod or VM, a static address)"],
    ruledOut: [
      "Calico: not ee:ee:ee:ee:ee:ee and not 169.254.1.1",
      `proxy ARP: none of the MACs answers for ${PROXY_ADDRESSES} addresses or more`,
      "an address that moved: the first owner is still there",
    ],
    rows: [],
    otherPackets: packets,
    connections: [],
    check: [
      onNode(node, `arping -D -c 3 -I ${shellWord(device)} ${address}`),
      onNode(node, `ip neigh show ${address}`),
      onNode(node, `bridge fdb show | grep -iE ${shellWord(macs.join("|"))}`),
      `kubectl get pods -A -o wide --field-selector status.podIP=${address}`,
    ],
  });
}

interface Proof {
  readonly claims: readonly ArpClaim[];
  readonly how: string;
}

function twoAnswers(claims: readonly ArpClaim[]): Proof | null {
  for (let i = 1; i < claims.length; i++) {
    const [a, b] = [claims[i - 1] as ArpClaim, claims[i] as ArpClaim];
    // Asked again in between: the address has moved.
    if (a.reply && b.reply && a.lastQuestion === b.question && b.atNs - a.lastNs < ONE_QUESTION_NS)
      return { claims: [a, b], how: `two different answers come within ${durationText(b.atNs - a.lastNs)}` };
  }
  return null;
}

function backAndForth(claims: readonly ArpClaim[]): Proof | null {
  for (let i = 2; i < claims.length; i++) {
    const [a, b, c] = [claims[i - 2] as ArpClaim, claims[i - 1] as ArpClaim, claims[i] as ArpClaim];
    if (a.mac === c.mac && a.mac !== b.mac && c.atNs - a.atNs < FLAPPING_NS)
      return {
        claims: [a, b, c],
        how: `the owner changes back and forth within ${((c.atNs - a.atNs) / 1e9).toFixed(1)} s`,
      };
  }
  return null;
}
