/**
 * What a capture point probably is, by the names that kernels, container runtimes and network plug-ins give to devices. A hint
 * for the eye, no evidence: the joining infers roles from packets, and a person can say otherwise.
 */
import type { PointRole } from "../../../src-shared/model/point-role";

const PATTERNS: readonly (readonly [RegExp, PointRole])[] = [
  [/^lo\d*$/, "loopback"],
  [
    /^(vxlan|flannel|tunl|tun|tap|gre|gretap|geneve|genev_|ip6tnl|sit|wg|cilium_vxlan|cilium_geneve|cilium_wg|vtep|erspan)/,
    "tunnel-device",
  ],
  [/^(cni|cbr|br|docker|kube-bridge|virbr|lxdbr|ovs|cilium_host|cilium_net)/, "bridge"],
  [/^(veth|cali|lxc|vnet|gke|azv|eni|lxd)/, "host-veth"],
];

export function guessRole(name: string | undefined): PointRole {
  if (name === undefined) return "unknown";
  for (const [pattern, role] of PATTERNS) if (pattern.test(name)) return role;
  return "unknown";
}
