/** The bench's generator as a command: nothing imports the bench. */
import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

const generator = fileURLToPath(new URL("../../../bench/generate.mjs", import.meta.url));
let folder: string;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "hopscope-generate-"));
});
afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

function generate(kind: string, name: string, ...options: string[]): string {
  const path = join(folder, name);
  const stdout = execFileSync(process.execPath, [generator, kind, path, ...options], { encoding: "utf8" });
  expect(stdout).toMatch(/\d+ packets, \d+ flows/);
  return path;
}

/** The captured bytes of each packet of a little-endian pcap file. */
function framesOf(pcap: Buffer): Buffer[] {
  const frames: Buffer[] = [];
  for (let at = 24; at < pcap.length;) {
    const length = pcap.readUInt32LE(at + 8);
    frames.push(pcap.subarray(at + 16, at + 16 + length));
    at += 16 + length;
  }
  return frames;
}

/** Types of the blocks of a little-endian pcapng file, checked against their closing lengths. */
function blockTypesOf(pcapng: Buffer): number[] {
  const types: number[] = [];
  for (let at = 0; at < pcapng.length;) {
    const length = pcapng.readUInt32LE(at + 4);
    expect(pcapng.readUInt32LE(at + length - 4)).toBe(length);
    types.push(pcapng.readUInt32LE(at));
    at += length;
  }
  return types;
}

function onesComplementSum(bytes: Buffer): number {
  let sum = 0;
  for (let i = 0; i < bytes.length; i += 2) sum += bytes.readUInt16BE(i);
  while (sum > 0xffff) sum = (sum >>> 16) + (sum & 0xffff);
  return sum;
}

const size = ["--bytes", "200kB", "--flows", "100", "--seed", "7"];

describe("the bench's generator", () => {
  // After a change on purpose: raise VERSION in generate.mjs, put the new digests here.
  it.each([
    ["k8s", "digest.pcap", ["digest.pcap"], "4684d01b6b46ab53"],
    ["k8s", "digest.pcapng", ["digest.pcapng"], "ecd6a8c7e778a14d"],
    ["small", "small.pcap", ["small.pcap"], "5d3a3b6d1a84a608"],
    ["multi", "multi.pcapng", ["multi.pcapng"], "f1490b40b42fce91"],
    ["two-node", "pair.pcapng", ["pair-n1.pcapng", "pair-n2.pcapng"], "61d89eb563daf8dc"],
  ])("writes the same bytes for the same seed: %s to %s", (kind, name, files, digest) => {
    generate(kind, name, ...size);
    const hash = createHash("sha256");
    for (const file of files) hash.update(readFileSync(join(folder, file)));
    expect(hash.digest("hex").slice(0, 16)).toBe(digest);
  });

  it("writes other bytes for another seed", () => {
    const one = readFileSync(generate("small", "one.pcap", "--packets", "100", "--flows", "10", "--seed", "1"));
    const two = readFileSync(generate("small", "two.pcap", "--packets", "100", "--flows", "10", "--seed", "2"));
    expect(one.equals(two)).toBe(false);
  });

  it("keeps small frames between 60 and 90 bytes, with right IPv4 checksums", () => {
    const frames = framesOf(readFileSync(generate("small", "frames.pcap", "--packets", "5000", "--flows", "500")));
    expect(frames.length).toBeGreaterThanOrEqual(5000);
    let headers = 0;
    for (const frame of frames) {
      expect(frame.length).toBeGreaterThanOrEqual(60);
      expect(frame.length).toBeLessThanOrEqual(90);
      if (frame.readUInt16BE(12) !== 0x0800) continue;
      headers++;
      expect(onesComplementSum(frame.subarray(14, 34))).toBe(0xffff);
    }
    expect(headers).toBeGreaterThan(3000);
  });

  it("mixes tunnels, VLANs, IPv6 and ARP into the cluster's traffic", () => {
    const frames = framesOf(readFileSync(generate("k8s", "mix.pcap", "--bytes", "2MB", "--flows", "400")));
    const seen = new Set<string>();
    let total = 0;
    for (const frame of frames) {
      total += frame.length;
      const etherType = frame.readUInt16BE(12);
      const protocol = etherType === 0x0800 ? frame.readUInt8(23) : -1;
      seen.add(protocol === 17 ? `udp ${frame.readUInt16BE(36)}` : `${etherType.toString(16)} ${protocol}`);
    }
    const expected = ["udp 4789", "udp 8472", "udp 53", "800 4", "800 6", "800 1", "8100 -1", "86dd -1", "806 -1"];
    expect(expected.filter((kind) => !seen.has(kind))).toEqual([]);
    const average = total / frames.length;
    expect(average).toBeGreaterThan(380);
    expect(average).toBeLessThan(560);
  });

  it("puts every kind of block between the packets of several interfaces", () => {
    const types = blockTypesOf(
      readFileSync(generate("multi", "blocks.pcapng", "--packets", "21000", "--flows", "2000")),
    );
    expect(types.filter((type) => type === 1)).toHaveLength(6);
    // Section, names, statistics, packet, custom, unknown.
    for (const type of [0x0a0d0d0a, 4, 5, 6, 0x0bad, 0x80000bad]) expect(types).toContain(type);
  });

  it("shows each packet four times, twice at each node", () => {
    const path = generate("two-node", "both.pcapng", "--packets", "4000", "--flows", "50");
    const counts = ["-n1.pcapng", "-n2.pcapng"].map(
      (end) => blockTypesOf(readFileSync(path.replace(".pcapng", end))).filter((type) => type === 6).length,
    );
    expect(counts[0]).toBe(counts[1]);
    expect((counts[0] ?? 1) % 2).toBe(0);
  });

  it("refuses what it cannot make", () => {
    const fail =
      (...args: string[]) =>
      () =>
        execFileSync(process.execPath, [generator, ...args], { encoding: "utf8", stdio: "pipe" });
    expect(fail("large", join(folder, "x.pcap"))).toThrow(/usage: generate.mjs k8s\|small\|multi\|two-node/);
    expect(fail("multi", join(folder, "x.pcap"))).toThrow(/multi is written as pcapng/);
    expect(fail("k8s", join(folder, "x.pcap"), "--bytes", "much")).toThrow(/not a size: much/);
  });
});
