/**
 * A TLS ClientHello (RFC 8446 section 4.1.2) in a TLS record: server name (RFC 6066) and ALPN (RFC 7301) are what is
 * readable of a TLS connection; the rest is what a TLS 1.3 client always sends.
 *
 * ```
 *  record:     0 type 22   1 version 0301   3 length   5 handshake: type 1, length (3)
 *  ClientHello: version 0303, random (32), session id, cipher suites, compression, extensions: type (2) length (2) data
 * ```
 */
import { ByteBuilder, encodeUtf8 } from "./byte-builder";
import type { Layer } from "./layer";

const TLS_PORT = 443;

export interface TlsClientHelloOptions {
  readonly serverName?: string;
  readonly alpn?: readonly string[];
  /** 32 bytes; default counting up, so that captures are the same every time. */
  readonly random?: Uint8Array;
}

export function tlsClientHello(options: TlsClientHelloOptions = {}): Layer {
  const counting = Uint8Array.from({ length: 32 }, (_, i) => i);
  const out = new ByteBuilder();
  /** Appends what `fill` appends, preceded by its length. */
  const sized = (lengthBytes: 1 | 2 | 3, fill: () => void): void => {
    const at = out.length;
    out.zeros(lengthBytes);
    fill();
    const length = out.length - at - lengthBytes;
    for (let i = 0; i < lengthBytes; i++) out.setU8(at + i, (length >>> (8 * (lengthBytes - 1 - i))) & 255);
  };
  const extension = (type: number, fill: () => void): void => {
    out.u16(type);
    sized(2, fill);
  };

  out.u8(22).u16(0x0301);
  sized(2, () => {
    out.u8(1);
    sized(3, () => {
      out.u16(0x0303).bytes(options.random ?? counting);
      sized(1, () => out.bytes(counting)); // legacy session id
      sized(2, () => out.u16(0x1301).u16(0x1302).u16(0x1303).u16(0xc02f)); // cipher suites
      sized(1, () => out.u8(0)); // compression: none
      sized(2, () => {
        const { serverName, alpn } = options;
        if (serverName !== undefined) {
          extension(0, () => {
            sized(2, () => {
              out.u8(0);
              sized(2, () => out.text(serverName));
            });
          });
        }
        extension(10, () => {
          sized(2, () => out.u16(0x001d).u16(0x0017));
        }); // groups: x25519, secp256r1
        extension(13, () => {
          sized(2, () => out.u16(0x0403).u16(0x0804).u16(0x0401));
        }); // signature algorithms
        if (alpn !== undefined) {
          extension(16, () => {
            sized(2, () => {
              for (const protocol of alpn) out.u8(encodeUtf8(protocol).length).text(protocol);
            });
          });
        }
        extension(43, () => {
          sized(1, () => out.u16(0x0304).u16(0x0303));
        }); // supported versions
        extension(51, () => {
          sized(2, () => {
            out.u16(0x001d);
            sized(2, () => out.bytes(counting));
          });
        }); // key share
      });
    });
  });
  const bytes = out.take();
  return {
    name: "tls",
    carriedAs: { port: TLS_PORT },
    append(packet) {
      packet.bytes(bytes);
    },
  };
}
