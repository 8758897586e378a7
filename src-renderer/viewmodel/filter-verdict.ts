/** What the filter bar says of its text while it is typed. */
import type { FilterCheck, FilterProblem } from "../../src-shared/contract/results";

/** "unknown": not checked yet. */
export type Verdict = "empty" | "unknown" | "valid" | "warning" | "invalid";

/** `check` is null until the engine answered for this very text; `problem` is its own or that of applying it. */
export function filterVerdict(text: string, check: FilterCheck | null, problem: FilterProblem | null): Verdict {
  if (text === "") return "empty";
  if (problem) return "invalid";
  if (check === null) return "unknown";
  if (!check.valid) return "invalid";
  return check.warning === null ? "valid" : "warning";
}

/** In words, for the tooltip and for screen readers. */
export function verdictText(
  verdict: Verdict,
  check: FilterCheck | null,
  problem: FilterProblem | null,
  inForce: boolean,
): string {
  switch (verdict) {
    case "valid":
      return inForce ? "In force" : "Valid filter";
    case "warning":
      return check?.warning ?? "";
    case "invalid":
      return problem?.message ?? "This is no filter.";
    default:
      return "";
  }
}
