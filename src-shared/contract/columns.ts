/** The packet list's own columns; any field's name is a column too. Wireshark's order and words. */
export interface PacketColumn {
  readonly id: string;
  readonly label: string;
  readonly hint: string;
  readonly align: "left" | "right";
  /** Width before a person sets one. */
  readonly widthPx: number;
  readonly shown: boolean;
}

export const PACKET_COLUMNS: readonly PacketColumn[] = [
  { id: "number", label: "No.", hint: "The packet's number in its file", align: "right", widthPx: 72, shown: true },
  /** Formatted by the interface from PacketRow.time: the engine sends an empty text. */
  { id: "time", label: "Time", hint: "When it was captured", align: "right", widthPx: 104, shown: true },
  { id: "source", label: "Source", hint: "Source of the innermost layer", align: "left", widthPx: 138, shown: true },
  {
    id: "destination",
    label: "Destination",
    hint: "Destination of the innermost layer",
    align: "left",
    widthPx: 138,
    shown: true,
  },
  { id: "protocol", label: "Protocol", hint: "Innermost protocol", align: "left", widthPx: 86, shown: true },
  { id: "length", label: "Length", hint: "Bytes on the wire", align: "right", widthPx: 76, shown: true },
  { id: "info", label: "Info", hint: "What the packet says", align: "left", widthPx: 520, shown: true },
  {
    id: "point",
    label: "Capture point",
    hint: "File and interface it was seen at",
    align: "left",
    widthPx: 130,
    shown: false,
  },
  {
    id: "stream",
    label: "Stream",
    hint: "Number of its conversation in the workspace",
    align: "right",
    widthPx: 78,
    shown: false,
  },
  { id: "delta", label: "Delta", hint: "Time since the row above", align: "right", widthPx: 100, shown: false },
  {
    id: "outer-source",
    label: "Outer source",
    hint: "Source of the outermost network layer",
    align: "left",
    widthPx: 138,
    shown: false,
  },
  {
    id: "outer-destination",
    label: "Outer destination",
    hint: "Destination of the outermost network layer",
    align: "left",
    widthPx: 138,
    shown: false,
  },
];
