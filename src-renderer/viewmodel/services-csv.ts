/** All endpoints of all Services as CSV (RFC 4180): a line an endpoint. */
import { hostileCsvCell } from "../../src-shared/base/csv";
import type { ServiceReport } from "../../src-shared/contract/map";
import { endpointText } from "../../src-shared/model/endpoint-text";
import { balanceOf, titleOf } from "./service-words";

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
      endpointText(e),
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
  return [COLUMNS, ...rows].map((row) => `${row.map((value) => hostileCsvCell(String(value))).join(",")}\r\n`).join("");
}
