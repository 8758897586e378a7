/** The Services of a cluster: addresses of its range, ports on its nodes. */
import type { ServiceSpec } from "../scenario/schema";
import { type AddressPool, isInRange } from "./addresses";
import { fullName } from "./names";
import { uid } from "./uid";
import type { ClusterState, ServicePort, ServiceState } from "./world";

const FIRST_NODE_PORT = 30000;

export function buildServices(cluster: ClusterState, pool: AddressPool, pool6: AddressPool | undefined): void {
  const specs: [string, ServiceSpec][] = Object.entries(cluster.spec.services ?? {}).map(([n, s]) => [fullName(n), s]);
  const told = new Set(specs.flatMap(([, s]) => (s.clusterIp === undefined ? [] : [s.clusterIp])));
  for (const address of told) if (isInRange(cluster.serviceRange, address)) pool.reserve(address, "a Service");
  for (const [, { clusterIp6 }] of specs) if (clusterIp6 !== undefined) pool6?.reserve(clusterIp6, "a Service");
  let nodePort = FIRST_NODE_PORT + 80;
  for (const [name, spec] of specs) {
    const none = spec.headless === true || spec.type === "ExternalName";
    const families = spec.families ?? ["IPv4"];
    const clusterIp = none || !families.includes("IPv4") ? undefined : (spec.clusterIp ?? pool.take(`Service ${name}`));
    const clusterIp6 =
      none || !families.includes("IPv6") ? undefined : (spec.clusterIp6 ?? pool6?.take(`Service ${name}`));
    const exposed = spec.type === "NodePort" || spec.type === "LoadBalancer";
    const ports = (spec.ports ?? []).map((p): ServicePort => ({
      name: p.name,
      protocol: p.protocol ?? "tcp",
      port: p.port,
      targetPort: p.targetPort ?? p.port,
      nodePort: exposed ? (p.nodePort ?? nodePort++) : undefined,
    }));
    cluster.services.set(name, serviceState(name, spec, { families, clusterIp, clusterIp6 }, ports));
  }
  if (cluster.dnsAddress !== undefined)
    cluster.services.set(
      "kube-system/kube-dns",
      serviceState(
        "kube-system/kube-dns",
        { selector: { "k8s-app": "kube-dns" } },
        { families: ["IPv4"], clusterIp: cluster.dnsAddress, clusterIp6: undefined },
        (["udp", "tcp"] as const).map((protocol) => ({
          name: protocol === "udp" ? "dns" : "dns-tcp",
          protocol,
          port: 53,
          targetPort: 53,
          nodePort: undefined,
        })),
      ),
    );
}

function serviceState(
  name: string,
  spec: ServiceSpec,
  addresses: Pick<ServiceState, "families" | "clusterIp" | "clusterIp6">,
  ports: readonly ServicePort[],
): ServiceState {
  return {
    name,
    uid: uid("service", name),
    spec,
    ...addresses,
    loadBalancerIp: spec.loadBalancerIp,
    ports,
    endpoints: [],
    frozen: false,
  };
}
