/** What the host calls. One module, two instances: the decode stage and the flow stage share memory, not globals. */
export { beginFile, beginSection, customBlock, readBlocks, setInterfaceCount } from "./blocks";
export { configureDecoder, decodeOne } from "./decode";
export { configureEvents } from "./events";
export { communityIdOf, configureFlows, flowGroups, processSlot } from "./flows";
export { flowCount, flowRow, longestProbe } from "./flow-rows";
export { tcpStreamCount, udpStreamCount } from "./flow-streams";
export { printFlows } from "./flow-text";
export { communityId } from "./community";
export { sum16 } from "./bytes";
export { configurePaths } from "./paths";
export { configureIndex, decodeRow, indexSlot, pathAt, pathCount, pathsInto } from "./packet-index";
export { markPaths } from "./path-marks";
export {
  appendSightings,
  configureSightings,
  dropSightings,
  macDirectory,
  sightingCount,
  sightingSegments,
  earliestSeconds,
  unseenCounts,
} from "./sightings";
export {
  configureGroups,
  groupPackets,
  groupTable,
  indexSightings,
  jointTable,
  rowOrder,
  rowStart,
} from "./joining";
export { pickDirectory } from "./picks";
