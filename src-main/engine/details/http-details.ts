/** Details of HTTP/1.x: lines and headers of every message in the segment, bodies. */
import { httpText, isHttpHeader, visitHttp } from "../../../src-shared/wire/http";
import { shortHex } from "../layouts/layout";
import { textLiteral } from "../../../src-shared/model/filter-text";
import { type OpenNode, oneLine } from "./detail-tree";
import type { MessageBounds } from "./dns-details";
import { type Drawing, plural } from "./drawing";

/** `known`: the filter takes these bytes for HTTP too, so fields may be named. */
export function drawHttp(d: Drawing, bounds: MessageBounds, protocol: string, title: string, known: boolean): OpenNode {
  const { tree } = d;
  const { bytes } = tree;
  const { start, end } = bounds;
  const node = tree.add(d.parent, { text: title, field: known ? protocol : undefined, at: start, length: end - start });
  const name = (field: string): string | undefined => (known ? field : undefined);
  /** Bytes up to here are drawn. */
  let drawn = start;
  const lineEnd = (from: number): number => {
    let at = from;
    while (at < end && bytes[at] !== 0x0a) at++;
    return Math.min(at + 1, end);
  };
  const line = (from: number, to: number): string => oneLine(httpText(bytes, from, to));
  /** Lines between what was drawn and `to` that no visit told: blank ones, continued ones. */
  const catchUp = (to: number): void => {
    while (drawn < to) {
      const next = Math.min(lineEnd(drawn), to);
      tree.add(node, { text: line(drawn, next), at: drawn, length: next - drawn });
      drawn = next;
    }
  };
  visitHttp(
    bytes,
    start,
    end,
    {
      request(method, methodEnd, target, targetEnd) {
        const from = lineStart(bytes, method, drawn);
        catchUp(from);
        const to = lineEnd(from);
        const first = tree.add(node, { text: line(from, to), at: from, length: to - from });
        tree.expert(first, "chat", "Sequence", line(from, to));
        const verb = httpText(bytes, method, methodEnd);
        tree.add(first, {
          text: `Request Method: ${oneLine(verb)}`,
          field: name("http.request.method"),
          literal: textLiteral(verb),
          at: method,
          length: methodEnd - method,
        });
        const uri = httpText(bytes, target, targetEnd);
        tree.add(first, {
          text: `Request URI: ${oneLine(uri)}`,
          field: name("http.request.uri"),
          literal: textLiteral(uri),
          at: target,
          length: targetEnd - target,
        });
        const version = targetEnd + 1;
        const stop = trimmed(bytes, version, to);
        if (stop > version)
          tree.add(first, { text: `Request Version: ${line(version, stop)}`, at: version, length: stop - version });
        drawn = to;
      },
      response(code, at) {
        const from = lineStart(bytes, at, drawn);
        catchUp(from);
        const to = lineEnd(from);
        const first = tree.add(node, { text: line(from, to), at: from, length: to - from });
        tree.expert(first, code >= 400 ? "warn" : "chat", "Sequence", line(from, to));
        let space = from;
        while (space < to && bytes[space] !== 0x20) space++;
        tree.add(first, { text: `Response Version: ${line(from, space)}`, at: from, length: space - from });
        const stop = trimmed(bytes, at, to);
        if (code >= 0)
          tree.add(first, {
            text: `Status Code: ${code}`,
            field: name("http.response.code"),
            literal: String(code),
            at,
            length: Math.min(3, stop - at),
          });
        if (stop > at + 4)
          tree.add(first, { text: `Response Phrase: ${line(at + 4, stop)}`, at: at + 4, length: stop - at - 4 });
        drawn = to;
      },
      header(from, nameEnd, value, valueEnd) {
        catchUp(from);
        const to = Math.max(lineEnd(valueEnd), valueEnd);
        const isHost = isHttpHeader(bytes, from, nameEnd, "host");
        const text = httpText(bytes, value, valueEnd);
        tree.add(node, {
          text: line(from, to),
          ...(isHost && { field: name("http.host"), literal: textLiteral(text) }),
          at: from,
          length: to - from,
        });
        drawn = to;
      },
      body(from, to) {
        catchUp(from);
        drawBody(d, node, from, to);
        drawn = Math.max(drawn, to);
      },
      data(from, to) {
        catchUp(from);
        drawBody(d, node, from, to);
        drawn = Math.max(drawn, to);
      },
    },
    true,
  );
  catchUp(end);
  return node;
}

/** Start of the line that holds `at`, not before `from`. */
function lineStart(bytes: Uint8Array, at: number, from: number): number {
  let start = at;
  while (start > from && bytes[start - 1] !== 0x0a) start--;
  return start;
}

function trimmed(bytes: Uint8Array, from: number, to: number): number {
  let end = to;
  while (end > from && (bytes[end - 1] === 0x0a || bytes[end - 1] === 0x0d)) end--;
  return end;
}

function drawBody(d: Drawing, node: OpenNode, from: number, to: number): void {
  if (to <= from) return;
  const { tree } = d;
  const body = tree.add(node, { text: `File Data: ${plural(to - from, "byte")}`, at: from, length: to - from });
  tree.add(body, { text: `Data: ${shortHex(tree.bytes, from, to)}`, at: from, length: to - from });
}
