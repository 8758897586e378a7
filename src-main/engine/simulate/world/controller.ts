/**
 * Desired state to current state, with the delays a cluster has: the part of Kubernetes that moves.
 *
 * ```
 * change ─► pods (kubelet, network plugin) ─► endpoints (controller, 20..60 ms) ─► rules (each node's proxy, 20..120 ms)
 *                    └─ a pod of a ReplicaSet that goes is made anew
 * ```
 * Every state that an observer of the API could have seen is kept as a snapshot.
 */
import { startPodPrograms } from "../apps/programs";
import type { Network } from "../network/api/network";
import type { ChangeSpec, PodSpec } from "../scenario/schema";
import type { AddressPool } from "./addresses";
import { clusterObjects, type ApiObject } from "./cluster-objects";
import { baseOf, fullName, hasLabels } from "./names";
import { hookPolicyRules, writePolicyRules } from "./policy-rules";
import { hookServiceRules, writeServiceRules } from "./service-rules";
import { streamOf } from "./streams";
import { nsOf } from "./time";
import { uid } from "./uid";
import { type ClusterState, type Pod, podAddresses, type ServiceState, type World } from "./world";

const MS = 1e6;
const DEFAULT_GRACE_SECONDS = 1;

export interface ClusterSnapshot {
  readonly timeNs: number;
  readonly objects: readonly ApiObject[];
}

export class Controller {
  /** One state after another; the first is that of the start. */
  readonly snapshots: ClusterSnapshot[] = [];
  /** Called when a pod's sandbox is there, and before it goes. */
  onPodStarted: ((pod: Pod) => void) | undefined;

  constructor(private readonly world: World) {}

  private get network(): Network {
    return this.world.network;
  }

  /** Everything as desired at the start, at once. */
  start(): void {
    for (const cluster of this.world.clusters.values()) {
      for (const node of cluster.nodes.values()) {
        hookServiceRules(node);
        hookPolicyRules(node);
      }
      const told = new Map<string, string>();
      for (const [name, spec] of Object.entries(cluster.spec.pods ?? {}))
        for (const address of [spec.address, spec.address6]) if (address !== undefined) told.set(address, name);
      for (const [address, name] of told)
        for (const node of cluster.nodes.values())
          if (node.name === cluster.spec.pods?.[name]?.node)
            (address.includes(":") ? node.six?.pool : node.pool)?.reserve(address, name);
      const { dns } = cluster.spec;
      for (const [name, spec] of Object.entries(cluster.spec.pods ?? {}))
        this.startPod(cluster, fullName(name), spec, true);
      if (dns)
        this.startPod(cluster, "kube-system/coredns", { node: dns.node, labels: { "k8s-app": "kube-dns" } }, false);
      for (const service of cluster.services.values()) this.findEndpoints(cluster, service);
      this.writeRules(cluster);
    }
    this.takeSnapshot();
  }

  apply(change: ChangeSpec): void {
    for (const cluster of this.world.clusters.values()) {
      if (change.cluster !== undefined && cluster.name !== change.cluster) continue;
      this.applyTo(cluster, change);
    }
  }

  private applyTo(cluster: ClusterState, change: ChangeSpec): void {
    switch (change.kind) {
      case "create-pod":
        if (cluster.nodes.has(change.pod.node)) {
          this.startPod(cluster, fullName(change.name), change.pod, false);
          this.changed(cluster);
        }
        break;
      case "delete-pod": {
        const pod = cluster.pods.get(fullName(change.name)) ?? this.memberOf(cluster, change.name);
        if (pod) this.deletePod(pod, change.graceSeconds ?? DEFAULT_GRACE_SECONDS);
        break;
      }
      case "set-ready": {
        const pod = cluster.pods.get(fullName(change.name));
        if (pod) pod.ready = change.ready;
        this.changed(cluster);
        break;
      }
      case "set-selector": {
        const service = cluster.services.get(fullName(change.service));
        if (service) service.spec = { ...service.spec, selector: change.selector };
        this.changed(cluster);
        break;
      }
      case "apply-policy":
        cluster.policies.set(fullName(change.name), change.policy);
        this.changed(cluster);
        break;
      case "delete-policy":
        cluster.policies.delete(fullName(change.name));
        this.changed(cluster);
        break;
    }
  }

  /** A pod of that ReplicaSet, the oldest. */
  private memberOf(cluster: ClusterState, replicaSet: string): Pod | undefined {
    return [...cluster.pods.values()].find(
      (pod) => pod.spec.replicaSet === replicaSet && !pod.terminating && !pod.gone,
    );
  }

  startPod(cluster: ClusterState, name: string, spec: PodSpec, reserved: boolean): Pod {
    const node = cluster.nodes.get(spec.node);
    if (!node) throw new RangeError(`pod ${name}: no node is named ${spec.node}`);
    const take = (pool: AddressPool, told: string | undefined): string => {
      if (told === undefined) return pool.take(`pod ${name}`);
      return reserved ? told : pool.reserve(told, `pod ${name}`);
    };
    const address = take(node.pool, spec.address);
    const { six } = node;
    const address6 = six && take(six.pool, spec.address6);
    const sandbox = this.sandboxName(name);
    const namespace = this.network.namespace(sandbox, {});
    const mtu = node.bridge.mtu;
    const [device, hostDevice] = this.network.veth(
      {
        namespace,
        name: "eth0",
        mtu,
        addresses: [
          `${address}/${node.podRange.prefixLength}`,
          ...(six ? [`${address6 ?? ""}/${six.podRange.prefixLength}`] : []),
        ],
      },
      { namespace: node.machine.namespace, name: `veth${node.ports++}`, mtu },
    );
    node.bridge.attach(hostDevice, { hairpin: true });
    namespace.addRoute({ prefix: "0.0.0.0/0", device, gateway: node.bridgeAddress });
    if (six) namespace.addRoute({ prefix: "::/0", device, gateway: six.bridgeAddress });
    const pod: Pod = {
      name,
      sandbox,
      uid: uid("pod", `${cluster.name}/${name}/${this.world.allPods.length}`),
      cluster,
      node,
      spec,
      address,
      address6,
      namespace,
      device,
      hostDevice,
      createdNs: this.network.nowNs,
      ready: spec.ready ?? true,
      terminating: false,
      gone: false,
      answerDelayNs: undefined,
      servers: [],
    };
    cluster.pods.set(name, pod);
    this.world.allPods.push(pod);
    startPodPrograms(this.world, pod);
    this.onPodStarted?.(pod);
    // Neighbours may remember who had the address before: network plugins announce it.
    if (pod.createdNs > 0) for (const own of podAddresses(pod)) device.announce(own);
    return pod;
  }

  /** "web-a"; with its namespace in front where another pod has the name. */
  private sandboxName(name: string): string {
    const taken = new Set(this.network.namespaces.map((n) => n.name));
    const short = baseOf(name);
    if (!taken.has(short)) return short;
    const long = name.replace("/", "-");
    if (!taken.has(long)) return long;
    for (let n = 2; ; n++) if (!taken.has(`${short}-${n}`)) return `${short}-${n}`;
  }

  deletePod(pod: Pod, graceSeconds: number): void {
    if (pod.terminating) return;
    pod.terminating = true;
    const { cluster } = pod;
    this.changed(cluster);
    this.network.schedule(this.network.nowNs + nsOf(graceSeconds), () => {
      pod.gone = true;
      if (cluster.pods.get(pod.name) === pod) cluster.pods.delete(pod.name);
      this.network.removeNamespace(pod.namespace);
      pod.hostDevice.remove();
      pod.node.pool.release(pod.address);
      if (pod.address6 !== undefined) pod.node.six?.pool.release(pod.address6);
      this.changed(cluster);
    });
    const { replicaSet } = pod.spec;
    if (replicaSet === undefined) return;
    // The ReplicaSet's controller: one is missing. It starts once the old sandbox is gone, and may get its address.
    this.network.schedule(this.network.nowNs + nsOf(graceSeconds) + 300 * MS, () => {
      const { address: _, address6: _six, ...spec } = pod.spec;
      this.startPod(
        cluster,
        `${pod.name.slice(0, pod.name.indexOf("/") + 1)}${this.memberName(replicaSet)}`,
        spec,
        false,
      );
      this.changed(cluster);
    });
  }

  private memberName(replicaSet: string): string {
    const letters = "bcdfghjklmnpqrstvwxz2456789";
    const random = streamOf(this.network, "names of pods");
    let suffix = "";
    for (let i = 0; i < 5; i++) suffix += letters[random.integer(letters.length)] ?? "x";
    return `${replicaSet}-${suffix}`;
  }

  /** Something the controllers watch has changed: endpoints follow, then rules, each after its time. */
  changed(cluster: ClusterState): void {
    const random = streamOf(this.network, "controllers");
    this.takeSnapshot();
    this.network.schedule(this.network.nowNs + Math.round((20 + random.next() * 40) * MS), () => {
      let differs = false;
      for (const service of cluster.services.values()) differs = this.findEndpoints(cluster, service) || differs;
      if (differs) this.takeSnapshot();
      for (const node of cluster.nodes.values())
        this.network.schedule(this.network.nowNs + Math.round((20 + random.next() * 100) * MS), () => {
          writeServiceRules(node);
          writePolicyRules(node);
        });
    });
  }

  /** Faults that are there from the start leave no time for the controllers. */
  changedAtOnce(cluster: ClusterState): void {
    for (const service of cluster.services.values()) this.findEndpoints(cluster, service);
    this.writeRules(cluster);
    this.takeSnapshot();
  }

  policiesChanged(cluster: ClusterState): void {
    this.writeRules(cluster);
    this.takeSnapshot();
  }

  /** The sandbox goes, and nobody is told: a node that was cut off, a controller that sleeps. */
  removeSilently(pod: Pod): void {
    pod.gone = true;
    pod.terminating = true;
    this.network.removeNamespace(pod.namespace);
    pod.hostDevice.remove();
    if (pod.cluster.pods.get(pod.name) === pod) pod.cluster.pods.delete(pod.name);
    this.takeSnapshot();
  }

  /** Whether they changed. */
  private findEndpoints(cluster: ClusterState, service: ServiceState): boolean {
    if (service.frozen) return false;
    const { selector } = service.spec;
    const found =
      selector === undefined
        ? []
        : [...cluster.pods.values()].filter(
            (pod) =>
              pod.ready &&
              !pod.terminating &&
              !pod.gone &&
              pod.name.slice(0, pod.name.indexOf("/")) === service.name.slice(0, service.name.indexOf("/")) &&
              hasLabels(pod.spec.labels ?? {}, selector),
          );
    const same = found.length === service.endpoints.length && found.every((pod, i) => pod === service.endpoints[i]);
    service.endpoints = found;
    return !same;
  }

  private writeRules(cluster: ClusterState): void {
    for (const node of cluster.nodes.values()) {
      writeServiceRules(node);
      writePolicyRules(node);
    }
  }

  private takeSnapshot(): void {
    const objects = [...this.world.clusters.values()].flatMap((cluster) =>
      clusterObjects(cluster, this.network.startTimeNs, this.network.nowNs),
    );
    const last = this.snapshots.at(-1);
    if (last && JSON.stringify(last.objects) === JSON.stringify(objects)) return;
    if (last?.timeNs === this.network.nowNs && this.snapshots.length > 0) this.snapshots.pop();
    this.snapshots.push({ timeNs: this.network.nowNs, objects });
  }
}
