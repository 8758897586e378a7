/** The tables a device learned: titles, and how they are to be read. */
import type { LearnedTableName } from "../../src-shared/contract/tables";

export const LEARNED: Readonly<
  Record<LearnedTableName, { readonly title: string; readonly noun: string; readonly text: string }>
> = {
  macs: {
    title: "MAC tables",
    noun: "MAC",
    text: "Data link layer: behind which port each bridge learned a hardware address, from the frames it switched.",
  },
  neighbours: {
    title: "Neighbours (ARP)",
    noun: "neighbour",
    text: "Between data link and network layer: which hardware address a pod or machine takes for an address, from ARP and neighbour discovery.",
  },
  tunnels: {
    title: "Tunnels",
    noun: "forwarding record",
    text: "Behind which outer address an inner address is: what a tunnel device must know to wrap a packet.",
  },
  routes: {
    title: "Routes",
    noun: "route",
    text: "Network layer: to which next hop a pod or machine sends what is for an address, and by which device.",
  },
};
