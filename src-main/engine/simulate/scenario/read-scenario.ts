/**
 * A scenario's text (YAML or JSON) to a checked Scenario. Every problem says line, path, and what was expected:
 *
 * ```
 * my.yaml line 12: clusters.west.pods.web-a.serves.0.port: expected a number from 1
 * ```
 */
import * as v from "valibot";
import { parseDocuments, type PathPart, SyntaxProblem, type TextDocument } from "../../cluster/documents";
import { checkReferences } from "./check-references";
import { type Scenario, scenarioSchema } from "./schema";

export interface ScenarioProblem {
  readonly file: string;
  /** From 1. */
  readonly line: number;
  /** "traffic.0.from"; "" for the whole document. */
  readonly path: string;
  readonly message: string;
}

/** The text is no scenario. */
export class ScenarioError extends Error {
  override readonly name = "ScenarioError";
  constructor(readonly problems: readonly ScenarioProblem[]) {
    super(problems.map(formatScenarioProblem).join("\n"));
  }
}

function formatScenarioProblem({ file, line, path, message }: ScenarioProblem): string {
  return `${file} line ${line}: ${path === "" ? "" : `${path}: `}${message}`;
}

/** Throws ScenarioError. */
export function readScenario(file: string, text: string): Scenario {
  const document = onlyDocument(file, text);
  const problem = (path: readonly PathPart[], message: string): ScenarioProblem => ({
    file,
    line: document.lineOf(path),
    path: path.join("."),
    message,
  });
  const result = v.safeParse(scenarioSchema, document.value);
  if (!result.success) throw new ScenarioError(result.issues.flatMap((issue) => issueProblems(issue, [], problem)));
  const wrong = checkReferences(result.output);
  if (wrong.length > 0) throw new ScenarioError(wrong.map(({ path, message }) => problem(path, message)));
  return result.output;
}

/** For scenarios that are objects already. Throws ScenarioError. */
export function checkScenario(scenario: unknown, file: string): Scenario {
  return readScenario(file, JSON.stringify(scenario, null, 1));
}

function onlyDocument(file: string, text: string): TextDocument {
  try {
    const documents = parseDocuments(text);
    const [document, second] = documents;
    if (!document)
      throw new ScenarioError([{ file, line: 1, path: "", message: "expected a scenario, the file is empty" }]);
    if (second)
      throw new ScenarioError([
        { file, line: second.lineOf([]), path: "", message: "expected one document, here a second one begins" },
      ]);
    return document;
  } catch (error) {
    if (!(error instanceof SyntaxProblem)) throw error;
    throw new ScenarioError([{ file, line: error.line, path: "", message: error.message }]);
  }
}

/** Of a union (one of several kinds) the branch that got furthest says more than the union itself. */
function issueProblems(
  issue: v.BaseIssue<unknown>,
  above: readonly PathPart[],
  problem: (path: readonly PathPart[], message: string) => ScenarioProblem,
): ScenarioProblem[] {
  const path = [...above, ...(issue.path ?? []).map((item) => item.key as PathPart)];
  if (issue.type === "strict_object" && issue.expected === "never")
    return [problem(path, `${String(path.at(-1))} is not a word of the scenario language here`)];
  if (issue.type === "variant" && path.at(-1) !== "kind")
    return [problem(path, `expected kind: ${issue.expected ?? ""}`)];
  if (issue.type === "variant")
    return [problem(path, `expected one of ${issue.expected ?? ""}, not ${issue.received}`)];
  if (issue.expected !== null && issue.message.startsWith("Invalid"))
    return [
      problem(
        path,
        issue.received === "undefined" ? "is missing" : `expected ${words(issue.expected)}, not ${issue.received}`,
      ),
    ];
  return [problem(path, `${issue.message}, not ${issue.received}`)];
}

function words(expected: string): string {
  return expected.replaceAll(" | ", " or ").toLowerCase();
}
