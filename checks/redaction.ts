import { isScalar, parseDocument, visit } from "yaml";
import { showableLines } from "./logLines";
import { secretIn, secretInSetting } from "./rules/secretShapes";
import { type NamedSecret, needlesOf, SecretSearch } from "./secretSearch";

/** Keys of a stack file whose values open secrets, or let somebody try passphrases. */
const SEALED_KEYS = new Set(["secure", "encryptionsalt", "encryptedkey"]);
/** A variable of a process, or the like: `NAME=value`. */
const SETTING = /^([\w.-]+)=(.*)$/s;

/**
 * Takes secrets out of what is given to others: known ones by their values, in every form that the leak scan
 * looks for, and all others by their names and by the shapes that issuers give them.
 */
export class Redaction {
  private readonly search: SecretSearch;
  /** The longest first: one may be part of another. */
  private readonly needles: readonly { readonly text: string; readonly mark: string }[];

  /** Throws when none of the secrets can be searched for. */
  constructor(secrets: readonly NamedSecret[]) {
    this.search = new SecretSearch(secrets);
    this.needles = needlesOf(secrets)
      .sort((a, b) => b.bytes.length - a.bytes.length)
      .map(({ hit, bytes }) => ({
        text: bytes.toString("latin1"),
        mark: Buffer.from(`[redacted: ${hit.secret}]`).toString("latin1"),
      }));
  }

  /** A text without the known secrets; all else of it stays. */
  known(text: string): string {
    if (this.search.findIn(text).length === 0) return text;
    // Byte by byte, as the search does: a secret need not be text.
    let bytes = Buffer.from(text).toString("latin1");
    for (const { text: needle, mark } of this.needles) bytes = bytes.replaceAll(needle, () => mark);
    return Buffer.from(bytes, "latin1").toString();
  }

  /** A value of a JSON document, its keys included; `name` is the key that it stands under. */
  value(value: unknown, name = ""): unknown {
    if (Array.isArray(value)) return value.map((inner) => this.value(inner, name));
    if (typeof value === "string") return this.setting(name, value);
    if (typeof value !== "object" || value === null) return value;
    return Object.fromEntries(
      Object.entries(value).map(([key, inner]) => [this.known(key), this.value(inner, key)]),
    );
  }

  private setting(name: string, value: string): string {
    const known = this.known(value);
    const [, inner, innerValue] = SETTING.exec(known) ?? [];
    if (inner !== undefined && innerValue !== undefined) {
      const what = secretInSetting(inner, innerValue);
      if (what !== undefined) return `${inner}=[redacted: ${what}]`;
    }
    const what = secretInSetting(name, known);
    return what === undefined ? known : `[redacted: ${what}]`;
  }

  /** The last `count` lines of a log; a line that looks like an unknown secret is left out. */
  log(text: string, count: number): string {
    return showableLines(this.known(text), [], count)
      .map((line) => `${line}\n`)
      .join("");
  }

  /** A stack file, with its comments. */
  stackFile(text: string): string {
    const document = parseDocument(text);
    visit(document, {
      Pair: (_, pair) => {
        const { key, value } = pair;
        if (!isScalar(key) || !isScalar(value) || typeof value.value !== "string") return;
        const name = String(key.value);
        value.value = SEALED_KEYS.has(name)
          ? "[redacted: Pulumi ciphertext]"
          : this.setting(name, value.value);
      },
      Scalar: (key, scalar) => {
        if (typeof scalar.value === "string" && key !== "key" && key !== "value")
          scalar.value = this.setting("", scalar.value);
      },
    });
    const written = this.known(document.toString({ lineWidth: 0 }));
    return written
      .split("\n")
      .map((line) => (secretIn(line) === undefined ? line : "# [redacted: a line with a secret]"))
      .join("\n");
  }
}
