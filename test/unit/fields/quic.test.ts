/**
 * The server's name in a QUIC Initial. The packet is encrypted here with the keys that RFC 9001 appendix A.1 prints for its
 * connection ID; the reader has to find them by itself.
 */
import { createCipheriv } from "node:crypto";
import { describe, expect, it } from "vitest";
import { newQuicConnection, readInitials } from "../../../src-main/engine/fields/quic-initial";
import { type TlsVisitor, tlsText, visitTlsMessages } from "../../../src-shared/wire/tls";

const DESTINATION = Buffer.from("8394c8f03e515708", "hex");
const CLIENT = {
  key: Buffer.from("1f369613dd76d5467730efcbe3b1a22d", "hex"),
  iv: Buffer.from("fa044b2f42a3fd3b46fb255c", "hex"),
  hp: Buffer.from("9f50449e04a0e810283a1e9933adedd2", "hex"),
};
const SERVER = {
  key: Buffer.from("cf3a5331653c364c88f0f379b6067e37", "hex"),
  iv: Buffer.from("0ac1493ca1905853b0bba03e", "hex"),
  hp: Buffer.from("c206b8d9b9f0f37644430b490eeaa314", "hex"),
};
const CLIENT_PORT = 50000;

const two = (n: number): Buffer => Buffer.from([n >> 8, n & 255]);
/** A variable-length integer of two bytes. */
const integer = (n: number): Buffer => two(n | 0x4000);

function clientHello(name: string): Buffer {
  const host = Buffer.concat([Buffer.from([0]), two(name.length), Buffer.from(name)]);
  const list = Buffer.concat([two(host.length), host]);
  const extension = Buffer.concat([two(0), two(list.length), list]);
  const body = Buffer.concat([
    two(0x303),
    Buffer.alloc(32),
    Buffer.from([0]),
    two(2),
    two(0x1301),
    Buffer.from([1, 0]),
    two(extension.length),
    extension,
  ]);
  return Buffer.concat([Buffer.from([1, 0]), two(body.length), body]);
}

const crypto = (message: Buffer, from: number, to: number): Buffer =>
  Buffer.concat([Buffer.from([6]), integer(from), integer(to - from), message.subarray(from, to)]);

/** An Initial packet, protected as RFC 9001 section 5 says. */
function initial(keys: typeof CLIENT, destination: Buffer, number: number, frames: Buffer): Buffer {
  const padded = Buffer.concat([frames, Buffer.alloc(Math.max(0, 64 - frames.length))]);
  const head = Buffer.concat([
    Buffer.from([0xc1, 0, 0, 0, 1, destination.length]),
    destination,
    Buffer.from([0, 0]),
    integer(2 + padded.length + 16),
    two(number),
  ]);
  const nonce = Buffer.from(keys.iv);
  nonce.writeUInt16BE(nonce.readUInt16BE(10) ^ number, 10);
  const cipher = createCipheriv("aes-128-gcm", keys.key, nonce);
  cipher.setAAD(head);
  const body = Buffer.concat([cipher.update(padded), cipher.final(), cipher.getAuthTag()]);
  const packet = Buffer.concat([head, body]);
  const at = head.length - 2;
  const mask = createCipheriv("aes-128-ecb", keys.hp, null).update(packet.subarray(at + 4, at + 20));
  packet.writeUInt8(packet.readUInt8(0) ^ (mask.readUInt8(0) & 15), 0);
  for (let i = 0; i < 2; i++) packet.writeUInt8(packet.readUInt8(at + i) ^ mask.readUInt8(1 + i), at + i);
  return packet;
}

function names(messages: Uint8Array): string[] {
  const found: string[] = [];
  const visitor: TlsVisitor = { serverName: (source, start, end) => found.push(tlsText(source, start, end)) };
  visitTlsMessages(messages, 0, messages.length, visitor);
  return found;
}

describe("the client's hello", () => {
  const hello = clientHello("shop.example");

  it("is read from one packet", () => {
    const packet = initial(CLIENT, DESTINATION, 0, crypto(hello, 0, hello.length));
    const found = readInitials(packet, 0, packet.length, CLIENT_PORT, newQuicConnection());
    expect(names(found?.messages ?? new Uint8Array())).toEqual(["shop.example"]);
    expect(found?.looks).toBe(1);
  });

  it("is put together from pieces in any order, over two datagrams, with other packets around them", () => {
    const connection = newQuicConnection();
    const ping = Buffer.from([1]);
    const first = initial(CLIENT, DESTINATION, 0, Buffer.concat([crypto(hello, 40, hello.length), ping]));
    const second = Buffer.concat([
      initial(CLIENT, DESTINATION, 1, crypto(hello, 0, 10)),
      initial(CLIENT, DESTINATION, 2, crypto(hello, 10, 40)),
    ]);
    expect(readInitials(first, 0, first.length, CLIENT_PORT, connection)?.messages).toHaveLength(0);
    const found = readInitials(second, 0, second.length, CLIENT_PORT, connection);
    expect(names(found?.messages ?? new Uint8Array())).toEqual(["shop.example"]);
  });

  it("gives the server's keys too, for packets of the same connection", () => {
    const connection = newQuicConnection();
    const sent = initial(CLIENT, DESTINATION, 0, crypto(hello, 0, hello.length));
    readInitials(sent, 0, sent.length, CLIENT_PORT, connection);
    const answer = Buffer.from([2, 0, 0, 3, 9, 9, 9]); // some handshake message
    const packet = initial(SERVER, Buffer.from("f067a5502a4262b5", "hex"), 0, crypto(answer, 0, answer.length));
    expect(readInitials(packet, 0, packet.length, 443, connection)?.messages).toEqual(answer);
    expect(readInitials(packet, 0, packet.length, 443, newQuicConnection())).toBeUndefined();
  });

  it("is not believed where a bit was changed, and a cut packet is no error", () => {
    const packet = initial(CLIENT, DESTINATION, 0, crypto(hello, 0, hello.length));
    for (let at = 0; at < packet.length; at++) {
      const changed = Buffer.from(packet);
      changed.writeUInt8(changed.readUInt8(at) ^ 0x10, at);
      const found = readInitials(changed, 0, changed.length, CLIENT_PORT, newQuicConnection());
      expect(found?.messages ?? [], `byte ${at}`).toHaveLength(0);
      expect(readInitials(packet, 0, at, CLIENT_PORT, newQuicConnection()), `${at} bytes`).toBeUndefined();
    }
  });
});
