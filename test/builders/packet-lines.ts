/** Protocol and Info of packets, as the window's list and as `hopscope packets` print them: "PROTOCOL | INFO". */
import { CellPrinter } from "../../src-main/engine/service/row-cells";
import { withCaptures } from "./open-captures";
import { fieldRows } from "./run-engine";
import { parseTraffic, trafficToPcapng } from "./traffic";

/** Of the rows of a window: packets in any order, what was before them found in the index. */
export const linesOfList = (capture: Uint8Array): Promise<string[]> =>
  withCaptures([capture], (captures) => {
    const ids = Array.from({ length: captures.index.count }, (_, id) => id);
    return new CellPrinter(captures, ["protocol", "info"]).print(ids, -1).map((cells) => cells.join(" | "));
  });

/** Of packets that pass in order. */
export const linesOfPass = async (capture: Uint8Array): Promise<string[]> =>
  (await fieldRows(capture, ["_ws.col.protocol", "_ws.col.info"], "point-streams")).map((cells) => cells.join(" | "));

/** The list's lines about traffic in the tests' notation. */
export const list = (traffic: string): Promise<string[]> => linesOfList(trafficToPcapng(parseTraffic(traffic)));
