/** The tables the window can open, and how they are asked for. */

/** What devices learned: a table each. */
export const LEARNED_TABLES = ["macs", "neighbours", "tunnels", "routes"] as const;
export type LearnedTableName = (typeof LEARNED_TABLES)[number];

/**
 * The tables of `table.open`: names, and the options each understands.
 *
 * | name          | options                                                                   | a row                                  |
 * | ------------- | ------------------------------------------------------------------------- | -------------------------------------- |
 * | flows         | depth: "all" "outer" "inner"; perPoint: boolean                            | a flow at one encapsulation depth      |
 * | conversations | layer: "ethernet" "ipv4" "ipv6" "tcp" "udp" "sctp"; depth as above         | two addresses (and ports)              |
 * | endpoints     | layer, depth as above                                                     | one address (and port)                 |
 * | hierarchy     |                                                                           | a protocol, nested (TableRow.level)    |
 * | expert        |                                                                           | TCP analysis flags, malformed headers, by packet count |
 * | connections   | ends, peers: names or addresses, a line each; client, node, service, endpoint; point, hopFrom, hopTo, fromNs, toNs: all must hold | a connection of the joining |
 * | nat           |                                                                           | a translation by a machine, beside what conntrack told |
 * | macs, neighbours, tunnels, routes |                                                       | what a device learned, as far as the packets show it; see analysis/learned-tables.ts |
 * | findings      |                                                                           | a finding                              |
 * | names         |                                                                           | an address and its names               |
 */
export const TABLE_NAMES = [
  "flows",
  "conversations",
  "endpoints",
  "hierarchy",
  "expert",
  "connections",
  "nat",
  ...LEARNED_TABLES,
  "findings",
  "names",
] as const;
export type TableName = (typeof TABLE_NAMES)[number];
