/** What details tell of the packets around one: times, how complete a TCP conversation is, what is on its way, what is acknowledged. */
import { describe, expect, it } from "vitest";
import type { DetailNode } from "../../../src-shared/contract/results";
import { packetDetails } from "../../../src-main/engine/details/details-handlers";
import { withCaptures } from "../../builders/open-captures";
import { parseTraffic, trafficToPcapng } from "../../builders/traffic";

const texts = (nodes: readonly DetailNode[]): string[] => nodes.flatMap((n) => [n.text, ...texts(n.children)]);

/** All lines of packet `number`'s details. */
const details = (traffic: string, number: number): Promise<string[]> =>
  withCaptures([trafficToPcapng(parseTraffic(traffic))], (captures) => texts(packetDetails(captures, number - 1).tree));

const CALL = `@a = ethernet
  @b = ethernet
  client = 10.0.0.1:40000   server = 10.0.0.2:80
  syn: 0.000 @a client > server tcp SYN win=64000 ws=7
  0.010 @b seen syn
  0.020 @a server > client tcp SYN,ACK ws=3
  0.030 @a client > server tcp ACK win=500
  0.100 @a client > server tcp PSH,ACK win=500 len=100
  0.125 @a client > server tcp ACK win=500 len=300
  0.150 @a server > client tcp ACK
  0.200 @a client > server tcp FIN,ACK win=500
`;

describe("the frame", () => {
  it("tells the time since the packet before and since the first", async () => {
    const lines = await details(CALL, 4);
    expect(lines).toContain("[Time delta from previous captured frame: 0.010000000 seconds]");
    expect(lines).toContain("[Time since reference or first frame: 0.030000000 seconds]");
  });
});

describe("a TCP segment", () => {
  it("tells times within its stream at its capture point, scaling, and what is not acknowledged", async () => {
    const lines = await details(CALL, 6);
    expect(lines).toEqual(
      expect.arrayContaining([
        "[Conversation completeness: Complete, WITH_DATA (31)]",
        "[Window size scaling factor: 128]",
        "[Time since first frame in this TCP stream: 0.125000000 seconds]",
        "[Time since previous frame in this TCP stream: 0.025000000 seconds]",
        "[Bytes in flight: 400]",
        "[Bytes sent since last PSH flag: 300]",
      ]),
    );
  });

  it("that acknowledges names the segment, and how long it took", async () => {
    const lines = await details(CALL, 7);
    expect(lines).toContain("[This is an ACK to the segment in frame: 6]");
    expect(lines).toContain("[The RTT to ACK the segment was: 0.025000000 seconds]");
    expect(lines.filter((l) => l.includes("in flight"))).toEqual([]);
    // The other side's factor.
    expect(lines).toContain("[Window size scaling factor: 8]");
  });

  it("of a conversation whose beginning is missing says what is not known", async () => {
    const lines = await details(`0.0 10.0.0.1:40000 > 10.0.0.2:80 tcp PSH,ACK "x"`, 1);
    expect(lines).toContain("[Conversation completeness: Incomplete (12)]");
    expect(lines).toContain("[Window size scaling factor: -1 (unknown)]");
    expect(lines.filter((l) => /in flight|ACK to the segment/.test(l))).toEqual([]);
  });

  it("whose peer offered no scaling uses none; a SYN is never scaled", async () => {
    const traffic = `client = 10.0.0.1:40000   server = 10.0.0.2:80
      0.0 client > server tcp SYN ws=7
      0.1 server > client tcp SYN,ACK
      0.2 client > server tcp ACK`;
    expect(await details(traffic, 3)).toContain("[Window size scaling factor: -2 (no window scaling used)]");
    expect((await details(traffic, 1)).filter((l) => l.includes("scaling factor"))).toEqual([]);
    expect(await details(traffic, 3)).toContain("[Conversation completeness: Incomplete, ESTABLISHED (7)]");
  });
});

describe("TLS extensions", () => {
  it("groups, signature algorithms and keys are told by name", async () => {
    const extension = (type: string, body: string): string =>
      type + (body.length / 2).toString(16).padStart(4, "0") + body;
    const extensions =
      extension("000a", "0006001d00170a0a") +
      extension("000d", "000404030804") +
      extension("0033", `0026001d0020${"ab".repeat(32)}`);
    const hello = `0303${"00".repeat(32)}0000021301 0100${(extensions.length / 2).toString(16).padStart(4, "0")}${extensions}`;
    const body = hello.replace(" ", "");
    const message = `01${(body.length / 2).toString(16).padStart(6, "0")}${body}`;
    const record = `160301${(message.length / 2).toString(16).padStart(4, "0")}${message}`;
    const lines = await details(`0.0 10.0.0.1:40000 > 10.0.0.2:443 tcp PSH,ACK hex:${record}`, 1);
    expect(lines).toEqual(
      expect.arrayContaining([
        "Supported Groups (3 groups)",
        "Supported Group: x25519 (0x001d)",
        "Supported Group: secp256r1 (0x0017)",
        "Supported Group: Reserved (GREASE) (0x0a0a)",
        "Signature Algorithm: ecdsa_secp256r1_sha256 (0x0403)",
        "Signature Algorithm: rsa_pss_rsae_sha256 (0x0804)",
        "Key Share Entry: Group: x25519, Key Exchange length: 32",
      ]),
    );
    expect(lines.filter((l) => l.startsWith("Data:"))).toEqual([]);
  });
});
