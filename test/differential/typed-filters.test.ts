/**
 * Display filters as people type them: the packets that Wireshark's engine selects over a lab recording and other projects'
 * captures, and the same filters refused. Fields it has and we do not are told as unknown; docs/DIFFERENCES.md says the rest.
 */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { FieldColumns } from "../../src-main/engine/fields/field-columns";
import { compileFilter } from "../../src-main/engine/filter/compile";
import { FILTER_REGISTRY } from "../../src-main/engine/filter/engine-registry";
import { passOver } from "../../src-main/engine/service/captures-pass";
import { UNHURRIED, withLoaded } from "../builders/open-captures";
import { CORPUS, LABS, captureFiles, hasTool, isHere } from "../builders/shared-data";
import { OTHER_VERSIONS_FILTERS, TYPED_FILTERS, WRONG_FILTERS } from "../builders/typed-filters";
import { sharkdRows, tool } from "../builders/wireshark-tools";

const ready = isHere(CORPUS) && isHere(LABS) && hasTool("sharkd") && hasTool("mergecap") && hasTool("editcap");
if (!ready) console.log("skipped: typed filters against sharkd (needs it, the corpus and the labs)");

/** Packets of many protocols in one file: the beginning of a lab's recordings, and of captures that name protocols. */
function mixedCapture(folder: string): string {
  const parts: string[] = [];
  const begin = (file: string, packets: number): void => {
    const part = join(folder, `part-${parts.length}.pcapng`);
    tool("editcap", "-F", "pcapng", "-r", file, part, `1-${packets}`);
    parts.push(part);
  };
  for (const name of ["n1", "client-a"]) begin(join(LABS, "vxlan", `${name}.pcapng`), 150);
  captureFiles(join(CORPUS, "pcapplusplus", "Tests", "Packet++Test", "PacketExamples"))
    .filter((f) => /(Dns|Dhcp|Http|SSL|IPv6|Gre|Arp|Vlan|Icmp|Sll|Vxlan).*\.pcap$/.test(f))
    .forEach((f) => begin(f, 25));
  const mixed = join(folder, "mixed.pcapng");
  tool("mergecap", "-a", "-w", mixed, ...parts);
  return mixed;
}

async function ourRows(file: string, sources: readonly string[]): Promise<Set<number>[]> {
  const filters = sources.map((source) => ({
    filter: compileFilter(source, FILTER_REGISTRY),
    rows: new Set<number>(),
  }));
  await withLoaded(
    [file],
    async (captures) => {
      let columns: FieldColumns | undefined;
      await passOver(captures, {
        flows: "streams",
        signal: UNHURRIED.signal,
        batch: (batch, firstId, pass) => {
          columns ??= new FieldColumns(pass.context);
          columns.begin(batch);
          const keep = new Uint8Array(batch.packetCount);
          for (const { filter, rows } of filters) {
            filter.evaluate(columns, keep);
            keep.forEach((kept, row) => {
              if (kept) rows.add(firstId + row + 1);
            });
          }
        },
      });
    },
    { byBytes: false, reassemble: "ipv6", udpPorts: [[8472, "vxlan"]] },
  );
  return filters.map((f) => f.rows);
}

describe.skipIf(!ready)("filters as people type them", () => {
  it("select the packets that Wireshark selects", { timeout: 300_000 }, async () => {
    const folder = mkdtempSync(join(tmpdir(), "hopscope-"));
    try {
      const mixed = mixedCapture(folder);
      const configuration = join(folder, "configuration");
      mkdirSync(configuration);
      writeFileSync(join(configuration, "preferences"), "ip.defragment: FALSE\ntcp.desegment_tcp_streams: FALSE\n");
      writeFileSync(join(configuration, "decode_as_entries"), "decode_as_entry: udp.port,8472,(none),VXLAN\n");
      const ours = await ourRows(mixed, TYPED_FILTERS);
      const theirs = sharkdRows(mixed, [...TYPED_FILTERS, ...WRONG_FILTERS], configuration);
      const different: string[] = [];
      let matching = 0;
      TYPED_FILTERS.forEach((filter, i) => {
        const [a, b] = [ours[i] as Set<number>, theirs[i]];
        if (!b) return different.push(`${filter}: sharkd refuses it`);
        if (b.size > 0) matching++;
        const odd = [...a, ...b].filter((number) => a.has(number) !== b.has(number)).slice(0, 5);
        if (odd.length > 0)
          different.push(`${filter}: ours ${a.size}, Wireshark ${b.size}, packets ${odd.join(" ")} …`);
        return;
      });
      console.log(`${TYPED_FILTERS.length} filters, ${matching} of them select something, ${different.length} differ`);
      expect(different).toEqual([]);
      expect(matching).toBeGreaterThan(150);
      WRONG_FILTERS.forEach((filter, i) => expect(theirs[TYPED_FILTERS.length + i], filter).toBeUndefined());
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  it.each(OTHER_VERSIONS_FILTERS)("%s is taken", (filter) => {
    expect(() => compileFilter(filter, FILTER_REGISTRY)).not.toThrow();
  });

  it.each(WRONG_FILTERS)("%s is refused, and where it is wrong is told", (filter) => {
    expect(() => compileFilter(filter, FILTER_REGISTRY)).toThrow(expect.objectContaining({ name: "FilterError" }));
  });
});
