/**
 * DHCP (RFC 2131): a server that hands out addresses of a range, and a client that asks at the start.
 *
 * ```
 * client 0.0.0.0:68 ─ DISCOVER ─► 255.255.255.255:67      ◄─ OFFER ─ server
 *                   ─ REQUEST ──►                          ◄─ ACK ──
 * ```
 */
import { formatIpv4 } from "../../../../src-shared/model/address";
import { createDhcpMessage, readDhcp, visitDhcpOptions } from "../../../../src-shared/wire/dhcp";
import {
  DHCP_CLIENT_PORT,
  DHCP_SERVER_PORT,
  dhcp,
  type DhcpMessageType,
  DHCP_MESSAGE_TYPES,
} from "../../../../src-shared/wire/write/dhcp";
import type { Device } from "../network/api/namespaces";
import type { Network } from "../network/api/network";
import { ipv4Number, type Ipv4Range } from "../world/addresses";
import { streamOf } from "../world/streams";
import { messageBytes } from "./payload";

const BROADCAST = "255.255.255.255";
const OPTION_ROUTER = 3;
const OPTION_DNS = 6;
const OPTION_TYPE = 53;
const OPTION_SERVER = 54;
const DEFAULT_LEASE_SECONDS = 86400;
/** RFC 2131 section 4.1: the first wait is about four seconds. */
const RETRY_NS = 4e9;
const ATTEMPTS = 4;

interface Read {
  readonly type: DhcpMessageType;
  readonly xid: number;
  readonly clientMac: string;
  readonly yourIp: string;
  readonly server: string | undefined;
  readonly router: string | undefined;
  readonly dns: string | undefined;
}

function read(bytes: Uint8Array): Read | undefined {
  const message = createDhcpMessage();
  if (!readDhcp(bytes, 0, bytes.length, message) || message.options < 0) return undefined;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const options = new Map<number, Uint8Array>();
  visitDhcpOptions(bytes, message.options, bytes.length, (code, at, length) => {
    options.set(code, bytes.subarray(at, at + length));
  });
  const type = DHCP_MESSAGE_TYPES[(options.get(OPTION_TYPE)?.[0] ?? 0) - 1];
  if (type === undefined) return undefined;
  const address = (code: number): string | undefined => {
    const value = options.get(code);
    return value && value.length >= 4 ? Array.from(value.subarray(0, 4)).join(".") : undefined;
  };
  return {
    type,
    xid: view.getUint32(4),
    clientMac: Array.from(bytes.subarray(28, 34), (b) => b.toString(16).padStart(2, "0")).join(":"),
    yourIp: formatIpv4(view.getUint32(16)),
    server: address(OPTION_SERVER),
    router: address(OPTION_ROUTER),
    dns: address(OPTION_DNS),
  };
}

export interface DhcpServerOptions {
  readonly device: Device;
  readonly address: string;
  readonly range: Ipv4Range;
  readonly first: string;
  readonly last: string;
  readonly dns: string | undefined;
  readonly leaseSeconds: number | undefined;
}

export function serveDhcp(options: DhcpServerOptions): void {
  const { device, address } = options;
  const leases = new Map<string, string>();
  const give = (mac: string): string | undefined => {
    const known = leases.get(mac);
    if (known !== undefined) return known;
    const taken = new Set(leases.values());
    for (let n = ipv4Number(options.first); n <= ipv4Number(options.last); n++) {
      const free = formatIpv4(n);
      if (taken.has(free)) continue;
      leases.set(mac, free);
      return free;
    }
    return undefined;
  };
  device.namespace.udp({
    port: DHCP_SERVER_PORT,
    device,
    onDatagram: ({ payload }, socket) => {
      const asked = read(payload);
      if (!asked || (asked.type !== "discover" && asked.type !== "request")) return;
      const yourIp = give(asked.clientMac);
      if (yourIp === undefined) return;
      socket.send(
        messageBytes(
          dhcp({
            type: asked.type === "discover" ? "offer" : "ack",
            xid: asked.xid,
            clientMac: asked.clientMac,
            broadcast: true,
            yourIp,
            serverIp: address,
            serverId: address,
            leaseSeconds: options.leaseSeconds ?? DEFAULT_LEASE_SECONDS,
            subnetMask: formatIpv4(
              options.range.prefixLength === 0 ? 0 : (0xffffffff << (32 - options.range.prefixLength)) >>> 0,
            ),
            router: address,
            ...(options.dns !== undefined && { dnsServer: options.dns }),
          }),
        ),
        { address: BROADCAST, port: DHCP_CLIENT_PORT },
        address,
      );
    },
  });
}

export interface Lease {
  readonly address: string;
  readonly router: string | undefined;
  readonly dns: string | undefined;
}

/** Asks until somebody answers, four times at most. */
export function askDhcp(network: Network, device: Device, hostName: string, onLease: (lease: Lease) => void): void {
  const xid = streamOf(network, "DHCP").u32();
  const clientMac = device.mac;
  let requested = false;
  let attempts = 0;
  const to = { address: BROADCAST, port: DHCP_SERVER_PORT };
  const socket = device.namespace.udp({
    port: DHCP_CLIENT_PORT,
    device,
    onDatagram: ({ payload }) => {
      const got = read(payload);
      if (got?.xid !== xid) return;
      if (got.type === "offer" && !requested) {
        requested = true;
        const request = dhcp({
          type: "request",
          xid,
          clientMac,
          requestedIp: got.yourIp,
          ...(got.server !== undefined && { serverId: got.server }),
          hostName,
        });
        socket.send(messageBytes(request), to, "0.0.0.0");
      } else if (got.type === "ack" && requested) {
        retry.cancel();
        socket.close();
        onLease({ address: got.yourIp, router: got.router, dns: got.dns });
      }
    },
  });
  const discover = (): void => {
    if (device.namespace.removed || attempts++ >= ATTEMPTS) return;
    requested = false;
    socket.send(messageBytes(dhcp({ type: "discover", xid, clientMac, hostName })), to, "0.0.0.0");
    retry = network.schedule(network.nowNs + RETRY_NS, discover);
  };
  let retry = network.schedule(network.nowNs, discover);
}
