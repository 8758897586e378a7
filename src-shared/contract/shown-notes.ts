/** Notes as filters and exports see them: what "notes.show" holds as one text. */
import * as v from "valibot";
import { index, text } from "../schema/limited";
import { NOTES_AT_ONCE } from "./annotations";
import { ContractError } from "./messages";

const shownNotesSchema = v.pipe(
  v.array(
    v.strictObject({
      id: text(80),
      /** Packets it is about; none: only in exports, with the file's comments. */
      packets: v.pipe(v.array(index), v.maxLength(8)),
      text: text(100_000),
      tags: v.pipe(v.array(text(60)), v.maxLength(40)),
      author: text(200),
      colour: text(20),
      /** Written into exported pcapng files; null: it is there already. */
      comment: v.nullable(text(105_000)),
    }),
  ),
  v.maxLength(NOTES_AT_ONCE),
);
export type ShownNote = v.InferOutput<typeof shownNotesSchema>[number];

/** "" none. @throws ContractError "invalid-request" */
export function parseShownNotes(json: string): readonly ShownNote[] {
  if (json === "") return [];
  try {
    return v.parse(shownNotesSchema, JSON.parse(json));
  } catch (error) {
    throw new ContractError("invalid-request", `notes.show: ${error instanceof Error ? error.message : String(error)}`);
  }
}
