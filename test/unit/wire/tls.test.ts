/** TLS handshakes: server names and protocols of a ClientHello, over records and segments. */
import { describe, expect, it } from "vitest";
import { countReads } from "../../builders/counted-reads";
import { tlsText, visitTls } from "../../../src-shared/wire/tls";

function uint(value: number, size: number): number[] {
  return Array.from({ length: size }, (_, i) => Math.floor(value / 2 ** (8 * (size - 1 - i))) & 255);
}

/** Bytes behind their length. */
function vector(size: number, ...bytes: number[]): number[] {
  return [...uint(bytes.length, size), ...bytes];
}

function ascii(text: string): number[] {
  return [...Buffer.from(text, "latin1")];
}

function extension(type: number, data: number[]): number[] {
  return [...uint(type, 2), ...vector(2, ...data)];
}

function serverNames(...names: string[]): number[] {
  return extension(0, vector(2, ...names.flatMap((name) => [0, ...vector(2, ...ascii(name))])));
}

function protocols(...names: string[]): number[] {
  return extension(16, vector(2, ...names.flatMap((name) => vector(1, ...ascii(name)))));
}

function message(type: number, body: number[]): number[] {
  return [type, ...vector(3, ...body)];
}

function clientHello(...extensions: number[][]): number[] {
  const start = [3, 3, ...new Array<number>(32).fill(0x5a), ...vector(1, 7, 7), ...vector(2, 0x13, 1), ...vector(1, 0)];
  return message(1, [...start, ...vector(2, ...extensions.flat())]);
}

function record(type: number, data: number[], version = 0x0301): number[] {
  return [type, ...uint(version, 2), ...vector(2, ...data)];
}

const HELLO = clientHello(serverNames("www.example"), extension(10, [0, 2, 0, 29]), protocols("h2", "http/1.1"));
const NOTHING = { names: [], protocols: [] };

function read(segment: number[] | Uint8Array) {
  const bytes = segment instanceof Uint8Array ? segment : Uint8Array.from(segment);
  const seen = { names: [] as string[], protocols: [] as string[] };
  const outcome = visitTls(bytes, 0, bytes.length, {
    serverName: (source, start, end) => seen.names.push(tlsText(source, start, end)),
    applicationProtocol: (source, start, end) => seen.protocols.push(tlsText(source, start, end)),
  });
  return { ...seen, outcome };
}

describe("a ClientHello", () => {
  it("shows its server name and protocols", () => {
    expect(read(record(22, HELLO))).toEqual({
      names: ["www.example"],
      protocols: ["h2", "http/1.1"],
      outcome: "complete",
    });
  });

  it("may name several servers, or none", () => {
    expect(read(record(22, clientHello(serverNames("a", "", "b")))).names).toEqual(["a", "", "b"]);
    expect(read(record(22, clientHello()))).toEqual({ ...NOTHING, outcome: "complete" });
  });

  it("may go over several records", () => {
    const parts = [HELLO.slice(0, 3), HELLO.slice(3, 60), HELLO.slice(60)];
    expect(read(parts.flatMap((part) => record(22, part)))).toMatchObject({
      names: ["www.example"],
      outcome: "complete",
    });
    expect(read(parts.slice(0, 2).flatMap((part) => record(22, part)))).toEqual({ ...NOTHING, outcome: "cut" });
  });

  it("is found behind other records and messages, and more than one is", () => {
    const segment = [...record(20, [1]), ...record(23, [9, 9]), ...record(22, [...message(0, []), ...HELLO, ...HELLO])];
    expect(read(segment)).toMatchObject({ names: ["www.example", "www.example"], outcome: "complete" });
  });

  it("shows names as ASCII, up to a NUL", () => {
    expect(read(record(22, clientHello(serverNames("\xc3\xa9x", "a\0b")))).names).toEqual(["\ufffd\ufffdx", "a"]);
  });

  it("gives the place of what it shows, in shared memory too", () => {
    const segment = record(22, HELLO);
    const shared = new Uint8Array(new SharedArrayBuffer(segment.length + 2));
    shared.set(segment, 2);
    visitTls(shared, 2, shared.length, {
      record: (at, type, version, length) => expect([at, type, version, length]).toEqual([2, 22, 0x0301, HELLO.length]),
      serverName: (source, start) => {
        expect(source).toBe(shared);
        expect(start).toBe(2 + Buffer.from(segment).indexOf("www"));
      },
    });
    expect.assertions(3);
  });
});

describe("other messages", () => {
  it("shows the server's choice of protocol", () => {
    const encrypted = message(8, vector(2, ...extension(0, []), ...protocols("h2")));
    expect(read(record(22, encrypted))).toEqual({ names: [], protocols: ["h2"], outcome: "complete" });
    const hello = message(2, [3, 3, ...new Array<number>(32).fill(1), 0, 0x13, 1, 0, ...vector(2, ...protocols("h3"))]);
    expect(read(record(22, hello)).protocols).toEqual(["h3"]);
  });
});

describe("what is cut or broken", () => {
  it("shows nothing of a record that is not whole, wherever the cut is", () => {
    const segment = record(22, HELLO);
    for (let size = 0; size < segment.length; size++) expect(read(segment.slice(0, size))).toMatchObject(NOTHING);
    expect(read(segment.slice(0, -1)).outcome).toBe("cut");
    expect(read([...segment, ...segment.slice(0, 9)])).toMatchObject({ names: ["www.example"], outcome: "cut" });
  });

  it.each([
    ["the list of extensions", [...HELLO.slice(0, 47), 0xff, ...HELLO.slice(48)]],
    ["an extension", clientHello([0, 0, 0, 99, ...serverNames("a").slice(4)])],
    ["the list of names", clientHello(extension(0, [0, 99, 0, 0, 1, 97]))],
    ["a name", clientHello(extension(0, [0, 4, 0, 0, 9, 97]))],
    ["a protocol", clientHello(extension(16, [0, 3, 9, 104, 50]))],
  ])("stops at a length of %s that goes too far", (_what, hello) => {
    expect(read(record(22, hello))).toEqual({ ...NOTHING, outcome: "cut" });
  });

  it("goes on behind an extension it cannot read", () => {
    const hello = clientHello(extension(16, [0, 3, 9, 104, 50]), serverNames("a"));
    expect(read(record(22, hello))).toMatchObject({ names: ["a"], outcome: "cut" });
  });

  it("tells what is not TLS", () => {
    expect(read([...Buffer.from("GET / HTTP/1.1\r\n\r\n")]).outcome).toBe("not-tls");
    expect(read(record(22, HELLO, 0x0304)).outcome).toBe("not-tls");
    expect(read([22, 3, 1]).outcome).toBe("not-tls");
    expect(read([...record(22, HELLO), ...Buffer.from("garbage")])).toMatchObject({
      names: ["www.example"],
      outcome: "cut",
    });
  });

  it("never throws, whatever byte is changed", () => {
    const segment = record(22, HELLO);
    for (let at = 0; at < segment.length; at++) {
      for (const value of [0, 1, 127, 255]) {
        const changed = [...segment];
        changed[at] = value;
        expect(() => read(changed)).not.toThrow();
      }
    }
  });

  it("does little for thousands of records that complete nothing", () => {
    const many = record(22, [1]).concat(...Array.from({ length: 10_000 }, () => record(22, [255])));
    const counted = countReads(Uint8Array.from(many));
    expect(read(counted.bytes)).toEqual({ ...NOTHING, outcome: "cut" });
    expect(counted.count()).toBeLessThan(20 * many.length);
  });
});
