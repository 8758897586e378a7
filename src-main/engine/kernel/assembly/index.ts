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
  configureRanks,
  fetchConnection,
  groupPackets,
  groupTable,
  indexSightings,
  jointTable,
  rowOrder,
  rowStart,
} from "./joining";
export {
  beginMatching,
  describeSets,
  kindOfFlow,
  numberFlows,
  pointOfFlow,
  tupleOfFlow,
} from "./flow-matching";
export { joinTuples } from "./equal-tuples";
export { listOneWay, oneWayCount } from "./one-way-flows";
export { joinSets, numberSets, setEvidence, setFlows, setNumbers, setParents, setStart } from "./flow-sets";
export { beginCandidates, collectKeys, findCandidates, markKeys } from "./candidate-sets";
export { beginPairs, forkCount, joinPairs, orderPairs, pairsAt, weighCandidates } from "./translated-tuples";
export { borrowed } from "./scratch";
export { sameRows } from "./same-packet";
