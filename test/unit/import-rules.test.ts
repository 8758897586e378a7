/**
 * Proves that the import rules (.dependency-cruiser.cjs) bite: a small tree is written in a temporary folder, one file for
 * every import below, and the rules are run on it.
 */
import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { dirname, join, relative } from "node:path";
import { cruise, type ICruiseResult, type IConfiguration } from "dependency-cruiser";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

const config = createRequire(import.meta.url)("../../.dependency-cruiser.cjs") as IConfiguration;

/** Importing folder, and the file, package or Node module that one file of it imports. */
type Edge = readonly [from: string, to: string];

const permitted: readonly Edge[] = [
  ["src-shared/base", "src-shared/base/target"],
  ["src-shared/model", "src-shared/base/target"],
  ["src-shared/wire", "src-shared/model/target"],
  ["src-shared/tables", "src-shared/model/target"],
  ["src-shared/contract", "src-shared/tables/target"],
  ["src-shared/contract", "src-shared/reconstruct/target"],
  ["src-shared/contract", "valibot"],
  ["src-shared/contract", "src-shared/annotations/target"],
  ["src-shared/annotations", "src-shared/base/target"],
  ["src-shared/annotations", "valibot"],
  ["src-shared/annotations", "marked"],
  ["src-shared/contract", "src-shared/lessons/target"],
  ["src-shared/lessons", "valibot"],
  ["src-shared/schema", "valibot"],
  ["src-shared/contract", "src-shared/schema/target"],
  ["src-shared/annotations", "src-shared/schema/target"],
  ["src-shared/lessons", "src-shared/schema/target"],
  ["src-shared/workspace-file", "src-shared/schema/target"],
  ["src-shared/workspace-file", "src-shared/model/target"],
  ["src-shared/workspace-file", "src-shared/lessons/target"],
  ["src-shared/report", "src-shared/contract/target"],
  ["src-shared/reconstruct", "src-shared/tables/target"],
  ["src-main/engine/flows", "src-shared/wire/target"],
  ["src-main/engine/flows", "src-main/engine/decode/target"],
  ["src-main/engine/flows", "src-main/engine/kernel/assembly/abi"],
  ["src-main/engine/flows", "node:fs"],
  ["src-main/engine/flows", "product-package"],
  ["src-main/engine/kernel/assembly", "src-shared/model/layer-kind"],
  ["src-main/hosts/cli", "src-main/engine/flows/target"],
  ["src-main/hosts/cli", "src-main/hosts/cli/commands/target"],
  ["src-main/hosts/cli", "src-main/hosts/serve/target"],
  ["src-main/hosts/electron", "src-main/hosts/shared/target"],
  ["src-main/hosts/electron", "electron"],
  ["src-renderer", "src-renderer/views/list/target"],
  ["src-renderer/views/list", "src-renderer/viewmodel/target"],
  ["src-renderer/bridge", "src-shared/contract/target"],
  ["src-renderer/annotations", "dexie"],
  ["src-renderer/viewmodel", "product-package"],
  ["src-renderer/ui", "svelte"],
  ["test/unit", "src-main/engine/flows/target"],
  ["test/unit", "src-renderer/viewmodel/target"],
  ["test/unit", "tool-package"],
  ["bench", "src-main/engine/flows/target"],
  ["fixtures", "src-main/engine/flows/target"],
  ["fixtures", "test/builders/target"],
];

const refused: readonly Edge[] = [
  ["src-shared/base", "src-shared/model/target"],
  ["src-shared/lessons", "src-shared/contract/target"],
  ["src-shared/schema", "src-shared/model/target"],
  ["src-shared/report", "valibot"],
  ["src-shared/model", "src-shared/wire/target"],
  ["src-shared/wire", "src-shared/tables/target"],
  ["src-shared/tables", "src-shared/wire/target"],
  ["src-shared/contract", "src-shared/base/target"],
  ["src-shared/reconstruct", "src-shared/contract/target"],
  ["src-shared/contract", "marked"],
  ["src-shared/annotations", "src-shared/contract/target"],
  ["src-shared/contract", "src-shared/wire/target"],
  ["src-shared/tables", "src-shared/contract/target"],
  ["src-shared/model", "src-main/engine/flows/target"],
  ["src-shared/model", "src-renderer/viewmodel/target"],
  ["src-shared/model", "node:fs"],
  ["src-shared/model", "product-package"],
  ["src-shared/model", "valibot"],
  ["src-main/engine/flows", "src-main/hosts/cli/target"],
  ["src-main/engine/flows", "src-main/engine/kernel/assembly/target"],
  ["src-main/engine/flows", "src-renderer/viewmodel/target"],
  ["src-main/engine/flows", "tool-package"],
  ["src-main/engine/flows", "electron"],
  ["src-main/engine/flows", "dexie"],
  ["src-main/engine/flows", "test/builders/target"],
  ["src-main/engine/flows", "bench/target"],
  ["src-main/engine/flows", "src-main/engine/flows/missing"],
  ["src-main/engine/kernel/assembly", "src-shared/model/target"],
  ["src-main/engine/kernel/assembly", "node:fs"],
  ["src-main/hosts/cli", "electron"],
  ["src-main/hosts/cli", "src-main/hosts/electron/target"],
  ["src-main/hosts/serve", "src-main/hosts/cli/target"],
  ["src-main/hosts/shared", "src-main/hosts/serve/target"],
  ["src-main/hosts/shared", "electron"],
  ["src-main/hosts/electron", "src-renderer/viewmodel/target"],
  ["src-renderer/bridge", "src-main/engine/flows/target"],
  ["src-renderer/bridge", "src-main/hosts/electron/target"],
  ["src-renderer/bridge", "electron"],
  ["src-main/engine/flows", "svelte"],
  ["src-renderer/bridge", "node:fs"],
  ["src-renderer/viewmodel", "dexie"],
  ["src-renderer/viewmodel", "src-renderer/views/list/target"],
  ["src-renderer/views/list", "src-renderer/views/details/target"],
  ["src-renderer/viewmodel", "test/builders/target"],
  ["test/unit", "bench/target"],
  ["bench", "test/builders/target"],
  ["fixtures", "test/unit/target"],
  ["bench", "src-renderer/viewmodel/target"],
];

/** Product packages are listed in `dependencies`, tools in `devDependencies`. */
const packages = {
  dependencies: ["product-package", "dexie", "valibot", "marked"],
  devDependencies: ["tool-package", "electron", "svelte"],
};

const root = realpathSync(mkdtempSync(join(tmpdir(), "hopscope-import-rules-")));
/** Rules broken, by importing file. */
const broken = new Map<string, string[]>();

beforeAll(async () => {
  write("package.json", JSON.stringify({ type: "module", ...versions(packages) }));
  for (const name of [...packages.dependencies, ...packages.devDependencies]) {
    write(`node_modules/${name}/package.json`, JSON.stringify({ name, version: "1.0.0", main: "index.js" }));
    write(`node_modules/${name}/index.js`, "export const value = 1;\n");
  }
  for (const edge of [...permitted, ...refused]) {
    const [, to] = edge;
    const isFile = to.includes("/");
    if (isFile && !to.endsWith("/missing")) write(`${to}.ts`, "export const value = 1;\n");
    const importer = importerOf(edge);
    const path = relative(dirname(importer), to);
    const specifier = isFile ? (path.startsWith(".") ? path : `./${path}`) : to;
    // Every second import is of a type: those count too.
    const type = broken.size % 2 === 0 ? "type " : "";
    write(importer, `import ${type}{ value } from "${specifier}";\nexport type Value = typeof value;\n`);
    broken.set(importer, []);
  }
  const { output } = await cruise(["."], { ...config.options, ruleSet: config, validate: true, baseDir: root });
  for (const violation of (output as ICruiseResult).summary.violations) {
    expect(violation.rule.severity).toBe("error");
    broken.get(violation.from)?.push(violation.rule.name);
  }
});

afterAll(() => {
  rmSync(root, { recursive: true });
});

describe("import rules", () => {
  it.each(permitted)("%s may import %s", (...edge) => {
    expect(broken.get(importerOf(edge))).toEqual([]);
  });

  it.each(refused)("%s may not import %s", (...edge) => {
    expect(broken.get(importerOf(edge))).toContain("not-in-allowed");
  });

  it("names a file that does not exist", () => {
    expect(broken.get(importerOf(["src-main/engine/flows", "src-main/engine/flows/missing"]))).toContain(
      "no-unresolvable",
    );
  });
});

/** The file that holds one import. */
function importerOf([from, to]: Edge): string {
  return `${from}/imports-${to.replaceAll(/[/:]/g, "-")}.ts`;
}

function write(path: string, text: string): void {
  mkdirSync(dirname(join(root, path)), { recursive: true });
  writeFileSync(join(root, path), text);
}

function versions(lists: Record<string, readonly string[]>): Record<string, Record<string, string>> {
  return Object.fromEntries(
    Object.entries(lists).map(([kind, names]) => [kind, Object.fromEntries(names.map((name) => [name, "1.0.0"]))]),
  );
}
