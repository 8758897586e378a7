/** `hopscope export` in this process; what is not given is as the command leaves it. Throws what the command tells as an error. */
import { type ExportOptions, runExport } from "../../src-main/hosts/cli/export-command";
import { decodeOptions } from "../../src-main/hosts/cli/run";

export async function exportFile(
  inputs: readonly string[],
  to: string,
  options: Partial<Omit<ExportOptions, "inputs" | "to">> = {},
): Promise<void> {
  await runExport({
    inputs,
    to,
    decode: decodeOptions({}, true),
    filter: undefined,
    fields: [],
    connection: undefined,
    journeys: false,
    plain: false,
    cluster: [],
    clockOffsets: [],
    conntrack: [],
    ...options,
  });
}
