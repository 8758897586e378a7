/**
 * One question and one answer, over UDP or as an echo, recorded on both sides of a router that rewrote both ends and recorded nothing itself: two
 * clocks, no address or port kept. What only looks so stays apart, and of two that are equally good neither is taken.
 */
import { describe, expect, test } from "vitest";
import { connectionLines, connectionsOf, joinTraffic } from "../../builders/join-files";

const CLIENT = `
  @eth0 = ethernet resolution=ns
  a = 10.1.1.2:32826   s = 10.99.0.1:53
`;
const SERVER = `
  @eth0 = ethernet resolution=ns
  start 2024-03-01T10:07:00Z
  r = 10.2.2.1:12571   b = 10.2.2.2:5353
`;
const JOINED =
  "udp 10.1.1.2:32826 > 10.99.0.1:53 = 10.2.2.2:5353 as 10.2.2.1:12571 | a@eth0 b@eth0 | dnat a@eth0..b@eth0, snat a@eth0..b@eth0";

interface Exchange {
  readonly question: string;
  readonly answer: string;
  /** Seconds that the side waits. */
  readonly waits?: number;
}

const clientSide = ({ question, answer, waits = 0.0004 }: Exchange): string => `${CLIENT}
  0.000    @eth0 a > s ${question} ttl=64
  ${waits} @eth0 s > a ${answer} ttl=63
`;
const serverSide = ({ question, answer, waits = 0.0003 }: Exchange, ttl = 63): string => `${SERVER}
  0.000    @eth0 r > b ${question} ttl=${ttl}
  ${waits} @eth0 b > r ${answer} ttl=64
`;

async function lines(client: string, server: string): Promise<string[]> {
  return connectionLines(await joinTraffic({ "a.pcapng": client, "b.pcapng": server }));
}

const short: Exchange = { question: 'udp id=20591 "ask"', answer: 'udp id=64259 "told you"' };

describe("both ends rewritten by a router without a recording", () => {
  test("one exchange of short datagrams is one connection", async () => {
    expect(await lines(clientSide(short), serverSide(short))).toEqual([JOINED]);
  });

  test("so is one ping, whose identifier is rewritten too", async () => {
    const echo = (kind: string, ident: number, id: number): string =>
      `icmp ${kind} ident=${ident} seq=1 id=${id} len=56`;
    const ping = (ident: number): Exchange => ({
      question: echo("request", ident, 31455),
      answer: echo("reply", ident, 21782),
    });
    expect(await lines(clientSide(ping(4001)), serverSide(ping(35667)))).toEqual([
      "icmp 10.1.1.2:4001 > 10.99.0.1:0 = 10.2.2.2:0 as 10.2.2.1:35667 | a@eth0 b@eth0 | dnat a@eth0..b@eth0, snat a@eth0..b@eth0",
    ]);
  });

  test.each([
    {
      name: "the answer has another identification",
      server: serverSide({ ...short, answer: 'udp id=64260 "told you"' }),
    },
    { name: "no router lay between", server: serverSide(short, 64) },
    { name: "the server's side waited longer than the client's", server: serverSide({ ...short, waits: 0.5 }) },
  ])("not: $name", async ({ server }) => {
    expect(await lines(clientSide(short), server)).toHaveLength(2);
  });

  test("not: identifications that any machine counts to", async () => {
    const counted: Exchange = { question: 'udp id=7 "ask"', answer: 'udp id=9 "told you"' };
    expect(await lines(clientSide(counted), serverSide(counted))).toHaveLength(2);
  });

  test("not: the one of two equal exchanges, which are called ambiguous", async () => {
    const other = serverSide(short)
      .replace(SERVER, "")
      .replaceAll("r >", "10.2.2.1:40000 >")
      .replaceAll("> r", "> 10.2.2.1:40000");
    const result = await joinTraffic({ "a.pcapng": clientSide(short), "b.pcapng": serverSide(short) + other });
    expect(connectionsOf(result).map((c) => [c.client.ip, c.ambiguous])).toEqual([
      ["10.1.1.2", true],
      ["10.2.2.1", true],
      ["10.2.2.1", true],
    ]);
  });
});
