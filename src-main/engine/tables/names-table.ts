/** Addresses and their names: told by the captures (name resolution blocks) and by DNS answers in them. */
import type { Cell } from "../../../src-shared/contract/results";
import { addressFilter } from "../../../src-shared/model/filter-text";
import { formatIpv4, formatIpv6 } from "../../../src-shared/model/address";
import { LAYER_DNS } from "../../../src-shared/model/layer-kind";
import { DNS_TYPE_A, DNS_TYPE_AAAA, visitDns, visitDnsOverTcp, type DnsVisitor } from "../../../src-shared/wire/dns";
import { dnsName } from "../../../src-shared/wire/dns-name";
import { readUint } from "../fields/field";
import { GrowableU32 } from "../packet-index/growable";
import { SEGMENT_MASK, SEGMENT_SHIFT } from "../packet-index/packet-index";
import type { OpenCaptures } from "../service/handlers";
import { type TableSource, column } from "./table";

/** DNS packets read for their answers at most, so that the table of a large capture opens. */
const MOST_PACKETS = 50_000;
const AT_ONCE = 1024;

interface Name {
  readonly address: string;
  readonly name: string;
  readonly source: string;
  seen: number;
}

export async function namesTable(
  captures: OpenCaptures,
  selection: { readonly from: number; readonly to: number } | { readonly ids: ArrayLike<number> },
  skipPoint: (point: number) => boolean,
  breathe: () => Promise<void>,
): Promise<TableSource> {
  const found = new Map<string, Name>();
  const add = (address: string, name: string, source: string): void => {
    const key = `${address} ${source} ${name}`;
    const known = found.get(key);
    if (known) known.seen++;
    else found.set(key, { address, name, source, seen: 1 });
  };
  for (const file of captures.workspace.files)
    for (const record of file.names) for (const name of record.names) add(record.address, name, "capture");

  const { index, reader } = captures;
  const wanted = new GrowableU32();
  const take = (id: number): void => {
    const s = index.segments[id >>> SEGMENT_SHIFT];
    const row = id & SEGMENT_MASK;
    if (s?.application[row] === LAYER_DNS && wanted.length < MOST_PACKETS && !skipPoint(index.pointOf(id)))
      wanted.push(id);
  };
  if ("ids" in selection) for (let i = 0; i < selection.ids.length; i++) take(selection.ids[i] as number);
  else for (let id = selection.from; id < selection.to; id++) take(id);
  await breathe();
  const ids = wanted.array();
  for (let at = 0; at < ids.length; at += AT_ONCE) {
    reader.decodeAll(ids.subarray(at, at + AT_ONCE), ({ batch }) => {
      const { bytes } = batch;
      for (let packet = 0; packet < batch.packetCount; packet++) {
        const last = (batch.firstLayer[packet] as number) + batch.layersOf(packet);
        for (let row = batch.firstLayer[packet] as number; row < last; row++) {
          if (batch.layerKind[row] !== LAYER_DNS) continue;
          let asked = "";
          const visitor: DnsVisitor = {
            question(q, m) {
              asked ||= dnsName(bytes, q.name, m);
            },
            record(r, m) {
              if (r.section !== 0 || !r.hasValue) return;
              // The name that was asked for, which an alias may stand before.
              const name = asked === "" ? dnsName(bytes, r.name, m) : asked;
              if (r.type === DNS_TYPE_A) add(formatIpv4(readUint(bytes, r.data, 4)), name, "DNS");
              else if (r.type === DNS_TYPE_AAAA) add(formatIpv6(bytes, r.data), name, "DNS");
            },
          };
          const start = batch.layerPtr[row] as number;
          const end = batch.layerEnd[row] as number;
          if (batch.layerAux[row] === 1) visitDnsOverTcp(bytes, start, end, visitor);
          else visitDns(bytes, start, end, visitor, start + (batch.layerLength[row] as number));
        }
      }
    });
    await breathe();
  }
  const names = [...found.values()];
  const columns = [
    column("address", "Address", "address", "The address"),
    column("name", "Name", "text", "A name of it"),
    column("source", "Told by", "text", "Name resolution block of a capture, or a DNS answer"),
    column("seen", "Times", "number", "How often it was told"),
  ];
  return {
    columns,
    rows: names.length,
    cell(row, at): Cell {
      const n = names[row] as Name;
      return [n.address, n.name, n.source, n.seen][at] as Cell;
    },
    // A name is no field of the filter: it stands for its address.
    cellFilter: (row, at) => (at < 2 ? filterOf(names[row] as Name) : null),
    key: (row) => `${(names[row] as Name).address} ${(names[row] as Name).name}`,
    filter: (row) => filterOf(names[row] as Name),
  };
}

/** Packets from and to the address; told by DNS, also the answers: perhaps nobody ever sent to it. */
function filterOf({ address, source }: Name): string | null {
  const filter = addressFilter(address);
  if (source !== "DNS" || filter === null) return filter;
  return `${filter} || ${address.includes(":") ? "dns.aaaa" : "dns.a"} == ${address}`;
}
