/** Services, as translations show them; named by the cluster file. */
import type { Endpoint, Topology } from "../../../../src-shared/reconstruct/result";
import { PROTOCOL_UDP } from "../sighting-columns";
import { type KnownNetwork, keyOf } from "./known-network";

/** Takes the addresses that were asked for and translated. */
export function findServices(network: KnownNetwork): void {
  const { table } = network;
  for (let c = 0; c < table.count; c++) {
    if (!table.changes[c]) continue;
    const v6 = network.v6(c);
    for (const t of table.translations[table.changes[c] as number] ?? []) {
      const key = keyOf(t.fromAddress, v6);
      if (t.kind === "dnat" && !network.owned.has(key) && !network.pods.has(key)) network.serviceKeys.add(key);
    }
  }
}

/** Every address and port that was asked for, with those that answered. */
export function listServices(network: KnownNetwork): Topology["services"] {
  const { table } = network;
  const found = new Map<
    number,
    {
      readonly endpoint: Endpoint;
      readonly protocol: string;
      readonly backends: Endpoint[];
      readonly known: Set<number>;
    }
  >();
  for (let c = 0; c < table.count; c++) {
    if (!table.changes[c]) continue;
    const v6 = network.v6(c);
    const text = (a: number): string => network.input.columns.addressText(a, v6);
    const udp = network.input.columns.protocol(table.root[c] as number) === PROTOCOL_UDP;
    // Address, port and what tells families and protocols apart fit 53 bits.
    const numberOf = (address: number, port: number): number =>
      ((address * 131072 + port) * 2 + (udp ? 1 : 0)) * 2 + (v6 ? 1 : 0);
    for (const t of table.translations[table.changes[c] as number] ?? []) {
      if (t.kind !== "dnat") continue;
      const key = numberOf(t.fromAddress, t.fromPort);
      let one = found.get(key);
      if (!one) {
        const endpoint = { ip: text(t.fromAddress), port: t.fromPort };
        found.set(key, (one = { endpoint, protocol: udp ? "udp" : "tcp", backends: [], known: new Set() }));
      }
      const backend = numberOf(t.toAddress, t.toPort);
      if (one.known.has(backend)) continue;
      one.known.add(backend);
      one.backends.push({ ip: text(t.toAddress), port: t.toPort });
    }
  }
  return [...found.values()].map((s) => {
    const told = network.cluster?.serviceAt(s.endpoint.ip, s.endpoint.port, s.protocol === "udp" ? "udp" : "tcp", null);
    return {
      name: told ? `${told.service.meta.namespace}/${told.service.meta.name}` : null,
      endpoint: s.endpoint,
      protocol: s.protocol,
      backends: s.backends,
      source: told ? ("told" as const) : ("inferred" as const),
    };
  });
}
