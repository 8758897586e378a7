/** `hopscope info`: what a capture holds. */
import { oneLine } from "../../../src-shared/base/text";
import { CaptureCounter, type FileSummary } from "../../engine/session/capture-summary";
import { print } from "./output";
import { type RunOptions, readCaptures } from "./run";

export interface InfoOptions extends Omit<RunOptions, "flows"> {
  readonly json: boolean;
}

export async function runInfo(options: InfoOptions): Promise<number> {
  const counter = new CaptureCounter();
  const { run, exitCode } = await readCaptures({ ...options, flows: "none" }, (batch, r) =>
    counter.take(batch, r.workspace.files[batch.file]?.format === "pcapng"),
  );
  const summary = counter.summary(run.workspace);
  if (options.json) print(`${JSON.stringify(summary, null, 2)}\n`);
  else print(summary.files.map(fileText).join("\n"));
  return exitCode;
}

function row(label: string, value: string | number | null | undefined): string {
  return value === null || value === undefined || value === ""
    ? ""
    : `  ${label.padEnd(16)}${oneLine(String(value))}\n`;
}

function bytesText(n: number): string {
  return `${n.toLocaleString("en")} bytes`;
}

function span(first: string, last: string): string {
  const [s0 = "0", n0 = "0"] = first.split(".");
  const [s1 = "0", n1 = "0"] = last.split(".");
  let seconds = Number(s1) - Number(s0);
  let ns = Number(n1) - Number(n0);
  if (ns < 0) {
    seconds--;
    ns += 1e9;
  }
  return `${seconds}.${String(ns).padStart(9, "0")} s`;
}

function isoTime(text: string): string {
  const [seconds = "0", ns = "000000000"] = text.split(".");
  const date = new Date(Number(seconds) * 1000);
  if (Number.isNaN(date.getTime())) return text;
  return `${date.toISOString().slice(0, 19).replace("T", " ")}.${ns} UTC`;
}

function fileText(f: FileSummary): string {
  let out = `${oneLine(f.file)}\n`;
  out += row("format", f.format ? `${f.format}, ${f.byteOrder} endian` : "not readable");
  if (f.format) {
    out += row("file size", bytesText(f.fileBytes));
    out += row(
      "packets",
      `${f.packets.toLocaleString("en")}, ${bytesText(f.bytes)} on the wire, ${bytesText(f.capturedBytes)} captured`,
    );
    if (f.firstTime && f.lastTime) {
      out += row("first", isoTime(f.firstTime));
      out += row("last", isoTime(f.lastTime));
      out += row("span", span(f.firstTime, f.lastTime));
    }
    if (f.packetsOutOfOrder)
      out += row("order", `${f.packetsOutOfOrder.toLocaleString("en")} packets earlier than one before them`);
    if (f.packetsCutOrMalformed) out += row("cut, malformed", f.packetsCutOrMalformed.toLocaleString("en"));
    if (f.packetComments) out += row("comments", `${f.packetComments.toLocaleString("en")} on packets`);
    if (f.packetDrops) out += row("drops", `${f.packetDrops.toLocaleString("en")} told by packets`);
    const blocks = Object.entries(f.blocks).map(([name, n]) => `${name} ${n.toLocaleString("en")}`);
    if (blocks.length) out += row("blocks", blocks.join(", "));
    for (const s of f.sections) {
      out += row(
        f.sections.length > 1 ? `section ${s.index}` : "section",
        [`version ${s.version}`, s.application, s.os, s.hardware].filter(Boolean).join("; "),
      );
      for (const c of s.comments) out += row("  comment", c);
    }
    for (const i of f.interfaces) {
      out += row(
        `interface ${i.index}`,
        [
          i.name,
          i.description,
          `${i.linkTypeName} (${i.linkType})`,
          `snap length ${i.snapLength}`,
          `times ${i.resolution} s`,
          `${i.packets.toLocaleString("en")} packets`,
          i.dropped === null ? undefined : `${i.dropped.toLocaleString("en")} dropped`,
          i.filter && `filter "${i.filter}"`,
        ]
          .filter(Boolean)
          .join(", "),
      );
      for (const c of i.comments) out += row("  comment", c);
    }
    if (f.names.length) out += row("names", f.names.map((n) => `${n.address} ${n.names.join(" ")}`).join("; "));
  }
  for (const p of f.problems) out += row("problem", `byte ${p.offset}: ${p.message}`);
  return out;
}
