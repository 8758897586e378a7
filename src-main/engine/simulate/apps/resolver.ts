/**
 * A resolver as C libraries have it (resolv.conf's search list, ndots, timeout): A and AAAA leave one socket at the same moment;
 * names with few dots are tried with each search domain first.
 *
 * ```
 * web.shop (ndots 5)     web.shop.default.svc.cluster.local   NXDOMAIN
 *                        web.shop.svc.cluster.local           10.96.0.7 ─► done
 * ```
 */
import { DNS_PORT, dnsQuery } from "../../../../src-shared/wire/write/dns";
import { DNS_TYPE_A, DNS_TYPE_AAAA } from "../../../../src-shared/wire/dns";
import type { Namespace, UdpSocket } from "../network/api/namespaces";
import type { Network, ScheduledAction } from "../network/api/network";
import { readDnsMessage } from "./dns-server";
import { streamOf } from "../world/streams";
import { messageBytes } from "./payload";

export interface ResolverConfig {
  readonly nameserver: string;
  readonly search: readonly string[];
  readonly ndots: number;
  readonly timeoutNs: number;
  /** Asks this often before it gives up. */
  readonly attempts: number;
}

/** Order in which a name is tried (resolv.conf(5)): as it is first where it has dots enough. */
export function candidates(
  name: string,
  { search, ndots }: Pick<ResolverConfig, "search" | "ndots">,
): readonly string[] {
  if (name.endsWith(".")) return [name.slice(0, -1)];
  const dots = name.split(".").length - 1;
  const expanded = search.map((domain) => `${name}.${domain}`);
  return dots >= ndots ? [name, ...expanded] : [...expanded, name];
}

/** Calls `onDone` with the addresses found, IPv4 first, empty if there are none. */
export function resolve(
  network: Network,
  namespace: Namespace,
  config: ResolverConfig,
  name: string,
  onDone: (addresses: readonly string[]) => void,
): void {
  const names = candidates(name, config);
  const tryName = (index: number): void => {
    const candidate = names[index];
    if (candidate === undefined || namespace.removed) onDone([]);
    else
      new Lookup(network, namespace, config, candidate, (addresses) => {
        if (addresses.length > 0) onDone(addresses);
        else tryName(index + 1);
      });
  };
  tryName(0);
}

/** One name: both families, asked again when nobody answers. */
class Lookup {
  readonly #socket: UdpSocket;
  readonly #ids: readonly [a: number, aaaa: number];
  #timer: ScheduledAction | undefined;
  #attempts = 0;
  #a: readonly string[] | undefined;
  #aaaa: readonly string[] | undefined;
  #done = false;

  constructor(
    private readonly network: Network,
    private readonly namespace: Namespace,
    private readonly config: ResolverConfig,
    private readonly name: string,
    private readonly onDone: (addresses: readonly string[]) => void,
  ) {
    const random = streamOf(network, "DNS ids");
    const id = random.integer(65536);
    this.#ids = [id, (id + 1 + random.integer(65535)) % 65536];
    this.#socket = namespace.udp({
      onDatagram: ({ payload }) => {
        this.#take(payload);
      },
      onError: () => {
        // Refused or unreachable: the timer asks again, as resolvers do.
      },
    });
    this.#ask();
  }

  #ask(): void {
    const to = { address: this.config.nameserver, port: DNS_PORT };
    const [a, aaaa] = this.#ids;
    if (this.#a === undefined) this.#socket.send(messageBytes(dnsQuery({ id: a, name: this.name, type: "A" })), to);
    if (this.#aaaa === undefined)
      this.#socket.send(messageBytes(dnsQuery({ id: aaaa, name: this.name, type: "AAAA" })), to);
    this.#attempts++;
    this.#timer = this.network.schedule(this.network.nowNs + this.config.timeoutNs, () => {
      if (this.namespace.removed) return;
      if (this.#attempts >= this.config.attempts) this.#finish();
      else this.#ask();
    });
  }

  #take(payload: Uint8Array): void {
    const message = readDnsMessage(payload);
    if (!message?.response) return;
    if (message.type === DNS_TYPE_A && message.id === this.#ids[0]) this.#a ??= message.addresses;
    else if (message.type === DNS_TYPE_AAAA && message.id === this.#ids[1]) this.#aaaa ??= message.addresses;
    if (this.#a !== undefined && this.#aaaa !== undefined) this.#finish();
  }

  #finish(): void {
    if (this.#done) return;
    this.#done = true;
    this.#timer?.cancel();
    if (!this.namespace.removed) this.#socket.close();
    this.onDone([...(this.#a ?? []), ...(this.#aaaa ?? [])]);
  }
}
