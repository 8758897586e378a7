/**
 * Packets that are decoded again by their ids are what they were when the file was read: the lines of `hopscope packets`, and
 * every field but those whose meaning depends on the packets before (application protocols).
 */
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { TextWriter } from "../../src-shared/base/text-writer";
import type { ValueColumn } from "../../src-shared/tables/value-column";
import { FieldColumns, printValue } from "../../src-main/engine/fields/field-columns";
import type { Field } from "../../src-main/engine/fields/field";
import { fieldNames, findField } from "../../src-main/engine/fields/registry";
import { passOver } from "../../src-main/engine/service/captures-pass";
import type { LoadedCaptures } from "../../src-main/engine/service/loaded-captures";
import { CellPrinter } from "../../src-main/engine/service/row-cells";
import { withLoaded } from "../builders/open-captures";
import { CORPUS, LABS, captureFiles, hopscope, isHere } from "../builders/shared-data";

const COLUMNS = ["number", "source", "destination", "protocol", "length", "info"];

/** The lines of the command, without number of the workspace and time. */
function linesOfCommand(paths: readonly string[]): string[] {
  return hopscope("packets", ...paths)
    .stdout.split("\n")
    .slice(1, -1)
    .map((line) => line.replace(/^ *\d+ (?:\S{14,} |.{14} )/, "").trimEnd());
}

function linesOfRows(captures: LoadedCaptures): string[] {
  const ids = Array.from({ length: captures.index.count }, (_, id) => id);
  return new CellPrinter(captures, COLUMNS)
    .print(ids, -1)
    .map(([, source = "", destination = "", protocol = "", length = "", info = ""]) =>
      `${source.padEnd(22)} ${destination.padEnd(22)} ${protocol.padEnd(9)} ${length.padStart(6)} ${info}`.trimEnd(),
    );
}

const cell = new TextWriter(256);

/** Texts of a field for every packet of a batch, values joined by commas. */
function textsOf(field: Field, column: ValueColumn, count: number): string[] {
  const texts = Array.from({ length: count }, () => "");
  for (let r = 0; r < column.count; r++) {
    cell.clear();
    printValue(cell, field, column, r);
    const packet = column.packet[r] as number;
    texts[packet] += `${cell.toString()},`;
  }
  return texts;
}

/** Fields of one packet alone. The round-trip time is kept to the microsecond where it is longer than two seconds. */
const FIELDS = [...fieldNames()]
  .map((name) => findField(name) as Field)
  .filter((f) => !/^(dns|mdns|llmnr|dhcp|http|tls|ssdp|frame\.protocols|communityid|_ws\.)/.test(f.name));

async function differences(captures: LoadedCaptures): Promise<string[]> {
  const found: string[] = [];
  const expected = new Map<number, string[]>();
  let columns: FieldColumns | undefined;
  await passOver(captures, {
    flows: "point-streams",
    signal: new AbortController().signal,
    batch: (batch, firstId, pass) => {
      columns ??= new FieldColumns(pass.context);
      columns.begin(batch);
      const texts = FIELDS.map((f) => textsOf(f, (columns as FieldColumns).column(f.name), batch.packetCount));
      for (let i = 0; i < batch.packetCount; i++)
        expected.set(
          firstId + i,
          texts.map((t) => t[i] as string),
        );
    },
  });
  // Half of the packets in runs, half alone and in another order: both ways of decoding are used.
  const ids = Array.from({ length: captures.index.count }, (_, id) => id);
  const order = [
    ...ids.filter((id) => id % 64 < 32),
    ...ids.filter((id) => id % 64 >= 32 && id % 2 === 1).reverse(),
    ...ids.filter((id) => id % 64 >= 32 && id % 2 === 0),
  ];
  let own: FieldColumns | undefined;
  captures.reader.decodeAll(order, (run) => {
    own ??= new FieldColumns(run.context);
    own.begin(run.batch);
    const texts = FIELDS.map((f) => textsOf(f, (own as FieldColumns).column(f.name), run.batch.packetCount));
    for (let i = 0; i < run.batch.packetCount; i++) {
      const before = expected.get(run.from + i) as string[];
      FIELDS.forEach((f, k) => {
        if (texts[k]?.[i] === before[k] || found.length > 20) return;
        const file = captures.files[run.file]?.path;
        found.push(`${file} ${captures.index.number(run.from + i)} ${f.name}: ${before[k]} became ${texts[k]?.[i]}`);
      });
    }
  });
  return found;
}

const fixtures = readdirSync("fixtures")
  .filter((name) => /\.pcap(ng)?$/.test(name))
  .map((name) => join("fixtures", name));

describe("rows of the packet list", () => {
  it("are the lines of `hopscope packets`: fixtures", { timeout: 120_000 }, async () => {
    await withLoaded(fixtures, (c) => expect(linesOfRows(c)).toEqual(linesOfCommand(fixtures)));
  });

  it.skipIf(!isHere(LABS))("are the lines of `hopscope packets`: lab recordings", { timeout: 300_000 }, async () => {
    for (const lab of readdirSync(LABS).filter((name) => !name.includes("."))) {
      const paths = captureFiles(join(LABS, lab)).filter((f) => f.endsWith(".pcapng"));
      await withLoaded(paths, (c) => expect(linesOfRows(c), lab).toEqual(linesOfCommand(paths)));
    }
  });
});

describe("fields of packets decoded again", () => {
  it("fixtures, all of them one workspace", { timeout: 60_000 }, () =>
    withLoaded(fixtures, async (c) => expect(await differences(c)).toEqual([])),
  );

  it.skipIf(!isHere(LABS))("lab recordings", { timeout: 120_000 }, () =>
    withLoaded(
      captureFiles(LABS).filter((f) => f.endsWith(".pcapng")),
      async (c) => expect(await differences(c)).toEqual([]),
    ),
  );

  it.skipIf(!isHere(CORPUS))("other projects' captures, malformed ones included", { timeout: 120_000 }, () =>
    withLoaded(
      captureFiles(CORPUS).filter((f) => !f.includes("expected")),
      async (c) => expect(await differences(c)).toEqual([]),
    ),
  );
});
