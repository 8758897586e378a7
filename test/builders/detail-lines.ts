/** The details of packets, for tests: run over a capture, trees as indented lines. */
import { readFileSync } from "node:fs";
import type { DetailNode } from "../../src-shared/contract/results";
import { type DetailTreeResult, drawPacket } from "../../src-main/engine/details/packet-details";
import type { FieldContext } from "../../src-main/engine/fields/field-context";
import type { FlowMode } from "../../src-main/engine/decode/pipeline";
import type { Batch } from "../../src-main/engine/kernel/batch";
import { type EngineRun, runEngine } from "./run-engine";

export interface DrawnPacket extends DetailTreeResult {
  readonly batch: Batch;
  readonly packet: number;
  readonly context: FieldContext;
}

/** Draws every packet of a capture that `wanted` names, and hands it on while its batch is valid. */
export async function drawCapture(
  bytes: Uint8Array,
  visit: (drawn: DrawnPacket) => void,
  options: {
    readonly wanted?: (number: number) => boolean;
    readonly mode?: FlowMode;
    readonly reassemble?: boolean;
  } = {},
): Promise<EngineRun> {
  let context: FieldContext | undefined;
  return runEngine(bytes, options.mode ?? "streams", { reassemble: options.reassemble ?? true }, (batch, run) => {
    context ??= {
      files: run.workspace.files,
      points: run.workspace.points,
      kernel: run.handle.kernel,
      scratch: run.handle.scratch,
      verifyChecksums: false,
    };
    for (let packet = 0; packet < batch.packetCount; packet++) {
      if (options.wanted && !options.wanted(batch.numberBefore + packet + 1)) continue;
      visit({ ...drawPacket(batch, packet, context), batch, packet, context });
    }
  });
}

export async function drawFile(
  path: string,
  visit: (drawn: DrawnPacket) => void,
  wanted?: (number: number) => boolean,
  reassemble = true,
): Promise<EngineRun> {
  return drawCapture(readFileSync(path), visit, { reassemble, ...(wanted && { wanted }) });
}

/** The tree as lines, two spaces a level; of protocols other than the frame's. */
function treeLines(tree: readonly DetailNode[], deep = true): string[] {
  const lines: string[] = [];
  const add = (node: DetailNode, indent: string): void => {
    lines.push(`${indent}${node.text}`);
    if (deep) for (const child of node.children) add(child, `${indent}  `);
  };
  for (const node of tree.slice(1)) add(node, "");
  return lines;
}

/** The trees of all packets as lines. */
export async function detailLines(bytes: Uint8Array, deep = true): Promise<string[][]> {
  const all: string[][] = [];
  await drawCapture(bytes, ({ tree }) => all.push(treeLines(tree, deep)));
  return all;
}
