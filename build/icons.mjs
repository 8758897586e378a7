/**
 * Draws the application's icons from the interface's icon (src-renderer/public/icon.svg), with Chromium. Run after changing it: node build/icons.mjs
 *
 * ```
 * build/icons/icon.png    512 × 512, Linux
 * build/icons/icon.ico    header, directory, then PNGs of 16 … 256 pixels             Windows
 * build/icons/icon.icns   "icns", length, then chunks: type, length, PNG              macOS; with the margin its icons have
 * ```
 */
import { Buffer } from "node:buffer";
import { readFileSync, writeFileSync } from "node:fs";
import { chromium } from "playwright-core";

const svg = readFileSync("src-renderer/public/icon.svg", "utf8");
const browser = await chromium.launch({
  executablePath: process.env.HOPSCOPE_CHROMIUM ?? "/usr/bin/chromium",
  args: ["--no-sandbox"],
});
const page = await browser.newPage();

/**
 * @param {number} size of the picture, in pixels
 * @param {number} [margin] share of it that stays empty on each side
 */
async function png(size, margin = 0) {
  const inner = size * (1 - 2 * margin);
  await page.setViewportSize({ width: size, height: size });
  const image = `data:image/svg+xml;base64,${Buffer.from(svg).toString("base64")}`;
  await page.setContent(
    `<body style="margin:${size * margin}px"><img width="${inner}" height="${inner}" style="display:block" src="${image}">`,
  );
  return page.screenshot({ omitBackground: true });
}

/** @param {number[]} sizes */
async function ico(sizes) {
  /** @type {Buffer[]} */
  const images = [];
  for (const size of sizes) images.push(await png(size));
  const head = Buffer.alloc(6 + 16 * sizes.length);
  head.writeUInt16LE(1, 2); // icon
  head.writeUInt16LE(sizes.length, 4);
  let offset = head.length;
  for (const [index, image] of images.entries()) {
    const at = 6 + 16 * index;
    const size = sizes[index] ?? 0;
    head.writeUInt8(size % 256, at); // 256 is written as 0
    head.writeUInt8(size % 256, at + 1);
    head.writeUInt16LE(1, at + 4); // planes
    head.writeUInt16LE(32, at + 6); // bits per pixel
    head.writeUInt32LE(image.length, at + 8);
    head.writeUInt32LE(offset, at + 12);
    offset += image.length;
  }
  return Buffer.concat([head, ...images]);
}

/** @param {[string, number][]} kinds chunk type and size */
async function icns(kinds) {
  const chunks = [];
  for (const [type, size] of kinds) {
    const image = await png(size, 0.1);
    const head = Buffer.alloc(8);
    head.write(type, "latin1");
    head.writeUInt32BE(8 + image.length, 4);
    chunks.push(head, image);
  }
  const body = Buffer.concat(chunks);
  const head = Buffer.alloc(8);
  head.write("icns", "latin1");
  head.writeUInt32BE(8 + body.length, 4);
  return Buffer.concat([head, body]);
}

writeFileSync("build/icons/icon.png", await png(512));
writeFileSync("build/icons/icon.ico", await ico([16, 24, 32, 48, 64, 128, 256]));
writeFileSync(
  "build/icons/icon.icns",
  await icns([
    ["ic11", 32],
    ["ic12", 64],
    ["ic07", 128],
    ["ic08", 256],
    ["ic09", 512],
    ["ic10", 1024],
  ]),
);
await browser.close();
