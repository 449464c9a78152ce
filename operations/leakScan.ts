import { type NamedSecret, SecretSearch } from "../checks/secretSearch";
import { stackSecrets } from "../checks/stackSecrets";
import type { OpenStack } from "./engine";
import { readPassphrase } from "./passphrase";
import { type Place, type PlaceResult, searchPlace } from "./placeSearch";
import { secretPlaces } from "./secretPlaces";
import { stackThings } from "./secretPlaces/stackThings";
import type { StackSession } from "./stackSession";

/** Looks for the real secrets of a running stack wherever they must not stand. */

export interface SecretScan {
  /** Names of the secrets that were looked for. */
  readonly searched: readonly string[];
  /** Names of those that are too short to be looked for: nothing is known about them. */
  readonly tooShort: readonly string[];
  readonly places: readonly PlaceResult[];
}

/** The secrets of a stack, in memory only. Throws an EngineError when they cannot be opened. */
export async function readSecrets(
  { project, stack, checkpoint }: StackSession,
  { workspace }: OpenStack,
): Promise<NamedSecret[]> {
  const { deployment } = await workspace.exportStack(stack);
  const config = await workspace.getAllConfig(stack);
  // Only a passphrase leaves a salt; what else may encrypt a stack keeps its key to itself.
  const passphrase =
    checkpoint.salt === undefined ? undefined : readPassphrase(project, stack).value;
  return stackSecrets({ deployment, config, passphrase });
}

/**
 * Searches every place; `onPlace` is told the name of each as its turn comes, and may throw to end it.
 *
 * Throws a Failure when Docker does not answer. What else cannot be searched is part of the result.
 */
export async function scanForSecrets(
  session: StackSession,
  open: OpenStack,
  secrets: readonly NamedSecret[],
  onPlace: (name: string) => void,
): Promise<SecretScan> {
  const search = new SecretSearch(secrets);
  const things = await stackThings(session.stack, session.checkpoint);
  const { first, rows } = secretPlaces(session, open, things);
  const inTurn = async (places: readonly Place[]) => {
    const results: PlaceResult[] = [];
    for (const place of places) {
      onPlace(place.name);
      results.push(await searchPlace(place, search));
    }
    return results;
  };
  const early = await inTurn(first);
  const late = await Promise.all(rows.map(inTurn));
  return {
    searched: search.searched,
    tooShort: search.tooShort,
    places: [...early, ...late.flat()],
  };
}

/** Whether every place was searched for every secret, and held none. */
export function isClean({ tooShort, places }: SecretScan): boolean {
  return (
    tooShort.length === 0 &&
    places.every(({ findings, notSearched }) => findings.length === 0 && notSearched === undefined)
  );
}
