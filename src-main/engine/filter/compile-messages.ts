/** What is wrong with a filter, said so that it can be mended: the place, and which field was probably meant. */
import { nearest } from "../../../src-shared/base/nearest";
import type { ValueKind } from "../../../src-shared/tables/value-column";
import type { FieldRegistry, FilterField } from "./field-registry";
import { FilterError } from "./filter-error";
import { KIND_NAMES } from "./literals";
import type { Span, ValueNode } from "./parse";
import type { ValuePlan } from "./plan";

/** An expression whose values depend on the packet. */
export interface Operand {
  readonly plan: ValuePlan;
  readonly kind: ValueKind;
  /** The field, if it is one and nothing else. */
  readonly field: FilterField | undefined;
}

export abstract class CompileMessages {
  constructor(
    protected readonly source: string,
    protected readonly registry: FieldRegistry,
  ) {}

  protected error(message: string, { start, end }: Span): FilterError {
    return new FilterError(message, start, end);
  }

  protected describe(node: ValueNode, kind: ValueKind): string {
    return `${this.source.slice(node.start, node.end)} is ${KIND_NAMES[kind]}`;
  }

  protected quote(node: Span): string {
    const text = this.source.slice(node.start, node.end);
    return text.startsWith('"') || text.startsWith("'") || text.startsWith('r"') ? text : `"${text}"`;
  }

  protected noValue(node: ValueNode): FilterError {
    return this.error(`${this.describe(node, "none")}: it is there or not, but compares with nothing`, node);
  }

  /** A word that is no field, where a field must be: say which was meant, if that can be told. */
  protected notAField(node: ValueNode, otherwise: string): FilterError {
    if (node.type !== "word" || !/^\.?[A-Za-z_][\w.-]*$/.test(node.text))
      return this.error(`${this.quote(node)} ${otherwise}`, node);
    const name = node.text.replace(/^\./, "");
    const dash = name.indexOf("-");
    if (dash > 0 && this.registry.find(name.slice(0, dash))) {
      return this.error(`unknown field "${name}"; to subtract, put a space before "-"`, node);
    }
    // One or two letters are near to everything.
    const near = name.length > 2 ? nearest(name, this.registry.names()) : undefined;
    return this.error(`unknown field "${name}"${near === undefined ? "" : `; did you mean "${near}"?`}`, node);
  }

  /** A constant that does not fit what it is compared with. */
  protected notOne(node: ValueNode, beside: Operand, besideNode: ValueNode, why: string): FilterError {
    const text = node.type === "word" ? node.text : "";
    // Perhaps it was to be a field.
    const near = /^[A-Za-z_]\w*\.[\w.]+$/.test(text) ? nearest(text, this.registry.names()) : undefined;
    const hint = near !== undefined ? `; did you mean "${near}"?` : why ? ` (${why})` : "";
    return this.error(`${this.describe(besideNode, beside.kind)}: ${this.quote(node)} is not one${hint}`, node);
  }
}
