/**
 * Markdown as a tree of what may be shown, and nothing else: the window makes elements and text nodes of it, reports make
 * escaped HTML. There is nothing to sanitise, because markup is never passed on: what looks like HTML is shown as text.
 *
 * ```
 * "**MTU** <script>"  ─► [{ tag: "p", children: [{ tag: "strong", children: ["MTU"] }, " <script>"] }]
 * ```
 * Pictures are not loaded (a note must not call home); of links only http, https and mailto keep their address.
 */
import { type Token, type Tokens, lexer } from "marked";

export const MARKDOWN_TAGS = [
  "p",
  "h3",
  "h4",
  "h5",
  "strong",
  "em",
  "del",
  "code",
  "pre",
  "blockquote",
  "ul",
  "ol",
  "li",
  "a",
  "br",
  "hr",
  "table",
  "thead",
  "tbody",
  "tr",
  "th",
  "td",
] as const;
export type MarkdownTag = (typeof MARKDOWN_TAGS)[number];

export type MarkdownNode = string | MarkdownElement;

export interface MarkdownElement {
  readonly tag: MarkdownTag;
  /** Of "a" only: http, https or mailto. */
  readonly href?: string;
  readonly children: readonly MarkdownNode[];
}

/** Deeper nesting is shown as the text it is. */
const MAX_DEPTH = 24;

export function parseMarkdown(text: string): MarkdownNode[] {
  try {
    return nodesOf(lexer(text, { gfm: true, breaks: true }), 0);
  } catch {
    // Whatever the lexer stumbled over is a note all the same.
    return [{ tag: "p", children: [text] }];
  }
}

/** For files without a DOM. Everything that is text is escaped, attributes too. */
export function markdownToHtml(nodes: readonly MarkdownNode[]): string {
  return nodes
    .map((node) => {
      if (typeof node === "string") return escapeHtml(node);
      const href = node.href === undefined ? "" : ` href="${escapeHtml(node.href)}" rel="noopener noreferrer"`;
      if (node.tag === "br" || node.tag === "hr") return `<${node.tag}>`;
      return `<${node.tag}${href}>${markdownToHtml(node.children)}</${node.tag}>`;
    })
    .join("");
}

export function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (sign) => `&#${sign.charCodeAt(0)};`);
}

function nodesOf(tokens: readonly Token[] | undefined, depth: number): MarkdownNode[] {
  if (depth > MAX_DEPTH) return (tokens ?? []).map((token) => token.raw);
  return (tokens ?? []).flatMap((token) => nodeOf(token, depth));
}

function nodeOf(token: Token, depth: number): MarkdownNode[] {
  const inner = (): MarkdownNode[] => nodesOf("tokens" in token ? token.tokens : undefined, depth + 1);
  switch (token.type) {
    case "space":
    case "def":
      return [];
    case "paragraph":
      return [{ tag: "p", children: inner() }];
    case "heading":
      // The note stands under headings of the window or the report.
      return [
        {
          tag: (token as Tokens.Heading).depth < 2 ? "h3" : (token as Tokens.Heading).depth < 3 ? "h4" : "h5",
          children: inner(),
        },
      ];
    case "strong":
    case "em":
    case "del":
    case "blockquote":
      return [{ tag: token.type, children: inner() }];
    case "codespan":
      return [{ tag: "code", children: [plain(token)] }];
    case "code":
      return [{ tag: "pre", children: [{ tag: "code", children: [plain(token)] }] }];
    case "br":
    case "hr":
      return [{ tag: token.type, children: [] }];
    case "list": {
      const list = token as Tokens.List;
      const items = list.items.map((item): MarkdownElement => ({
        tag: "li",
        children: [...(item.task ? [item.checked ? "☑ " : "☐ "] : []), ...nodesOf(item.tokens, depth + 2)],
      }));
      return [{ tag: list.ordered ? "ol" : "ul", children: items }];
    }
    case "link": {
      const { href } = token as Tokens.Link;
      return isSafe(href) ? [{ tag: "a", href, children: inner() }] : inner();
    }
    case "image": {
      const { text, href } = token as Tokens.Image;
      return [`[picture: ${text === "" ? href : text}]`];
    }
    case "table":
      return [tableOf(token as Tokens.Table, depth)];
    case "checkbox":
      return [];
    case "escape":
      return [plain(token)];
    case "text": {
      const text = token as Tokens.Text;
      return text.tokens ? inner() : [decodeEntities(text.text)];
    }
    default:
      return [token.raw];
  }
}

function tableOf(table: Tokens.Table, depth: number): MarkdownElement {
  const row = (cells: readonly Tokens.TableCell[], tag: "th" | "td"): MarkdownElement => ({
    tag: "tr",
    children: cells.map((cell) => ({ tag, children: nodesOf(cell.tokens, depth + 3) })),
  });
  return {
    tag: "table",
    children: [
      { tag: "thead", children: [row(table.header, "th")] },
      { tag: "tbody", children: table.rows.map((cells) => row(cells, "td")) },
    ],
  };
}

function plain(token: Token): string {
  return "text" in token && typeof token.text === "string" ? token.text : token.raw;
}

function isSafe(href: string): boolean {
  return /^(https?:\/\/|mailto:)[^\s\p{Cc}]+$/iu.test(href);
}

/** The few that people write; marked leaves entities to HTML, which there is none of here. */
function decodeEntities(text: string): string {
  const known: Readonly<Record<string, string>> = { amp: "&", lt: "<", gt: ">", quot: '"', "#39": "'", nbsp: "\u00a0" };
  return text.replace(/&(amp|lt|gt|quot|#39|nbsp);/g, (whole, name: string) => known[name] ?? whole);
}
