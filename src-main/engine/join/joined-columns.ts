/** Makes the columns that fields read of joined captures: one pass over connections and their journeys. */
import type { JoinResult } from "../../../src-shared/reconstruct/result";
import { type JoinedColumns, NAT_DNAT, NAT_ICMP_ID, NAT_SNAT } from "../fields/joined-facts";
import type { JoinedResult } from "./join-result";
import { Texts } from "./application-messages";

const NAT_BITS = { dnat: NAT_DNAT, snat: NAT_SNAT, "icmp-id": NAT_ICMP_ID } as const;

export function joinedColumns(join: JoinResult & Pick<JoinedResult, "firstPacketOfFile">): JoinedColumns {
  const { sightings, connectionCount } = join;
  const { packets } = join.accounting;
  const connection = new Int32Array(packets).fill(-1);
  const journey = new Uint32Array(packets);
  const hop = new Uint16Array(packets);
  const toClient = new Uint8Array(packets);
  const depth = new Uint8Array(packets);
  const texts = new Texts();
  const column = (): Uint32Array => new Uint32Array(connectionCount);
  const [kind, clientPod, serverPod, service] = [column(), column(), column(), column()];
  const nat = new Uint8Array(connectionCount);
  const ids = new Array<string>(connectionCount);
  let number = 0;
  for (let i = 0; i < connectionCount; i++) {
    const c = join.connection(i);
    ids[i] = c.id;
    kind[i] = texts.number(c.kind);
    clientPod[i] = texts.number(c.client.pod ?? "");
    serverPod[i] = texts.number(c.server.pod ?? "");
    service[i] = texts.number(c.service ?? "");
    for (const t of c.translations) nat[i] = (nat[i] as number) | NAT_BITS[t.kind];
    for (const { sightings: rows, direction } of join.journeys(i)) {
      number++;
      rows.forEach((row, at) => {
        const packet = sightings.packet(row);
        // The innermost layer tells: what it carries is what is going on.
        if ((depth[packet] as number) >= sightings.depth(row)) return;
        depth[packet] = sightings.depth(row);
        connection[packet] = i;
        journey[packet] = number;
        hop[packet] = Math.min(at + 1, 65535);
        toClient[packet] = direction === "to-client" ? 1 : 0;
      });
    }
  }
  return {
    firstOfFile: join.firstPacketOfFile,
    connection,
    journey,
    hop,
    toClient,
    ids,
    kind,
    clientPod,
    serverPod,
    service,
    nat,
    texts: texts.list(),
    points: join.points.map(({ role, node }) => ({ role, node })),
  };
}
