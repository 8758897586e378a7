/** Notes in the host: the journal's two requests, and the event that tells every window that something was appended. */
import type { EventMessage } from "../../../src-shared/contract/messages";
import type { HostHandlers } from "./engine-hub";
import type { NotesJournal } from "./notes-journal";

export function notesHandlers(journal: NotesJournal, tellAll: (message: EventMessage<"notes">) => void): HostHandlers {
  return {
    "notes.append": ({ notes }) => {
      const place = journal.append(notes);
      tellAll({ kind: "event", event: "notes", data: place });
      return place;
    },
    "notes.since": ({ journal: known, position }) => journal.since(known, position),
  };
}
