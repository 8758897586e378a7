#!/usr/bin/env node
// Starts the command line host. It is plain JavaScript, so that it can say what is missing when nothing is built yet.
import { existsSync } from "node:fs";

const host = new URL("../out/main/cli.js", import.meta.url);

if (existsSync(host)) {
  await import(host.href);
} else {
  console.error("hopscope is not built yet: run `npm ci && npm run build` in its folder, or bin/setup");
  process.exitCode = 2;
}
