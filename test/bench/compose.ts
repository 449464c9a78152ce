import { mkdirSync, writeFileSync } from "node:fs";
import path from "node:path";
import type Docker from "dockerode";
import { containersOf, engine, networksOf, volumesOf } from "../support/dockerHost";

/**
 * A running environment as a Compose file, read from the Docker engine and not from our program: so it
 * stays the same environment when the program changes, and describes what runs, not what was asked for.
 */

/** The format that `docker-compose` 1.29 knows limits, health checks and start periods in. */
const FORMAT = "2.4";
/** Only a ceiling, as `destroyGraceSeconds` is: an editor ends when it has written its state. */
const STOP_GRACE = "20s";
const NANOSECONDS_PER_MILLISECOND = 1e6;
const NANO_CPUS = 1e9;

type Mount = Docker.ContainerInspectInfo["Mounts"][number];

/** Compose reads `$` as the start of a variable. */
const escapeDollars = (text: string) => text.replaceAll("$", "$$$$");
const escapeAll = (record: Record<string, string>) =>
  Object.fromEntries(Object.entries(record).map(([key, value]) => [key, escapeDollars(value)]));
const milliseconds = (nanoseconds = 0) => `${nanoseconds / NANOSECONDS_PER_MILLISECOND}ms`;

/**
 * Writes `docker-compose.json` for what runs of `stack` into `folder` and gives its path.
 *
 * Beside it go the secret files and what the program puts into containers (`uploaded`, by container
 * name and path inside), which Compose can only mount.
 */
export async function writeComposeFile(
  stack: string,
  folder: string,
  uploaded: Readonly<Record<string, readonly string[]>>,
): Promise<string> {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const services: Record<string, object> = {};
  for (const container of await containersOf(stack)) {
    const name = container.Name.slice(1);
    const files = await copyFiles(container, uploaded[name] ?? [], folder);
    services[name] = service(container, files);
  }
  const networks = (await networksOf(stack)).map((network) => [network.Name, networkOf(network)]);
  const volumes = (await volumesOf(stack)).map(({ Name, Driver, Labels }) => [
    Name,
    { name: Name, driver: Driver, labels: escapeAll(Labels) },
  ]);
  const file = path.join(folder, "docker-compose.json");
  const content = {
    version: FORMAT,
    services,
    networks: Object.fromEntries(networks),
    volumes: Object.fromEntries(volumes),
  };
  writeFileSync(file, `${JSON.stringify(content, null, 2)}\n`);
  return file;
}

/** Copies of a container's files, because the environment takes its own away with it. */
async function copyFiles(
  container: Docker.ContainerInspectInfo,
  uploaded: readonly string[],
  folder: string,
): Promise<object[]> {
  const name = container.Name.slice(1);
  const mounted = container.Mounts.filter(({ Type }) => Type === "bind").map(
    ({ Destination }) => Destination,
  );
  const files: object[] = [];
  for (const target of [...mounted, ...uploaded]) {
    const source = path.join(folder, `${name}-${path.basename(target)}`);
    const inside = await readFileIn(container.Id, target);
    writeFileSync(source, inside.content, { mode: inside.mode });
    files.push({ type: "bind", source, target, read_only: true });
  }
  return files;
}

const TAR_BLOCK = 512;

/** A regular file of a running container, from the engine's archive: a tar header and the content. */
async function readFileIn(id: string, file: string): Promise<{ content: Buffer; mode: number }> {
  const stream = await engine.getContainer(id).getArchive({ path: file });
  const chunks: Buffer[] = [];
  for await (const chunk of stream) chunks.push(chunk as Buffer);
  const archive = Buffer.concat(chunks);
  const octal = (start: number, end: number) =>
    Number.parseInt(archive.subarray(start, end).toString("latin1"), 8);
  // POSIX ustar: mode at 100, size at 124, type at 156 (`0` for a file).
  if (archive[156] !== "0".charCodeAt(0)) throw new Error(`${file} in ${id} is not a regular file`);
  const size = octal(124, 136);
  return { content: archive.subarray(TAR_BLOCK, TAR_BLOCK + size), mode: octal(100, 108) & 0o777 };
}

function service(container: Docker.ContainerInspectInfo, files: readonly object[]): object {
  const { Config, HostConfig, NetworkSettings } = container;
  const check = Config.Healthcheck;
  return {
    image: container.Image,
    container_name: container.Name.slice(1),
    hostname: Config.Hostname,
    environment: Config.Env.map(escapeDollars),
    labels: escapeAll(Config.Labels),
    cpus: (HostConfig.NanoCpus ?? 0) / NANO_CPUS,
    cpu_shares: HostConfig.CpuShares,
    mem_limit: HostConfig.Memory,
    memswap_limit: HostConfig.MemorySwap,
    pids_limit: HostConfig.PidsLimit,
    cap_add: HostConfig.CapAdd,
    cap_drop: HostConfig.CapDrop,
    security_opt: HostConfig.SecurityOpt,
    ipc: HostConfig.IpcMode,
    logging: { driver: HostConfig.LogConfig?.Type, options: HostConfig.LogConfig?.Config },
    restart: HostConfig.RestartPolicy?.Name,
    init: HostConfig.Init ?? false,
    dns_opt: HostConfig.DnsOptions ?? [],
    tmpfs: Object.entries(HostConfig.Tmpfs ?? {}).map(
      ([target, options]) => `${target}:${options}`,
    ),
    healthcheck: {
      test: check?.Test?.map(escapeDollars),
      interval: milliseconds(check?.Interval),
      timeout: milliseconds(check?.Timeout),
      retries: check?.Retries,
      start_period: milliseconds(check?.StartPeriod),
    },
    stop_grace_period: STOP_GRACE,
    volumes: [
      ...container.Mounts.filter(({ Type }) => Type === "volume").map(volumeMount),
      ...files,
    ],
    networks: Object.fromEntries(
      Object.entries(NetworkSettings.Networks).map(([name, endpoint]) => [
        name,
        {
          aliases: (endpoint.Aliases ?? []).filter(
            (alias: string) => !container.Id.startsWith(alias),
          ),
        },
      ]),
    ),
    ports: publishedPorts(container),
  };
}

function volumeMount({ Name, Destination }: Mount): object {
  return { type: "volume", source: Name, target: Destination };
}

function publishedPorts({ HostConfig }: Docker.ContainerInspectInfo): string[] {
  const bindings = HostConfig.PortBindings as Record<
    string,
    { HostIp: string; HostPort: string }[]
  >;
  return Object.entries(bindings ?? {}).flatMap(([inside, outside]) =>
    outside.map(({ HostIp, HostPort }) => `${HostIp}:${HostPort}:${inside}`),
  );
}

function networkOf({ Name, Driver, Internal, IPAM, Labels }: Docker.NetworkInspectInfo): object {
  return {
    name: Name,
    driver: Driver,
    internal: Internal,
    labels: escapeAll(Labels ?? {}),
    ipam: {
      config: IPAM?.Config?.map(({ Subnet, Gateway }) => ({ subnet: Subnet, gateway: Gateway })),
    },
  };
}
