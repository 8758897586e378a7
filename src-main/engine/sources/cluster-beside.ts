/**
 * The file of kubectl that lies beside the captures of a folder: who opens the folder means it, too.
 *
 * ```
 * lab/ n1.pcapng  n2.pcapng  cluster.json  truth.json      cluster.json: the only one that begins like an object of the API
 * lab/ n1.pcapng  before.json  after.json                  two of them: which one is meant a person has to say
 * ```
 */
import { closeSync, openSync, readdirSync, readSync, statSync } from "node:fs";
import { join } from "node:path";
import { byOpenedKind } from "../../../src-shared/model/opened-file";

/** Files looked into in one folder, and how far. `kubectl -o json` and `-o yaml` begin with apiVersion. */
const MOST_LOOKED_AT = 200;
const HEAD_BYTES = 4096;

/** Of each of the inputs that is a folder the cluster file in it (not below it), where there is exactly one. Never throws. */
export function clusterFilesBeside(inputs: readonly string[]): readonly string[] {
  return inputs.flatMap((input) => {
    try {
      if (!statSync(input).isDirectory()) return [];
      const names = readdirSync(input).filter((name) => !name.startsWith("."));
      const { cluster } = byOpenedKind(names);
      const found = cluster
        .slice(0, MOST_LOOKED_AT)
        .map((name) => join(input, name))
        .filter(isClusterFile);
      return found.length === 1 && cluster.length <= MOST_LOOKED_AT ? found : [];
    } catch {
      // What cannot be looked into is told where its captures are looked for.
      return [];
    }
  });
}

function isClusterFile(path: string): boolean {
  try {
    // A pipe or a device is no file: opening one could block.
    if (!statSync(path).isFile()) return false;
    const fd = openSync(path, "r");
    try {
      const head = new Uint8Array(HEAD_BYTES);
      const text = new TextDecoder().decode(head.subarray(0, readSync(fd, head, 0, head.length, 0)));
      return /"apiVersion"\s*:|^(- )?apiVersion:/m.test(text);
    } finally {
      closeSync(fd);
    }
  } catch {
    return false;
  }
}
