/**
 * Two packets of one UDP socket leave at the same moment and need translation: both make an entry in connection tracking, the
 * second cannot be inserted (insert_failed) and is dropped where the translation happens.
 *
 * ```
 * A    10.1.0.7:40000 ─► 10.96.0.10:53 ─[DNAT]─► 10.1.1.3:53
 * AAAA 10.1.0.7:40000 ─► 10.96.0.10:53 ─[ x ]
 * ```
 * Needs a capture point before the translation and one behind it. On a bridge (br_netfilter) the bridge's own tap sits between
 * translation and insertion, so the lost packet may be seen there, translated, and nowhere behind it on that machine.
 */
import type { Connection, Journey } from "../../../src-shared/reconstruct/result";
import { count, type FindingContext, type FindingFamily, firstRow, lastRow, placeText, upsert } from "./context";
import { onNode } from "./shell";

interface Group {
  readonly node: string | null;
  readonly from: number;
  readonly to: number;
  readonly lost: Journey[];
  readonly rows: number[];
  readonly connections: Connection[];
}

function isOnMachine(context: FindingContext, point: number, other: number): boolean {
  return point >= 0 && context.point(point).machine === context.point(other).machine;
}

/** `before` is the NIC of the client's pod, and the pod is on the machine of `behind`: nothing but that machine is between the two. */
function isOwnPod(context: FindingContext, { client }: Connection, before: number, behind: number): boolean {
  const isNic = context.point(before).role === "pod-nic" && context.point(before).podAddress === client.ip;
  return isNic && client.node !== null && client.node === context.point(behind).node;
}

function nsAt(context: FindingContext, journey: Journey, point: number): number {
  const row = journey.sightings.find((r) => context.join.sightings.point(r) === point);
  return row === undefined ? -Infinity : context.ns(row);
}

/** An entry is confirmed when its packet leaves, which is when the point behind sees it: this much later both taps agree that it is. */
const RACE_NS = 1e6;
/** Packets closer than this were sent at once: a resolver's A and AAAA are some ten microseconds apart. */
const AT_ONCE_NS = 20e6;

export function conntrackClashes(context: FindingContext): FindingFamily {
  const groups = new Map<string, Group>();
  return {
    visit(connection, journeys, claimed) {
      if (connection.protocol !== "udp" || journeys.length < 2) return;
      const translation = connection.translations.find((t) => t.kind === "dnat");
      const between = translation?.between;
      if (!translation || !between || between[0] === null || between[1] === null) return;
      const [before, behind] = between;
      // Between two machines it is the wire that may have lost it.
      if (!isOnMachine(context, before, behind) && !isOwnPod(context, connection, before, behind)) return;
      const questions = journeys.filter((j) => j.direction === "to-server");
      const [opening] = questions;
      if (!opening) return;
      const start = context.startNs(opening);
      // Only the first packets of a socket make entries.
      const first = questions.filter((j) => context.startNs(j) - start < AT_ONCE_NS);
      const candidates = first.filter(
        (j) =>
          (j.lastSeen === before || (j.lastSeen === behind && isOnMachine(context, j.missingAt, behind))) &&
          j.missingAt >= 0 &&
          context.wasRecording(j.missingAt, context.ns(lastRow(j))),
      );
      const passed = first.filter((j) => !candidates.includes(j) && j.points.includes(behind));
      // Once the first one is through, its entry is there: who comes later finds it.
      const confirmed = Math.min(...passed.map((j) => nsAt(context, j, behind) + RACE_NS));
      const lost = candidates.filter((j) => context.startNs(j) < confirmed);
      if (passed.length === 0 || lost.length === 0) return;
      const group = upsert(groups, `${before}>${behind}`, () => ({
        node: translation.node,
        from: before,
        to: behind,
        lost: [],
        rows: [],
        connections: [],
      }));
      group.lost.push(...lost);
      group.rows.push(...lost.flatMap((j) => [...j.sightings]), ...passed.map(firstRow));
      group.connections.push(connection);
      for (const journey of lost) claimed.add(journey.index);
    },
    finish: () =>
      [...groups.values()].map(({ node, from, to, lost, rows, connections }) => {
        const [first] = connections as [Connection, ...Connection[]];
        return context.finding({
          kind: "conntrack-clash",
          about: `${context.pointId(from)}>${context.pointId(to)}`,
          severity: "warn",
          title: `Conntrack clash${node === null ? "" : ` on ${node}`}: packets sent at once from one port, one is dropped at the translation`,
          text: `${count(lost.length, "packet")} to ${first.service ?? placeText(first.server)} ${lost.length === 1 ? "is" : "are"} last seen at ${context.pointText(from)}, before the translation, while another of the same port sent within ${AT_ONCE_NS / 1e6} ms passed it.`,
          inference: true,
          where: [context.pointId(from), context.pointId(to), ...(node === null ? [] : [node])],
          evidence: [
            "both are the first packets of one UDP port to a translated address",
            `one is seen at ${context.pointText(to)} behind the translation, the other is not, though that point was recording`,
          ],
          fits: [
            "two packets race for one entry of connection tracking: the second is dropped (insert_failed)",
            "plain loss between the two points: a full queue or backlog of the machine (insert_failed does not grow then)",
          ],
          ruledOut: ["a missing endpoint or a policy: the other packet passed", "MTU: the packets are small"],
          rows,
          connections,
          check: [
            onNode(node, "conntrack -S | grep -o 'insert_failed=[0-9]*'"),
            onNode(node, "iptables-save -t nat | grep -- --random-fully"),
            "kubectl get configmap -n kube-system node-local-dns   # a node-local DNS cache avoids the translation",
          ],
        });
      }),
  };
}
