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
 * | connections   |                                                                           | a connection of the joining            |
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
  "findings",
  "names",
] as const;
export type TableName = (typeof TABLE_NAMES)[number];
