/** HTTP/1.x: which segments begin a request or a response, and what is shown of it. */
import { describe, expect, it } from "vitest";
import { countReads } from "../../builders/counted-reads";
import { httpText, isHttpHeader, visitHttp } from "../../../src-shared/wire/http";

/** Characters are bytes; "\n" stands for CR LF, "¶" for a lone LF. */
function bytesOf(text: string): Uint8Array {
  return Uint8Array.from(Buffer.from(text.replaceAll("\n", "\r\n").replaceAll("¶", "\n"), "latin1"));
}

/** All that a segment shows, a line an item. */
function read(text: string | Uint8Array, inHttpStream = false): [string[], string] {
  const bytes = typeof text === "string" ? bytesOf(text) : text;
  const seen: string[] = [];
  const outcome = visitHttp(
    bytes,
    0,
    bytes.length,
    {
      request: (m, mEnd, t, tEnd) => seen.push(`${httpText(bytes, m, mEnd)} ${httpText(bytes, t, tEnd)}`),
      response: (code) => seen.push(`code ${code}`),
      header: (n, nEnd, v, vEnd) => {
        if (isHttpHeader(bytes, n, nEnd, "host")) seen.push(`host ${httpText(bytes, v, vEnd)}`);
      },
      body: (from, to, missing) => seen.push(`body ${to - from}${missing > 0 ? ` of ${to - from + missing}` : ""}`),
      data: (from, to) => seen.push(`data ${to - from}`),
    },
    inHttpStream,
  );
  return [seen, outcome];
}

describe("requests", () => {
  it("shows method, target and host", () => {
    expect(read("GET /a?b HTTP/1.1\nHost: x.example:80\n\n")).toEqual([["GET /a?b", "host x.example:80"], "complete"]);
  });

  it.each(["PUT", "PROPFIND", "VERSION-CONTROL", "NOTIFY", "M-SEARCH", "SUBSCRIBE", "M-POST", "RPC_IN_DATA"])(
    "knows %s",
    (method) => {
      expect(read(`${method} * HTTP/1.1\n\n`)[0]).toEqual([`${method} *`]);
    },
  );

  it.each(["get", "Get", "FOO", "PRI", "GETX", "M-M-GET", "M-", "LINK"])("does not know %s", (method) => {
    expect(read(`${method} /x HTTP/1.1\n\n`)).toEqual([[], "not-http"]);
  });

  it.each([
    ["GET", "GET "],
    ["GET ", "GET "],
    ["GET  /x HTTP/1.1", "GET "],
    ["GET /x", "GET /x"],
    ["GET /x y HTTP/1.1", "GET /x"],
    ["GET /x FOO/9", "GET /x"],
  ])("takes the line %j", (line, shown) => {
    expect(read(`${line}\n\n`)[0]).toEqual([shown]);
  });

  it("replaces bytes that are not ASCII, and ends text at a NUL", () => {
    expect(read("GET /\xc3\xa9\xff HTTP/1.1\nHost: a\0b\n\n")[0]).toEqual(["GET /\ufffd\ufffd\ufffd", "host a"]);
  });

  it("shows all pipelined requests", () => {
    expect(read("GET /1 HTTP/1.1\n\nPOST /2 HTTP/1.1\nContent-Length: 3\n\nabcGET /3 HTTP/1.1\n\n")[0]).toEqual([
      "GET /1",
      "POST /2",
      "body 3",
      "GET /3",
    ]);
  });
});

describe("responses", () => {
  it.each([
    ["HTTP/1.1 200 OK", 200],
    ["HTTP/1.0 404", 404],
    ["ICY 200 OK", 200],
    ["HTTP/1.1  503 x", 503],
    ["HTTP/1.1 2000 x", 200],
    ["HTTP/1.1 20", -1],
    ["HTTP/1.1", -1],
    ["HTTP/1.1 abc", 0],
    ["HTTP/1.1 099 x", 99],
    ["HTTP/1.1 -01 x", 0xffffffff],
  ])("reads the code of %j as tshark does: %i", (line, code) => {
    expect(read(`${line}\n\n`)[0]).toEqual([`code ${code}`]);
  });

  it("ends a message by its status where it can have no body", () => {
    expect(read("HTTP/1.1 100 C\n\nHTTP/1.1 304 N\n\nHTTP/1.1 200 OK\n\nrest")[0]).toEqual([
      "code 100",
      "code 304",
      "code 200",
      "body 4",
    ]);
  });

  it("takes the rest for the body where nothing says how long it is", () => {
    expect(read("HTTP/1.1 200 OK\n\nHTTP/1.1 404 N\n\n")[0]).toEqual(["code 200", "body 18"]);
  });
});

describe("headers", () => {
  it.each([
    ["Host:x", ["host x"]],
    ["hOST: \t x ", ["host x "]],
    ["Host : x", []],
    ["X-Host: x", []],
    ["Host: a\nHost: b", ["host a", "host b"]],
    ["A: b¶Host: x", ["host x"]],
    ["A: b\rHost: x", ["host x"]],
  ])("%j", (lines, hosts) => {
    expect(read(`GET / HTTP/1.1\n${lines}\n\n`)[0]).toEqual(["GET /", ...hosts]);
  });

  it("ends at a line without a colon: the rest is body, or data", () => {
    expect(read("GET / HTTP/1.1\nnot a header\nHost: x\n\n")).toEqual([["GET /", "data 25"], "complete"]);
  });

  it("shows a header cut off by the segment's end", () => {
    expect(read("GET / HTTP/1.1\nHost: exam")).toEqual([["GET /", "host exam"], "cut"]);
    expect(read("GET / HTTP/1.1\nHo")).toEqual([["GET /"], "cut"]);
    expect(read("GET /ind")).toEqual([["GET /ind"], "cut"]);
    expect(read("GE")).toEqual([[], "not-http"]);
  });
});

describe("bodies", () => {
  it.each([
    ["5", ["body 5", "GET /2"]],
    ["+5 ", ["body 5", "GET /2"]],
    ["5 x", ["body 5", "GET /2"]],
    ["5x", ["data 24"]],
    ["-1", ["data 24"]],
    ["100", ["body 24 of 100"]],
    ["18446744073709551616", ["data 24"]],
  ])("Content-Length %j", (length, shown) => {
    const text = `POST /1 HTTP/1.1\nContent-Length: ${length}\n\nhelloGET /2 HTTP/1.1\n\n`;
    expect(read(text)[0]).toEqual(["POST /1", ...shown]);
  });

  it.each([
    ["5\nhello\n0\n\n", ["body 15", "GET /2"]],
    ["5;a=b\nhello\n1\nx\n0\nTrailer: t\n\n", ["body 37", "GET /2"]],
    ["0\n\n", ["body 5", "GET /2"]],
    ["ff\nhello", ["body 28 of 261"]],
  ])("chunks %j", (chunks, shown) => {
    const text = `HTTP/1.1 200 OK\nTransfer-Encoding: chunked\n\n${chunks}GET /2 HTTP/1.1\n\n`;
    expect(read(text)[0]).toEqual(["code 200", ...shown]);
  });

  it("says so when more chunks are to come", () => {
    expect(read("HTTP/1.1 200 OK\nTransfer-Encoding: chunked\n\n5\nhello\n")).toEqual([["code 200", "body 10"], "cut"]);
  });

  it.each([
    ["chunked", true],
    ["gzip, chunked", true],
    ["br, chunked", true],
    ["gzip, deflate, chunked", false],
    ["Chunked", false],
    ["identity", false],
  ])("Transfer-Encoding %j is read as chunked: %s", (coding, chunked) => {
    const [seen] = read(`POST /1 HTTP/1.1\nTransfer-Encoding: ${coding}\n\n0\n\nGET /2 HTTP/1.1\n\n`);
    expect(seen.includes("GET /2")).toBe(chunked);
  });
});

describe("what is not HTTP", () => {
  it("is told apart, unless the stream has shown HTTP before", () => {
    expect(read("hello world")).toEqual([[], "not-http"]);
    expect(read("\x16\x03\x01\0\x05")).toEqual([[], "not-http"]);
    expect(read("hello world", true)).toEqual([["data 11"], "complete"]);
  });

  it("is a matter of colons: a first line with one is a header", () => {
    expect(read("foo: bar\nHost: x\n\n")).toEqual([["host x"], "complete"]);
    expect(read("\x01foo: bar\nHost: x\n\n")).toEqual([[], "not-http"]);
  });

  it("may be one empty line before a message", () => {
    expect(read("\nGET / HTTP/1.1\n\n")[0]).toEqual(["GET /"]);
    expect(read("\n\nGET / HTTP/1.1\n\n")).toEqual([[], "not-http"]);
  });

  it("may follow a message", () => {
    expect(read("GET / HTTP/1.1\n\n\0\0\0")).toEqual([["GET /", "data 3"], "complete"]);
  });
});

describe("any bytes", () => {
  it("reads shared memory, and only between start and end", () => {
    const text = bytesOf("zzGET /abc");
    const shared = new Uint8Array(new SharedArrayBuffer(text.length));
    shared.set(text);
    const targets: string[] = [];
    visitHttp(shared, 2, text.length - 1, { request: (_m, _e, t, tEnd) => targets.push(httpText(shared, t, tEnd)) });
    expect(targets).toEqual(["/ab"]);
  });

  it("takes work in proportion to the segment", () => {
    for (const text of [
      "GET \n\n",
      "a:b\n",
      "HTTP/1.1 100\n\n",
      "\r",
      "POST /\nTransfer-Encoding: chunked\n\n1\nx\n",
    ]) {
      const many = text.repeat(65_536 / text.length);
      for (const [segment, inHttpStream] of [
        [bytesOf(many), true],
        [bytesOf(`POST /\nTransfer-Encoding: chunked\n\n${many}`), false],
      ] as const) {
        const counted = countReads(segment);
        read(counted.bytes, inHttpStream);
        expect(counted.count(), text).toBeLessThan(20 * segment.length);
      }
    }
  });
});
