/** Walks the values of a plan. */
import type { TestPlan, ValuePlan } from "./plan";

/** Visits every value of a plan; `bare`: only whether it is there, or how often, is asked. */
export function visitValues(plan: TestPlan, visit: (value: ValuePlan, bare: boolean) => void): void {
  switch (plan.type) {
    case "everything":
      return;
    case "and":
    case "or":
    case "xor":
      for (const o of plan.operands) visitValues(o, visit);
      return;
    case "not":
      visitValues(plan.operand, visit);
      return;
    case "exists":
      visitValue(plan.value, !plan.filled, visit);
      return;
    case "nonzero":
    case "intervals":
    case "contains-bytes":
    case "contains-text":
    case "matches":
      visitValue(plan.value, false, visit);
      return;
    case "pairs":
    case "contains-pairs":
      visitValue(plan.left, false, visit);
      visitValue(plan.right, false, visit);
      return;
    case "between":
      visitValue(plan.value, false, visit);
      visitValue(plan.low, false, visit);
      visitValue(plan.high, false, visit);
      return;
  }
}

function visitValue(plan: ValuePlan, bare: boolean, visit: (value: ValuePlan, bare: boolean) => void): void {
  visit(plan, bare);
  switch (plan.type) {
    case "field":
    case "constant":
      return;
    case "layer":
      visitValue(plan.value, bare, visit);
      return;
    case "count":
      visitValue(plan.value, true, visit);
      return;
    case "arithmetic":
      visitValue(plan.left, false, visit);
      visitValue(plan.right, false, visit);
      return;
    case "extreme":
      for (const v of plan.values) visitValue(v, false, visit);
      return;
    case "slice":
    case "negative":
    case "absolute":
    case "length":
    case "upper":
    case "lower":
    case "text":
      visitValue(plan.value, false, visit);
      return;
  }
}
