/** The interfaces of the section that is being read, where the kernel looks them up; capture points are counted through all files. */
import { baseName } from "../../../src-shared/base/file-name";
import {
  I_BINARY_TIME,
  I_LINK_TYPE,
  I_OFFSET_SECONDS,
  I_POINT,
  I_SNAP_LENGTH,
  I_TIME_SHIFT,
  I_TIME_UNITS,
  INTERFACE_BYTES,
} from "../kernel/assembly/abi";
import type { CaptureInterface } from "../readers/capture-file";
import type { InterfaceDescription } from "../readers/pcapng-blocks";
import type { DecodeOptions } from "./decode-options";

const MAX_INTERFACES = 65536;

/** Kernel memory that the table takes. */
export const INTERFACE_TABLE_BYTES = MAX_INTERFACES * INTERFACE_BYTES;

export class InterfaceTable {
  /** Of all files so far. */
  private points = 0;
  private inFile = 0;
  private inSection = 0;
  /** Interfaces of the file before this section. */
  private before = 0;

  /** `at`: where the table lies in kernel memory. */
  constructor(
    private readonly view: DataView,
    private readonly at: number,
    private readonly linkTypes: DecodeOptions["interfaces"],
  ) {}

  beginFile(): void {
    this.inFile = 0;
    this.inSection = 0;
    this.before = 0;
  }

  beginSection(): void {
    this.inSection = 0;
    this.before = this.inFile;
  }

  /** Interfaces of the section. */
  get count(): number {
    return this.inSection;
  }

  /** How many of them the kernel can look up. */
  get known(): number {
    return Math.min(this.inSection, MAX_INTERFACES);
  }

  /** Number in the file of interface `number` of the section. */
  inFileNumber(number: number): number {
    return number + this.before;
  }

  /** Point of what names no interface: the file's latest, or the one that will be its first. */
  get latestPoint(): number {
    return this.inFile > 0 ? this.points - 1 : this.points;
  }

  /** Adds the section's next interface, of file `file`. */
  add(description: InterfaceDescription, file: string, section: number): CaptureInterface {
    const number = this.inSection;
    // By name, by number, or by both file and number: "n1.pcapng#2".
    const id = `${baseName(file)}#${this.inFile}`;
    const told = this.linkTypes.find(
      ([name]) => name === description.name || name === String(this.inFile) || name === id,
    );
    const linkType = told ? told[1] : description.linkType;
    if (number < MAX_INTERFACES) {
      const { view, points } = this;
      const p = this.at + number * INTERFACE_BYTES;
      view.setUint32(p + I_LINK_TYPE, linkType, true);
      view.setUint32(p + I_SNAP_LENGTH, description.snapLength, true);
      view.setUint32(p + I_POINT, points, true);
      view.setUint32(p + I_BINARY_TIME, description.binaryTime ? 1 : 0, true);
      view.setUint32(p + I_TIME_SHIFT, description.exponent, true);
      // More than 19 digits do not fit 64 bits: every time is then below a second.
      const digits = description.binaryTime ? 0 : Math.min(description.exponent, 19);
      view.setBigUint64(p + I_TIME_UNITS, 10n ** BigInt(digits), true);
      view.setBigInt64(p + I_OFFSET_SECONDS, description.offsetSeconds, true);
    }
    this.inSection++;
    return {
      index: this.inFile++,
      numberInSection: number,
      section,
      point: this.points++,
      linkType,
      snapLength: description.snapLength,
      name: description.name,
      description: description.description,
      filter: description.filter,
      operatingSystem: description.operatingSystem,
      comments: description.comments,
      resolution: `${description.binaryTime ? 2 : 10}^-${description.exponent}`,
      offsetSeconds: Number(description.offsetSeconds),
      fcsLength: description.fcsLength,
    };
  }
}
