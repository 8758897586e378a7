/** A folder that is opened: the one cluster file beside its captures is taken, too. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { clusterFilesBeside } from "../../../src-main/engine/sources/cluster-beside";
import { withClient } from "../../builders/service-client";

const LIST = `{\n  "apiVersion": "v1",\n  "items": [],\n  "kind": "List"\n}\n`;
let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "hopscope-beside-"));
});
afterEach(() => rmSync(folder, { recursive: true }));

function write(name: string, text: string): string {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
}

it("is the only file that begins as kubectl's output does, whatever other JSON lies there", () => {
  const cluster = write("objects.json", LIST);
  write("truth.json", `{"connections": [{"apiVersions": 3}]}`);
  write("notes.yaml", "title: a lesson\n");
  expect(clusterFilesBeside([folder])).toEqual([cluster]);
});

it("may be YAML", () => {
  const cluster = write("cluster.yml", "apiVersion: v1\nkind: List\nitems: []\n");
  expect(clusterFilesBeside([folder])).toEqual([cluster]);
});

it("is not guessed among several, nor looked for below the folder, in hidden files or beside a file that was named", () => {
  mkdirSync(join(folder, "below"));
  write("below/cluster.json", LIST);
  write(".hidden.json", LIST);
  expect(clusterFilesBeside([folder])).toEqual([]);
  const one = write("one.json", LIST);
  expect(clusterFilesBeside([one, join(folder, "gone")])).toEqual([]);
  write("two.json", LIST);
  expect(clusterFilesBeside([folder])).toEqual([]);
});

it("is open with the folder's captures; opening something else lets it go, adding a folder adds its own", async () => {
  await withClient(async (client) => {
    const capture = client.write("n1.pcapng", "0.0 10.0.0.1:1 > 10.0.0.2:2 udp");
    const cluster = join(client.folder, "cluster.json");
    writeFileSync(cluster, LIST);
    expect((await client.open(client.folder)).clusterFiles).toEqual([cluster]);
    expect((await client.open(capture)).clusterFiles).toEqual([]);
    await client.ask("workspace.open", { paths: [client.folder], add: true });
    expect((await client.ask("workspace.state", {})).clusterFiles).toEqual([cluster]);
  });
});
