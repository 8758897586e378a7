/** Notes as plain text: what a subject is called, the comment that goes into a pcapng file, the first line for lists. */
import { endpointText } from "../model/endpoint-text";
import type { Annotation, Subject, SubjectKind } from "./annotation";

export const SUBJECT_NAMES: Readonly<Record<SubjectKind, string>> = {
  packet: "Packet",
  field: "Field",
  journey: "Journey",
  hop: "Hop",
  connection: "Connection",
  flow: "Flow",
  pod: "Pod",
  service: "Service",
  "time-range": "Time range",
  time: "Time",
  "capture-point": "Capture point",
  recording: "Recording",
};

/** "Packet 12", "Hop eth0 → flannel.1", "Pod shop/web-1": without resolving anything. */
export function subjectText(subject: Subject): string {
  const name = SUBJECT_NAMES[subject.kind];
  switch (subject.kind) {
    case "packet":
      return `${name} ${subject.packet.ordinal}`;
    case "field":
      return `${subject.label} (packet ${subject.packet.ordinal})`;
    case "journey":
    case "hop":
    case "flow":
      return `${name} ${subject.label}`;
    case "connection": {
      const { protocol, client, server } = subject.connection;
      return `${name} ${protocol} ${endpointText(client)} → ${endpointText(server)}`;
    }
    case "pod":
    case "service":
    case "capture-point":
    case "recording":
      return `${name} ${subject.name}`;
    case "time-range":
      return `${name} ${subject.from} – ${subject.to}`;
    case "time":
      return `${name} ${subject.at}`;
  }
}

/** The text of a pcapng comment for a note: its Markdown as it is, where it is not about the packet itself what it is about. */
export function commentText({ subject, text, tags }: Pick<Annotation, "subject" | "text" | "tags">): string {
  const about = subject.kind === "packet" ? "" : `[${subjectText(subject)}] `;
  const tagged = tags.length > 0 ? ` ${tags.map((tag) => `#${tag}`).join(" ")}` : "";
  return `${about}${text}${tagged}`;
}

/** The first line that says something, without Markdown's marks, for lists and tooltips. */
export function firstLine(text: string, limit = 200): string {
  const line =
    text
      .slice(0, limit * 4)
      .split("\n")
      .map((part) =>
        part
          .replace(/^[\s#>*+-]+/, "")
          .replace(/[*_`]/g, "")
          .trim(),
      )
      .find((part) => part !== "") ?? "";
  return line.length > limit ? `${line.slice(0, limit - 1)}…` : line;
}

/** "mtu, #Slow  dns" ─► mtu Slow dns: what a person types as tags. At most 40 of 60 characters, each once. */
export function parseTags(typed: string): string[] {
  const tags = typed
    .split(/[\s,;]+/)
    .map((tag) => tag.replace(/^#+/, "").slice(0, 60))
    .filter((tag) => tag !== "");
  return [...new Set(tags)].slice(0, 40);
}
