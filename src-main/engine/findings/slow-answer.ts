/**
 * A slow answer: the server's time or the network's?
 *
 * ```
 * client's point  question ──────────────────────────────── answer        total
 * server's point            question ────────── answer                    the server's share (and of what is behind it)
 *                 └ network ┘                  └ network ┘
 * ```
 * Only the first question of a TCP connection counts, and only where the client speaks first: after it, silence may be a
 * client that thinks. Time until a lost packet was sent again is the network's.
 */
import type { Connection, Journey } from "../../../src-shared/reconstruct/result";
import { count, durationText, type FindingContext, type FindingFamily, median, placeText, upsert } from "./context";
import { kubectl, onNode } from "./shell";

interface Wait {
  readonly connection: Connection;
  readonly totalNs: number;
  /** Null: no point nearer to the server saw both. */
  readonly serverNs: number | null;
  readonly rows: readonly number[];
  readonly repeated: boolean;
  readonly nearest: number;
}

const SLOW_NS = 500e6;
const VERY_SLOW_NS = 2e9;
/** Share of the total that settles it. */
const MOST = 0.8;

export function slowAnswers(context: FindingContext): FindingFamily {
  const slow = new Map<string, Wait[]>();
  const answers = new Map<string, number>();
  const { sightings } = context.join;
  const at = (journey: Journey, point: number): number | undefined =>
    journey.sightings.find((row) => sightings.point(row) === point);
  return {
    visit(connection, journeys) {
      if (connection.protocol !== "tcp" || connection.ambiguous) return;
      const data = journeys.filter((j) => j.payloadLength > 0);
      const [opening] = data;
      if (!opening || opening.direction !== "to-server") return;
      const answer = data.find((j) => j.direction === "to-client");
      if (!answer) return;
      const questions = data.slice(0, data.indexOf(answer));
      // The last of what was asked, when it first left; its repetitions are waiting time.
      const question = questions.filter((j) => j.retransmissionOf < 0).at(-1);
      const clientPoint = question?.points[0];
      if (!question || clientPoint === undefined) return;
      const asked = at(question, clientPoint);
      const answered = at(answer, clientPoint);
      const key = `${connection.server.ip}:${connection.server.port}`;
      answers.set(key, (answers.get(key) ?? 0) + 1);
      if (asked === undefined || answered === undefined) return;
      const totalNs = context.ns(answered) - context.ns(asked);
      if (totalNs < SLOW_NS) return;
      const delivered = questions.at(-1) ?? question;
      const serverPoint = [...delivered.points].reverse().find((p) => p !== clientPoint && at(answer, p) !== undefined);
      const nearAsked = serverPoint === undefined ? undefined : at(delivered, serverPoint);
      const nearAnswered = serverPoint === undefined ? undefined : at(answer, serverPoint);
      upsert(slow, key, (): Wait[] => []).push({
        connection,
        totalNs,
        serverNs:
          nearAsked === undefined || nearAnswered === undefined
            ? null
            : context.ns(nearAnswered) - context.ns(nearAsked),
        rows: [
          asked,
          answered,
          ...(nearAsked === undefined ? [] : [nearAsked]),
          ...(nearAnswered === undefined ? [] : [nearAnswered]),
        ],
        repeated: questions.some((j) => j.retransmissionOf >= 0),
        nearest: serverPoint ?? clientPoint,
      });
    },
    finish: () =>
      [...slow].map(([key, waits]) => {
        const total = median(waits.map((w) => w.totalNs));
        const known = waits.filter((w) => w.serverNs !== null);
        const server = known.length ? median(known.map((w) => w.serverNs ?? 0)) : null;
        const share = server === null ? null : server / total;
        const cause = share === null ? "unknown" : share >= MOST ? "server" : share <= 1 - MOST ? "network" : "both";
        const [first] = waits as [Wait, ...Wait[]];
        const { connection, nearest } = first;
        const to = placeText(connection.server);
        const repeated = waits.filter((w) => w.repeated).length;
        return context.finding({
          kind: "slow-answer",
          about: key,
          severity: total >= VERY_SLOW_NS ? "warn" : "note",
          title:
            cause === "server"
              ? `Slow server: ${to} takes ${durationText(server ?? 0)} to answer`
              : cause === "network"
                ? `Slow network: ${durationText(total)} for an answer of ${to}, the server's share is ${durationText(server ?? 0)}`
                : cause === "both"
                  ? `Slow answer of ${to}: ${durationText(total)}, ${durationText(server ?? 0)} of it the server's`
                  : `Slow answer of ${to}: ${durationText(total)}`,
          text: `${waits.length} of ${count(answers.get(key) ?? waits.length, "connection")} waited ${durationText(SLOW_NS)} or more for the first answer, ${durationText(total)} in the median.`,
          inference: cause === "unknown",
          where: [...new Set([first.connection.path[0], nearest])].flatMap((p) =>
            p === undefined ? [] : [context.pointId(p)],
          ),
          evidence: [
            server === null
              ? "no capture point nearer to the server saw both question and answer: whose time it is cannot be told"
              : `at ${context.pointText(nearest)} the answer comes ${durationText(server)} after the question, at the client's point after ${durationText(total)}`,
            ...(repeated ? [`in ${count(repeated, "connection")} the question had to be sent again`] : []),
          ],
          fits:
            cause === "server"
              ? ["the program is slow, or waits for another service", "CPU limits of the pod (throttling)"]
              : cause === "network"
                ? [repeated ? "packets were lost and sent again" : "delay on the way: see slow hops"]
                : cause === "both"
                  ? [
                      "both are slow: a busy machine that server and network share, for example",
                      ...(repeated ? ["packets were lost and sent again"] : []),
                    ]
                  : ["the server or the network: a capture at the server's pod would tell"],
          ruledOut: [
            ...(cause === "server" ? ["the network: both packets cross it in the rest of the time"] : []),
            ...(cause === "network" ? ["the server: it answers at once when the question arrives"] : []),
          ],
          rows: waits.flatMap((w) => w.rows),
          connections: waits.map((w) => w.connection),
          check: [
            ...(connection.server.pod === null
              ? []
              : [kubectl("top", "pod", connection.server.pod), kubectl("describe", "pod", connection.server.pod)]),
            ...(connection.server.pod === null ? [onNode(connection.server.node, "ss -ltnp")] : []),
          ],
        });
      }),
  };
}
