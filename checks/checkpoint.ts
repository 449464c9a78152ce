/** What a state file of Pulumi's file backend holds (sdk/go/common/apitype, version 3). */

/** A resource of a stack, as far as this project reads it. Secret values stay encrypted. */
export interface StateResource {
  readonly urn: string;
  readonly type: string;
  /** The provider's id (Docker's id of a container or network); undefined for components. */
  readonly id?: string;
  readonly inputs: Readonly<Record<string, unknown>>;
  readonly outputs: Readonly<Record<string, unknown>>;
  readonly protect: boolean;
  /** When it was last created or updated, as an ISO 8601 time. */
  readonly changedAt?: string;
  /** URNs of what must exist as long as this does: its parent, its provider and what it uses. */
  readonly needs: readonly string[];
}

/** An operation that had begun when the run was cut off. */
export interface PendingOperation {
  readonly type: "creating" | "updating" | "deleting" | "reading" | "importing";
  readonly resource: StateResource;
}

export interface Checkpoint {
  readonly resources: readonly StateResource[];
  readonly pending: readonly PendingOperation[];
  /** The salt that the stack's secrets are encrypted with; undefined for other providers. */
  readonly salt?: string;
}

/** A state file that cannot be used; the message says what is wrong with it. */
export class DamagedCheckpoint extends Error {
  constructor(message: string) {
    super(message);
    this.name = "DamagedCheckpoint";
  }
}

const FORMAT_VERSION = 3;

/**
 * Parses the state of `stack` (`organization/<project>/<stack>`).
 *
 * Throws {@link DamagedCheckpoint} for anything that is not one: a damaged state must never pass
 * for an empty one, or the next `up` would create a second environment beside the first.
 */
export function parseCheckpoint(text: string, stack: string): Checkpoint {
  if (text.trim() === "") throw new DamagedCheckpoint("it is empty");
  let file: unknown;
  try {
    file = JSON.parse(text);
  } catch {
    // The parser's own message quotes the content, which may be a secret's ciphertext.
    throw new DamagedCheckpoint("it is cut off or altered: not JSON");
  }
  const { version, checkpoint } = record(file, "the file");
  if (version !== FORMAT_VERSION) {
    throw new DamagedCheckpoint(`its format is ${String(version)}, not ${FORMAT_VERSION}`);
  }
  const { stack: owner, latest } = record(checkpoint, "checkpoint");
  if (owner !== stack) throw new DamagedCheckpoint(`it belongs to the stack ${String(owner)}`);
  if (latest === undefined || latest === null) return { resources: [], pending: [] };
  const deployment = record(latest, "latest");
  const salt = saltOf(deployment.secrets_providers);
  return {
    resources: list(deployment.resources, "resources").map(toResource),
    pending: list(deployment.pending_operations, "pending_operations").map(toPending),
    ...(salt === undefined ? {} : { salt }),
  };
}

function record(value: unknown, what: string): Record<string, unknown> {
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw new DamagedCheckpoint(`${what} is not a map`);
  }
  return value as Record<string, unknown>;
}

function list(value: unknown, what: string): unknown[] {
  if (value === undefined || value === null) return [];
  if (!Array.isArray(value)) throw new DamagedCheckpoint(`${what} is not a list`);
  return value;
}

function toResource(value: unknown): StateResource {
  const resource = record(value, "a resource");
  const { urn, type, id, inputs, outputs, protect } = resource;
  if (typeof urn !== "string" || typeof type !== "string") {
    throw new DamagedCheckpoint("a resource has no URN or no type");
  }
  return {
    urn,
    type,
    ...(typeof id === "string" && id !== "" ? { id } : {}),
    inputs: inputs === undefined ? {} : record(inputs, "a resource's inputs"),
    outputs: outputs === undefined ? {} : record(outputs, "a resource's outputs"),
    protect: protect === true,
    ...changedAt(resource),
    needs: neededBy(resource),
  };
}

function changedAt({ created, modified }: Record<string, unknown>): { changedAt?: string } {
  const time = modified ?? created;
  return typeof time === "string" ? { changedAt: time } : {};
}

function neededBy({ parent, provider, dependencies }: Record<string, unknown>): string[] {
  // A provider is named by its URN and its id.
  const providerUrn =
    typeof provider === "string" ? [provider.slice(0, provider.lastIndexOf("::"))] : [];
  const parentUrn = typeof parent === "string" ? [parent] : [];
  return [...parentUrn, ...providerUrn, ...(list(dependencies, "dependencies") as string[])].filter(
    (urn) => urn !== "",
  );
}

function toPending(value: unknown): PendingOperation {
  const { type, resource } = record(value, "a pending operation");
  return { type: type as PendingOperation["type"], resource: toResource(resource) };
}

function saltOf(providers: unknown): string | undefined {
  if (typeof providers !== "object" || providers === null) return undefined;
  const { type, state } = providers as { type?: unknown; state?: { salt?: unknown } };
  return type === "passphrase" && typeof state?.salt === "string" ? state.salt : undefined;
}

const STACK_TYPE = "pulumi:pulumi:Stack";

/** The stack's outputs as they stand in the state; secret ones are still encrypted. */
export function stackOutputs(checkpoint: Checkpoint): Readonly<Record<string, unknown>> {
  return checkpoint.resources.find((resource) => resource.type === STACK_TYPE)?.outputs ?? {};
}

/**
 * The URNs of every resource of `type` and of all that they need, directly or not.
 *
 * Leaving out a resource from a removal is of no use unless these are left out, too.
 */
export function withNeeds({ resources }: Checkpoint, type: string): string[] {
  const byUrn = new Map(resources.map((resource) => [resource.urn, resource]));
  const found = new Set<string>();
  const open = resources.filter((resource) => resource.type === type).map(({ urn }) => urn);
  for (let urn = open.pop(); urn !== undefined; urn = open.pop()) {
    if (found.has(urn)) continue;
    found.add(urn);
    open.push(...(byUrn.get(urn)?.needs ?? []));
  }
  return [...found].sort();
}
