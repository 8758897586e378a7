/**
 * Servers that answer with the bytes of the question (echo, many health checks, heartbeats): question and answer have one key, so a
 * translated flow shares packets with its other side whichever way the ends are laid together. Which address is the smaller one
 * decides nothing.
 */
import { describe, expect, test } from "vitest";
import { connectionLines, joinTraffic } from "../../builders/join-files";

/** `rounds` questions and answers through a Service, seen before and behind the translation. */
function echo(
  client: string,
  service: string,
  server: string,
  rounds: number,
  text: (round: number) => string,
): string {
  const lines = [
    "@veth0 = ethernet resolution=ns",
    "@eth0 = ethernet resolution=ns",
    `c = ${client}   svc = ${service}   d = ${server}`,
  ];
  for (let i = 0; i < rounds; i++) {
    const at = 1 + i / 20;
    lines.push(
      `q${i}: ${at.toFixed(6)} @veth0 c > svc udp "${text(i)}" id=${30001 + i * 3}`,
      `${(at + 10e-6).toFixed(6)} @eth0 seen q${i} dst=d hops=1`,
      `r${i}: ${(at + 100e-6).toFixed(6)} @eth0 d > c udp "${text(i)}" id=${9000 + i * 5}`,
      `${(at + 110e-6).toFixed(6)} @veth0 seen r${i} src=svc hops=1`,
    );
  }
  return lines.join("\n");
}

const always = (): string => "always the same text in the same datagram";
const numbered = (i: number): string => `message number ${i * 7919} of a stream that differs`;

describe.each([
  {
    order: "the client is above the Service and below the server",
    client: "10.244.1.11",
    service: "10.96.0.20",
    server: "10.244.2.3",
  },
  { order: "the client is below both", client: "10.77.1.5", service: "10.99.0.7", server: "10.178.2.9" },
  { order: "the client is above both", client: "10.244.1.11", service: "10.96.0.20", server: "10.100.2.3" },
  {
    order: "the client is below the Service and above the server",
    client: "10.77.1.5",
    service: "10.99.0.7",
    server: "10.20.2.9",
  },
])("$order", ({ client, service, server }) => {
  test.each([
    { rounds: 1, text: always },
    { rounds: 5, text: always },
    { rounds: 1, text: numbered },
    { rounds: 6, text: numbered },
  ])("$rounds answers of the same bytes, $text.name", async ({ rounds, text }) => {
    const capture = echo(`${client}:40000`, `${service}:7`, `${server}:7007`, rounds, text);
    expect(connectionLines(await joinTraffic({ "n1.pcapng": capture }))).toEqual([
      `udp ${client}:40000 > ${service}:7 = ${server}:7007 as * | n1@veth0 n1@eth0 | dnat n1@veth0..n1@eth0`,
    ]);
  });
});
