/** What a filter costs: the index answers it, or the files are read, once for all filters that ask the same. */
import { describe, expect, it } from "vitest";
import type { LoadedCaptures } from "../../../src-main/engine/service/loaded-captures";
import { PacketMatcher } from "../../../src-main/engine/service/packet-matcher";
import { withCaptures } from "../../builders/open-captures";
import { parseTraffic, trafficToPcapng } from "../../builders/traffic";

const TRAFFIC = `client = 10.0.0.10:1000   server = 192.0.2.1:80   resolver = 10.0.0.53:53
  0.0 client > resolver dns query 1 A example.com
  0.1 resolver > client dns answer 1 A example.com 192.0.2.1
  0.2 client > server tcp SYN
  0.3 server > client tcp SYN,ACK
  0.4 client > server tcp PSH,ACK http GET /a host=example.com
  0.5 server > client tcp PSH,ACK http 200 "hay"
`;

/** Numbers of the packets that match. */
async function matches(captures: LoadedCaptures, filter: string): Promise<number[]> {
  const found: number[] = [];
  await new PacketMatcher(captures, filter).scan(
    0,
    captures.index.count,
    (from, marks, count) => {
      for (let i = 0; i < count; i++) if (marks[i]) found.push(from + i + 1);
    },
    new AbortController().signal,
  );
  return found;
}

const withTraffic = (use: (captures: LoadedCaptures) => Promise<void>): Promise<void> =>
  withCaptures([trafficToPcapng(parseTraffic(TRAFFIC))], use);

describe("matching packets", () => {
  it("reads the files once to know what is DNS, DHCP, HTTP and TLS; the index answers from then on", () =>
    withTraffic(async (captures) => {
      const isQuick = (filter: string): boolean => new PacketMatcher(captures, filter).isQuick;
      const filters = ["http", "dns", "tls", "http && tcp.dstport == 80", "dns || tcp.flags == 2", "tcp && !http"];
      expect(filters.map(isQuick)).toEqual(filters.map(() => false));
      expect(await matches(captures, "http")).toEqual([5, 6]);
      expect(filters.map(isQuick)).toEqual(filters.map(() => true));
      expect(await Promise.all(filters.map((f) => matches(captures, f)))).toEqual([
        [5, 6],
        [1, 2],
        [],
        [5],
        [1, 2, 3],
        [3, 4],
      ]);
      expect(isQuick('http.host == "example.com"')).toBe(false);
    }));

  it("remembers what a filter found: sorting its view by another column does not read the files again", () =>
    withTraffic(async (captures) => {
      const filter = 'http.host == "example.com"';
      expect(await matches(captures, filter)).toEqual([5]);
      expect(new PacketMatcher(captures, filter).isQuick).toBe(true);
      expect(await matches(captures, filter)).toEqual([5]);
      // Of other packets nothing is known.
      captures.facts.forget();
      expect(new PacketMatcher(captures, filter).isQuick).toBe(false);
    }));

  it("learns nothing when it is cancelled", () =>
    withTraffic(async (captures) => {
      const abort = new AbortController();
      abort.abort();
      const matcher = new PacketMatcher(captures, "dns");
      await expect(matcher.scan(0, captures.index.count, () => undefined, abort.signal)).rejects.toMatchObject({
        code: "cancelled",
      });
      expect(matcher.isQuick).toBe(false);
      expect(await matches(captures, "dns")).toEqual([1, 2]);
    }));
});
