/**
 * The different ends (addresses with ports) that the sightings of a journey have on one side, in order of sighting, and where each came
 * up. One object serves many journeys: no allocation for each of 50,000 connections.
 *
 * ```
 * sightings of a request    C→V   C→V   C→P   N→P
 * destinations              V           P              row 2 behind row 1
 * sources                   C                 N        row 3 behind row 2
 * ```
 */
import type { SightingColumns } from "../sighting-columns";

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

  /** Takes the sources (`which` 0) or destinations (1) of `rows`, each once. Of ICMP the identifier is the client's port, the server's is 0. */
  fill(rows: readonly number[], which: number, clientSide: boolean): void {
    this.count = 0;
    let before = -1;
    for (const row of rows) {
      const address = addressOf(this.columns, row, which);
      const port = portOf(this.columns, row, which, clientSide);
      if (!this.holds(address, port)) {
        this.addresses[this.count] = address;
        this.ports[this.count] = port;
        this.rows[this.count] = row;
        this.rowsBefore[this.count] = before;
        this.count++;
      }
      before = row;
    }
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

/** Source (0) or destination (1) of a row. */
export function addressOf(columns: SightingColumns, row: number, which: number): number {
  return columns.address(columns.flow(row), columns.direction(row) ^ which);
}

export function portOf(columns: SightingColumns, row: number, which: number, clientSide: boolean): number {
  const flow = columns.flow(row);
  if (columns.isIcmp(flow)) return clientSide ? columns.port(flow, 0) : 0;
  return columns.port(flow, columns.direction(row) ^ which);
}
