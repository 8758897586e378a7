/**
 * What interface names say: hints, used where traffic says nothing else. Names of Linux, of container network plugins and of
 * tunnel devices.
 */
import type { PointRole } from "../../../src-shared/model/point-role";

const ROLES: readonly (readonly [PointRole, RegExp])[] = [
  ["loopback", /^(lo|lo0|loopback)$/],
  [
    "tunnel-device",
    /^(vxlan|flannel\.|geneve?|genev_sys|gre|gretap|erspan|tunl|ipip|sit|ip6tnl|tun|wg|wireguard|cilium_(vxlan|geneve|wg|net|host)|weave-vxlan|kube-ipvs|vx-|vx\d)/,
  ],
  ["host-veth", /^(veth|cali|lxc|eni[0-9a-f]{6,}|azv|gke|nic[0-9a-f]{6,}|vethwe|vnet|tap)/],
  ["bridge", /^(cni|cbr|docker|br|virbr|lxdbr|podman|kube-bridge|weave$|ovs|mybridge|bridge)/],
];

/** Undefined: the name says nothing, or only that it is some network card. */
export function namedRole(name: string | undefined): PointRole | undefined {
  if (name === undefined) return undefined;
  return ROLES.find(([, pattern]) => pattern.test(name))?.[0];
}

/** Names of network cards, physical or a namespace's own, and of their VLANs. */
export function isCardName(name: string | undefined): boolean {
  return (
    name !== undefined && /^(eth\d+|ens|eno|enp|enx|em\d|p\dp|bond|team|wlan|wl|en\d|net\d|ether)[\w.@:]*$/.test(name)
  );
}
