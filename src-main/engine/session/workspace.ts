/** What is known of the files of a workspace, built from the readers' events as they come. */
import { distinctNames } from "../../../src-shared/base/distinct-names";
import type { Problem } from "../../../src-shared/model/problem";
import type { CaptureEvent, CaptureFile, CaptureInterface } from "../readers/capture-file";

type Mutable<T> = { -readonly [K in keyof T]: T[K] };

export class Workspace {
  readonly files: CaptureFile[] = [];
  /** By capture point. */
  readonly points: CaptureInterface[] = [];
  /** File of each capture point. */
  readonly pointFiles: number[] = [];

  constructor(names: readonly string[]) {
    names.forEach((name) => this.append(name));
    this.label();
  }

  /** Appends a file; returns its index. */
  add(name: string): number {
    const index = this.append(name);
    this.label();
    return index;
  }

  private label(): void {
    distinctNames(this.files.map((f) => f.name)).forEach((label, i) => {
      (this.files[i] as Mutable<CaptureFile>).label = label;
    });
  }

  private append(name: string): number {
    const index = this.files.length;
    this.files.push({
      index,
      name,
      label: name,
      format: undefined,
      bigEndian: false,
      nanoseconds: false,
      sections: [],
      interfaces: [],
      names: [],
      nameComments: [],
      statistics: [],
      blocks: [],
      problems: [],
      bytes: 0,
      packets: 0,
    });
    return index;
  }

  take(event: CaptureEvent): void {
    const file = this.files[event.file] as Mutable<CaptureFile> | undefined;
    if (!file) return;
    switch (event.kind) {
      case "open":
        file.format = event.format;
        file.bigEndian = event.bigEndian;
        file.nanoseconds = event.nanoseconds;
        break;
      case "section":
        file.sections.push(event.section);
        break;
      case "interface":
        file.interfaces.push(event.interface);
        this.points[event.interface.point] = event.interface;
        this.pointFiles[event.interface.point] = event.file;
        break;
      case "names":
        file.names.push(...event.records);
        file.nameComments.push(...event.comments);
        break;
      case "statistics":
        file.statistics.push(event.statistics);
        break;
      case "block":
        file.blocks.push(event.block);
        break;
      case "problem":
        file.problems.push(event.problem);
        break;
      case "end":
        file.bytes = event.bytes;
        file.packets = event.packets;
        break;
    }
  }

  get problems(): readonly Problem[] {
    return this.files.flatMap((f) => f.problems);
  }

  /** "n1.pcapng#2": the file's label and the interface's index in it. */
  pointId(point: number): string {
    return `${this.files[this.pointFiles[point] ?? 0]?.label ?? "?"}#${this.points[point]?.index ?? 0}`;
  }
}
