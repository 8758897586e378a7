/** Labs: what devices learned, held against cluster.json and the pods' own files; translations against the kernel's own tables. */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { learnFiles, type Learnt } from "../../builders/learn";
import { hopscope, LABS } from "../../builders/shared-data";

const labs = existsSync(LABS) ? readdirSync(LABS).filter((f) => existsSync(join(LABS, f, "truth.json"))) : [];
if (labs.length === 0) console.warn(`skipped: no labs in ${LABS}`);

interface Item {
  readonly kind: string;
  readonly metadata: { readonly name: string };
  readonly spec?: { readonly nodeName?: string };
  readonly status?: {
    readonly podIP?: string;
    readonly addresses?: readonly { readonly type: string; readonly address: string }[];
  };
}

describe.skipIf(labs.length === 0).each(labs)("%s", (lab) => {
  const folder = join(LABS, lab);
  const named = (pattern: RegExp): string[] =>
    readdirSync(folder)
      .filter((name) => pattern.test(name))
      .map((name) => join(folder, name));
  const { items } = JSON.parse(readFileSync(join(folder, "cluster.json"), "utf8")) as { items: readonly Item[] };
  const pods = items.filter((item) => item.kind === "Pod" && item.status?.podIP !== undefined);
  const nodeAddress = (name: string): string =>
    items
      .find((item) => item.kind === "Node" && item.metadata.name === name)
      ?.status?.addresses?.find((a) => a.type === "InternalIP")?.address ?? "";
  /** The pod's MAC by its own recording: what it sends from. */
  const macs = new Map<string, string | undefined>();
  const macOf = (pod: Item): string | undefined => {
    const { name } = pod.metadata;
    if (!macs.has(name)) macs.set(name, readMac(pod));
    return macs.get(name);
  };
  const readMac = (pod: Item): string | undefined => {
    const file = join(folder, `${pod.metadata.name}.pcapng`);
    if (!existsSync(file)) return undefined;
    const filter = `ip.src == ${pod.status?.podIP ?? ""}`;
    return hopscope("fields", file, "-e", "eth.src", "-Y", filter).stdout.split("\n")[0];
  };
  let learnt: Learnt;
  beforeAll(async () => {
    learnt = await learnFiles(named(/\.pcapng$/), {
      cluster: [join(folder, "cluster.json")],
      conntrackFiles: named(/^conntrack/),
    });
  });
  const rows = async (table: string, columns: readonly string[]): Promise<string[][]> =>
    (await learnt.lines(table, columns)).map((line) => line.split(" | "));

  it("a bridge has each pod's MAC behind one port, and no other is that pod's", async () => {
    const table = await rows("macs", ["who", "mac", "port"]);
    for (const pod of pods) {
      const mac = macOf(pod);
      if (mac === undefined) continue;
      const own = table.filter(([who]) => who === `default/${pod.metadata.name}`);
      expect(own.map(([, found]) => found)).toEqual([mac]);
      expect(own[0]?.[2]).toMatch(/^veth/);
    }
  });

  it("nobody's cache has another MAC for a pod than the pod's own", async () => {
    const neighbours = await rows("neighbours", ["address", "mac"]);
    for (const pod of pods) {
      const mac = macOf(pod);
      const told = neighbours.filter(([address]) => address === pod.status?.podIP).map(([, found]) => found);
      expect(told.length).toBeGreaterThan(0);
      if (mac !== undefined) expect([...new Set(told)]).toEqual([mac]);
    }
  });

  it("each pod is behind its own node's address in the tunnel, and routes to it lead there", async () => {
    const tunnels = await rows("tunnels", ["inner", "outer"]);
    const routes = await rows("routes", ["holder", "prefix", "next-hop"]);
    let checked = 0;
    for (const pod of pods) {
      const address = pod.status?.podIP ?? "";
      const node = pod.spec?.nodeName ?? "";
      for (const [inner, outer] of tunnels)
        if (inner === address) {
          expect(outer).toBe(nodeAddress(node));
          checked++;
        }
      // A prefix that was seen with this pod in it: other nodes send it to the pod's node.
      const net = address.split(".").slice(0, 3).join(".");
      for (const [holder, prefix, hop] of routes)
        if (/^n\d$/.test(holder ?? "") && holder !== node && prefix?.startsWith(net)) {
          expect(hop).toContain(nodeAddress(node));
          checked++;
        }
    }
    expect(checked).toBeGreaterThan(2);
  });

  it("every translation seen is the kernel's own; what is only told was not recorded before the NAT", async () => {
    const nat = await rows("nat", ["conntrack", "source", "difference"]);
    const count = (verdict: string): number => nat.filter(([found]) => found === verdict).length;
    expect([count("differs"), count("only in packets")]).toEqual([0, 0]);
    expect(count("equal")).toBeGreaterThan(40);
    // A node's own calls are translated before they reach a wire.
    for (const [verdict, source] of nat) if (verdict === "only told") expect(source).toContain(`${nodeAddress("n1")}:`);
  });
});

// A file without any test is an error.
if (labs.length === 0) it.skip("recordings of labs are not here", () => undefined);
