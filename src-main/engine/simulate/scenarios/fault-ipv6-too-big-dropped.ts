/** IPv6 is never cut on its way: the router before a small link says so, a firewall drops what it says, and large packets vanish for good. */
import type { Scenario } from "../scenario/schema";
import { WEB_CLUSTER } from "./parts";

export const FAULT_IPV6_TOO_BIG_DROPPED: Scenario = {
  name: "fault-ipv6-too-big-dropped",
  title: "Fault: IPv6 path MTU, a firewall drops Packet Too Big",
  description:
    "A link between two routers is smaller than the pods' own. The router before it says Packet Too Big, as it must: IPv6 is never cut on its way. The firewall of the cluster's network drops ICMPv6, so that the sender never learns it: the handshake works, the request never arrives.",
  seconds: 8,
  networks: {
    lan: { subnet: "192.168.50.0/24", subnet6: "2001:db8:50::/64" },
    uplink: { subnet: "198.18.0.0/30", subnet6: "2001:db8:ff::/126", delayUs: 2000 },
    core: { subnet: "198.18.1.0/30", subnet6: "2001:db8:fe::/126", delayUs: 2000 },
    internet: { subnet: "203.0.113.0/24", subnet6: "2001:db8:80::/64", delayUs: 2000 },
  },
  machines: {
    gw: {
      router: true,
      addresses: { lan: "192.168.50.1", uplink: "198.18.0.1" },
      addresses6: { lan: "2001:db8:50::1", uplink: "2001:db8:ff::1" },
      masqueradeTo: "uplink",
      gateway6: "2001:db8:ff::2",
    },
    isp: {
      router: true,
      addresses: { uplink: "198.18.0.2", core: "198.18.1.1" },
      addresses6: { uplink: "2001:db8:ff::2", core: "2001:db8:fe::1" },
      gateway6: "2001:db8:fe::2",
      routes: [{ to: "2001:db8:50::/64", via: "2001:db8:ff::1" }],
    },
    edge: {
      router: true,
      addresses: { core: "198.18.1.2", internet: "203.0.113.1" },
      addresses6: { core: "2001:db8:fe::2", internet: "2001:db8:80::1" },
      gateway6: "2001:db8:fe::1",
    },
    outside: {
      addresses: { internet: "203.0.113.80" },
      addresses6: { internet: "2001:db8:80::80" },
      gateway6: "2001:db8:80::1",
      serves: [{ protocol: "http", port: 80 }],
    },
  },
  clusters: {
    main: {
      podRange: "10.200.0.0/16",
      podRange6: "fd00:10:200::/48",
      nodes: {
        "node-a": { addresses: { lan: "192.168.50.11" }, addresses6: { lan: "2001:db8:50::11" } },
        "node-b": { addresses: { lan: "192.168.50.12" }, addresses6: { lan: "2001:db8:50::12" } },
      },
      ...WEB_CLUSTER,
    },
  },
  traffic: [
    {
      kind: "http",
      from: { pod: "client" },
      to: { machine: "outside", port: 80, family: "IPv6" },
      path: "/small",
      at: 0.1,
      times: 2,
    },
    {
      kind: "http",
      from: { pod: "client" },
      to: { machine: "outside", port: 80, family: "IPv6" },
      path: "/upload",
      sendSize: 20000,
      at: 0.5,
      times: 2,
      every: 1,
    },
  ],
  faults: [
    { kind: "small-mtu", on: "isp/to-core", mtu: 1300, silent: false },
    { kind: "drop-too-big", machine: "gw" },
  ],
};
