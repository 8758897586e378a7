/**
 * Who may import whom: an allow-list. An import that no line of `allowed` permits is an error.
 *
 * ```
 * src-shared      base ◄─ model ◄─┬─ wire
 *                                 ├─ tables ◄── reconstruct ◄── contract ◄── report
 *                                 └─ annotations, lessons, workspace-file, contract ─► schema
 * src-main        hosts/<host> ─► hosts/shared ─► engine ─► src-shared
 * src-renderer    views/<pane> ─► everything else of src-renderer ─► src-shared
 * test            imports all of these; bench and fixtures import src-main and src-shared, fixtures also test/builders; nothing else
 *                 imports test, and nothing bench
 * ```
 *
 * Third-party packages: `electron` only in src-main/hosts/electron, `dexie` only in src-renderer/annotations, in src-shared
 * only `valibot`, for schemas of the contract and of notes, and `marked` for notes; `svelte`, a tool that leaves its runtime in the bundle, in src-renderer. Node's modules: not in src-shared, not in src-renderer. Type-only imports count like any other.
 * What the rules permit and refuse is tested edge by edge in test/unit/import-rules.test.ts.
 */

/** Packages that belong to one folder each. */
const electron = "(^|/)node_modules/(@types/)?electron/|^electron(/|$)";
const dexie = "(^|/)node_modules/dexie/|^dexie(/|$)";
const valibot = "(^|/)node_modules/valibot/";
/** Turns Markdown into tokens; it has no DOM. */
const marked = "(^|/)node_modules/marked/";
const svelte = "(^|/)node_modules/svelte/";

/** AssemblyScript, compiled by asc. The one file of it that TypeScript reads is abi.ts. */
const assembly = "^src-main/engine/kernel/assembly/";
const abi = `${assembly}abi[.]ts$`;

/**
 * One line of the allow-list: files below `from` may import files below any of `to` (regular expressions; $1 is the first
 * group of `from`).
 * @param {string} from
 * @param {string[]} to
 */
const may = (from, ...to) => ({ from: { path: from }, to: { path: to } });

/**
 * Files below `from` may import Node's own modules.
 * @param {string} from
 * @returns {import("dependency-cruiser").IAllowedRuleType}
 */
const mayUseNode = (from) => ({ from: { path: from }, to: { dependencyTypes: ["core"] } });

/**
 * Files below `from` may import packages: those the product depends on, but for the ones that belong to one folder.
 * @param {string} from
 * @returns {import("dependency-cruiser").IAllowedRuleType}
 */
const mayUsePackages = (from) => ({
  from: { path: from },
  to: { dependencyTypes: ["npm"], pathNot: [electron, dexie] },
});

/**
 * Tools import whatever package.json lists.
 * @param {string} from
 * @returns {import("dependency-cruiser").IAllowedRuleType}
 */
const mayUseTools = (from) => ({ from: { path: from }, to: { dependencyTypes: ["npm", "npm-dev"] } });

/** @type {import("dependency-cruiser").IConfiguration} */
module.exports = {
  allowed: [
    may("^src-shared/base/", "^src-shared/base/"),
    may("^src-shared/model/", "^src-shared/(base|model)/"),
    may("^src-shared/wire/", "^src-shared/(base|model|wire)/"),
    may("^src-shared/tables/", "^src-shared/(base|model|tables)/"),
    may("^src-shared/schema/", "^src-shared/schema/", valibot),
    may(
      "^src-shared/contract/",
      "^src-shared/(model|tables|schema|reconstruct|contract|annotations|lessons)/",
      valibot,
    ),
    may("^src-shared/annotations/", "^src-shared/(base|model|schema|annotations)/", valibot, marked),
    may("^src-shared/lessons/", "^src-shared/(schema|lessons)/", valibot),
    may("^src-shared/workspace-file/", "^src-shared/(model|schema|annotations|lessons|workspace-file)/", valibot),
    may("^src-shared/report/", "^src-shared/(base|model|contract|annotations|report)/"),
    may("^src-shared/reconstruct/", "^src-shared/(base|model|tables|reconstruct)/"),

    {
      from: { path: "^src-main/engine/", pathNot: assembly },
      to: { path: ["^src-shared/", "^src-main/engine/"], pathNot: assembly },
    },
    { from: { path: "^src-main/engine/" }, to: { path: abi } },
    // The kernel is rebuilt when its inputs change: a further file must be listed in build/outputs.js too.
    may(assembly, assembly, "^src-shared/model/(layer-kind|header-numbers)[.]ts$"),
    mayUseNode("^src-main/(engine/(?!kernel/assembly/)|hosts/)"),
    mayUsePackages("^src-main/(engine/(?!kernel/assembly/)|hosts/)"),

    {
      from: { path: "^src-main/hosts/([^/]+)/" },
      to: { path: ["^src-shared/", "^src-main/engine/", "^src-main/hosts/$1/"], pathNot: assembly },
    },
    // Settings, scratch folder, engine for several windows: what hosts with an interface have in common.
    may("^src-main/hosts/(cli|serve|electron)/", "^src-main/hosts/shared/"),
    // `hopscope serve` is a command; where Electron's window cannot open, the browser host stands in for it.
    may("^src-main/hosts/(cli|electron)/", "^src-main/hosts/serve/"),
    { from: { path: "^src-main/hosts/electron/" }, to: { path: electron } },

    may("^src-renderer/(?!views/)", "^src-shared/", "^src-renderer/(?!views/)"),
    // The top: main.ts and the application's component.
    may("^src-renderer/[^/]+$", "^src-renderer/views/"),
    may("^src-renderer/views/([^/]+)/", "^src-shared/", "^src-renderer/views/$1/", "^src-renderer/(?!views/)[^/]+/"),
    mayUsePackages("^src-renderer/"),
    may("^src-renderer/", svelte),
    { from: { path: "^src-renderer/annotations/" }, to: { path: dexie } },

    may("^test/", "^src-(shared|main|renderer)/", "^fixtures/", "^build/", "^test/"),
    mayUseNode("^(test|bench|fixtures)/"),
    mayUseTools("^(test|bench|fixtures)/"),
    may("^bench/", "^src-(shared|main)/", "^fixtures/", "^build/", "^bench/"),
    may("^fixtures/", "^src-(shared|main)/", "^fixtures/", "^test/builders/"),
  ],
  allowedSeverity: "error",
  forbidden: [
    {
      name: "no-circular",
      comment: "Files that import each other cannot be understood one at a time.",
      severity: "error",
      from: {},
      to: { circular: true },
    },
    {
      name: "no-unresolvable",
      comment: "There is no such file or package. (Electron may be absent: only the shell needs it.)",
      severity: "error",
      from: {},
      to: { couldNotResolve: true, pathNot: electron },
    },
  ],
  options: {
    exclude: {
      path: ["^([.]ci|out|coverage|dist|bin|bench/data|test-results|playwright-report)/", "^[^/]+[.](ts|js|cjs)$"],
    },
    doNotFollow: { path: ["node_modules", "^build/"] },
    tsPreCompilationDeps: true,
    detectProcessBuiltinModuleCalls: true,
    enhancedResolveOptions: {
      exportsFields: ["exports"],
      conditionNames: ["import", "require", "node", "default", "types"],
      mainFields: ["module", "main", "types"],
    },
  },
};
