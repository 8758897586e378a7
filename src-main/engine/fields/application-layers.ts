/**
 * What tshark makes of the payloads of TCP and UDP: one decision per transport layer, from which frame.protocols takes its
 * names and the application fields their messages.
 *
 * Decisions are made once a batch for all of its packets, in order, because conversations have memory.
 */
import { RST, SYN } from "../../../src-shared/model/header-numbers";
import { LAYER_DNS, LAYER_TCP, LAYER_UDP, LAYER_WIREGUARD } from "../../../src-shared/model/layer-kind";
import { ANALYSIS_KEEP_ALIVE, MAX_LAYERS, NO_ROW } from "../kernel/assembly/abi";
import type { Batch } from "../kernel/batch";
import { readUint } from "./field";
import type { FieldContext } from "./field-context";
import { httpLayers } from "./media-layers";
import { HTTP_AND_BODIES, MESSAGE_NONE, type Segment, type TakeMessage } from "./payload-segment";
import { isRepeated } from "./tcp-notes";
import { KNOWN_TCP_PORTS, type TcpConversation, TcpPayloads, newTcpConversation } from "./tcp-payloads";
import { udpChecksum } from "./transport-fields";
import { KNOWN_UDP_PORTS, UdpPayloads, type UdpState, newUdpState } from "./udp-payloads";

/** What a file's conversations have shown. */
interface FileState {
  readonly tcp: (TcpConversation | undefined)[];
  readonly udp: UdpState;
}

const newFileState = (): FileState => ({ tcp: [], udp: newUdpState() });

export class ApplicationLayers {
  /** By row: MESSAGE_*, with the bytes it lies in. */
  readonly messages = new Uint8Array(MAX_LAYERS);
  readonly starts = new Uint32Array(MAX_LAYERS);
  readonly ends = new Uint32Array(MAX_LAYERS);
  /** Where the payload would end if it were all captured. */
  readonly statedEnds = new Uint32Array(MAX_LAYERS);
  /** By row: the bytes of a message that lies in no batch. */
  readonly unpacked = new Map<number, Uint8Array>();
  /** Rows of this batch that have a message, ascending, and their packets. */
  readonly messageRows: number[] = [];
  readonly messagePackets: number[] = [];

  /** Counts batches: tells which one the rest speaks of. */
  serial = 0;

  /** By row of a TCP or UDP layer; may end with HTTP_AND_BODIES, which is told when asked for. */
  private readonly names: string[] = [];
  private batch: Batch | undefined;
  private file = -1;
  private numberBefore = -1;
  private packetCount = -1;
  private readonly files = new Map<number, FileState>();
  private state: FileState = newFileState();
  private message = MESSAGE_NONE;
  private readonly tcpPorts: ReadonlyMap<number, string>;
  private readonly tcp: TcpPayloads;
  private readonly udp: UdpPayloads;

  private constructor(context: FieldContext) {
    const take: TakeMessage = (message, s, unpacked) => {
      this.message = message;
      if (unpacked) this.unpacked.set(s.row, unpacked);
      this.starts[s.row] = unpacked ? 0 : s.start;
      this.ends[s.row] = unpacked ? unpacked.length : s.end;
      this.statedEnds[s.row] = unpacked ? unpacked.length : s.statedEnd;
    };
    this.tcpPorts = decodedAs(KNOWN_TCP_PORTS, context.decode?.tcpPorts);
    this.tcp = new TcpPayloads(take, this.tcpPorts);
    this.udp = new UdpPayloads(take, decodedAs(KNOWN_UDP_PORTS, context.decode?.udpPorts));
  }

  private static readonly all = new WeakMap<FieldContext, ApplicationLayers>();

  /** Those of a run, up to date with the batch. */
  static of(batch: Batch, context: FieldContext): ApplicationLayers {
    let layers = ApplicationLayers.all.get(context);
    if (!layers) {
      layers = new ApplicationLayers(context);
      ApplicationLayers.all.set(context, layers);
    }
    layers.update(batch);
    return layers;
  }

  /** Forgets conversations: what is decoded next has nothing to do with what was decoded before. */
  static forget(context: FieldContext): void {
    const layers = ApplicationLayers.all.get(context);
    if (!layers) return;
    layers.batch = undefined;
    layers.files.clear();
  }

  private update(batch: Batch): void {
    const { file, numberBefore, packetCount } = batch;
    if (
      batch === this.batch &&
      file === this.file &&
      numberBefore === this.numberBefore &&
      packetCount === this.packetCount
    )
      return;
    this.serial++;
    this.batch = batch;
    this.file = file;
    this.numberBefore = numberBefore;
    this.packetCount = packetCount;
    let state = this.files.get(file);
    if (!state) {
      state = newFileState();
      this.files.clear(); // files come one after another
      this.files.set(file, state);
    }
    this.state = state;
    this.messageRows.length = 0;
    this.messagePackets.length = 0;
    this.unpacked.clear();
    const { layerKind, firstLayer } = batch;
    for (let packet = 0; packet < packetCount; packet++) {
      const first = firstLayer[packet] as number;
      const last = first + batch.layersOf(packet);
      for (let row = first; row < last; row++) {
        const kind = layerKind[row];
        if (kind !== LAYER_TCP && kind !== LAYER_UDP) continue;
        this.message = MESSAGE_NONE;
        this.names[row] = kind === LAYER_TCP ? this.tcpRow(batch, row) : this.udpRow(batch, row, last);
        this.messages[row] = this.message;
        if (this.message !== MESSAGE_NONE) {
          this.messageRows.push(row);
          this.messagePackets.push(packet);
        }
      }
    }
  }

  /** The names behind a TCP or UDP layer, joined by ":"; "" if there are none. */
  namesOf(row: number): string {
    const names = this.names[row] as string;
    if (!names.endsWith(HTTP_AND_BODIES)) return names;
    const { bytes } = this.batch as Batch;
    const http = httpLayers(bytes, this.starts[row] as number, this.ends[row] as number);
    return names.slice(0, -HTTP_AND_BODIES.length) + http;
  }

  private tcpRow(batch: Batch, row: number): string {
    const { bytes } = batch;
    const p = batch.layerPtr[row] as number;
    const end = batch.layerEnd[row] as number;
    if (end - p < 20) return "";
    const header = ((bytes[p + 12] as number) >> 4) * 4;
    const flags = bytes[p + 13] as number;
    const sourcePort = readUint(bytes, p, 2);
    const destinationPort = readUint(bytes, p + 2, 2);
    if (flags & SYN)
      this.noteServer(batch, row, flags & 16 ? sourcePort : destinationPort, sourcePort, destinationPort);
    if (header < 20 || p + header >= end || flags & RST) return "";

    const start = p + header;
    const segment: Segment = {
      bytes,
      row,
      start,
      end,
      statedEnd: p + (batch.layerLength[row] as number),
      sourcePort,
      destinationPort,
    };
    const analysis = batch.stream[row] === NO_ROW ? 0 : (batch.analysis[row] as number);
    const seq = (batch.relativeSeq[row] as number) + (flags & SYN ? 1 : 0);
    const state = analysis & ANALYSIS_KEEP_ALIVE ? "keep-alive" : isRepeated(analysis) ? "repeated" : "new";
    return this.tcp.names(segment, this.conversation(batch, row), seq, seq + (segment.statedEnd - start), state);
  }

  /** Kept only where the rule "lower port first" would choose another dissector. */
  private noteServer(batch: Batch, row: number, server: number, a: number, b: number): void {
    const client = server === a ? b : a;
    if (server > client && this.tcpPorts.has(server) && this.tcpPorts.has(client))
      this.conversation(batch, row).serverPort = server;
  }

  private conversation(batch: Batch, row: number): TcpConversation {
    const stream = batch.stream[row] as number;
    if (stream === NO_ROW) return newTcpConversation();
    return (this.state.tcp[stream] ??= newTcpConversation());
  }

  private udpRow(batch: Batch, row: number, last: number): string {
    const { bytes } = batch;
    const p = batch.layerPtr[row] as number;
    const end = batch.layerEnd[row] as number;
    if (end - p <= 8 || udpChecksum(batch, row) < 8) return "";
    const following = row + 1 < last ? (batch.layerKind[row + 1] as number) : LAYER_DNS;
    // A tunnel: its layers are rows of their own.
    if (following < LAYER_DNS && following !== LAYER_WIREGUARD) return "";
    const stated = readUint(bytes, p + 4, 2);
    // Of a first fragment, the datagram's.
    const statedEnd = p + (stated === 0 ? (batch.layerLength[row] as number) : stated);
    const segment: Segment = {
      bytes,
      row,
      start: p + 8,
      end: Math.min(end, statedEnd),
      statedEnd,
      sourcePort: readUint(bytes, p, 2),
      destinationPort: readUint(bytes, p + 2, 2),
    };
    return this.udp.names(segment, batch.stream[row] as number, this.state.udp);
  }
}

/** Names of protocols as "decode as" knows them, where the port table calls them otherwise. */
const DECODE_AS_NAMES: ReadonlyMap<string, string> = new Map([["wireguard", "wg"]]);
/** Tunnels have layers of their own, and names by them. */
const TUNNELS: ReadonlySet<string> = new Set(["vxlan", "vxlan-gpe", "geneve", "ip", "mpls", "lisp", "lisp-data"]);

/** The port table with what a person has decided. */
function decodedAs(
  known: ReadonlyMap<number, string>,
  decided: readonly (readonly [port: number, as: string])[] | undefined,
): ReadonlyMap<number, string> {
  if (!decided || decided.length === 0) return known;
  const ports = new Map(known);
  for (const [port, as] of decided) {
    if (as === "auto" || TUNNELS.has(as)) ports.delete(port);
    else ports.set(port, DECODE_AS_NAMES.get(as) ?? as);
  }
  return ports;
}
