/**
 * DNS questions and answers as they passed each capture point: what findings about waiting need, 40 bytes a message and one
 * string a name.
 */
import { visitDns } from "../../../src-shared/wire/dns";
import { dnsName } from "../../../src-shared/wire/dns-name";
import { LAYER_UDP } from "../../../src-shared/model/layer-kind";
import type { ObservedPacket } from "./observed-packet";

export interface DnsMessageRow {
  readonly packet: number;
  readonly point: number;
  readonly atNs: number;
  readonly id: number;
  readonly response: boolean;
  /** 0 no error, 2 server failure, 3 no such name. */
  readonly rcode: number;
  /** First question, lower case, without the last dot. Hostile text. */
  readonly name: string;
  readonly type: number;
}

/** Past this many messages the rest is only counted: a DNS server's own capture is not what stalls are looked for in. */
const MAX_MESSAGES = 4_000_000;

export class DnsMessages {
  readonly rows: DnsMessageRow[] = [];
  /** Messages beyond MAX_MESSAGES. */
  dropped = 0;
  readonly #names = new Map<string, string>();
  #questions: ReadonlySet<number> | undefined;

  take({ batch, point, packet, atNs }: ObservedPacket, layer: number): void {
    // Over TCP a message is repeated by TCP, not by the resolver.
    if (batch.layerKind[layer - 1] !== LAYER_UDP) return;
    if (this.rows.length >= MAX_MESSAGES) {
      this.dropped++;
      return;
    }
    const { bytes } = batch;
    let name: string | undefined;
    let type = 0;
    let id = 0;
    let response = false;
    let rcode = 0;
    visitDns(bytes, batch.layerPtr[layer] as number, batch.layerEnd[layer] as number, {
      question: (question, message) => {
        if (name !== undefined) return;
        name = this.#intern(dnsName(bytes, question.name, message));
        type = question.type;
        id = message.id;
        response = message.isResponse;
        rcode = message.rcode;
      },
    });
    if (name !== undefined) this.rows.push({ packet, point, atNs, id, response, rcode, name, type });
  }

  /** Whether a packet, by index over the workspace, asks. To be called once all were taken. */
  isQuestion(packet: number): boolean {
    this.#questions ??= new Set(this.rows.flatMap((row) => (row.response ? [] : [row.packet])));
    return this.#questions.has(packet);
  }

  #intern(name: string): string {
    const lower = name.toLowerCase();
    const known = this.#names.get(lower);
    if (known !== undefined) return known;
    this.#names.set(lower, lower);
    return lower;
  }
}
