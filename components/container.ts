import type * as docker from "@pulumi/docker";
import type * as pulumi from "@pulumi/pulumi";
import type { Limits } from "../config/containers";
import { HEALTH_TIMES } from "../config/health";
import { dockerLabels, dockerName, type Role } from "../config/names";
import { labelList } from "./labels";

/** Root's powers that a container's start needs before it gives up root for good. */
export type Capability = "CHOWN" | "DAC_OVERRIDE" | "FOWNER" | "KILL" | "SETGID" | "SETUID";

export interface HardenedArgs {
  readonly stack: string;
  readonly role: Role;
  readonly index?: number;
  readonly limits: Limits;
  readonly capabilities: readonly Capability[];
  /** Further labels, beside those by which it is found. */
  readonly labels?: Readonly<Record<string, string>>;
}

/** Docker keeps all output for ever by default: one chatty extension fills the disk. */
const LOG_BOUNDS = { "max-size": "10m", "max-file": "3" };

/**
 * What every container of this project has in common: name, labels, limits and no more rights than it
 * needs. Sources: CIS Docker Benchmark 1.6 §5.3, 5.4, 5.11, 5.12, 5.26; OWASP Docker rules 3 and 7.
 */
export function hardenedContainer(args: HardenedArgs): Omit<docker.ContainerArgs, "image"> {
  return {
    name: dockerName(args.stack, args.role, args.index),
    hostname: args.index === undefined ? args.role : `${args.role}-${args.index}`,
    labels: labelList({ ...dockerLabels(args.stack, args.role, args.index), ...args.labels }),
    cpus: String(args.limits.cpus),
    // Docker's 1024 for each CPU: when CPU time is short, it is divided in the proportion of the limits.
    cpuShares: Math.round(1024 * args.limits.cpus),
    memory: args.limits.memoryMebibytes,
    // Equal to memory: none of it is swap, so a limit of 512 MiB means 512 MiB.
    memorySwap: args.limits.memoryMebibytes,
    capabilities: { drops: ["ALL"], adds: args.capabilities.map((name) => `CAP_${name}`) },
    securityOpts: ["no-new-privileges:true"],
    privileged: false,
    publishAllPorts: false,
    ipcMode: "private",
    // Left out, an engine on cgroup v1 shows the container the host's control groups.
    cgroupnsMode: "private",
    logDriver: "json-file",
    logOpts: LOG_BOUNDS,
    restart: "unless-stopped",
    mustRun: true,
    // The run succeeds only when the container's own check says healthy.
    wait: true,
    waitTimeout: 180,
  };
}

/**
 * How a container gives way to its successor: it goes first, because both want the same name, port and volume.
 *
 * With other mounts it has to be another one. The provider would replace it for one mount more, but calls another
 * source of the same mount an update, and then does nothing: an editor would go on with its old secret.
 *
 * For other CPUs it would be replaced, too: those are set while it runs (see ContainerLimits), and the provider's
 * value stays as it was created.
 */
export const SUCCESSION = {
  deleteBeforeReplace: true,
  replaceOnChanges: ["mounts"],
  ignoreChanges: ["cpus"],
};

/**
 * The health check of our images. The first probe waits until the service answers and the later ones
 * pause for nine of their ten seconds, so that one second after the start is soon enough to begin (the
 * engine probes for the first time after one interval). Other images with the linuxserver.io contract
 * have no such script; they are asked whether they send a stranger to the login page (`/healthz` answers 200
 * also with the login off).
 */
export const HEALTHCHECK = {
  tests: [
    "CMD-SHELL",
    "if [ -x /usr/local/bin/healthcheck ]; then exec /usr/local/bin/healthcheck 9; fi; sleep 2; curl -s -o /dev/null -w '%{http_code}' http://127.0.0.1:8443/ | grep -qx 302",
  ],
  interval: `${HEALTH_TIMES.interval}s`,
  timeout: `${HEALTH_TIMES.timeout}s`,
  retries: HEALTH_TIMES.retries,
  // In Go's own notation: read back from the engine, "60s" would look like a change.
  startPeriod: `${HEALTH_TIMES.startPeriod / 60}m0s`,
};

/** A secret file as a read-only mount. A missing source is an error (with `volumes` Docker would make a folder). */
export function secretMount(
  source: pulumi.Input<string>,
  target: string,
): docker.types.input.ContainerMount {
  return { type: "bind", source, target, readOnly: true, bindOptions: { propagation: "rprivate" } };
}
