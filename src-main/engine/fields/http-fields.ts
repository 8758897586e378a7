/** Fields of HTTP/1.x messages: start lines, and the headers that people ask for. */
import { httpText, isHttpHeader, visitHttp } from "../../../src-shared/wire/http";
import type { Field } from "./field";
import { type MessageField, messageFields } from "./message-fields";
import { MESSAGE_HTTP, MESSAGE_SSDP } from "./payload-segment";

/** Wireshark's field, by the header's name in lower case. */
const HEADERS: ReadonlyMap<string, string> = new Map([
  ["host", "http.host"],
  ["user-agent", "http.user_agent"],
  ["content-type", "http.content_type"],
  ["content-length", "http.content_length_header"],
  ["content-encoding", "http.content_encoding"],
  ["transfer-encoding", "http.transfer_encoding"],
  ["connection", "http.connection"],
  ["upgrade", "http.upgrade"],
  ["server", "http.server"],
  ["location", "http.location"],
  ["referer", "http.referer"],
  ["cookie", "http.cookie"],
  ["set-cookie", "http.set_cookie"],
  ["authorization", "http.authorization"],
  ["accept", "http.accept"],
  ["accept-encoding", "http.accept_encoding"],
  ["accept-language", "http.accept_language"],
  ["cache-control", "http.cache_control"],
  ["date", "http.date"],
  ["last-modified", "http.last_modified"],
  ["x-forwarded-for", "http.x_forwarded_for"],
]);

const START_LINES: readonly MessageField[] = [
  { name: "http", label: "Hypertext Transfer Protocol", kind: "bytes", isProtocol: true },
  { name: "http.request", label: "Is a request", kind: "bool" },
  { name: "http.response", label: "Is a response", kind: "bool" },
  { name: "http.request.method", label: "Method", kind: "string" },
  { name: "http.request.uri", label: "Target as requested", kind: "string" },
  { name: "http.request.version", label: "Version of the request", kind: "string" },
  { name: "http.response.code", label: "Status code", kind: "uint" },
  { name: "http.content_length", label: "Length of the body, as announced", kind: "uint" },
];
const HEADER_FIELDS: readonly MessageField[] = [...HEADERS].map(([header, name]) => ({
  name,
  label: `Header ${header}`,
  kind: "string",
}));

export const HTTP_FIELDS: readonly Field[] = messageFields(
  "http",
  [MESSAGE_HTTP, MESSAGE_SSDP],
  [...START_LINES, ...HEADER_FIELDS],
  (m, into) => {
    const { bytes } = m;
    if (m.kind === MESSAGE_HTTP) into.whole("http", m);
    const lengths = into.wants("http.content_length");
    const wanted = [...HEADERS].filter(([, name]) => into.wants(name));
    visitHttp(bytes, m.start, m.end, {
      request(method, methodEnd, target, targetEnd) {
        into.value("http.request", 1);
        if (into.wants("http.request.method")) into.text("http.request.method", httpText(bytes, method, methodEnd));
        if (into.wants("http.request.uri")) into.text("http.request.uri", httpText(bytes, target, targetEnd));
        if (into.wants("http.request.version")) {
          const version = versionBehind(bytes, targetEnd, m.end);
          if (version !== "") into.text("http.request.version", version);
        }
      },
      response(code) {
        into.value("http.response", 1);
        if (code >= 0) into.value("http.response.code", code);
      },
      header(name, nameEnd, value, valueEnd) {
        if (lengths && isHttpHeader(bytes, name, nameEnd, "content-length")) {
          const length = /^\d{1,15}$/.exec(httpText(bytes, value, valueEnd).trim());
          if (length) into.value("http.content_length", Number(length[0]));
        }
        for (const [header, field] of wanted)
          if (isHttpHeader(bytes, name, nameEnd, header)) into.text(field, httpText(bytes, value, valueEnd));
      },
    });
  },
);

/** What stands behind the target up to the end of its line. */
function versionBehind(bytes: Uint8Array, targetEnd: number, end: number): string {
  let from = targetEnd;
  while (from < end && bytes[from] === 0x20) from++;
  let to = from;
  while (to < end && bytes[to] !== 0x0d && bytes[to] !== 0x0a) to++;
  return httpText(bytes, from, to);
}
