/**
 * Settings (text by name) and recently opened files, in the person's settings folder; both hosts find the same ones.
 *
 * ```
 * settings.json   { "version": 1, "values": [["theme", "dark"], …] }            pairs: a name may be "__proto__"
 * recent.json     { "version": 1, "files": [{ "path": …, "openedMs": … }, …] }   newest first
 * ```
 */
import { existsSync } from "node:fs";
import { basename, join } from "node:path";
import * as v from "valibot";
import { ContractError } from "../../../src-shared/contract/messages";
import type { RecentFile } from "../../../src-shared/contract/results";
import { JsonFile } from "./json-file";

const settingsSchema = v.object({ version: v.literal(1), values: v.array(v.tuple([v.string(), v.string()])) });
const recentSchema = v.object({
  version: v.literal(1),
  files: v.array(v.object({ path: v.string(), openedMs: v.number() })),
});

type SettingsDocument = v.InferOutput<typeof settingsSchema>;
type RecentDocument = v.InferOutput<typeof recentSchema>;

const MAX_SETTINGS = 1000;
/** All values together, in characters. */
const MAX_CHARACTERS = 16_000_000;
const MAX_RECENT = 20;

export class SettingsStore {
  private readonly settings: JsonFile<SettingsDocument>;
  private readonly recents: JsonFile<RecentDocument>;

  constructor(folder: string) {
    this.settings = new JsonFile(join(folder, "settings.json"), settingsSchema, { version: 1, values: [] });
    this.recents = new JsonFile(join(folder, "recent.json"), recentSchema, { version: 1, files: [] });
  }

  get(name: string): string | null {
    return this.settings.read().values.find(([n]) => n === name)?.[1] ?? null;
  }

  /** null forgets the setting. Throws ContractError "file" where it cannot be kept. */
  set(name: string, value: string | null): void {
    this.write<SettingsDocument>(this.settings, ({ values }) => {
      const kept = values.filter(([n]) => n !== name);
      if (value !== null) kept.push([name, value]);
      const characters = kept.reduce((sum, [n, text]) => sum + n.length + text.length, 0);
      if (kept.length > MAX_SETTINGS || characters > MAX_CHARACTERS)
        throw new ContractError(
          "file",
          `settings are full: at most ${MAX_SETTINGS}, of ${MAX_CHARACTERS} characters in all`,
        );
      return { version: 1, values: kept };
    });
  }

  /** Newest first. */
  recentFiles(): RecentFile[] {
    return this.recents.read().files.map(({ path, openedMs }) => ({
      path,
      name: basename(path),
      openedMs,
      exists: existsSync(path),
    }));
  }

  /** `paths` were opened now. Never throws: a list that cannot be written is no reason not to open a capture. */
  addRecent(paths: readonly string[], nowMs: number): void {
    if (paths.length === 0) return;
    try {
      this.recents.update(({ files }) => ({
        version: 1,
        files: [
          ...paths.map((path) => ({ path, openedMs: nowMs })),
          ...files.filter(({ path }) => !paths.includes(path)),
        ].slice(0, MAX_RECENT),
      }));
    } catch {
      // As said above.
    }
  }

  forgetRecent(): void {
    this.write<RecentDocument>(this.recents, () => ({ version: 1, files: [] }));
  }

  private write<T>(file: JsonFile<T>, change: (current: T) => T): void {
    try {
      file.update(change);
    } catch (error) {
      if (error instanceof ContractError) throw error;
      throw new ContractError("file", `${file.path} cannot be written: ${(error as Error).message}`);
    }
  }
}
