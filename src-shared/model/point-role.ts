/** What a capture point is in the network: which interface of which device. */
export type PointRole =
  "pod-nic" | "host-veth" | "bridge" | "tunnel-device" | "node-nic" | "router-port" | "loopback" | "unknown";
