/** An environment as OpenTofu has it, in its JSON syntax: the same as its Compose file says. */

/** What compose.ts writes, as far as it is read here. */
export interface ComposeEnvironment {
  readonly services: Readonly<Record<string, ComposeService>>;
  readonly networks: Readonly<Record<string, ComposeNetwork>>;
  readonly volumes: Readonly<Record<string, { name: string; driver: string; labels: Labels }>>;
}

type Labels = Readonly<Record<string, string>>;

interface ComposeNetwork {
  readonly name: string;
  readonly driver: string;
  readonly internal: boolean;
  readonly labels: Labels;
  readonly ipam: { readonly config: readonly { subnet: string; gateway: string }[] };
}

interface ComposeService {
  readonly image: string;
  readonly container_name: string;
  readonly hostname: string;
  readonly environment: readonly string[];
  readonly labels: Labels;
  readonly cpus: number;
  readonly cpu_shares: number;
  /** Bytes. */
  readonly mem_limit: number;
  readonly memswap_limit: number;
  readonly cap_add: readonly string[] | null;
  readonly cap_drop: readonly string[] | null;
  readonly security_opt: readonly string[];
  readonly ipc: string;
  readonly logging: { readonly driver: string; readonly options: Labels };
  readonly restart: string;
  readonly init: boolean;
  readonly dns_opt: readonly string[];
  readonly tmpfs: readonly string[];
  readonly healthcheck: {
    readonly test: readonly string[];
    readonly interval: string;
    readonly timeout: string;
    readonly retries: number;
    readonly start_period: string;
  };
  readonly volumes: readonly {
    type: string;
    source: string;
    target: string;
    read_only?: boolean;
  }[];
  readonly networks: Readonly<Record<string, { readonly aliases: readonly string[] }>>;
  /** `127.0.0.1:8443:8443/tcp` */
  readonly ports: readonly string[];
}

/** Where `dev_overrides` says that it is. */
export const PROVIDER_SOURCE = "kreuzwerker/docker";
/** As in components/container.ts; seconds. */
const WAIT_SECONDS = 180;
const MEBIBYTE = 1024 ** 2;

/** Compose's way to say `$`, and then OpenTofu's way to say `${` and `%{`. */
const plain = (text: string) =>
  text.replaceAll("$$", "$").replaceAll("${", "$$${").replaceAll("%{", "%%{");
const labelsOf = (labels: Labels) =>
  Object.entries(labels).map(([label, value]) => ({ label, value: plain(value) }));
const reference = (kind: string, name: string) => `\${docker_${kind}.${name}.name}`;

/** All of it as one configuration: networks and volumes by their names, containers that use them. */
export function openTofuConfiguration(compose: ComposeEnvironment): object {
  const mapped = <T>(things: Readonly<Record<string, T>>, make: (thing: T) => object) =>
    Object.fromEntries(Object.entries(things).map(([name, thing]) => [name, make(thing)]));
  return {
    terraform: { required_providers: { docker: { source: PROVIDER_SOURCE } } },
    resource: {
      docker_network: mapped(compose.networks, networkOf),
      docker_volume: mapped(compose.volumes, ({ name, driver, labels }) => ({
        name,
        driver,
        labels: labelsOf(labels),
      })),
      docker_container: mapped(compose.services, containerOf),
    },
  };
}

function networkOf({ name, driver, internal, labels, ipam }: ComposeNetwork): object {
  return { name, driver, internal, labels: labelsOf(labels), ipam_config: ipam.config };
}

function containerOf(service: ComposeService): object {
  const { healthcheck, logging } = service;
  return {
    name: service.container_name,
    image: service.image,
    hostname: service.hostname,
    env: service.environment.map(plain),
    labels: labelsOf(service.labels),
    cpus: String(service.cpus),
    cpu_shares: service.cpu_shares,
    memory: service.mem_limit / MEBIBYTE,
    memory_swap: service.memswap_limit / MEBIBYTE,
    capabilities: [{ add: service.cap_add ?? [], drop: service.cap_drop ?? [] }],
    security_opts: service.security_opt,
    ipc_mode: service.ipc,
    cgroupns_mode: "private",
    log_driver: logging.driver,
    log_opts: logging.options,
    restart: service.restart,
    ...(service.init ? { init: true } : {}),
    ...(service.dns_opt.length > 0 ? { dns_opts: service.dns_opt } : {}),
    tmpfs: Object.fromEntries(service.tmpfs.map(splitOnce)),
    healthcheck: [
      {
        test: healthcheck.test.map(plain),
        retries: healthcheck.retries,
        interval: duration(healthcheck.interval),
        timeout: duration(healthcheck.timeout),
        start_period: duration(healthcheck.start_period),
      },
    ],
    mounts: service.volumes.map(mountOf),
    networks_advanced: Object.entries(service.networks).map(([name, { aliases }]) => ({
      name: reference("network", name),
      aliases,
    })),
    ports: service.ports.map(portOf),
    must_run: true,
    wait: true,
    wait_timeout: WAIT_SECONDS,
  };
}

/** Whole seconds as Go writes them, since the provider takes `60000ms`, read back as `1m0s`, for a change. */
function duration(milliseconds: string): string {
  const seconds = Number.parseInt(milliseconds, 10) / 1000;
  return seconds < 60 ? `${seconds}s` : `${Math.floor(seconds / 60)}m${seconds % 60}s`;
}

function splitOnce(text: string): [string, string] {
  const at = text.indexOf(":");
  return [text.slice(0, at), text.slice(at + 1)];
}

function mountOf({ type, source, target, read_only = false }: ComposeService["volumes"][number]) {
  return {
    type,
    target,
    read_only,
    source: type === "volume" ? reference("volume", source) : source,
  };
}

function portOf(text: string): object {
  const [ip, external, inside = ""] = text.split(":");
  const [internal, protocol] = inside.split("/");
  return { ip, external: Number(external), internal: Number(internal), protocol };
}
