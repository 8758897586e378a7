/** What stands on the map and where: the layout that everything else draws, points at and speaks of. */

export type MapElementKind = "machine" | "pod" | "group" | "host" | "address" | "point" | "service";

/** What opens and closes: pods, addresses or machines that are drawn as one. */
export interface MapFold {
  /** Stable: what is remembered of it. */
  readonly key: string;
  /** What it holds is drawn beside it. */
  readonly open: boolean;
  /** Of machines put together: their indices; else empty. */
  readonly machines: readonly number[];
}

export interface MapElement {
  /** Stable: what selection, focus and memory speak of. */
  readonly key: string;
  readonly kind: MapElementKind;
  readonly label: string;
  readonly subtitle: string;
  readonly x: number;
  readonly y: number;
  readonly w: number;
  readonly h: number;
  /** Index in `machines` of the model; -1 none. */
  readonly machine: number;
  /** Indices of places it stands for. */
  readonly places: readonly number[];
  /** Capture point, -1 none. */
  readonly point: number;
  /** Index in `services`, -1 none. */
  readonly service: number;
  /** Nothing of it was captured: drawn with a broken outline. */
  readonly faint: boolean;
  /** Hangs below the lanes: its name is at its bottom, where no wire passes. */
  readonly hangs: boolean;
  /** Null: it does not open. */
  readonly fold: MapFold | null;
}

export interface MapLayout {
  readonly elements: readonly MapElement[];
  /** Element of each place, point and service: index, -1 none. */
  readonly ofPlace: Int32Array;
  readonly ofPoint: Int32Array;
  readonly ofService: Int32Array;
  /** Boxes of machines: indices of elements. */
  readonly machines: readonly number[];
  /** y of the first lane under the nodes of each row, and the x where rows are tied together. */
  readonly rows: readonly { readonly laneY: number }[];
  /** Box of each machine, and of each element the box it stands in: indices of elements, -1 none. */
  readonly ofMachine: Int32Array;
  readonly boxOf: Int32Array;
  /** Row of each element's machine box; the routers' row hangs under the last lanes. */
  readonly rowOf: Int32Array;
  readonly trunkX: number;
  readonly bounds: { readonly x: number; readonly y: number; readonly w: number; readonly h: number };
}
