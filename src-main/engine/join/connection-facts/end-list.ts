/**
 * The different ends (addresses with ports) that the sightings of a journey have on one side, in order of sighting, and where each came
 * up. One object serves many journeys: no allocation for each of 50,000 connections.
 *
 * ```
 * sightings of a request    C→V   C→V   C→P   N→P
 * destinations              V           P              row 2 behind row 1
 * sources                   C                 N        row 3 behind row 2
 * ```
 * An end that was left and is there again is a copy that a bridge makes between two of NAT's steps, and no further end; unless routers lay between: a
 * node that masquerades what a pod sends, and again what a gateway sends back to the node.
 *
 * ```
 * sources    C 64   N 63 ─► gateway: G 62 ─► N 61      C, N, G, N: the TTL is less at every change
 *            C 64   N 64   C 64   C 63   N 64          C, N
 * ```
 */
import { type SightingColumns, W_ID } from "../sighting-columns";

export interface End {
  readonly address: number;
  readonly port: number;
}

export class EndList {
  count = 0;
  private readonly addresses: number[] = [];
  private readonly ports: number[] = [];
  private readonly rows: number[] = [];
  private readonly rowsBefore: number[] = [];

  constructor(private readonly columns: SightingColumns) {}

  /** Takes the sources (`which` 0) or destinations (1) of `rows`. Of ICMP the identifier is the client's port, the server's is 0. */
  fill(rows: readonly number[], which: number, clientSide: boolean): void {
    this.count = 0;
    let before = -1;
    for (const row of rows) {
      const address = addressOf(this.columns, row, which);
      const port = portOf(this.columns, row, which, clientSide);
      const isNew =
        !this.holds(address, port) ||
        (!this.is(this.count - 1, address, port) && this.isRoutedSince(rows, row, which, clientSide));
      if (isNew) {
        this.addresses[this.count] = address;
        this.ports[this.count] = port;
        this.rows[this.count] = row;
        this.rowsBefore[this.count] = before;
        this.count++;
      }
      before = row;
    }
  }

  /**
   * `row` has an end again that was left one routed hop before and was taken again one behind: whatever was seen between has a TTL less than before,
   * and more than now. What a bridge shows of a hairpin late may be routed, too, and then has the TTL of the hop that changed it.
   */
  private isRoutedSince(rows: readonly number[], row: number, which: number, clientSide: boolean): boolean {
    const { columns } = this;
    const address = addressOf(columns, row, which);
    const port = portOf(columns, row, which, clientSide);
    const ttl = ttlOf(columns, row);
    let ttlBefore = 0;
    let between = 0;
    let isFalling = true;
    for (const earlier of rows) {
      if (earlier === row) break;
      const other = ttlOf(columns, earlier);
      if (addressOf(columns, earlier, which) === address && portOf(columns, earlier, which, clientSide) === port) {
        ttlBefore = other;
        between = 0;
        isFalling = true;
      } else {
        between++;
        if (other >= ttlBefore || other <= ttl) isFalling = false;
      }
    }
    return between > 0 && isFalling;
  }

  /** The change from the end before `index` is also taken back, or takes back one, elsewhere in the list. */
  isTurned(index: number): boolean {
    for (let i = 1; i < this.count; i++)
      if (
        this.is(i, this.address(index - 1), this.port(index - 1)) &&
        this.is(i - 1, this.address(index), this.port(index))
      )
        return true;
    return false;
  }

  address(index: number): number {
    return this.addresses[index] as number;
  }
  port(index: number): number {
    return this.ports[index] as number;
  }
  /** The first row with this end. */
  row(index: number): number {
    return this.rows[index] as number;
  }
  /** The sighting before that row. */
  rowBefore(index: number): number {
    return this.rowsBefore[index] as number;
  }
  end(index: number): End {
    return { address: this.address(index), port: this.port(index) };
  }

  is(index: number, address: number, port: number): boolean {
    return this.addresses[index] === address && this.ports[index] === port;
  }

  holds(address: number, port: number): boolean {
    for (let i = 0; i < this.count; i++) if (this.is(i, address, port)) return true;
    return false;
  }
}

/** Time to live, hop limit. */
function ttlOf(columns: SightingColumns, row: number): number {
  return (columns.word(row, W_ID) >>> 8) & 255;
}

/** Source (0) or destination (1) of a row. */
export function addressOf(columns: SightingColumns, row: number, which: number): number {
  return columns.address(columns.flow(row), columns.direction(row) ^ which);
}

export function portOf(columns: SightingColumns, row: number, which: number, clientSide: boolean): number {
  const flow = columns.flow(row);
  if (columns.isIcmp(flow)) return clientSide ? columns.port(flow, 0) : 0;
  return columns.port(flow, columns.direction(row) ^ which);
}
