/**
 * The protocol column's text for whole paths: for sorting and for series by protocol, where printing every packet would take
 * seconds. Told by summarise() once for each sequence of layers, not once a path. Ports tell what a payload is; where its bytes
 * have a say too, packets are asked one by one. TLS of all versions, and HTTP with any body, count as one protocol here.
 */
import {
  LAYER_DHCP,
  LAYER_DNS,
  LAYER_HTTP,
  LAYER_IPV6_DSTOPTS,
  LAYER_PAYLOAD,
  LAYER_TCP,
  LAYER_TLS,
  LAYER_UDP,
} from "../../../src-shared/model/layer-kind";
import { captured, readUint } from "../fields/field";
import { isRepeated } from "../fields/tcp-notes";
import { LAYER_FLAG_QUOTED } from "../kernel/assembly/abi";
import type { Batch } from "../kernel/batch";
import { type PacketIndex, SEGMENT_MASK } from "../packet-index/packet-index";
import type { PacketReader } from "../packet-index/packet-reader";
import type { Workspace } from "../session/workspace";
import { asksBytes, portProtocol } from "./payload-line";
import { protocolColumn } from "./protocol-names";
import { summarise } from "./summary";

/** From here on the captured length of a header changes nothing. */
const WHOLE = 63;
/** In `payload`: bytes decide. */
const ASK = 0xffff;
/** In `payload`: the bytes of the path's first payload decide, as HTTP/2 tells itself there, on any port. */
const ASK_FIRST = 0xfffe;
/** Packets that are asked one by one, 15 µs each; from then on the last answer of their path holds. */
const MOST_ASKED = 8192;

export class PathProtocols {
  /** Names, each once. */
  readonly names: string[] = [];
  private readonly numbers = new Map<string, number>();
  /** By path: index into `names` for packets without an application layer, and for those with DNS. */
  private plain = new Uint16Array(1024);
  private dns = new Uint16Array(1024);
  /** By path: of packets whose payload the kernel does not decode; ASK. */
  private payload = new Uint16Array(1024);
  private readonly answers = new Map<number, number>();
  private asked = 0;
  private known = 0;
  private readonly byLayers = new Map<number, number>();
  private readonly http = this.number("HTTP");
  private readonly tls = this.number("TLS");
  private readonly dhcp = this.number("DHCP");
  private readonly dnsNames = [this.number("DNS"), this.number("MDNS"), this.number("LLMNR")];

  constructor(
    private readonly index: PacketIndex,
    private readonly workspace: Workspace,
    private readonly reader: PacketReader,
  ) {}

  /** Takes notice of new paths; call it before `of`. */
  update(): void {
    const { paths } = this.index;
    if (this.plain.length < paths.count) {
      this.plain = grown(this.plain, paths.count);
      this.dns = grown(this.dns, paths.count);
      this.payload = grown(this.payload, paths.count);
    }
    paths.forEachBatch((batch, first) => {
      for (let i = 0; i < batch.packetCount; i++) {
        this.plain[first + i] = this.nameOf(batch, i);
        this.payload[first + i] = this.payloadOf(batch, i, this.plain[first + i] as number);
        this.dns[first + i] = this.dnsNames[dnsKind(batch, i)] as number;
      }
    }, this.known);
    this.known = paths.count;
  }

  /** Index into `names` for packet `id` of path `path` with the application layer `application` (LAYER_*, 0 none). */
  of(id: number, path: number, application: number): number {
    // Told as segments, as summarise() does.
    if (application !== 0 && isRepeated(this.analysisOf(id))) return this.plain[path] as number;
    switch (application) {
      case LAYER_HTTP:
        return this.http;
      case LAYER_TLS:
        return this.tls;
      case LAYER_DHCP:
        return this.dhcp;
      case LAYER_DNS:
        return this.dns[path] as number;
      case LAYER_PAYLOAD: {
        const name = this.payload[path] as number;
        if (name === ASK_FIRST && this.asked >= MOST_ASKED)
          return this.answers.get(path) ?? (this.plain[path] as number);
        if (name === ASK_FIRST) return this.answers.get(path) ?? this.ask(id, path);
        return name === ASK ? this.ask(id, path) : name;
      }
      default:
        return this.plain[path] as number;
    }
  }

  private analysisOf(id: number): number {
    return this.index.segmentOf(id).analysis[id & SEGMENT_MASK] as number;
  }

  /** What payloads on a path are, `plain` being the name of its layers. */
  private payloadOf(batch: Batch, packet: number, plain: number): number {
    const last = (batch.firstLayer[packet] as number) + batch.layersOf(packet) - 1;
    const kind = batch.layersOf(packet) > 0 ? (batch.layerKind[last] as number) : 0;
    if (kind !== LAYER_TCP && kind !== LAYER_UDP) return kind > 0 && kind <= LAYER_IPV6_DSTOPTS ? ASK : plain;
    if (captured(batch, last) < 4) return plain;
    const p = batch.layerPtr[last] as number;
    const name = portProtocol(kind, readUint(batch.bytes, p, 2), readUint(batch.bytes, p + 2, 2));
    if (name === "") return kind === LAYER_TCP ? ASK_FIRST : plain;
    return asksBytes(kind, name) ? ASK : this.number(protocolColumn(name));
  }

  private ask(id: number, path: number): number {
    const known = this.answers.get(path);
    if (known !== undefined && this.asked >= MOST_ASKED) return known;
    this.asked++;
    const { batch, packet, point } = this.reader.decode(id);
    const name = this.number(summarise(batch, packet, point).protocol);
    this.answers.set(path, name);
    return name;
  }

  private nameOf(batch: Batch, packet: number): number {
    const first = batch.firstLayer[packet] as number;
    const last = first + batch.layersOf(packet);
    // Packets of link types that are not decoded are named after those.
    let layers = first === last ? (this.workspace.points[batch.point[packet] as number]?.linkType ?? -1) : 0;
    for (let row = first; row < last; row++) {
      if ((batch.layerFlags[row] as number) & LAYER_FLAG_QUOTED) break;
      layers = Math.imul(layers, 4099) + (batch.layerKind[row] as number) * 64 + Math.min(captured(batch, row), WHOLE);
    }
    let name = this.byLayers.get(layers);
    if (name === undefined) {
      name = this.number(summarise(batch, packet, this.workspace.points[batch.point[packet] as number]).protocol);
      this.byLayers.set(layers, name);
    }
    return name;
  }

  private number(name: string): number {
    let number = this.numbers.get(name);
    if (number === undefined) {
      number = this.names.push(name) - 1;
      this.numbers.set(name, number);
    }
    return number;
  }
}

/** 1 if the last layer's ports are mDNS's, 2 if they are LLMNR's. */
function dnsKind(batch: Batch, packet: number): number {
  const last = (batch.firstLayer[packet] as number) + batch.layersOf(packet) - 1;
  if (last < 0 || batch.layersOf(packet) === 0 || captured(batch, last) < 4) return 0;
  const p = batch.layerPtr[last] as number;
  const source = readUint(batch.bytes, p, 2);
  const destination = readUint(batch.bytes, p + 2, 2);
  if (source === 5353 || destination === 5353) return 1;
  return source === 5355 || destination === 5355 ? 2 : 0;
}

function grown(column: Uint16Array<ArrayBuffer>, length: number): Uint16Array<ArrayBuffer> {
  const bigger = new Uint16Array(Math.max(length, column.length * 2));
  bigger.set(column);
  return bigger;
}
