import {
  type KeyEntry,
  keyInventory,
  type SecretEntry,
  secretInventory,
} from "../checks/secretInventory";
import type { StackFile } from "../checks/stackFile";
import { SECRETS_KEY } from "../config/keys";
import { parseRotations } from "../config/rotations";
import { parseEnvironment } from "../config/schema";
import { secretNames } from "../config/secrets";
import { serviceKeys } from "../config/serviceKeys";
import { type Project, readStackFile } from "./project";
import { readState } from "./stateFiles";

/**
 * Every password and certificate of `stack`, from its file and its state: no engine, no passphrase, no value.
 *
 * Throws a Failure or a ConfigError for a stack that is unknown, badly configured or damaged.
 */
export function secretEntries(project: Project, stack: string): SecretEntry[] {
  const file = readStackFile(project, stack);
  const { instances, access } = parseEnvironment(file.environment);
  const state = readState(project, stack);
  return secretInventory(state?.checkpoint ?? { resources: [], pending: [] }, {
    names: secretNames(instances, access.tier !== "local"),
    given: givenNames(file),
    rotations: parseRotations(file.rotations),
  });
}

/** Every key that is set, or that a service of `stack` would read, in the same way. */
export function keyEntries(project: Project, stack: string): KeyEntry[] {
  const file = readStackFile(project, stack);
  const state = readState(project, stack);
  return keyInventory(
    state?.checkpoint ?? { resources: [], pending: [] },
    serviceKeys(parseEnvironment(file.environment)),
    givenNames(file),
  );
}

function givenNames({ ciphertexts }: StackFile): ReadonlySet<string> | undefined {
  if (ciphertexts.has(SECRETS_KEY)) return undefined;
  const prefix = `${SECRETS_KEY}.`;
  const paths = [...ciphertexts.keys()].filter((path) => path.startsWith(prefix));
  return new Set(paths.map((path) => path.slice(prefix.length)));
}
