/** DNS lookups that go before the calls of a Service. */
import type { ServiceLookup } from "../../../src-shared/contract/map";
import type { JoinResult } from "../../../src-shared/reconstruct/result";
import type { DnsMessages } from "../findings/dns-messages";
import { dnsResultName, dnsTypeName } from "../layouts/dns-names";
import type { Growing } from "./growing-service";
import { latencyOf } from "./service-latency";

const MOST_LOOKUPS = 200;

export interface LookupsInput {
  readonly join: JoinResult;
  readonly dns: DnsMessages;
  /** Sightings of a packet: rows. */
  readonly rowsOf: (packet: number) => readonly number[];
}

/** What one client asked for. */
interface Asked {
  readonly client: string;
  readonly name: string;
  readonly type: number;
  asked: number;
  answered: number;
  result: number | null;
  readonly ms: number[];
  readonly open: Map<number, number>;
}

/** By the Service's id: lookups whose name is the Service's: its name and namespace, as they are or with a search list behind them. */
export function lookupsOf(
  { join, dns, rowsOf }: LookupsInput,
  services: readonly Growing[],
): Map<string, ServiceLookup[]> {
  const byName = new Map<string, Growing>();
  for (const one of services) {
    if (!one.service) continue;
    const { name, namespace } = one.service.meta;
    byName.set(`${name}.${namespace}`, one);
  }
  const found = new Map<Growing, Map<string, Asked>>();
  for (const message of byName.size === 0 ? [] : dns.rows) {
    const labels = message.name.split(".");
    const one =
      byName.get(labels.slice(0, 2).join(".")) ??
      // "_http._tcp.web.shop.svc …", "web-0.web.shop.svc …"
      byName.get(labels.slice(1, 3).join(".")) ??
      byName.get(labels.slice(2, 4).join("."));
    if (!one) continue;
    const row = rowsOf(message.packet).findLast((r) => join.sightings.connection(r) >= 0);
    if (row === undefined) continue;
    const c = join.connection(join.sightings.connection(row));
    if (c.path[0] !== message.point) continue;
    const client = c.client.pod ?? c.client.ip;
    const key = `${client} ${message.type} ${message.name}`;
    let own = found.get(one);
    if (!own) found.set(one, (own = new Map<string, Asked>()));
    let asked = own.get(key);
    if (!asked) {
      asked = {
        client,
        name: message.name,
        type: message.type,
        asked: 0,
        answered: 0,
        result: null,
        ms: [],
        open: new Map(),
      };
      own.set(key, asked);
    }
    const ns = join.sightings.alignedNs(row);
    if (!message.response) {
      asked.asked++;
      if (!asked.open.has(message.id)) asked.open.set(message.id, ns);
    } else {
      asked.answered++;
      asked.result = message.rcode;
      const since = asked.open.get(message.id);
      if (since !== undefined) asked.ms.push((ns - since) / 1e6);
      asked.open.delete(message.id);
    }
  }
  return new Map(
    [...found].map(([one, own]) => [
      one.id,
      [...own.values()]
        .sort((a, b) => b.asked - a.asked)
        .slice(0, MOST_LOOKUPS)
        .map(({ client, name, type, asked, answered, result, ms }) => ({
          client,
          name,
          type: dnsTypeName(type),
          asked,
          answered,
          result: result === null ? null : dnsResultName(result),
          latency: latencyOf(ms),
        })),
    ]),
  );
}
