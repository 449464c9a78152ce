import { parseStackFile } from "../checks/stackFile";
import { CHAIN, schemaName } from "../config/migrations";
import { refuseOlderSchema } from "../config/schemaVersion";
import { StackDocument } from "../config/stackDocument";

/** What the check found; the same for the same file. */
export interface CheckedStackFile {
  readonly file: string;
  /** The version of its schema, which is the newest. */
  readonly schema: string;
  /** The versions that the chain leads through to it. */
  readonly chain: readonly string[];
}

/**
 * Checks that the file of `stack` is what a migration would leave as it is: of the current schema, and the same
 * to the byte after it went through the chain and the writer.
 *
 * Throws a ConfigError for a file that is older or cannot be read, and an Error when a migration would
 * change it. Reads nothing and needs no schema: whether values are right, the program has seen.
 */
export function checkStackFile(bytes: Uint8Array, stack: string): CheckedStackFile {
  const file = `Pulumi.${stack}.yaml`;
  const { environment } = parseStackFile(bytes, file);
  refuseOlderSchema(environment, stack);
  const text = Buffer.from(bytes).toString("utf8");
  const document = new StackDocument(text);
  const schema = schemaName(Number(document.settings.get("schemaVersion")));
  const { configuration } = CHAIN.migrate(
    { settings: document.settings, secrets: new Map() },
    schema,
  );
  document.setSettings(configuration.settings, new Map());
  if (document.toString() !== text) throw new Error(`a migration would change ${file}`);
  return { file, schema, chain: CHAIN.versions };
}
