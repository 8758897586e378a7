/**
 * After NAT two connections have the same addresses and ports: the server still remembers the first one, and answers the
 * second one's SYN with an ACK of the old numbers, with RST, or not at all.
 *
 * ```
 * client A:4000 ─SNAT─► node:4000 ─► server     closed, the server waits (TIME-WAIT)
 * client B:4000 ─SNAT─► node:4000 ─► server     SYN ◄── ACK of the old connection
 * ```
 * Reuse that works is no finding.
 */
import { endpointText } from "../../../src-shared/model/endpoint-text";
import type { Connection, Journey } from "../../../src-shared/reconstruct/result";
import { rowsOf } from "./attempts";
import { type FindingContext, type FindingFamily, firstRow, TCP_ACK, TCP_RST, TCP_SYN, upsert } from "./context";
import { onNode } from "./shell";

interface Use {
  readonly connection: Connection;
  readonly startNs: number;
  readonly endNs: number;
  readonly syns: readonly Journey[];
  /** What the server answered first to the SYN. */
  readonly answer: "syn-ack" | "ack" | "rst" | "none";
  readonly answerRow: number;
}

/** Longest time a tuple is remembered: TIME-WAIT in Linux 60 s, in others up to 240 s (RFC 9293: twice the segment lifetime). */
const REMEMBERED_NS = 240e9;

export function portReuse(context: FindingContext): FindingFamily {
  const uses = new Map<string, Use[]>();
  const { sightings } = context.join;
  return {
    visit(connection, journeys) {
      if (connection.protocol !== "tcp" || connection.seenByServerAs === null) return;
      const flags = (j: Journey): number => sightings.tcpFlags(firstRow(j));
      const syns = journeys.filter((j) => j.direction === "to-server" && (flags(j) & (TCP_SYN | TCP_ACK)) === TCP_SYN);
      const [syn] = syns;
      const [first] = journeys;
      const last = journeys.at(-1);
      if (!syn || !first || !last) return;
      const answer = journeys.find((j) => j.direction === "to-client");
      const answerFlags = answer ? flags(answer) : 0;
      const use: Use = {
        connection,
        startNs: context.startNs(syn),
        endNs: context.startNs(last),
        syns,
        answer: !answer ? "none" : answerFlags & TCP_SYN ? "syn-ack" : answerFlags & TCP_RST ? "rst" : "ack",
        answerRow: answer ? firstRow(answer) : -1,
      };
      const { seenByServerAs: seen, server } = connection;
      upsert(uses, `${endpointText(seen)}>${endpointText(server)}`, (): Use[] => []).push(use);
    },
    finish: () =>
      [...uses].flatMap(([tuple, list]) => {
        list.sort((a, b) => a.startNs - b.startNs);
        return list.flatMap((use, i) => {
          const before = list[i - 1];
          if (!before || use.answer === "syn-ack" || (use.answer === "none" && use.syns.length < 2)) return [];
          if (before.answer !== "syn-ack" || use.startNs - before.endNs > REMEMBERED_NS) return [];
          const translated = [use, before].some((u) => u.connection.translations.some((t) => t.kind === "snat"));
          const sameClient = endpointText(use.connection.client) === endpointText(before.connection.client);
          // Silence alone has many causes; after NAT, or with a telling answer, this one is likely.
          if (use.answer === "none" && !translated) return [];
          const node = use.connection.translations.find((t) => t.kind === "snat")?.node ?? null;
          const { server, client } = use.connection;
          const said = { ack: "an ACK that is not for it", rst: "RST", none: "nothing", "syn-ack": "" }[use.answer];
          return [
            context.finding({
              kind: "port-reuse",
              about: `${tuple} ${use.connection.id}`,
              severity: "warn",
              title: `Ports used again ${translated ? "after NAT " : ""}while ${endpointText(server)} still remembers them`,
              text: `The SYN of ${endpointText(client)} reaches the server as ${tuple.split(">")[0] ?? "?"}, which a connection of ${sameClient ? "the same client" : endpointText(before.connection.client)} used until ${((use.startNs - before.endNs) / 1e9).toFixed(1)} s before; it is answered with ${said}.`,
              inference: use.answer === "none",
              where: [
                ...(node === null ? [] : [node]),
                ...(use.connection.path.length ? [context.pointId(use.connection.path.at(-1) as number)] : []),
              ],
              evidence: [
                `two connections are ${tuple} at the server, ${((use.startNs - before.endNs) / 1e9).toFixed(1)} s apart`,
                `the first answer to the new SYN is ${said}`,
                ...(translated && !sameClient ? ["the clients are different ones: NAT gave them the same port"] : []),
              ],
              fits: [
                "the server is in TIME-WAIT for the old connection (60 s in Linux) or never saw it closed",
                ...(translated
                  ? ["NAT keeps the client's port (no --random-fully), so clients collide behind one address"]
                  : []),
              ],
              ruledOut: ["a closed port: the connection before was taken"],
              rows: [...rowsOf(use.syns), ...(use.answerRow < 0 ? [] : [use.answerRow])],
              connections: [before.connection, use.connection],
              check: [
                onNode(node, `conntrack -L -p tcp --orig-dst ${(use.connection.requested ?? server).ip}`),
                onNode(node, "conntrack -S"),
                onNode(server.node, `ss -tan state time-wait dst ${use.connection.seenByServerAs?.ip ?? ""}`.trim()),
              ],
            }),
          ];
        });
      }),
  };
}
