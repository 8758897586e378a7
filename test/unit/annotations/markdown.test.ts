/** Markdown of notes: what is meant is shown, and nothing a note holds becomes markup. */
import { describe, expect, it } from "vitest";
import { markdownToHtml, parseMarkdown } from "../../../src-shared/annotations/markdown";

const html = (text: string): string => markdownToHtml(parseMarkdown(text));

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

  it("survives nesting without end", () => {
    expect(html(">".repeat(3000) + "x").length).toBeLessThan(100_000);
    expect(html("*".repeat(5000)).length).toBeLessThan(100_000);
    expect(html("[".repeat(3000)).length).toBeLessThan(100_000);
  });
});
