/**
 * A report as one HTML file: readable without a network, without scripts, in light and dark, and on paper.
 *
 * ```
 * <meta CSP: nothing but inline styles and data: images> <style> … text, all of it escaped … <img src="data:image/svg+xml,…">
 * ```
 * Pictures are images, not inline SVG: in an image no script runs, whatever it holds.
 */
import { escapeHtml, markdownToHtml, parseMarkdown } from "../annotations/markdown";
import type { Report, ReportBlock, ReportSection, TableBlock } from "./report";
import { minuteOf, timeText, timesNote } from "./report-times";

export function reportHtml(report: Report): string {
  const { title, author, createdMs, application, introduction, sections, zone } = report;
  const by = [author, minuteOf(createdMs, zone)].filter((part) => part !== "").join(", ");
  const contents =
    sections.length > 2
      ? `<nav aria-label="Contents"><ol>${sections
          .map((section, i) => `<li><a href="#section-${i + 1}">${escapeHtml(section.title)}</a></li>`)
          .join("")}</ol></nav>\n`
      : "";
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="generator" content="${escapeHtml(application)}">
<title>${escapeHtml(title)}</title>
<style>${STYLE}</style>
</head>
<body>
<main>
<header>
<h1>${escapeHtml(title)}</h1>
<p class="by">${escapeHtml(by)}</p>
</header>
${markdown(introduction)}${contents}${sections.map(sectionHtml).join("")}${filesHtml(report)}</main>
<footer><p>Made with ${escapeHtml(application)}. ${escapeHtml(timesNote(zone))}</p></footer>
</body>
</html>
`;
}

function sectionHtml({ title, text, byline, tags, blocks }: ReportSection, i: number): string {
  const tagged = tags.map((tag) => `<span class="tag">${escapeHtml(tag)}</span>`).join(" ");
  const line = byline === "" && tags.length === 0 ? "" : `<p class="by">${escapeHtml(byline)} ${tagged}</p>\n`;
  return `<section id="section-${i + 1}">
<h2>${escapeHtml(title)}</h2>
${line}${markdown(text)}${blocks.map(blockHtml).join("")}</section>
`;
}

function blockHtml(block: ReportBlock): string {
  switch (block.kind) {
    case "text":
      return markdown(block.text);
    case "filter":
      return `<p class="filter">Display filter: <code>${escapeHtml(block.filter)}</code></p>\n`;
    case "picture":
      return `<figure><img alt="${escapeHtml(block.caption)}" src="${pictureAddress(block.svg)}"><figcaption>${escapeHtml(block.caption)}</figcaption></figure>\n`;
    case "table":
      return tableHtml(block);
  }
}

/** A picture as an address that needs no network. */
export function pictureAddress(svg: string): string {
  // A lone surrogate, out of a name of a capture, has no UTF-8.
  return `data:image/svg+xml,${encodeURIComponent(svg.replaceAll(/\p{Cs}/gu, "\ufffd")).replaceAll("'", "%27")}`;
}

function tableHtml({ caption, columns, rows, note }: TableBlock): string {
  const classOf = (column: number): string => (columns[column]?.numeric ? ' class="number"' : "");
  const head = columns.map(({ label }, c) => `<th scope="col"${classOf(c)}>${escapeHtml(label)}</th>`).join("");
  const body = rows
    .map((row) => `<tr>${row.map((cell, c) => `<td${classOf(c)}>${escapeHtml(cell)}</td>`).join("")}</tr>`)
    .join("\n");
  const more = note === undefined ? "" : `<p class="by">${escapeHtml(note)}</p>\n`;
  return `<div class="table" role="region" tabindex="0" aria-label="${escapeHtml(caption)}"><table>
<caption>${escapeHtml(caption)}</caption>
<thead><tr>${head}</tr></thead>
<tbody>
${body}
</tbody>
</table></div>
${more}`;
}

function filesHtml({ files, zone }: Report): string {
  if (files.length === 0) return "";
  return `<section id="files">
<h2>Captures</h2>
${tableHtml({
  kind: "table",
  caption: "Files this report speaks of",
  columns: [
    { label: "File" },
    { label: "Bytes", numeric: true },
    { label: "Packets", numeric: true },
    { label: "First packet" },
    { label: "Last packet" },
    { label: "Content hash" },
  ],
  rows: files.map(({ name, bytes, packets, firstTime, lastTime, hash }) => [
    name,
    countText(bytes),
    countText(packets),
    timeText(firstTime, zone),
    timeText(lastTime, zone),
    hash ?? "",
  ]),
})}</section>
`;
}

function markdown(text: string): string {
  return text.trim() === "" ? "" : `<div class="text">${markdownToHtml(parseMarkdown(text))}</div>\n`;
}

export function countText(count: number): string {
  return String(count).replace(/\B(?=(\d{3})+(?!\d))/g, ",");
}

/** WCAG AA in both schemes: text 4.5 : 1 at least. */
const STYLE = `
:root{--back:#fff;--text:#1c2027;--muted:#59606c;--line:#d4d8de;--sunken:#f5f6f8;--link:#1055ab}
@media (prefers-color-scheme:dark){:root{--back:#1e2126;--text:#e5e8ec;--muted:#a3abb7;--line:#3c424c;--sunken:#272b31;--link:#86bdfd}}
*{box-sizing:border-box}
body{margin:0;background:var(--back);color:var(--text);font:16px/1.55 system-ui,-apple-system,"Segoe UI","Noto Sans","Liberation Sans",sans-serif}
main,footer{max-width:72rem;margin:0 auto;padding:1.5rem}
header{border-bottom:1px solid var(--line);margin-bottom:1.5rem;padding-bottom:.5rem}
h1{font-size:1.9rem;line-height:1.2;margin:.3em 0}
h2{font-size:1.35rem;margin:2em 0 .3em}
.by,footer,figcaption{color:var(--muted);font-size:.875rem}
.text,nav{max-width:46rem;overflow-wrap:anywhere}
a{color:var(--link)}
code,pre,td{font-family:ui-monospace,"Cascadia Mono","Noto Sans Mono","DejaVu Sans Mono","Liberation Mono",monospace;font-size:.85rem}
pre,.filter code{background:var(--sunken);border:1px solid var(--line);border-radius:4px;padding:.15em .4em}
pre{padding:.6em .8em;overflow:auto}
blockquote{margin-left:0;padding-left:1em;border-left:3px solid var(--line)}
.tag{border:1px solid var(--line);border-radius:1em;padding:.05em .6em}
.table{overflow:auto;margin:1em 0}
table{border-collapse:collapse;width:100%}
caption{text-align:left;color:var(--muted);font-size:.875rem;padding-bottom:.3em}
th,td{border-bottom:1px solid var(--line);padding:.25em .6em;text-align:left;vertical-align:top}
td{overflow-wrap:break-word;white-space:pre-line}
th{font-size:.85rem;background:var(--sunken);white-space:nowrap}
.number{text-align:right;white-space:nowrap}
figure{margin:1.2em 0}
img{max-width:100%;height:auto;background:#fff;border:1px solid var(--line);border-radius:4px}
@media print{:root{--back:#fff;--text:#000;--muted:#444;--line:#bbb;--sunken:#f2f2f2;--link:#000}
main,footer{max-width:none;padding:0}body{font-size:10.5pt}nav{display:none}.table{overflow:visible}
h2{break-after:avoid}tr,figure{break-inside:avoid}thead{display:table-header-group}}
`;
