import { type CapacityFigure, memoryInUseProblems } from "../checks/capacity";
import { diskProblem } from "../checks/disk";
import { addressesCollide, foreignPublisher, heldByOwnGateway } from "../checks/ports";
import { seedProblems } from "../checks/seedProblems";
import { storageLevel, storageWarning } from "../checks/storage";
import { supportProblems } from "../checks/support";
import { declaredContainers } from "../config/containers";
import { dockerName, type Role } from "../config/names";
import type { EnvironmentConfig } from "../config/schema";
import { interfaceAddresses, rangeProblems } from "./addressRange";
import { diskOf, findCapacity } from "./capacity";
import { connectDocker, type DockerFacts, dockerFacts, isDockerLocal } from "./dockerHost";
import { Failure } from "./failure";
import { type BaseImage, findBaseImage } from "./imageSources";
import { loweredMemory } from "./memoryInUse";
import { type NeighbourStack, neighbourStacks } from "./neighbours";
import { portState } from "./portOwner";
import { findProject } from "./project";
import { stateFolderProblem } from "./stateFiles";
import { isOpen, readJournal } from "./upgradeJournal";
import { planUpgrades, type UpgradePlan } from "./upgradePlan";
import { unitName, unitsOf, unitVolume } from "./upgradeServices";

/** What the host must offer before anything is created. */

export interface PreflightArgs {
  readonly stack: string;
  readonly environment: EnvironmentConfig;
}

/** What was found of a host that can take the environment. */
export interface PreflightReport {
  /** What its images are built on. */
  readonly base: BaseImage;
  /** How much of the host all environments on it may take together. */
  readonly capacity: readonly CapacityFigure[];
  /** Editors that the update would upgrade. */
  readonly upgrades: readonly UpgradePlan[];
}

/** The host cannot take the environment; `problems` has one line each with its fix. */
export class PreflightError extends Failure {
  constructor(stack: string, problems: readonly string[]) {
    super("preflight", `${stack} cannot be brought up on this host:`, { problems });
    this.name = "PreflightError";
  }
}

const LOOPBACK = "127.0.0.1";

/** The address that the gateway of an environment publishes its port on. */
export function gatewayAddress({ access }: EnvironmentConfig): string {
  return access.tier === "full" ? access.bindAddress : LOOPBACK;
}

/**
 * Checks everything about the host that could stop an `up` halfway: Docker, the gateway's port,
 * the address range, names and volumes of others, memory, CPUs, disk, the base image and the state folder.
 *
 * The program calls it too, so that `pulumi up` by hand is guarded like `doom up`. It costs about
 * a tenth of a second. Throws one {@link PreflightError} with every problem.
 */
export async function preflight({ stack, environment }: PreflightArgs): Promise<PreflightReport> {
  const project = findProject();
  const stateProblem = stateFolderProblem(project);
  const [docker, neighbours] = await Promise.all([
    dockerOrFailure(),
    neighbourStacks(project, stack),
  ]);
  const problems = [
    ...(stateProblem ? [stateProblem] : []),
    ...neighbourPortProblems(environment, neighbours),
  ];
  if (docker instanceof Failure) {
    throw new PreflightError(stack, [...problems, `${docker.summary} ${docker.fix}`]);
  }
  const base = await baseOrFailure(project.root);
  const upgrades = base instanceof Failure ? [] : await planUpgrades(stack, environment);
  const begun = upgrades.filter((plan) => !isOpen(readJournal(project, stack, unitName(plan))));
  const capacity = await findCapacity({
    stack,
    environment,
    docker,
    neighbours,
    // One that is under way has its copies, and a way back must not be barred.
    upgrades: begun.map(({ bytes }) => bytes),
  });
  problems.push(
    ...versionProblems(environment, docker),
    ...(await portProblems(stack, environment, docker)),
    ...rangeProblems({ stack, environment, networks: docker.networks, neighbours }),
    ...nameProblems(stack, environment, docker),
    ...seedProblems(stack, environment.seed ?? {}, docker.volumes),
    ...diskProblems(stack, environment, docker),
    ...(base instanceof Failure ? [`${base.summary} ${base.fix}`] : []),
    ...capacity.problems,
    ...memoryInUseProblems(stack, await loweredMemory(stack, environment, docker)),
    ...begun.flatMap(({ volume, bytes }) => {
      const use = { volume, bytes, declaredMebibytes: environment.resources.storage };
      return storageLevel(use) === "full" ? [storageWarning(stack, use) as string] : [];
    }),
  );
  if (problems.length > 0 || base instanceof Failure) throw new PreflightError(stack, problems);
  return { base, capacity: capacity.figures, upgrades };
}

async function dockerOrFailure(): Promise<DockerFacts | Failure> {
  try {
    return await dockerFacts();
  } catch (error) {
    if (error instanceof Failure) return error;
    throw error;
  }
}

function versionProblems({ image }: EnvironmentConfig, docker: DockerFacts): string[] {
  const editor = "version" in image ? { "code-server": image.version } : {};
  return supportProblems({ ...editor, "docker-api": docker.apiVersion }).map(
    (problem) => `Docker ${docker.engineVersion}: ${problem}`,
  );
}

function neighbourPortProblems(
  environment: EnvironmentConfig,
  neighbours: readonly NeighbourStack[],
): string[] {
  const { port } = environment.access;
  const address = gatewayAddress(environment);
  return neighbours
    .filter((other) => other.port === port && addressesCollide(other.address, address))
    .map(
      (other) =>
        `port ${port} is also that of the stack ${other.stack}; set another access.port in one of the two stack files`,
    );
}

async function portProblems(
  stack: string,
  environment: EnvironmentConfig,
  docker: DockerFacts,
): Promise<string[]> {
  const wanted = { stack, address: gatewayAddress(environment), port: environment.access.port };
  const place = `port ${wanted.port} of ${wanted.address}`;
  const other = `set access.port in Pulumi.${stack}.yaml to a free one`;
  const publisher = foreignPublisher(docker.published, wanted);
  if (publisher) {
    return [
      `${place} is taken by the container ${publisher.container}; stop it (docker stop ${publisher.container}) or ${other}`,
    ];
  }
  if (heldByOwnGateway(docker.published, wanted) || !isDockerLocal()) return [];
  const state = await portState(wanted.address, wanted.port);
  switch (state.kind) {
    case "free":
      return [];
    case "taken":
      return [
        state.owner
          ? `${place} is taken by ${state.owner}; stop it or ${other}`
          : `${place} is taken by a process of another user, which only root can see (sudo ss -ltnp 'sport = :${wanted.port}'); stop it or ${other}`,
      ];
    case "noSuchAddress":
      return [
        `${wanted.address} is not an address of this host, which has ${ownAddresses().join(", ")}; set access.bindAddress in Pulumi.${stack}.yaml to one of them`,
      ];
    case "forbidden":
      return [`${place} may not be listened on; ${other}`];
  }
}

function ownAddresses(): string[] {
  return interfaceAddresses().flatMap(({ cidr }) =>
    cidr.includes(":") ? [] : [cidr.split("/")[0] as string],
  );
}

function dataVolumes(stack: string, instances: number): string[] {
  return Array.from({ length: instances }, (_, position) =>
    dockerName(stack, "data", position + 1),
  );
}

/** Docker gives a new volume of an existing name the old one's content, whoever made it. */
function nameProblems(
  stack: string,
  environment: EnvironmentConfig,
  docker: DockerFacts,
): string[] {
  const isOwn = (labels: Readonly<Record<string, string>>) => labels["doom.stack"] === stack;
  const volumeNames = new Set(unitsOf(environment).map((unit) => unitVolume(stack, unit)));
  const networkNames = new Set(
    (["internal", "edge", "egress"] satisfies Role[]).map((role) => dockerName(stack, role)),
  );
  const containerNames = new Set(
    declaredContainers(environment).map(({ role, index }) => dockerName(stack, role, index)),
  );
  return [
    ...docker.volumes
      .filter(({ name, labels }) => volumeNames.has(name) && !isOwn(labels))
      .map(
        ({ name }) =>
          `the volume ${name} exists, but does not carry this environment's label, so its data is somebody else's; copy what you need from it and remove it: docker volume rm ${name}`,
      ),
    ...docker.networks
      .filter(({ name, labels }) => networkNames.has(name) && !isOwn(labels))
      .map(
        ({ name }) =>
          `a foreign network has the name ${name}; remove it: docker network rm ${name}`,
      ),
    ...docker.containers
      .filter(({ name, labels }) => containerNames.has(name) && !isOwn(labels))
      .map(
        ({ name }) => `a foreign container has the name ${name}; remove it: docker rm -f ${name}`,
      ),
  ];
}

function diskProblems(
  stack: string,
  environment: EnvironmentConfig,
  docker: DockerFacts,
): string[] {
  if (!isDockerLocal()) return [];
  const existing = new Set(docker.volumes.map(({ name }) => name));
  const images = [
    ...("version" in environment.image ? ["doom-coding/code-server:"] : []),
    "doom-coding/gateway:",
    ...(environment.tailscale.enabled && environment.tailscale.reference === undefined
      ? ["doom-coding/tailscale:"]
      : []),
  ];
  const problem = diskProblem(docker.rootFolder, diskOf(docker.rootFolder).free, {
    builds: !images.every((prefix) => docker.images.some((name) => name.startsWith(prefix))),
    newVolumes: dataVolumes(stack, environment.instances).filter((name) => !existing.has(name))
      .length,
    storageMebibytes: environment.resources.storage / environment.capacity.overcommit.storage,
  });
  return problem ? [problem] : [];
}

/** Which images are meant depends on what they are built on. */
async function baseOrFailure(root: string): Promise<BaseImage | Failure> {
  try {
    return await findBaseImage(await connectDocker(), root);
  } catch (error) {
    if (error instanceof Failure) return error;
    throw error;
  }
}
