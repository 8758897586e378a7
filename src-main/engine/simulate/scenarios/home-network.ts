/** The network at home: an address by DHCP, ARP for the router, DNS, and one public address for everybody by NAT. */
import type { Scenario } from "../scenario/schema";

export const HOME_NETWORK: Scenario = {
  name: "home-network",
  title: "Home network: DHCP, ARP, DNS, and NAT at the router",
  description: "A laptop and a phone get addresses from the router, look a name up, and fetch a page from outside.",
  seconds: 4,
  networks: {
    home: { subnet: "192.168.178.0/24", delayUs: 300, jitterUs: 100 },
    isp: { subnet: "198.51.100.0/24", delayUs: 6000, jitterUs: 500 },
  },
  machines: {
    router: {
      router: true,
      addresses: { home: "192.168.178.1", isp: "198.51.100.23" },
      devices: { home: "lan0", isp: "wan0" },
      masqueradeTo: "isp",
      dhcp: { network: "home", from: "192.168.178.100", to: "192.168.178.199", dns: "192.168.178.1" },
      dns: { "www.example.org": "198.51.100.80", "router.home": "192.168.178.1" },
    },
    laptop: { addresses: { home: "dhcp" } },
    phone: { addresses: { home: "dhcp" } },
    website: {
      addresses: { isp: "198.51.100.80" },
      gateway: "198.51.100.23",
      serves: [{ protocol: "http", port: 80 }],
    },
  },
  traffic: [
    { kind: "ping", from: { machine: "laptop" }, to: { machine: "router" }, at: 1, times: 2, every: 0.5 },
    {
      kind: "http",
      from: { machine: "laptop" },
      to: { name: "www.example.org", port: 80 },
      path: "/index.html",
      size: 8000,
      at: 1.2,
      times: 2,
      every: 0.8,
    },
    {
      kind: "http",
      from: { machine: "phone" },
      to: { name: "www.example.org", port: 80 },
      path: "/feed",
      size: 900,
      at: 1.5,
    },
    { kind: "ping", from: { machine: "phone" }, to: { address: "198.51.100.80" }, at: 2, times: 3, every: 0.3 },
  ],
};
