/**
 * Forwarding entries of tunnels: behind which outer address an inner one is.
 *
 * ```
 * outer 192.168.1.1 > 192.168.1.2 │ VXLAN 7 │ Ethernet aa > bb │ 10.1.0.5 > 10.1.1.9
 *   the receiver learns   10.1.0.5 (aa) is behind 192.168.1.1          the sender had   10.1.1.9 (bb) behind 192.168.1.2
 * ```
 */
import type { EncapsulationKind, JoinResult } from "../../../src-shared/reconstruct/result";
import { type Learned, LearnedHistory } from "./learned-history";
import { isGroupAddress, isGroupMac, type LinkAddresses } from "./learned-link";

export interface TunnelEntry {
  readonly kind: EncapsulationKind;
  readonly vni: number | null;
  readonly port: number | null;
  readonly inner: string;
  /** Its MAC inside the tunnel; "": the tunnel carries none. */
  readonly mac: string;
  readonly outer: string;
  /** Outer addresses at the other end: who needs the entry. */
  readonly heldBy: readonly string[];
  readonly learned: Learned;
}

/** `breathe` is called every few thousand rows. */
export async function learnTunnels(
  join: JoinResult,
  link: LinkAddresses,
  breathe: () => Promise<void>,
): Promise<readonly TunnelEntry[]> {
  const { sightings } = join;
  const history = new LearnedHistory();
  const held = new Map<string, Set<string>>();
  for (let row = 0; row < sightings.count; row++) {
    if (row % 4096 === 4095) await breathe();
    const carrier = sightings.carrier(row);
    if (carrier < 0 || sightings.quoted(row)) continue;
    const tunnel = sightings.tunnel(row);
    if (!tunnel) continue;
    const ns = sightings.alignedNs(row);
    const label = `${tunnel.kind} ${String(tunnel.vni)}`;
    const from = sightings.source(carrier);
    const to = sightings.destination(carrier);
    const note = (inner: string, mac: string, outer: string, other: string): void => {
      if (isGroupAddress(inner) || (mac !== "" && isGroupMac(mac))) return;
      const value = `${outer} ${mac} ${tunnel.port ?? ""}`;
      const key = `${label} ${inner}`;
      history.note(key, value, ns, row);
      const holders = held.get(`${key} ${value}`);
      if (holders) holders.add(other);
      else held.set(`${key} ${value}`, new Set([other]));
    };
    note(sightings.source(row), link.source(row), from, to);
    note(sightings.destination(row), link.destination(row), to, from);
  }
  return history.keys.flatMap((key) => {
    const [kind, vni, inner] = key.split(" ") as [EncapsulationKind, string, string];
    return history.of(key).map((learned): TunnelEntry => {
      const [outer, mac, port] = learned.value.split(" ") as [string, string, string];
      return {
        kind,
        vni: vni === "null" ? null : Number(vni),
        port: port === "" ? null : Number(port),
        inner,
        mac,
        outer,
        heldBy: [...(held.get(`${key} ${learned.value}`) ?? [])],
        learned,
      };
    });
  });
}
