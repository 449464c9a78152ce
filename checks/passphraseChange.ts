/** Decisions about the change of a stack's passphrase, which may be cut off anywhere. */

/** What a file holds, compared with what it held before the change and is to hold after it. */
export type Side = "old" | "new" | "other";

/**
 * What remains to be done of a change that was prepared as a whole.
 *
 * `switch`: put both files in place; `finish`: both are; `stale`: neither is, and one was changed since, so
 * that it has to be prepared again; `conflict`: one is, and the other was changed since.
 */
export function remainingWork(state: Side, file: Side): "switch" | "finish" | "stale" | "conflict" {
  if (state === "new" && file === "new") return "finish";
  if (state !== "other" && file !== "other") return "switch";
  return state === "new" || file === "new" ? "conflict" : "stale";
}

/** Its ciphertext may become public, and then anybody can try passphrases at leisure. */
const MIN_CHARACTERS = 16;

/** What is wrong with a passphrase that the user chose, or undefined. Never repeats it. */
export function passphraseProblem(passphrase: string): string | undefined {
  if (passphrase.trim() === "") return "is empty or blank";
  if (passphrase.trim() !== passphrase) {
    return "begins or ends with white space, which Pulumi cuts off";
  }
  if (/[\p{Cc}\p{Cs}\u2028\u2029\ufffd]/u.test(passphrase)) {
    return "holds a line break, a control character or bytes that are not UTF-8";
  }
  if ([...passphrase].length < MIN_CHARACTERS)
    return `is shorter than ${MIN_CHARACTERS} characters`;
  return undefined;
}
