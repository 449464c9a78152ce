import type { FlatSettings } from "../flatSettings";

/** A configuration at one of its versions. */
export interface Configuration {
  /** What may stand in a file as it is. */
  readonly settings: FlatSettings;
  /** What may not: passwords and keys, by name. */
  readonly secrets: ReadonlyMap<string, string>;
}

/** What a step did to one key. A key that it did not touch is not mentioned. */
export type Change =
  | { readonly kind: "added"; readonly key: string; readonly reason: string }
  | { readonly kind: "renamed"; readonly key: string; readonly to: string }
  | { readonly kind: "dropped"; readonly key: string; readonly reason: string };

/** What the newer version knows and the older one has no place for. */
export interface Loss {
  readonly key: string;
  readonly reason: string;
}

/** The way from one version of the configuration to the next. */
export interface Step<From extends string = string, To extends string = string> {
  readonly from: From;
  readonly to: To;
  /** What it is for, in a few words. */
  readonly title: string;
  /** Edits the draft. Pure: knows nothing but the draft, and does the same to the same one. */
  readonly forward: (draft: Draft) => void;
  /** What a way back would lose. */
  readonly cannotCarryBack: readonly Loss[];
}

/**
 * A configuration while a step changes it.
 *
 * A key leaves only by a new name or with a reason, and a value that is there is never replaced by a
 * default: what a step cannot say here, it cannot do.
 */
export class Draft {
  private readonly settings: Map<string, unknown>;
  private readonly secrets: Map<string, string>;
  private readonly recorded: Change[] = [];

  constructor({ settings, secrets }: Configuration) {
    this.settings = new Map(settings);
    this.secrets = new Map(secrets);
  }

  /** What the step made of it. */
  get result(): { readonly configuration: Configuration; readonly changes: readonly Change[] } {
    return {
      configuration: { settings: this.settings, secrets: this.secrets },
      changes: this.recorded,
    };
  }

  /** The names of all settings and secrets. */
  get names(): string[] {
    return [...this.settings.keys(), ...this.secrets.keys()];
  }

  /** The value of a setting; undefined when it is not set. */
  get(key: string): unknown {
    return this.settings.get(key);
  }

  /** Adds a setting, unless it is there. */
  add(key: string, value: unknown, reason: string): void {
    if (this.settings.has(key)) return;
    this.settings.set(key, value);
    this.recorded.push({ kind: "added", key, reason });
  }

  /** Gives a setting, if it is there, a new name; what has that name already is kept instead. */
  rename(key: string, to: string, convert: (value: unknown) => unknown = (value) => value): void {
    this.move(this.settings, key, to, convert);
  }

  /** The same for a secret. */
  renameSecret(key: string, to: string): void {
    this.move(this.secrets, key, to, (value) => value);
  }

  /** Takes a setting or a secret, if it is there, out for a reason. */
  drop(key: string, reason: string): void {
    const wasSetting = this.settings.delete(key);
    const wasSecret = this.secrets.delete(key);
    if (wasSetting || wasSecret) this.recorded.push({ kind: "dropped", key, reason });
  }

  /** Sets the number by which files of this version are known; only the steps between schemas do. */
  setSchemaVersion(version: number): void {
    this.settings.set("schemaVersion", version);
  }

  private move<T>(among: Map<string, T>, key: string, to: string, convert: (value: T) => T): void {
    if (!among.has(key)) return;
    if (among.has(to)) {
      this.drop(key, `${to} is set already`);
      return;
    }
    const value = among.get(key) as T;
    among.delete(key);
    among.set(to, convert(value));
    this.recorded.push({ kind: "renamed", key, to });
  }
}
