import js from "@eslint/js";
import { defineConfig, globalIgnores } from "eslint/config";
import svelte from "eslint-plugin-svelte";
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
    files: ["**/*.ts", "**/*.svelte"],
    ignores: [abi],
    extends: [tseslint.configs.recommendedTypeChecked],
    languageOptions: { parserOptions: { projectService: true, extraFileExtensions: [".svelte"] } },
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
  // After the rules for TypeScript, whose parser knows no components.
  svelte.configs.recommended,
  {
    files: ["**/*.svelte", "**/*.svelte.ts"],
    languageOptions: { parserOptions: { parser: tseslint.parser } },
    rules: {
      // svelte-check knows the names; and the compiler's own warnings fail the check there.
      "no-undef": "off",
      "prefer-const": "off",
      "svelte/prefer-const": ["error", { excludedRunes: ["$props", "$state", "$derived"], destructuring: "all" }],
      // Text from captures is hostile: never markup.
      "svelte/no-at-html-tags": "error",
      "svelte/no-unused-props": ["error", { checkImportedTypes: false }],
      "svelte/require-each-key": "error",
      // Sets and maps here are replaced, not changed: $state.raw, new Set(before).
      "svelte/prefer-svelte-reactivity": "off",
    },
  },
  {
    files: ["**/*.svelte"],
    rules: {
      // dependency-cruiser sees what a component runs, not the types it names.
      "no-restricted-imports": [
        "error",
        { patterns: ["**/src-main/**", "**/test/**", "**/fixtures/**", "**/bench/**", "node:*", "electron", "dexie"] },
      ],
      "no-restricted-syntax": [
        "error",
        {
          // `style:left={…}` sets the property from script, which the content security policy permits.
          selector: "SvelteAttribute[key.name='style']",
          message: "No style attributes: the content security policy refuses them. Use a class, or style:name={value}.",
        },
      ],
      // The linter does not see the types of snippets and attachments; svelte-check does.
      "@typescript-eslint/no-unsafe-argument": "off",
      "@typescript-eslint/no-unsafe-assignment": "off",
      "@typescript-eslint/no-unsafe-call": "off",
      "@typescript-eslint/no-unsafe-member-access": "off",
      "@typescript-eslint/no-unsafe-return": "off",
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
      globals: {
        process: "readonly",
        console: "readonly",
        URL: "readonly",
        performance: "readonly",
        module: "writable",
        require: "readonly",
      },
    },
  },
  { files: [abi], extends: [tseslint.configs.base] },
);
