/** What a capture point is in the network: which interface of which device. */
export const POINT_ROLES = [
  "pod-nic",
  "host-veth",
  "bridge",
  "tunnel-device",
  "node-nic",
  "router-port",
  "loopback",
  "unknown",
] as const;
export type PointRole = (typeof POINT_ROLES)[number];
