import { isDeepStrictEqual } from "node:util";
import {
  type Document,
  isMap,
  isScalar,
  type Pair,
  parseDocument,
  type Scalar,
  visit,
  YAMLMap,
} from "yaml";
import { type FlatSettings, flatten, pathOf } from "./flatSettings";
import { ENVIRONMENT_KEY, SECRETS_KEY } from "./keys";

const EMPTY_FILE = `# yaml-language-server: $schema=./config/stack.schema.json
config:
  ${ENVIRONMENT_KEY}:
`;

/** The way to a value through the maps of a file. */
type Path = readonly string[];

/**
 * A stack file that is changed in place: comments, order, notation and all keys of others stay.
 *
 * For files that `parseStackFile` has taken; what it refuses may be read wrongly here.
 */
export class StackDocument {
  private readonly document: Document.Parsed;
  private changed = false;

  /** Without a text, a new file in which nothing is set. */
  constructor(private readonly text: string = EMPTY_FILE) {
    this.document = parseDocument(text);
    visit(this.document, { Map: (_key, map) => handDownComment(map) });
  }

  /** What is set in `doom-coding:environment`. */
  get settings(): Map<string, unknown> {
    const environment = this.mapAt(["config", ENVIRONMENT_KEY]);
    return flatten((environment?.toJS(this.document) as Record<string, unknown> | undefined) ?? {});
  }

  /** The names of the secrets that `doom-coding:secrets` holds. */
  get secretNames(): string[] {
    return this.mapAt(["config", SECRETS_KEY])?.items.map(({ key }) => nameOf(key)) ?? [];
  }

  /**
   * Makes `settings` all that is set in `doom-coding:environment`.
   *
   * `renamed` gives for the path of a setting the one that it had; its comments move with it.
   */
  setSettings(settings: FlatSettings, renamed: ReadonlyMap<string, string>): void {
    const before = this.settings;
    for (const [key, value] of settings) {
      if (before.has(key) && isDeepStrictEqual(before.get(key), value)) continue;
      const old = this.pairAt(settingPath(renamed.get(key) ?? key));
      this.set(settingPath(key), value, old);
    }
    for (const key of before.keys()) if (!settings.has(key)) this.remove(settingPath(key));
  }

  /** Puts the ciphertext of a secret, as Pulumi made it, under its name. */
  setSecret(name: string, ciphertext: string): void {
    this.set(["config", SECRETS_KEY, name, "secure"], ciphertext);
  }

  /** Names the salt that the stack's ciphertexts were made with, unless the file does. */
  setEncryptionSalt(salt: string): void {
    if (this.pairAt(["encryptionsalt"]) === undefined) this.set(["encryptionsalt"], salt);
  }

  /** The text; to the byte the one that it was made from when nothing was changed. */
  toString(): string {
    return this.changed ? this.document.toString({ lineWidth: 0 }) : this.text;
  }

  private set(path: Path, value: unknown, old?: Pair): void {
    this.changed = true;
    const present = this.pairAt(path);
    if (isScalar(present?.value) && !isCollection(value)) {
      present.value.value = value;
      return;
    }
    if (present) this.remove(path);
    const pair = this.document.createPair(path.at(-1), value);
    if (old) carryComments(old, pair);
    this.ensureMap(path.slice(0, -1)).add(pair);
  }

  /** Takes a value out, and the maps that are left empty by it. */
  private remove(path: Path): void {
    this.changed = true;
    const parent = this.mapAt(path.slice(0, -1));
    parent?.delete(path.at(-1));
    if (parent?.items.length === 0 && path.length > 3) this.remove(path.slice(0, -1));
  }

  private ensureMap(path: Path): YAMLMap {
    if (path.length === 0) return this.root;
    const present = this.pairAt(path);
    if (isMap(present?.value)) return present.value;
    const map = new YAMLMap(this.document.schema);
    if (present) present.value = map;
    else this.ensureMap(path.slice(0, -1)).add(this.document.createPair(path.at(-1), map));
    return map;
  }

  /** The outermost map, which an empty file lacks. */
  private get root(): YAMLMap {
    const document: Document = this.document;
    if (!isMap(document.contents)) document.contents = new YAMLMap(document.schema);
    return document.contents as YAMLMap;
  }

  private mapAt(path: Path): YAMLMap | undefined {
    const node = this.document.getIn(path, true);
    return isMap(node) ? node : undefined;
  }

  private pairAt(path: Path): Pair | undefined {
    return this.mapAt(path.slice(0, -1))?.items.find(({ key }) => nameOf(key) === path.at(-1));
  }
}

function settingPath(key: string): Path {
  return ["config", ENVIRONMENT_KEY, ...pathOf(key)];
}

function nameOf(key: unknown): string {
  return String(isScalar(key) ? key.value : key);
}

function isCollection(value: unknown): boolean {
  return typeof value === "object" && value !== null;
}

/** The parser gives a map the comment of its first key, which would stay when that key goes. */
function handDownComment(map: YAMLMap): void {
  const first = map.items[0]?.key;
  if (map.flow || !map.commentBefore || !isScalar(first)) return;
  first.commentBefore = map.commentBefore;
  map.commentBefore = null;
}

/** Comments stand at the key (before it) and at the value (behind it). */
function carryComments(from: Pair, to: Pair): void {
  const [oldKey, newKey] = [from.key, to.key] as [Scalar, Scalar];
  newKey.commentBefore = oldKey.commentBefore ?? null;
  newKey.spaceBefore = oldKey.spaceBefore ?? false;
  if (isScalar(from.value) && isScalar(to.value)) to.value.comment = from.value.comment ?? null;
}
