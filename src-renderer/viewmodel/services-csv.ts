/** All endpoints of all Services as CSV (RFC 4180): a line an endpoint. */
import type { ServiceReport } from "../../src-shared/contract/map";
import { balanceOf, endpointText, titleOf } from "./services-view";

const COLUMNS = [
  "Service",
  "Kind",
  "Endpoint",
  "Pod",
  "Node",
  "Connections",
  "Bytes",
  "Refused",
  "Reset",
  "Unanswered",
  "HTTP answers",
  "HTTP 5xx",
  "Connect median ms",
  "Connect p95 ms",
  "First byte median ms",
  "First byte p95 ms",
  "Note",
];

export function servicesCsv(services: readonly ServiceReport[]): string {
  const rows = services.flatMap((one) => {
    const balance = balanceOf(one);
    return one.endpoints.map((e, at) => [
      titleOf(one),
      one.kind,
      endpointText(e.ip, e.port),
      e.pod ?? "",
      e.node ?? "",
      e.connections,
      e.bytes,
      e.errors.refused,
      e.errors.reset,
      e.errors.unanswered,
      e.httpAnswers,
      e.errors.http5xx,
      e.handshake.medianMs ?? "",
      e.handshake.p95Ms ?? "",
      e.firstByte.medianMs ?? "",
      e.firstByte.p95Ms ?? "",
      balance[at]?.note ?? "",
    ]);
  });
  return [COLUMNS, ...rows].map((row) => `${row.map(field).join(",")}\r\n`).join("");
}

/** A leading "=", "+", "-" or "@" would be a formula in a spreadsheet: names are hostile text. */
function field(value: string | number): string {
  const text = typeof value === "string" && /^[=+\-@\t\r]/.test(value) ? `'${value}` : String(value);
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
