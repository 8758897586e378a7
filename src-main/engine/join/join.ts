/** Joins what was read: flows into connections, their packets into journeys, and everything known about them into one result. */
import { ClockEstimator, type ClockEstimate, type TwoFilePackets } from "./clock-offsets";
import { ConnectionTable } from "./connection-table";
import { FactReader } from "./connection-facts";
import { type FlowMatch, matchFlows } from "./flow-matching";
import { rankPoints } from "./hop-order";
import type { SightingColumns } from "./sighting-columns";
import { PacketMatcher } from "./packet-matching";
import type { JoinInput } from "./join-input";
import { ClockMap } from "./clock-map";
import { type SightingOrder, orderByPoints } from "./sighting-order";
import { orderStations } from "./station-order";

export interface Joined {
  readonly match: FlowMatch;
  readonly table: ConnectionTable;
  readonly facts: FactReader;
  readonly matcher: PacketMatcher;
  readonly clocks: ClockEstimate;
  readonly pointOfFlow: Int32Array;
  /** Points that share time stamps with several others: bridges. */
  readonly bridges: ReadonlySet<number>;
  /** Connection of each flow, -1 none. */
  readonly connectionOfFlow: Int32Array;
}

/** Connections looked at for clocks, evenly over the recording. */
const CLOCK_CONNECTIONS = 400;
/** Packets of one connection used for clocks. */
const CLOCK_PACKETS = 400;

export function joinSightings(input: JoinInput): Joined {
  const { columns } = input;
  const match = matchFlows(columns, { fileOfPoint: input.fileOfPoint });
  // Sets are the connections.
  const { point: pointOfFlow, setOfFlow: connectionOfFlow } = match;
  const table = new ConnectionTable(match.members);
  for (const group of match.ambiguous)
    for (const f of group) {
      const c = connectionOfFlow[match.sets.root(f)] as number;
      if (c >= 0) table.ambiguous[c] = 1;
    }

  // Clocks first need packets joined without them.
  const files = input.fileNames.length;
  const still = new PacketMatcher(
    columns,
    pointOfFlow,
    input.fileOfPoint,
    new ClockMap(files),
    orderByPoints(new Uint16Array(input.fileOfPoint.length)),
  );
  const stillFacts = new FactReader(columns, match.sets, table, still, pointOfFlow, match.tuple);
  const clocks = estimateClocks(input, table, stillFacts, still, pointOfFlow);
  const { rank: pointRank, bridges } = rankPoints(input, table, stillFacts, still, pointOfFlow);
  const known = { pointOfFlow, tuple: match.tuple, clocks: clocks.map };
  const order = orderStations(input, table, stillFacts, still, known, pointRank);
  const matcher = new PacketMatcher(columns, pointOfFlow, input.fileOfPoint, clocks.map, order);
  configureKernel(input, match, clocks, order);
  const facts = new FactReader(columns, match.sets, table, matcher, pointOfFlow, match.tuple);
  for (let c = 0; c < table.count; c++) facts.read(c);
  return { match, table, facts, matcher, clocks, pointOfFlow, connectionOfFlow, bridges };
}

/** Tells the kernel where points are, how their clocks go, and which station comes first where these do not tell. */
function configureKernel(input: JoinInput, match: FlowMatch, clocks: ClockEstimate, order: SightingOrder): void {
  const { columns, fileOfPoint } = input;
  const { kernel, memory } = columns.handle;
  const clock = memory.allocate(Math.max(1, fileOfPoint.length) * 24);
  const ranks = order.ofFlow ? memory.allocate(order.ofFlow.byteLength) : 0;
  const view = new DataView(memory.memory.buffer);
  fileOfPoint.forEach((file, p) => {
    view.setFloat64(clock + p * 24, clocks.map.scale[file] as number, true);
    view.setFloat64(clock + p * 24 + 8, clocks.map.shift[file] as number, true);
    view.setUint32(clock + p * 24 + 16, order.ofPoint[p] as number, true);
    view.setUint32(clock + p * 24 + 20, order.resolutionNs[p] as number, true);
  });
  kernel.configureGroups(match.point.byteOffset, clock, fileOfPoint.length, columns.baseSeconds, match.mostRows);
  if (!order.ofFlow) return;
  new Uint16Array(memory.memory.buffer, ranks, order.ofFlow.length).set(order.ofFlow);
  kernel.configureRanks(ranks, order.coarsestNs);
}

/** A packet at one point: a capture of all interfaces has it several times. */
interface Stay {
  readonly point: number;
  firstNs: number;
  lastNs: number;
}

function staysOf(columns: SightingColumns, pointOfFlow: Int32Array, rows: readonly number[]): Stay[] {
  const stays: Stay[] = [];
  for (const row of rows) {
    const point = pointOfFlow[columns.flow(row)] as number;
    const ns = columns.timeNs(row);
    const stay = stays.find((s) => s.point === point);
    if (!stay) stays.push({ point, firstNs: ns, lastNs: ns });
    else {
      stay.firstNs = Math.min(stay.firstNs, ns);
      stay.lastNs = Math.max(stay.lastNs, ns);
    }
  }
  return stays;
}

function estimateClocks(
  input: JoinInput,
  table: ConnectionTable,
  facts: FactReader,
  matcher: PacketMatcher,
  pointOfFlow: Int32Array,
): ClockEstimate {
  const { columns, fileOfPoint } = input;
  const estimator = new ClockEstimator(input.fileNames, input.packetsOfFile, input.toldOffsets);
  if (input.fileNames.length > 1) {
    const across: number[] = [];
    for (let c = 0; c < table.count; c++) {
      const from = table.flowStart[c] as number;
      const to = table.flowStart[c + 1] as number;
      const file = fileOfPoint[pointOfFlow[table.flows[from] as number] as number];
      for (let i = from + 1; i < to; i++)
        if (fileOfPoint[pointOfFlow[table.flows[i] as number] as number] !== file) {
          across.push(c);
          break;
        }
    }
    const step = Math.max(1, Math.floor(across.length / CLOCK_CONNECTIONS));
    for (let i = 0; i < across.length; i += step) {
      const c = across[i] as number;
      const protocol = columns.protocol(table.root[c] as number);
      const { toServer, toClient } = facts.rows(c);
      const found = new Map<string, TwoFilePackets & { readonly fx: number; readonly fy: number }>();
      [toServer, toClient].forEach((rows, direction) => {
        matcher.eachUnambiguous(
          rows.length > CLOCK_PACKETS * 8 ? rows.subarray(0, CLOCK_PACKETS * 8) : rows,
          protocol,
          (same) => {
            const stays = staysOf(columns, pointOfFlow, same);
            for (let a = 0; a < stays.length; a++)
              for (let b = a + 1; b < stays.length; b++) {
                let x = stays[a] as Stay;
                let y = stays[b] as Stay;
                if (fileOfPoint[x.point] === fileOfPoint[y.point]) continue;
                if ((fileOfPoint[x.point] as number) > (fileOfPoint[y.point] as number)) [x, y] = [y, x];
                const px = x.point;
                const py = y.point;
                const fx = fileOfPoint[px] as number;
                const fy = fileOfPoint[py] as number;
                if (estimator.full(fx, fy)) continue;
                const key = `${px} ${py}`;
                let list = found.get(key);
                if (!list) found.set(key, (list = { fx, fy, x: [], xLast: [], y: [], yLast: [], direction: [] }));
                list.x.push(x.firstNs);
                list.xLast.push(x.lastNs);
                list.y.push(y.firstNs);
                list.yLast.push(y.lastNs);
                list.direction.push(direction);
              }
          },
          true,
        );
      });
      for (const list of found.values()) estimator.add(list.fx, list.fy, list);
    }
  }
  return estimator.estimate();
}
