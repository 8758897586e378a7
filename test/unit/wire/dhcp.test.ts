/** DHCP and BOOTP messages: what is read of them, where tshark shows nothing, what is cut or hostile. */
import { describe, expect, it } from "vitest";
import { createDhcpMessage, readDhcp, visitDhcpOptions } from "../../../src-shared/wire/dhcp";

const COOKIE = [0x63, 0x82, 0x53, 0x63];
const ACKNOWLEDGE = [53, 1, 5, 54, 4, 10, 0, 0, 1, 255];

function message(operation: number, options: number[] = [...COOKIE, ...ACKNOWLEDGE], hardwareLength = 6): Uint8Array {
  const fixed = new Uint8Array(236);
  fixed.set([operation, 1, hardwareLength, 0]);
  fixed.set([10, 1, 2, 3], 16);
  return Uint8Array.from([...fixed, ...options]);
}

function read(bytes: Uint8Array, claimedEnd?: number) {
  const into = createDhcpMessage();
  const complete = readDhcp(bytes, 0, bytes.length, into, claimedEnd);
  return { ...into, complete };
}

describe("readDhcp", () => {
  it("reads a request and a reply", () => {
    expect(read(message(1))).toEqual({ operation: 1, yourAddress: 16, options: 240, complete: true });
    expect(read(message(2))).toEqual({ operation: 2, yourAddress: 16, options: 240, complete: true });
  });

  it("takes BOOTP, with or without a vendor area", () => {
    expect(read(message(2, []))).toEqual({ operation: 2, yourAddress: 16, options: -1, complete: true });
    expect(read(message(2, [1, 2, 3, 4, 5]))).toMatchObject({ operation: 2, options: -1 });
  });

  it("gives positions in the bytes, not in the message", () => {
    const into = createDhcpMessage();
    const bytes = Uint8Array.from([7, 7, 7, ...message(2)]);
    readDhcp(bytes, 3, bytes.length, into);
    expect(into).toEqual({ operation: 2, yourAddress: 19, options: 243 });
  });

  it("forgets the message read before", () => {
    const into = createDhcpMessage();
    readDhcp(message(2), 0, 300, into);
    readDhcp(new Uint8Array(0), 0, 0, into);
    expect(into).toEqual(createDhcpMessage());
  });

  it.each([
    ["a reply", 2, 2, -1, -1],
    ["a reply", 2, 3, 2, -1],
    ["a reply", 2, 19, 2, -1],
    ["a reply", 2, 20, 2, 16],
    // tshark wants the client's hardware address, 28 + 6 bytes in, before it shows a request at all.
    ["a request", 1, 33, -1, -1],
    ["a request", 1, 34, 1, 16],
  ])("of %s (%i), %i bytes show operation %i, address at %i", (_what, sent, size, operation, yourAddress) => {
    expect(read(message(sent).slice(0, size))).toMatchObject({ operation, yourAddress, complete: false });
  });

  it("shows nothing of a request whose hardware address would be longer than the message", () => {
    expect(read(message(1, [], 255)).operation).toBe(-1);
    expect(read(message(1, [], 0)).operation).toBe(1);
  });

  it("shows nothing if the capture cuts the options, as tshark does", () => {
    const whole = message(2);
    expect(read(whole.slice(0, 245), whole.length).operation).toBe(-1);
    expect(read(whole.slice(0, 239), whole.length).operation).toBe(2);
    expect(read(whole, whole.length + 20).operation).toBe(2);
  });
});

describe("visitDhcpOptions", () => {
  const seen = (options: number[]) => {
    const codes: number[] = [];
    const bytes = Uint8Array.from(options);
    const complete = visitDhcpOptions(bytes, 0, bytes.length, (code, data, length) => codes.push(code, data, length));
    return [codes, complete];
  };

  it("skips padding and ends at the end option", () => {
    expect(seen([0, 0, 53, 1, 5, 255, 12, 1, 65])).toEqual([[53, 4, 1], true]);
  });

  it("stops at an option that does not fit", () => {
    expect(seen([53, 1, 5, 12, 9, 65])).toEqual([[53, 2, 1], false]);
    expect(seen([53])).toEqual([[], false]);
  });
});
