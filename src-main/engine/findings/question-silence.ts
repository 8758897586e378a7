/**
 * UDP and pings that nobody answers, as policy-silence.ts tells it of SYNs: told where an answer is owed (a ping; the same address and
 * port answers others) or where an imported NetworkPolicy says that nothing gets through. Whether the policy is what drops them is an
 * inference.
 *
 * ```
 * question ─► … ─► last seen at X         (nothing: no answer, no ICMP error)         asked again
 * ```
 * DNS that waits is told by dns-stall.ts, and here only where a policy is the reason.
 */
import type { Finding } from "../../../src-shared/model/finding";
import { endpointText } from "../../../src-shared/model/endpoint-text";
import { addressesInConflict } from "./arp-conflict";
import { rowsOf, sentText, timesText } from "./attempts";
import { count, type FindingContext, type FindingFamily, hostText, placeText } from "./context";
import { policyVerdict } from "./policy-silence";
import type { RoutedBack } from "./routed-back";
import { kubectl, onNode, tcpdump } from "./shell";
import type { QuestionGroup, SilentQuestions } from "./silent-questions";

/** An answer that is to come has come by then (of what is known of the way: answers take as long as programs think). */
const LEAST_WAIT_NS = 0.4e9;
/** Questions that waited so long, where no policy says that they would. */
const LEAST_WAITED = 2;
/** Times in a sentence. */
const MOST_TIMES = 6;

export function questionSilence(
  context: FindingContext,
  questions: SilentQuestions,
  routedBack: RoutedBack,
): FindingFamily {
  return {
    finish: () =>
      questions.groups().flatMap((group) => {
        const { attempt, isExplained } = group;
        if (isExplained || attempt.complaints.length > 0) return [];
        // What goes round in a loop is not dropped by a rule: the loop is told.
        if (rowsOf(attempt.syns).some((row) => routedBack.isLooped(row))) return [];
        const finding = say(context, group, questions.isOneWay(group));
        if (finding) group.isExplained = true;
        return finding ? [finding] : [];
      }),
  };
}

function say(context: FindingContext, group: QuestionGroup, isOneWay: boolean): Finding | null {
  const { first, attempt, connections, asks } = group;
  const { client, server } = first;
  const point = attempt.syns[0]?.points[0] ?? attempt.lastSeen;
  const waited = attempt.syns.filter((j) => context.wasRecording(point, context.startNs(j) + LEAST_WAIT_NS)).length;
  const last = context.point(attempt.lastSeen);
  const isThere = last.podAddress === server.ip && last.podAddress !== client.ip;
  const reached = last.role === "pod-nic" && isThere;
  const verdict = waited === 0 ? null : policyVerdict(context, first);
  // What arrives at the pod, or leaves by its veth, was not dropped by a policy, whatever it says.
  const deciding =
    verdict === null || verdict.allowed || isThere ? null : verdict.egress.allowed ? verdict.ingress : verdict.egress;
  const isOwed = (asks === "ping" || asks === "answers others") && waited >= LEAST_WAITED && !isOneWay;
  if (!deciding && !isOwed) return null;
  const sent = sentText(first);
  const to = placeText(server);
  const lastText = context.pointText(attempt.lastSeen);
  const isTwice = addressesInConflict(context).has(server.ip);
  const drops = context.dropsAt(attempt.lastSeen);
  return context.finding({
    kind: "policy-silence",
    about: `${first.protocol} ${client.ip}>${endpointText(server)} after ${last.id}${deciding ? " policy" : ""}`,
    // Many hosts are told not to answer pings.
    severity: deciding || asks !== "ping" ? "warn" : "note",
    title: deciding
      ? `No answer from ${to} to ${sent}: NetworkPolicies would drop ${asks === "ping" ? "them" : "it"} (inferred)`
      : reached
        ? `${to} gets ${sent} and does not answer`
        : `No answer from ${to}: ${sent} vanish without a word`,
    text: `${count(attempt.syns.length, asks === "ping" ? "ping" : "UDP packet")} of ${count(connections.length, "connection")} from ${hostText(client)} to ${endpointText(server)}, at ${timesText(context, attempt.syns.slice(0, MOST_TIMES))}${attempt.syns.length > MOST_TIMES ? " and later" : ""}, last seen at ${lastText}: no answer and no ICMP error comes back.`,
    inference: true,
    where: [last.id, ...[client.pod, server.pod, last.node].filter((name) => name !== null)],
    evidence: [
      `${count(waited, asks === "ping" ? "ping" : "packet")} sent while the recording went on, none answered`,
      ...(asks === "answers others"
        ? [`${endpointText(server)} answers others: who asks there waits for an answer`]
        : []),
      ...(deciding ? [`evaluated from the imported objects: ${deciding.reason}`, ...(verdict?.caveats ?? [])] : []),
    ],
    fits: [
      ...(deciding ? [deciding.reason] : []),
      ...(isTwice ? [`the other machine with this address gets the ${sent}: see the address conflict`] : []),
      ...(!deciding && reached ? ["the program or a rule inside the pod drops them"] : []),
      ...(!deciding && !reached
        ? [
            `a NetworkPolicy or firewall rule that drops${asks === "ping" ? ", or a host that answers no pings" : ""}`,
            "the host or pod is gone, and nothing says so",
            "a return path check (rp_filter) or a missing route behind the last point seen",
          ]
        : []),
      ...(drops !== null && drops > 0 ? [`the capture lost ${drops} packets at ${lastText}`] : []),
    ],
    ruledOut: [
      ...(!deciding && verdict?.allowed ? ["NetworkPolicy: the imported policies allow it"] : []),
      ...(reached ? [`anything before the pod: the ${sent} are seen at ${lastText}`] : []),
      "a rule that rejects, or a closed port: both answer",
    ],
    rows: rowsOf(attempt.syns),
    connections,
    check: [
      ...(deciding
        ? deciding.isolatedBy.map((p) =>
            kubectl("get", "networkpolicy", `${p.meta.namespace}/${p.meta.name}`, " -o yaml"),
          )
        : server.pod === null
          ? []
          : ["kubectl get networkpolicy -A -o wide"]),
      onNode(server.node ?? last.node, tcpdump(null, server.ip, server.port, first.protocol)),
      onNode(server.node ?? last.node, "iptables-save -c | grep -E 'DROP|REJECT'"),
    ],
  });
}
