/** `hopscope model`: the network model's rules, held against the packets. */
import { oneLine } from "../../../src-shared/base/text";
import type { RuleEvidence, RuleVerdict } from "../../../src-shared/model/model-rule";
import { checkModelRules } from "../../engine/model-rules/check-rules";
import { type JoinedRunOptions, readJoined } from "./joined-run";
import { print } from "./output";

export interface ModelOptions extends JoinedRunOptions {
  readonly json: boolean;
}

export async function runModel(options: ModelOptions): Promise<number> {
  const { joined, exitCode } = await readJoined(options);
  if (!joined) return exitCode;
  const rules = checkModelRules(joined.result);
  print(options.json ? `${JSON.stringify({ version: 1, rules }, null, 1)}\n` : rules.map(ruleText).join("\n"));
  return exitCode;
}

/** Evidence shown as text; --json has all that is kept. */
const SHOWN = 3;

function ruleText(rule: RuleVerdict): string {
  const verdict = rule.verdict === "no-evidence" ? "NO EVIDENCE" : rule.verdict.toUpperCase();
  const lines = [
    `${verdict}  ${rule.rule}`,
    `  ${oneLine(rule.text)}`,
    ...evidence("against", rule.evidenceAgainst, rule.connectionsAgainst),
    ...evidence("for", rule.evidenceFor, rule.connectionsFor),
  ];
  return `${lines.join("\n")}\n`;
}

function evidence(label: string, list: readonly RuleEvidence[], total: number): string[] {
  const lines = list.slice(0, SHOWN).map(({ text, connection, packets }) => {
    const places = packets.map((p) => `${p.file} ${p.number}`).join(", ");
    return `  ${label.padEnd(8)} ${oneLine(`${text} [${connection}: ${places}]`)}`;
  });
  if (total > SHOWN) lines.push(`  ${"".padEnd(8)} and ${total - Math.min(SHOWN, list.length)} more connections`);
  return lines;
}
