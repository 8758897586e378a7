import js from "@eslint/js";
import { defineConfig, globalIgnores } from "eslint/config";
import tseslint from "typescript-eslint";

/**
 * AssemblyScript looks like TypeScript but is not (decorators on functions, its own types): asc checks it. Only abi.ts is
 * plain, and even that one belongs to AssemblyScript's tsconfig, so it is linted without types.
 */
const kernel = "src-main/engine/kernel/assembly";
const abi = `${kernel}/abi.ts`;

export default defineConfig(
  globalIgnores([
    "**/node_modules/",
    "out/",
    "coverage/",
    "dist/",
    "test-results/",
    "playwright-report/",
    "bench/data/",
    `${kernel}/*`,
    `!${abi}`,
  ]),
  { linterOptions: { reportUnusedDisableDirectives: "error" } },
  js.configs.recommended,
  {
    rules: {
      eqeqeq: "error",
      "no-var": "error",
      "prefer-const": "error",
      "object-shorthand": "error",
    },
  },
  {
    files: ["**/*.ts"],
    ignores: [abi],
    extends: [tseslint.configs.recommendedTypeChecked],
    languageOptions: { parserOptions: { projectService: true } },
    rules: {
      "@typescript-eslint/no-explicit-any": "error",
      "@typescript-eslint/consistent-type-imports": "error",
      "@typescript-eslint/consistent-type-exports": "error",
      "@typescript-eslint/no-floating-promises": "error",
      "@typescript-eslint/no-misused-promises": "error",
      "@typescript-eslint/switch-exhaustiveness-check": ["error", { considerDefaultExhaustiveForUnions: true }],
      "@typescript-eslint/no-unused-vars": ["error", { argsIgnorePattern: "^_", varsIgnorePattern: "^_" }],
      "@typescript-eslint/restrict-template-expressions": ["error", { allowNumber: true, allowBoolean: true }],
      "no-restricted-syntax": [
        "error",
        { selector: "TSEnumDeclaration", message: "No enums: use constants or a union of literals." },
        { selector: "ExportAllDeclaration", message: "No barrels: import from the file that defines it." },
      ],
    },
  },
  {
    files: ["src-*/**/*.ts"],
    ignores: [abi],
    rules: {
      "no-restricted-exports": ["error", { restrictDefaultExports: { direct: true, named: true, defaultFrom: true } }],
    },
  },
  {
    // Results and messages go through the host that carries the engine.
    files: ["src-main/engine/**/*.ts", "src-shared/**/*.ts"],
    rules: { "no-console": "error" },
  },
  {
    files: ["**/*.js", "**/*.mjs", "**/*.cjs"],
    languageOptions: {
      globals: { process: "readonly", console: "readonly", URL: "readonly", module: "writable", require: "readonly" },
    },
  },
  { files: [abi], extends: [tseslint.configs.base] },
);
