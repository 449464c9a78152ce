import { isDeepStrictEqual } from "node:util";
import { type Document, parseDocument } from "yaml";
import { ENVIRONMENT_KEY, ROTATIONS_KEY, SECRETS_KEY } from "../config/keys";

/** What belongs to the stack's secrets, which no way back touches. */
const OF_SECRETS: readonly (readonly string[])[] = [
  ["encryptionsalt"],
  ["config", SECRETS_KEY],
  ["config", ROTATIONS_KEY],
];

export interface ReturnedSettings {
  /** Settings of `doom-coding:environment` that stay as they are now. */
  readonly others?: readonly string[];
  readonly pin?: {
    readonly versionKey: string;
    readonly referenceKey: string;
    readonly image: string;
  };
}

/**
 * The text of a stack file as it was, with the secrets as they are now: passwords and the passphrase may have been
 * changed since, and the old ciphertexts could not be read any more. The old text, to the byte, when they were not.
 *
 * So are the settings at `others`, such as `claude.version`: the versions of what this way back is not about.
 * `pin`, a content address, takes the place of what names the image, where that would be another one today.
 */
export function returnedStackFile(
  former: string,
  current: string,
  { others = [], pin }: ReturnedSettings = {},
): string {
  const [then, now] = [parseDocument(former), parseDocument(current)];
  const kept = others.map((key) => ["config", ENVIRONMENT_KEY, ...key.split(".")]);
  const changed = [...OF_SECRETS, ...kept].filter(
    (path) => !isDeepStrictEqual(plain(then, path), plain(now, path)),
  );
  if (changed.length === 0 && pin === undefined) return former;
  for (const path of changed) {
    const value = plain(now, path);
    if (value === undefined) then.deleteIn(path);
    else then.setIn(path, then.createNode(value));
  }
  if (pin !== undefined) {
    const at = (key: string) => ["config", ENVIRONMENT_KEY, ...key.split(".")];
    then.deleteIn(at(pin.versionKey));
    then.setIn(at(pin.referenceKey), pin.image);
  }
  return then.toString({ lineWidth: 0 });
}

function plain(document: Document.Parsed, path: readonly string[]): unknown {
  const value = document.getIn(path);
  return typeof value === "object" && value !== null
    ? (value as { toJSON(): unknown }).toJSON()
    : value;
}
