/** What a note is about, as the window says it: times as the settings show them, the file where several are open. Reactive. */
import type { Subject } from "../../src-shared/annotations/annotation";
import { packetsOf } from "../../src-shared/annotations/annotation";
import { SUBJECT_NAMES, subjectText } from "../../src-shared/annotations/note-text";
import { timeText } from "../state/time.svelte";
import { workspace } from "../state/workspace.svelte";
import { notes } from "./notes.svelte";
import { timeValue } from "./subjects";

export function subjectLabel(subject: Subject): string {
  if (subject.kind === "time") return `${SUBJECT_NAMES.time} ${timeText(timeValue(subject.at))}`;
  if (subject.kind === "time-range")
    return `${SUBJECT_NAMES["time-range"]} ${timeText(timeValue(subject.from))} – ${timeText(timeValue(subject.to))}`;
  const text = subjectText(subject);
  const [packet] = packetsOf(subject);
  if (!packet || notes.recordings.length < 2 || (subject.kind !== "packet" && subject.kind !== "field")) return text;
  const file = notes.recordings.find(({ hash }) => hash === packet.recording)?.file;
  const name = file === undefined ? undefined : workspace.file(file)?.name;
  return name === undefined ? text : `${text} · ${name}`;
}
