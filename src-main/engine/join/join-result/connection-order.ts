/** Connections in order of time, and their ids. */
import { HEX_OF_BYTE } from "../../../../src-shared/base/hex";
import { type ConnectionTable, NO_PORT } from "../connection-table";
import type { SightingColumns } from "../sighting-columns";

/** Two digits of each byte: 0.05 µs an id; a number of 48 bits printed at once takes 0.67 µs. */
function hex(value: number): string {
  return HEX_OF_BYTE[value & 255] as string;
}

export class ConnectionOrder {
  /** Rows of the table in order of first time, and the other way round. */
  readonly rows: Uint32Array;
  readonly positions: Uint32Array;
  /** Ids by position, as numbers of 48 bits: most of a large recording's are never asked for as text. */
  private readonly numbers: Float64Array;

  constructor(columns: SightingColumns, table: ConnectionTable) {
    const { firstNs, firstRow } = table;
    this.rows = Uint32Array.from({ length: table.count }, (_, c) => c);
    this.rows.sort(
      (a, b) => (firstNs[a] as number) - (firstNs[b] as number) || (firstRow[a] as number) - (firstRow[b] as number),
    );
    this.positions = new Uint32Array(table.count);
    this.rows.forEach((c, i) => {
      this.positions[c] = i;
    });
    this.numbers = numberConnections(columns, table, this.rows);
  }

  /** Id of the connection at a position: 12 hexadecimal digits. */
  id(index: number): string {
    const number = this.numbers[index];
    if (number === undefined) return "";
    const high = Math.floor(number / 65536);
    return hex(high >>> 24) + hex(high >>> 16) + hex(high >>> 8) + hex(high) + hex(number >>> 8) + hex(number);
  }

  /** Position of the connection with this id, -1 if there is none. */
  find(id: string): number {
    return /^[0-9a-f]{12}$/.test(id) ? this.numbers.indexOf(Number.parseInt(id, 16)) : -1;
  }
}

/** By protocol and ends, and a count where these are equal: nothing of files, points or times. */
function numberConnections(columns: SightingColumns, table: ConnectionTable, order: Uint32Array): Float64Array {
  const seen = new Map<number, number>();
  const numbers = new Float64Array(table.count);
  const hash = new Hash();
  const addEnd = (v6: boolean, port: number, address: number): void => {
    hash.add(port);
    if (port === NO_PORT) return;
    // Interned numbers of IPv6 addresses depend on the order of files: their bytes do not.
    if (v6) for (let k = 0; k < 16; k += 4) hash.add(columns.words[(columns.address6At(address) + k) >>> 2] as number);
    else hash.add(address);
  };
  for (let i = 0; i < table.count; i++) {
    const c = order[i] as number;
    const v6 = table.v6[c] === 1;
    hash.begin((table.protocol[c] as number) * 2 + (v6 ? 1 : 0));
    addEnd(v6, table.clientPort[c] as number, table.clientAddress[c] as number);
    addEnd(v6, table.requestedPort[c] as number, table.requestedAddress[c] as number);
    addEnd(v6, table.serverPort[c] as number, table.serverAddress[c] as number);
    addEnd(v6, table.seenAsPort[c] as number, table.seenAsAddress[c] as number);
    const key = hash.number();
    const n = (seen.get(key) ?? 0) + 1;
    seen.set(key, n);
    if (n > 1) hash.add(n);
    numbers[i] = hash.number();
  }
  return numbers;
}

/** 48 bits of two hashes of the same numbers. */
class Hash {
  private a = 0;
  private b = 0;

  begin(value: number): void {
    this.a = 0x811c9dc5;
    this.b = 0x01000193;
    this.add(value);
  }
  add(value: number): void {
    this.a = Math.imul(this.a ^ value, 0x9e3779b1);
    this.a ^= this.a >>> 15;
    this.b = Math.imul(this.b ^ value, 0x85ebca6b);
    this.b ^= this.b >>> 13;
  }
  number(): number {
    return (this.a >>> 0) * 65536 + ((this.b >>> 8) & 0xffff);
  }
}
