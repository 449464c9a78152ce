import { createHash } from "node:crypto";
import * as pulumi from "@pulumi/pulumi";

/**
 * Pulumi's mocks with a recorder at the place where they stand in for the engine: it sees every request
 * that the SDK would have sent, options included, which the hooks of the mocks alone do not show.
 *
 * What tests with it do not prove: that engine and providers do what a request asks for.
 */

/** One resource as the engine would have been asked for it. */
export interface Registration {
  readonly type: string;
  readonly name: string;
  /** `type::name` of the parent; absent at the top. */
  readonly parent?: string;
  /** Inputs as they go over the wire: what is secret is wrapped, see {@link isSecretValue}. */
  readonly inputs: Record<string, unknown>;
  /** By input: `type::name` of the resources whose outputs went into it, sorted. */
  readonly propertyDependencies: Readonly<Record<string, readonly string[]>>;
  readonly options: {
    readonly protect: boolean;
    readonly retainOnDelete: boolean;
    readonly deleteBeforeReplace: boolean;
    readonly additionalSecretOutputs: readonly string[];
    readonly ignoreChanges: readonly string[];
    readonly replaceOnChanges: readonly string[];
    /** `type::name` of what has to be there first, sorted. */
    readonly dependencies: readonly string[];
    /** Go duration, such as `30m`; empty for the default. */
    readonly createTimeout: string;
  };
}

/** The answers of the mocked providers that a test can choose. */
export interface Answers {
  /** Standard output of a `command:local:Command`; plain, as a provider gives it. */
  stdout?(name: string): string;
  /** Whether the run is a preview of a stack that does not exist yet: what providers compute is unknown. */
  preview?: boolean;
}

export interface Recorder {
  /** In the order of the requests. */
  readonly registrations: Registration[];
  /** What components registered as their outputs, by `type::name`. */
  readonly outputs: Map<string, Record<string, unknown>>;
}

/** The one resource called `name`; throws when there is none, or more than one. */
export function registered({ registrations }: Recorder, name: string): Registration {
  const found = registrations.filter((entry) => entry.name === name);
  if (found[0] === undefined || found.length > 1)
    throw new Error(`${name} was registered ${found.length} times`);
  return found[0];
}

/** How the SDK marks a secret on the wire (sdk/nodejs/runtime/rpc.ts). */
const SIGNATURE = "4dabf18193072939515e22adb298388d";
const SECRET = "1b47061264138c4ac30d75fd1eb44270";

/** Whether a recorded value is marked secret. */
export function isSecretValue(value: unknown): value is { value: unknown } {
  return (
    typeof value === "object" &&
    value !== null &&
    (value as Record<string, unknown>)[SIGNATURE] === SECRET
  );
}

/** A recorded value without its secret mark; throws when it has none. */
export function secretContent(value: unknown): unknown {
  if (!isSecretValue(value)) throw new Error(`not marked secret: ${JSON.stringify(value)}`);
  return value.value;
}

/** Every text in `value` that is not marked secret, names of keys included. */
export function plainTexts(value: unknown): string[] {
  if (typeof value === "string") return [value];
  if (typeof value !== "object" || value === null || isSecretValue(value)) return [];
  return Object.entries(value).flatMap(([key, inner]) => [key, ...plainTexts(inner)]);
}

/** The content address that the mocked provider gives to the image called `name`. */
export function mockImageId(name: string): string {
  return `sha256:${createHash("sha256").update(name).digest("hex")}`;
}

type Monitor = NonNullable<ReturnType<typeof pulumi.runtime.getMonitor>>;
type RegisterRequest = Parameters<Monitor["registerResource"]>[0];
type OutputsRequest = Parameters<Monitor["registerResourceOutputs"]>[0];

/** `type::name` of a mocked URN. */
function shortUrn(urn: string): string {
  const [qualifiedType = "", name = ""] = urn.split("::").slice(2);
  return `${qualifiedType.split("$").pop()}::${name}`;
}

function wireValues(request: RegisterRequest | OutputsRequest): Record<string, unknown> {
  const values =
    "getObject" in request ? request.getObject() : (request as OutputsRequest).getOutputs();
  return (values?.toJavaScript() ?? {}) as Record<string, unknown>;
}

function producersByInput(request: RegisterRequest): Record<string, string[]> {
  const producers: Record<string, string[]> = {};
  request.getPropertydependenciesMap().forEach((dependencies, property) => {
    producers[property] = dependencies.getUrnsList().map(shortUrn).sort();
  });
  return producers;
}

function describeRequest(request: RegisterRequest): Registration {
  const parent = request.getParent();
  return {
    type: request.getType(),
    name: request.getName(),
    ...(parent === "" ? {} : { parent: shortUrn(parent) }),
    inputs: wireValues(request),
    propertyDependencies: producersByInput(request),
    options: {
      protect: request.getProtect() ?? false,
      retainOnDelete: request.getRetainondelete() ?? false,
      deleteBeforeReplace: request.getDeletebeforereplace(),
      additionalSecretOutputs: request.getAdditionalsecretoutputsList(),
      ignoreChanges: request.getIgnorechangesList(),
      replaceOnChanges: request.getReplaceonchangesList(),
      dependencies: request.getDependenciesList().map(shortUrn).sort(),
      createTimeout: request.getCustomtimeouts()?.getCreate() ?? "",
    },
  };
}

/** How the SDK writes a value that only an update will know (sdk/nodejs/runtime/rpc.ts). */
const UNKNOWN = "04da6b54-80e4-46f7-96ec-b56ff0331ba9";

/** Paths in a recorded value that a preview does not know, such as `mounts[0].source`. */
export function unknownPaths(value: unknown, path = ""): string[] {
  if (value === UNKNOWN) return [path];
  if (typeof value !== "object" || value === null) return [];
  return Object.entries(value).flatMap(([key, inner]) =>
    unknownPaths(inner, Array.isArray(value) ? `${path}[${key}]` : `${path}${path && "."}${key}`),
  );
}

/** The state that a provider would answer with: the inputs and what it computes itself. */
function mockState(args: pulumi.runtime.MockResourceArgs, answers: Answers) {
  if (answers.preview) return args.inputs;
  if (args.type === "docker:index/remoteImage:RemoteImage")
    return { ...args.inputs, imageId: mockImageId(args.inputs.name) };
  if (args.type === "command:local:Command")
    return { ...args.inputs, stdout: answers.stdout?.(args.name) ?? "", stderr: "" };
  return args.inputs;
}

/** Puts the mocks in place for one program run of `stack`; an earlier recorder gets nothing any more. */
export async function startMocks(stack: string, answers: Answers = {}): Promise<Recorder> {
  const recorder: Recorder = { registrations: [], outputs: new Map() };
  await pulumi.runtime.setMocks(
    {
      newResource: (args) => ({
        id: answers.preview ? "" : `${args.name}-id`,
        state: mockState(args, answers),
      }),
      call: (args) => {
        throw new Error(`the program called ${args.token}, for which there is no answer`);
      },
    },
    "doom-coding",
    stack,
    answers.preview ?? false,
  );
  record(recorder);
  return recorder;
}

function record(recorder: Recorder): void {
  const monitor = pulumi.runtime.getMonitor();
  if (monitor === undefined) throw new Error("Pulumi's mocks have no monitor any more");
  const register = monitor.registerResource.bind(monitor) as (...args: unknown[]) => never;
  const registerOutputs = monitor.registerResourceOutputs.bind(monitor) as (
    ...args: unknown[]
  ) => never;
  Object.assign(monitor, {
    registerResource(request: RegisterRequest, ...rest: unknown[]) {
      recorder.registrations.push(describeRequest(request));
      return register(request, ...rest);
    },
    registerResourceOutputs(request: OutputsRequest, ...rest: unknown[]) {
      recorder.outputs.set(shortUrn(request.getUrn()), wireValues(request));
      return registerOutputs(request, ...rest);
    },
  });
}

/** The value of an output, with whether it is secret. */
export async function settled<T>(output: pulumi.Output<T>): Promise<{ value: T; secret: boolean }> {
  const value = await new Promise<T>((resolve) => {
    output.apply((inner) => resolve(inner as T));
  });
  return { value, secret: await pulumi.isSecret(output) };
}

/** Waits until the SDK has sent every request that is under way. */
export async function allRequestsSent(): Promise<void> {
  await pulumi.runtime.disconnect();
}
