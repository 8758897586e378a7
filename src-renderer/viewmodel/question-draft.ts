/** A lesson's question as the fields of a form, and back. */
import type { ConnectionPredicate, Query, Question } from "../../src-shared/lessons/lesson";

export const ANSWER_KINDS = [
  { id: "count", label: "how many packets match" },
  { id: "field", label: "a field's value" },
  { id: "property", label: "a property of a connection" },
  { id: "translation", label: "the address after a translation" },
] as const;
export type AnswerKind = (typeof ANSWER_KINDS)[number]["id"];

export interface QuestionDraft {
  kind: "none" | Question["kind"];
  ask: string;
  hint: string;
  explain: string;
  /** Of a choice: "text = value" a line. */
  options: string;
  answer: AnswerKind;
  filter: string;
  field: string;
  property: string;
  /** "kind=pod-to-service requested.port=80" */
  connection: string;
  translation: "dnat" | "snat" | "both";
}

export function draftOf(question: Question | undefined): QuestionDraft {
  const draft: QuestionDraft = {
    kind: question?.kind ?? "none",
    ask: question?.ask ?? "",
    hint: question?.hint ?? "",
    explain: question?.explain ?? "",
    options: "",
    answer: "count",
    filter: "",
    field: "",
    property: "",
    connection: "",
    translation: "dnat",
  };
  if (!question) return draft;
  if (question.kind === "choice")
    draft.options = question.options.map((o) => `${o.text} = ${String(o.value)}`).join("\n");
  const { answer } = question;
  if ("packet" in answer) draft.filter = answer.packet;
  else if ("count" in answer) draft.filter = answer.count;
  else if ("field" in answer) Object.assign(draft, { answer: "field", field: answer.field, filter: answer.of });
  else if ("get" in answer && "connection" in answer)
    Object.assign(draft, { answer: "property", property: answer.get, connection: predicateText(answer.connection) });
  else if ("translation" in answer)
    Object.assign(draft, {
      answer: "translation",
      translation: answer.translation,
      connection: predicateText(answer.of),
    });
  return draft;
}

/** The question, null for none; or, as text, what is missing. */
export function questionOf(draft: QuestionDraft): Question | null | string {
  if (draft.kind === "none") return null;
  if (draft.ask.trim() === "") return "Say what is asked.";
  const asked = {
    ask: draft.ask.trim(),
    ...(draft.hint.trim() !== "" && { hint: draft.hint.trim() }),
    ...(draft.explain.trim() !== "" && { explain: draft.explain }),
  };
  const predicate = parsePredicate(draft.connection);
  if (typeof predicate === "string") return predicate;
  if (draft.kind === "packet") {
    if (draft.filter.trim() === "") return "Say which packets are right, with a display filter.";
    return { kind: "packet", ...asked, answer: { packet: draft.filter.trim() } };
  }
  if (draft.kind === "hop") return { kind: "hop", ...asked, answer: { translation: draft.translation, of: predicate } };
  const answer = queryOf(draft, predicate);
  if (typeof answer === "string") return answer;
  if (draft.kind !== "choice") return { kind: draft.kind, ...asked, answer };
  const options = draft.options
    .split("\n")
    .filter((line) => line.trim() !== "")
    .map((line) => {
      const at = line.lastIndexOf("=");
      const text = (at < 0 ? line : line.slice(0, at)).trim();
      return { text, value: valueOf((at < 0 ? line : line.slice(at + 1)).trim()) };
    });
  if (options.length < 2 || options.some(({ text }) => text === "")) return "Give at least two choices, one a line.";
  return { kind: "choice", ...asked, options, answer };
}

function queryOf(draft: QuestionDraft, predicate: ConnectionPredicate): Query | string {
  switch (draft.answer) {
    case "count":
      return draft.filter.trim() === "" ? "Say which packets are counted." : { count: draft.filter.trim() };
    case "field":
      if (draft.field.trim() === "" || draft.filter.trim() === "")
        return "Name a field, and the packets it is read from.";
      return { field: draft.field.trim(), of: draft.filter.trim() };
    case "property":
      return draft.property.trim() === ""
        ? "Name a property of the connection."
        : { connection: predicate, get: draft.property.trim() };
    case "translation":
      return { translation: draft.translation, of: predicate, get: "to.ip" };
  }
}

function predicateText(predicate: ConnectionPredicate): string {
  return Object.entries(predicate)
    .map(([name, value]) => `${name}=${String(value)}`)
    .join(" ");
}

/** "kind=pod-to-service requested.port=80"; as text: what is wrong. */
export function parsePredicate(text: string): ConnectionPredicate | string {
  const predicate: ConnectionPredicate = {};
  for (const part of text.trim().split(/\s+/)) {
    if (part === "") continue;
    const at = part.indexOf("=");
    if (at < 1) return `"${part}": expected name=value, for example kind=pod-to-service`;
    predicate[part.slice(0, at)] = valueOf(part.slice(at + 1));
  }
  return predicate;
}

function valueOf(text: string): string | number | boolean {
  if (/^-?\d+(\.\d+)?$/.test(text)) return Number(text);
  return text === "true" ? true : text === "false" ? false : text;
}
