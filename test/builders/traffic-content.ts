/** What is carried in the traffic notation (traffic.ts): strings, bytes, filler, messages of application protocols. */
import { parseHex } from "../../src-shared/wire/write/address";
import { DHCP_MESSAGE_TYPES, dhcp } from "../../src-shared/wire/write/dhcp";
import {
  DNS_NXDOMAIN,
  DNS_SERVFAIL,
  DNS_TYPES,
  type DnsRecord,
  type DnsType,
  dnsQuery,
  dnsResponse,
} from "../../src-shared/wire/write/dns";
import { httpRequest, httpResponse } from "../../src-shared/wire/write/http";
import type { Layer } from "../../src-shared/wire/write/layer";
import { filler, payload } from "../../src-shared/wire/write/payload";
import { tlsClientHello } from "../../src-shared/wire/write/tls";
import { defined } from "./traffic-model";
import type { Names } from "./traffic-names";
import { type Arguments, parseNumber, type SourceLine, type Token } from "./traffic-text";

const CONTENT_WORDS = ["dns", "http", "tls", "dhcp"];

/** What is carried: strings, bytes, filler, or a message of an application protocol. `keyword` was read already for "dns …". */
export function readContent(
  line: SourceLine,
  args: Arguments,
  names: Names,
  keyword: Token | undefined,
  overTcp: boolean,
): Layer[] {
  const layers: Layer[] = [];
  let word = keyword;
  if (word === undefined && CONTENT_WORDS.includes(args.peek()?.word ?? "")) word = args.next();
  if (word !== undefined) {
    const application = word;
    layers.push(line.check(application, () => readApplication(line, args, names, application, overTcp)));
  }
  for (let token = args.peek(); token !== undefined; token = args.peek()) {
    const bytes = token.bytes;
    if (bytes !== undefined && token.word === "") layers.push(payload(bytes));
    else if (token.word.startsWith("hex:"))
      layers.push(payload(line.check(token, () => parseHex((token?.word ?? "").slice(4)))));
    else break;
    args.next();
  }
  const length = args.number("len");
  if (length !== undefined) layers.push(filler(length));
  return layers;
}

function readApplication(line: SourceLine, args: Arguments, names: Names, word: Token, overTcp: boolean): Layer {
  switch (word.word) {
    case "dns":
      return readDns(line, args, overTcp);
    case "http":
      return readHttp(line, args);
    case "tls":
      return readTls(line, args);
    default:
      return readDhcp(line, args, names);
  }
}

function readDns(line: SourceLine, args: Arguments, overTcp: boolean): Layer {
  const kind = args.expect("query, answer, nxdomain or servfail");
  const idToken = args.expect("the id");
  const id = parseNumber(line, idToken.word, idToken);
  const type = args.expect("the record type");
  if (!(type.word in DNS_TYPES)) line.fail(`"${type.word}" is none of ${Object.keys(DNS_TYPES).join(", ")}`, type);
  const name = args.expect("the name").word;
  const question = { id, type: type.word as DnsType, name, overTcp };
  const ttl = args.number("rttl") ?? 30;
  const soa: DnsRecord = {
    name: "cluster.local",
    type: "SOA",
    ttl,
    primary: "ns.dns.cluster.local",
    mailbox: "hostmaster.cluster.local",
    serial: 1709287200,
    negativeTtl: 30,
  };
  if (kind.word === "query") return dnsQuery(question);
  if (kind.word === "nxdomain")
    return dnsResponse({ ...question, rcode: DNS_NXDOMAIN, authoritative: true, authority: [soa] });
  if (kind.word === "servfail") return dnsResponse({ ...question, rcode: DNS_SERVFAIL });
  if (kind.word !== "answer") line.fail(`"${kind.word}" is none of query, answer, nxdomain, servfail`, kind);
  const target = args.text("cname");
  const answers: DnsRecord[] = target === undefined ? [] : [{ name, type: "CNAME", ttl, target }];
  for (let token = args.peek(); token?.word !== undefined && /^[\da-f.:]+$/i.test(token.word); token = args.peek()) {
    answers.push({
      name: target ?? name,
      type: token.word.includes(":") ? "AAAA" : "A",
      ttl,
      address: token.word,
    });
    args.next();
  }
  // No data for this type is said with the zone's SOA, too.
  return dnsResponse({ ...question, answers, ...(answers.length === 0 ? { authority: [soa] } : {}) });
}

function readHttp(line: SourceLine, args: Arguments): Layer {
  const first = args.expect("a method or a status");
  const body = (): { body?: Uint8Array } => (args.peek()?.word === "" ? defined("body", args.next()?.bytes) : {});
  if (/^\d{3}$/.test(first.word)) return httpResponse({ status: Number(first.word), ...body() });
  const target = args.expect("the request's target").word;
  return httpRequest({
    method: first.word,
    target,
    host: args.text("host") ?? line.fail("an http request needs host=", first),
    ...body(),
  });
}

function readTls(line: SourceLine, args: Arguments): Layer {
  const kind = args.expect('"hello"');
  if (kind.word !== "hello") line.fail('after tls comes "hello"', kind);
  return tlsClientHello({
    ...defined("serverName", args.text("sni")),
    ...defined("alpn", args.text("alpn")?.split(",")),
  });
}

function readDhcp(line: SourceLine, args: Arguments, names: Names): Layer {
  const kind = args.expect("the DHCP message type");
  const type =
    DHCP_MESSAGE_TYPES.find((one) => one === kind.word) ??
    line.fail(`"${kind.word}" is none of ${DHCP_MESSAGE_TYPES.join(", ")}`, kind);
  return dhcp({
    type,
    xid: args.number("xid") ?? 1,
    clientMac: names.mac(line, args.value("for")) ?? line.fail("dhcp needs for=NAME or for=MAC", kind),
    ...defined("yourIp", names.address(args.text("your"))),
    ...defined("serverId", names.address(args.text("server"))),
    ...defined("requestedIp", names.address(args.text("requested"))),
    ...defined("leaseSeconds", args.number("lease")),
    ...defined("subnetMask", args.text("mask")),
    ...defined("router", names.address(args.text("router"))),
    ...defined("dnsServer", names.address(args.text("dns"))),
    ...defined("hostName", args.text("host")),
  });
}
