/** What a note stands for as filters: packets with such notes (docs/ANNOTATIONS.md), and the addresses that it speaks of. */
import type { Annotation } from "../../src-shared/annotations/annotation";
import { textLiteral } from "../../src-shared/model/filter-text";
import { type FilterValue, valuesInText } from "./filter-value";

export function noteValues({ tags, createdBy, colour, text }: Annotation): readonly FilterValue[] {
  return [
    ...tags.map(tagValue),
    ...(createdBy === "" ? [] : [authorValue(createdBy)]),
    annotationValue("Colour", "colour", colour),
    ...valuesInText(text),
  ];
}

export function tagValue(tag: string): FilterValue {
  return annotationValue("Tag", "tag", tag);
}

export function authorValue(author: string): FilterValue {
  return annotationValue("Author", "author", author);
}

function annotationValue(label: string, field: "tag" | "author" | "colour", text: string): FilterValue {
  return { label, text, filter: `annotation.${field} == ${textLiteral(text)}` };
}
