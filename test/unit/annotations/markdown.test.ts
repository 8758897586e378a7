/** Markdown of notes: what is meant is shown, and nothing a note holds becomes markup. */
import { describe, expect, it } from "vitest";
import {
  MARKDOWN_TAGS,
  type MarkdownElement,
  type MarkdownNode,
  markdownToHtml,
  parseMarkdown,
} from "../../../src-shared/annotations/markdown";

const html = (text: string): string => markdownToHtml(parseMarkdown(text));

function elementsOf(nodes: readonly MarkdownNode[]): MarkdownElement[] {
  return nodes.flatMap((node) => (typeof node === "string" ? [] : [node, ...elementsOf(node.children)]));
}

describe("Markdown", () => {
  it.each([
    ["**MTU** is `1450`", "<p><strong>MTU</strong> is <code>1450</code></p>"],
    ["# Why\n\n- one\n- *two*", "<h3>Why</h3><ul><li>one</li><li><em>two</em></li></ul>"],
    ["1. a\n2. b", "<ol><li>a</li><li>b</li></ol>"],
    ["```\nip r\n```", "<pre><code>ip r</code></pre>"],
    ["> said", "<blockquote><p>said</p></blockquote>"],
    ["one\ntwo", "<p>one<br>two</p>"],
    [
      "|a|b|\n|-|-|\n|1|2|",
      "<table><thead><tr><th>a</th><th>b</th></tr></thead><tbody><tr><td>1</td><td>2</td></tr></tbody></table>",
    ],
    ["[rfc](https://example.org/x)", '<p><a href="https://example.org/x" rel="noopener noreferrer">rfc</a></p>'],
    ["a &amp; b < c", "<p>a &#38; b &#60; c</p>"],
    ["- [x] done\n- [ ] open", "<ul><li>☑ done</li><li>☐ open</li></ul>"],
  ])("%j", (text, expected) => expect(html(text)).toBe(expected));

  it.each([
    "<script>alert(1)</script>",
    "a <img src=x onerror=alert(1)> b",
    "[x](javascript:alert(1))",
    "[x](  JaVaScRiPt:alert(1))",
    "![x](http://evil.test/pixel.gif)",
    '[x](https://a.test/"onclick="alert(1))',
    "<https://a.test/><svg/onload=alert(1)>",
    "[a]: javascript:alert(1)\n[a]",
  ])("makes no markup of %j", (text) => {
    const made = html(text);
    const tags = [...made.matchAll(/<([^>]*)>/g)].map(([, inside]) => inside ?? "");
    for (const tag of tags)
      expect(tag).toMatch(/^\/?(p|h3|strong|em|code|pre|br|a)$|^a href="https:\/\/[^"]*" rel="noopener noreferrer"$/);
  });

  // OWASP's filter evasion list and what is known of Markdown programs: one line each.
  it.each([
    "<ScRiPt>alert(1)</sCrIpT>",
    '<img src="x" onerror="alert(1)">',
    "<img src=`javascript:alert(1)`>",
    '<IMG """><SCRIPT>alert(1)</SCRIPT>">',
    "<svg><script>alert&#40;1)</script>",
    "<svg/onload=alert(1)>",
    "<body onload=alert(1)>",
    "<iframe src=javascript:alert(1)></iframe>",
    "<object data=data:text/html;base64,PHNjcmlwdD4=></object>",
    "<math><mtext></p><style><a title='</style><img src=x onerror=alert(1)>'>",
    "<details open ontoggle=alert(1)>",
    "<a href='vbscript:msgbox(1)'>x</a>",
    "<base href='https://evil.test/'>",
    "<link rel=stylesheet href=https://evil.test/x.css>",
    "<meta http-equiv=refresh content='0;url=https://evil.test'>",
    "<form action=https://evil.test><input type=submit></form>",
    "<style>@import 'https://evil.test/x.css';</style>",
    "<!--<img src='--><img src=x onerror=alert(1)//'>",
    "<![CDATA[<script>alert(1)</script>]]>",
    "<?xml-stylesheet href='javascript:alert(1)'?>",
    "[x](JaVaScRiPt:alert(1))",
    "[x](java\tscript:alert(1))",
    "[x](\u0001javascript:alert(1))",
    "[x](&#106;avascript:alert(1))",
    "[x](javascript&colon;alert(1))",
    "[x](data:text/html;base64,PHNjcmlwdD5hbGVydCgxKTwvc2NyaXB0Pg==)",
    "[x](vbscript:msgbox(1))",
    "[x](file:///etc/passwd)",
    "[x](//evil.test/)",
    "[x](blob:https://a.test/1)",
    "[x](<javascript:alert(1)>)",
    '[x](https://a.test "\\" onmouseover=alert(1) x=\\"")',
    "[x](https://a.test/'onclick='alert(1))",
    "[<img src=x onerror=alert(1)>](https://a.test/)",
    "![x](javascript:alert(1))",
    '![x"onerror="alert(1)](https://evil.test/a.png)',
    "[![x](https://evil.test/a.png)](https://a.test/)",
    "<javascript:alert(1)>",
    "javascript:alert(1)",
    '``` "><script>alert(1)</script>\nx\n```',
    "`<script>alert(1)</script>`",
    "| <script>alert(1)</script> | b |\n|-|-|\n| <img src=x onerror=alert(1)> | 2 |",
    "- [ ] <script>alert(1)</script>",
    "[x]: https://a.test '\"><script>alert(1)</script>'\n[x]",
    "&lt;script&gt;alert(1)&lt;/script&gt;",
    "&#60;img src=x onerror=alert(1)&#62;",
    "\u202e<script>alert(1)</script>",
  ])("shows %j as elements of the fixed set, with addresses that lead to the web alone", (text) => {
    for (const { tag, href, ...rest } of elementsOf(parseMarkdown(text))) {
      expect(MARKDOWN_TAGS).toContain(tag);
      expect(Object.keys(rest)).toEqual(["children"]);
      if (href !== undefined) expect(href).toMatch(/^(https?:\/\/|mailto:)\S+$/i);
    }
    // The file's side: every tag there is is one of ours, without attributes but an address.
    for (const [, inside = ""] of html(text).matchAll(/<([^>]*)>/g))
      expect(inside).toMatch(/^\/?[a-z0-9]+$|^a href="(https?:\/\/|mailto:)[^"<> ]+" rel="noopener noreferrer"$/i);
  });

  it("never fetches: a picture is a word in brackets", () => {
    expect(html("![a map](https://evil.test/pixel.gif)")).toBe("<p>[picture: a map]</p>");
  });

  it("survives nesting without end", () => {
    expect(html(">".repeat(3000) + "x").length).toBeLessThan(100_000);
    expect(html("*".repeat(5000)).length).toBeLessThan(100_000);
    expect(html("[".repeat(3000)).length).toBeLessThan(100_000);
  });
});
