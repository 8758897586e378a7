/** The network model's rules (pods reach pods without NAT, …) held against a recording. */
import type { PacketReference } from "./finding";

export type ModelRuleId = "pods-reach-pods" | "nodes-reach-pods" | "pod-sees-itself";

export interface RuleEvidence {
  /** Id of the connection. */
  readonly connection: string;
  /** One sentence. */
  readonly text: string;
  readonly packets: readonly PacketReference[];
}

export interface RuleVerdict {
  readonly id: ModelRuleId;
  readonly rule: string;
  readonly verdict: "held" | "broken" | "no-evidence";
  /** Why, in one or two sentences. */
  readonly text: string;
  readonly connectionsFor: number;
  readonly connectionsAgainst: number;
  /** Connections of the kind that show nothing either way: one end not captured, never answered. */
  readonly connectionsOpen: number;
  /** The first MAX_RULE_EVIDENCE of each. */
  readonly evidenceFor: readonly RuleEvidence[];
  readonly evidenceAgainst: readonly RuleEvidence[];
}

export const MAX_RULE_EVIDENCE = 20;
