import { ROTATION_VARIABLE } from "../config/rotations";
import { CERTIFICATE, GIVEN_PASSWORD_VARIABLE } from "../config/secrets";
import type { ServiceKey } from "../config/serviceKeys";
import type { Checkpoint, StateResource } from "./checkpoint";

/** What a stack's state tells of its secrets without opening one: never a value, never a hash of one. */

export interface SecretEntry {
  /** `code-server-1`, `certificate`: as in the configuration and in `doom secrets`. */
  readonly name: string;
  readonly kind: "password" | "certificate";
  /** Whether the configuration has it generated or sets it. */
  readonly source: "generated" | "set";
  /** How often it is to have been made anew on request. */
  readonly rotation: number;
  /** Since when it has its present value, as an ISO 8601 time; undefined when there is none yet. */
  readonly since?: string;
  /** The containers that depend on it, by their names on the Docker host. */
  readonly containers: readonly string[];
  /** Whether its present value is not yet what the configuration asks for: the next `up` makes it. */
  readonly pending: boolean;
}

/** What the configuration asks for. */
export interface WantedSecrets {
  /** The names of all secrets of the environment, in order. */
  readonly names: readonly string[];
  /** Those of them that the user set; undefined when the map is encrypted as a whole. */
  readonly given: ReadonlySet<string> | undefined;
  readonly rotations: ReadonlyMap<string, number>;
}

const GENERATOR = /::environment-(?:(code-server-\d+)-password|gateway-certificate)-generate$/;

/** The name of the secret that a resource makes; undefined for every other resource. */
export function secretNameOf({
  type,
  urn,
}: Pick<StateResource, "type" | "urn">): string | undefined {
  const match = type === "command:local:Command" ? GENERATOR.exec(urn) : null;
  return match ? (match[1] ?? CERTIFICATE) : undefined;
}

/** The secrets that the configuration asks for, as they stand in the state. */
export function secretInventory(checkpoint: Checkpoint, wanted: WantedSecrets): SecretEntry[] {
  const made = new Map(
    checkpoint.resources.map((resource) => [secretNameOf(resource), resource] as const),
  );
  return wanted.names.map((name) => entryOf(checkpoint, name, made.get(name), wanted));
}

function entryOf(
  { resources }: Checkpoint,
  name: string,
  made: StateResource | undefined,
  { given, rotations }: WantedSecrets,
): SecretEntry {
  const stored = made && storedAs(made);
  const asked = {
    source: given ? sourceOf(given.has(name)) : (stored?.source ?? "generated"),
    rotation: rotations.get(name) ?? 0,
  };
  return {
    name,
    kind: name === CERTIFICATE ? "certificate" : "password",
    ...asked,
    ...(made?.changedAt === undefined ? {} : { since: made.changedAt }),
    containers: made ? usersOf(made, resources) : [],
    pending: stored?.source !== asked.source || stored.rotation !== asked.rotation,
  };
}

/** The names of the containers that cannot be without `secret`. */
function usersOf(secret: StateResource, resources: readonly StateResource[]): string[] {
  return resources
    .filter(({ type, needs }) => type === CONTAINER && needs.includes(secret.urn))
    .map(({ inputs }) => String(inputs.name));
}

const CONTAINER = "docker:index/container:Container";

function sourceOf(isGiven: boolean): SecretEntry["source"] {
  return isGiven ? "set" : "generated";
}

/** What the generator was given. */
function storedAs({ inputs }: StateResource): Pick<SecretEntry, "source" | "rotation"> {
  const environment = (inputs.environment ?? {}) as Readonly<Record<string, unknown>>;
  return {
    source: sourceOf(Object.hasOwn(environment, GIVEN_PASSWORD_VARIABLE)),
    rotation: Number(environment[ROTATION_VARIABLE] ?? 0),
  };
}

/** A key of a service elsewhere, which only the user can give. */
export interface KeyEntry extends ServiceKey {
  readonly kind: "key";
  /** Whether the configuration has one. */
  readonly source: "set" | "none";
  /** Since when containers have their present one, as an ISO 8601 time; undefined when none has one. */
  readonly since?: string;
  /** The containers that read it, by their names on the Docker host. */
  readonly containers: readonly string[];
  /** Whether the next `up` gives it to containers, or takes it from them. */
  readonly pending: boolean;
}

/** The keys that are set, or that a service of the environment would read, as they stand in the state. */
export function keyInventory(
  { resources }: Checkpoint,
  keys: readonly ServiceKey[],
  given: WantedSecrets["given"],
): KeyEntry[] {
  return keys.flatMap((key): KeyEntry[] => {
    const { name, service, enabled } = key;
    const file = new RegExp(`::environment-${service}(-[1-9]\\d*)?-key-write$`);
    const files = resources.filter(({ urn }) => file.test(urn));
    const isSet = given?.has(name) ?? files.length > 0;
    if (!isSet && !enabled && files.length === 0) return [];
    const [since] = files.flatMap(({ changedAt }) => changedAt ?? []).sort();
    return [
      {
        ...key,
        kind: "key",
        source: isSet ? "set" : "none",
        ...(since === undefined ? {} : { since }),
        containers: files.flatMap((one) => usersOf(one, resources)),
        pending: (isSet && enabled) !== files.length > 0,
      },
    ];
  });
}
