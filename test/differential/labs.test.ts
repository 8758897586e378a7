/**
 * Every request of the recorded labs, against what the client's socket, the server and the kernel's connection tracking said.
 * With and without the cluster file; with every namespace's file and with the two nodes' alone; with and without the output of conntrack.
 */
import { existsSync, readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import type { ConnectionJson } from "../../src-shared/contract/join";
import { pointJson } from "../../src-main/engine/join/connection-json";
import type { JoinedResult } from "../../src-main/engine/join/join-result";
import { connectionsJson, joinFiles } from "../builders/join-files";
import { LABS } from "../builders/shared-data";

type Address = readonly [ip: string, port: number];

interface LabRequest {
  readonly kind: string;
  /** Namespace of the client. */
  readonly frm: string;
  readonly local: Address;
  readonly remote: Address;
  readonly bytes: number;
  readonly server: { readonly peer: Address; readonly local: Address; readonly pod: string };
}

interface LabTruth {
  readonly mode: string;
  readonly taps: Readonly<Record<string, readonly string[]>>;
  readonly requests: readonly LabRequest[];
}

const labs = existsSync(LABS) ? readdirSync(LABS).filter((l) => existsSync(join(LABS, l, "truth.json"))) : [];
if (labs.length === 0) console.warn(`labs.test.ts: skipped, no recordings under ${LABS}`);

/** What the topology of the labs says about a request: written down from how the labs were built, not from packets. */
class LabTopology {
  constructor(private readonly truth: LabTruth) {}

  private id(namespace: string, device: string): string {
    return `${namespace}@${device}`;
  }

  nodeOf(namespace: string): string | null {
    for (const node of ["n1", "n2"]) if (namespace === node || this.podsOf(node).includes(namespace)) return node;
    return null;
  }

  /** Pods of a node in the order their veths were made. */
  podsOf(node: string): string[] {
    const side = node === "n1" ? "a" : "b";
    return [`web-${side}`, `client-${side}`];
  }

  private tunnelOf(node: string): string[] {
    return (this.truth.taps[node] ?? []).filter((d) => !/^(eth|cni|veth)/.test(d)).map((d) => this.id(node, d));
  }

  /** From a pod's card to its node's bridge. */
  private up(pod: string): string[] {
    const node = this.nodeOf(pod) ?? "";
    const veths = (this.truth.taps[node] ?? []).filter((d) => d.startsWith("veth"));
    const veth = veths[this.podsOf(node).indexOf(pod)] ?? "";
    return [this.id(pod, "eth0"), this.id(node, veth), this.id(node, "cni0")];
  }

  private router(from: string, to: string): string[] {
    const lan = (this.truth.taps["r"] ?? []).includes("lan") ? [this.id("r", "lan")] : [];
    return [this.id("r", `to-${from}`), ...lan, this.id("r", `to-${to}`)];
  }

  /** Node to node: into the tunnel, over the router, out of it. */
  private between(from: string, to: string): string[] {
    return [
      ...this.tunnelOf(from),
      this.id(from, "eth0"),
      ...this.router(from, to),
      this.id(to, "eth0"),
      ...this.tunnelOf(to),
    ];
  }

  path(request: LabRequest): string[] {
    const server = request.server.pod;
    const serverNode = this.nodeOf(server);
    const entry = this.entryNode(request);
    const down = serverNode ? this.up(server).reverse() : [];
    if (request.frm === "ext") {
      const inward = [this.id("ext", "eth0"), ...this.router("ext", entry), this.id(entry, "eth0")];
      return serverNode === entry
        ? [...inward, ...down]
        : [...inward, ...this.between(entry, serverNode ?? ""), ...down];
    }
    const clientNode = this.nodeOf(request.frm) ?? "";
    const out = request.frm === clientNode ? [] : this.up(request.frm);
    if (server === "ext")
      return [...out, this.id(clientNode, "eth0"), ...this.router(clientNode, "ext"), this.id("ext", "eth0")];
    if (serverNode === clientNode) return [...out, ...down];
    return [...out, ...this.between(clientNode, serverNode ?? ""), ...down];
  }

  /** Node whose NodePort an outside client called: the one that sends the answers, by its address. */
  private entryNode(request: LabRequest): string {
    return this.nodeByAddress.get(request.remote[0]) ?? "";
  }

  private readonly nodeByAddress = new Map<string, string>();

  learnNodes(cluster: string): void {
    const { items } = JSON.parse(cluster) as {
      items: { kind: string; metadata: { name: string }; status?: { addresses?: { address: string }[] } }[];
    };
    for (const item of items)
      if (item.kind === "Node")
        for (const a of item.status?.addresses ?? []) this.nodeByAddress.set(a.address, item.metadata.name);
  }
}

interface Nat {
  readonly kind: "dnat" | "snat";
  readonly from: string;
  readonly to: string;
}

/** Translations of a node's kernel, by the client's tuple as the node first saw it. */
function conntrackTranslations(text: string): Map<string, Nat[]> {
  const found = new Map<string, Nat[]>();
  for (const line of text.split("\n")) {
    if (!line.includes("[NEW]") || !/ tcp /.test(line)) continue;
    const v = [...line.matchAll(/(src|dst|sport|dport)=(\S+)/g)].map((m) => m[2] ?? "");
    const [src, dst, sport, dport, replySrc, replyDst, replySport, replyDport] = v;
    const list: Nat[] = [];
    if (dst !== replySrc || dport !== replySport)
      list.push({ kind: "dnat", from: `${dst}:${dport}`, to: `${replySrc}:${replySport}` });
    if (src !== replyDst || sport !== replyDport)
      list.push({ kind: "snat", from: `${src}:${sport}`, to: `${replyDst}:${replyDport}` });
    found.set(`${src}:${sport} ${dst}:${dport}`, list);
  }
  return found;
}

const KINDS: Readonly<Record<string, string>> = {
  "pod-to-pod/intra-node": "pod-to-pod",
  "pod-to-pod/inter-node": "pod-to-pod",
  "pod-to-node-none": "node-to-pod",
  "pod-to-service": "pod-to-service",
  "pod-to-service/hairpin-possible": "pod-to-service",
  "external-to-service": "external-to-service",
  egress: "egress",
  "node-to-service": "node-to-service",
};

const TUNNELS: Readonly<Record<string, string>> = { vxlan: "vxlan", ipip: "ipip", udptun: "ip-udp" };
const text = (a: Address): string => `${a[0]}:${a[1]}`;
const endText = (e: { readonly ip: string; readonly port: number } | null): string | null =>
  e ? `${e.ip}:${e.port}` : null;
/** A bridge's own tap shows a copy, at a time of its own: it is in the path, its place is that of its stamp. */
const isBridge = (point: string): boolean => point.endsWith("@cni0") || point.endsWith("@lan");

describe.skipIf(labs.length === 0).each(labs)("lab %s", (lab) => {
  const folder = join(LABS, lab);
  const truth = JSON.parse(readFileSync(join(folder, "truth.json"), "utf8")) as LabTruth;
  const topology = new LabTopology(truth);
  topology.learnNodes(readFileSync(join(folder, "cluster.json"), "utf8"));
  const conntrack = ["n1", "n2", "r"].map((node) => ({
    node,
    translations: conntrackTranslations(readFileSync(join(folder, `conntrack-${node}.txt`), "utf8")),
  }));
  const captures = readdirSync(folder).filter((f) => f.endsWith(".pcapng"));

  describe.each([
    { files: captures, told: true, label: "all files, cluster told" },
    { files: captures, told: false, label: "all files, nothing told" },
    { files: ["n1.pcapng", "n2.pcapng"], told: true, label: "two nodes, cluster told" },
    { files: ["n1.pcapng", "n2.pcapng"], told: false, label: "two nodes, nothing told" },
    { files: captures, told: true, tracked: true, label: "all files, cluster and conntrack told" },
    { files: ["n1.pcapng", "n2.pcapng"], told: false, tracked: true, label: "two nodes, conntrack told" },
  ])("$label", ({ files, told, tracked = false }) => {
    let result: JoinedResult;
    let connections: ConnectionJson[];
    let names: Map<string, string>;
    const given = new Set(files.map((f) => f.replace(".pcapng", "")));

    beforeAll(async () => {
      result = await joinFiles(
        files.map((f) => join(folder, f)),
        {
          ...(told && { cluster: [join(folder, "cluster.json")] }),
          ...(tracked && { conntrack: conntrack.map(({ node }) => join(folder, `conntrack-${node}.txt`)) }),
        },
      );
      connections = connectionsJson(result);
      names = new Map(result.points.map((p) => [p.id, `${p.file.replace(".pcapng", "")}@${p.interface ?? ""}`]));
    });

    /** The connection of a request, by what the client's socket says, or by what the server saw. */
    function find(request: LabRequest): ConnectionJson {
      const found = connections.filter(
        (c) =>
          c.protocol === "tcp" &&
          c.client.port === request.local[1] &&
          (endText(c.client) === text(request.local) || endText(c.seenByServerAs) === text(request.server.peer)),
      );
      expect(found, `${request.kind} ${text(request.local)}`).toHaveLength(1);
      return found[0] as ConnectionJson;
    }

    /** A node's own call to a Service is translated before any device sees it: only connection tracking tells what was asked for. */
    const isOwnCall = (r: LabRequest): boolean => r.kind === "node-to-service";
    const hidden = (r: LabRequest): boolean => isOwnCall(r) && !tracked;

    test("client, request, server, and the client as the server saw it", () => {
      for (const r of truth.requests) {
        const c = find(r);
        const label = `${r.kind} ${text(r.local)} > ${text(r.remote)}`;
        expect(endText(c.server), label).toBe(text(r.server.local));
        // Behind the gateway's NAT nobody listens when only the nodes' files are given.
        const serverShown = given.has(r.server.pod) || topology.nodeOf(r.server.pod) !== null;
        expect(endText(c.seenByServerAs), label).toBe(serverShown ? text(r.server.peer) : null);
        if (hidden(r)) {
          // The clients own address is shown only where the answer crosses the bridge un-translated.
          expect([text(r.local), text(r.server.peer)], label).toContain(endText(c.client));
          expect([null, text(r.server.local)], label).toContain(endText(c.requested));
          continue;
        }
        expect(endText(c.client), label).toBe(text(r.local));
        expect(endText(c.requested), label).toBe(text(r.remote));
      }
    });

    test("kind, locality, hairpin, node and pod", () => {
      for (const r of truth.requests) {
        const c = find(r);
        const label = `${r.kind} ${text(r.local)} > ${text(r.remote)}`;
        const clientNode = topology.nodeOf(r.frm);
        const serverNode = topology.nodeOf(r.server.pod);
        if (hidden(r)) expect(["node-to-service", "node-to-pod"], label).toContain(c.kind);
        else expect(c.kind, label).toBe(KINDS[r.kind]);
        expect(c.locality, label).toBe(
          clientNode === null || serverNode === null
            ? "outside"
            : clientNode === serverNode
              ? "same-node"
              : "cross-node",
        );
        expect(c.hairpin, label).toBe(r.frm === r.server.pod);
        expect([c.client.node, c.server.node], label).toEqual([clientNode, serverNode]);
        const pod = (namespace: string, node: string | null): string | null =>
          node === null || namespace === node
            ? null
            : told
              ? `default/${namespace}`
              : given.has(namespace)
                ? namespace
                : null;
        expect([c.client.pod, c.server.pod], label).toEqual([pod(r.frm, clientNode), pod(r.server.pod, serverNode)]);
        if (told && !hidden(r) && KINDS[r.kind]?.endsWith("service")) expect(c.service, label).toBe("default/web");
        expect(c.ambiguous, label).toBe(false);
      }
    });

    test("path: the points it crossed and their order", () => {
      for (const r of truth.requests) {
        const c = find(r);
        const label = `${r.kind} ${text(r.local)} > ${text(r.remote)}`;
        const expected = topology.path(r).filter((p) => given.has(p.split("@")[0] ?? ""));
        const path = c.path.map((id) => names.get(id) ?? "?");
        expect([...new Set(path)].sort(), label).toEqual([...new Set(expected)].sort());
        const distinct = (list: readonly string[]): string[] => list.filter((p, i) => p !== list[i - 1]);
        const back = c.returnPath.map((id) => names.get(id) ?? "?");
        expect([...new Set(back)].sort(), label).toEqual([...new Set(expected)].sort());
        const withoutBridges = (list: readonly string[]): string[] => distinct(list.filter((p) => !isBridge(p)));
        expect(withoutBridges(path), label).toEqual(withoutBridges(expected));
        expect(withoutBridges(back), label).toEqual(withoutBridges([...expected].reverse()));
        // By time, as the rules say: no point before one that saw the packet earlier is checked by the journeys' own order.
        expect(path[0], label).toBe(expected.find((p) => p === path[0]));
      }
    });

    test("tunnel", () => {
      for (const r of truth.requests) {
        const c = find(r);
        const label = `${r.kind} ${text(r.local)} > ${text(r.remote)}`;
        const path = topology.path(r);
        const crosses = path.includes("n1@eth0") && path.includes("n2@eth0");
        const kind = TUNNELS[truth.mode];
        if (!kind || !crosses) {
          expect(c.encapsulations, label).toEqual([]);
          continue;
        }
        const first = path.find((p) => p === "n1@eth0" || p === "n2@eth0") === "n1@eth0" ? "n1" : "n2";
        const other = first === "n1" ? "n2" : "n1";
        expect(
          c.encapsulations.map((e) => e.kind),
          label,
        ).toEqual([kind]);
        const outer = c.encapsulations[0]?.outer;
        const nodeOf = (ip: string | undefined): string | null =>
          ip === undefined ? null : (result.topology.place(ip)?.node ?? null);
        expect([nodeOf(outer?.src), nodeOf(outer?.dst)], label).toEqual([first, other]);
      }
    });

    test("translations are those of the kernel's connection tracking, on the node where they happened", () => {
      for (const r of truth.requests) {
        if (hidden(r)) continue;
        const c = find(r);
        const label = `${r.kind} ${text(r.local)} > ${text(r.remote)}`;
        // Follow the tuple through the nodes that know it.
        const expected: string[] = [];
        let tuple = `${text(r.local)} ${text(r.remote)}`;
        for (let step = 0; step < 4; step++) {
          const at = conntrack.find((n) => (n.translations.get(tuple) ?? []).length > 0 && given.has(n.node));
          if (!at) break;
          let [client = "", server = ""] = tuple.split(" ");
          for (const nat of at.translations.get(tuple) ?? []) {
            expected.push(`${nat.kind} ${nat.from} ${nat.to} ${at.node}`);
            if (nat.kind === "dnat") server = nat.to;
            else client = nat.to;
          }
          tuple = `${client} ${server}`;
        }
        expect(
          c.translations.map((t) => `${t.kind} ${endText(t.from)} ${endText(t.to)} ${t.node}`).sort(),
          label,
        ).toEqual(expected.sort());
        for (const t of c.translations) {
          const isTold = t.evidence.includes("conntrack");
          if (isTold) expect([isOwnCall(r), t.evidence], label).toEqual([true, ["conntrack"]]);
          else expect(t.evidence, label).toContain("tcp-seq");
        }
        expect(c.told ?? [], label).toEqual(isOwnCall(r) ? expect.arrayContaining(["requested"]) : []);
      }
    });

    test("roles of the capture points", () => {
      const role = (device: string, namespace: string): string =>
        device.startsWith("veth")
          ? "host-veth"
          : device === "cni0" || device === "lan"
            ? "bridge"
            : namespace === "r"
              ? "router-port"
              : namespace === "ext"
                ? "unknown"
                : topology.nodeOf(namespace) !== namespace
                  ? "pod-nic"
                  : device === "eth0"
                    ? "node-nic"
                    : "tunnel-device";
      for (const p of result.points.map(pointJson)) {
        const namespace = p.file.replace(".pcapng", "");
        expect(p.role, p.id).toBe(role(p.interface ?? "", namespace));
        expect(p.node, p.id).toBe(topology.nodeOf(namespace) ?? namespace);
      }
    });

    test("every sighting is accounted for, and the bytes each side sent are there", () => {
      const a = result.accounting;
      const sum = (o: Readonly<Record<string, number>>): number => Object.values(o).reduce((n, v) => n + v, 0);
      expect(a.joined + sum(a.alone) + a.carriers + a.quotedTied + a.quotedUntied).toBe(a.sightings);
      expect(a.quotedUntied).toBe(0);
      for (const r of truth.requests) {
        const c = find(r);
        // What was sent twice counts twice.
        if (c.packets.retransmissions === 0) expect(c.bytes.fromServer, text(r.local)).toBe(r.bytes);
        else expect(c.bytes.fromServer, text(r.local)).toBeGreaterThanOrEqual(r.bytes);
      }
    });
  });
});

// A file without any test is an error.
if (labs.length === 0) test.skip("recordings of labs are not here", () => undefined);
