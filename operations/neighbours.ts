import { readFileSync } from "node:fs";
import type { Cidr } from "../checks/cidr";
import { parseCidrLoosely } from "../checks/cidr";
import { parseStackFile } from "../checks/stackFile";
import { ConfigError } from "../config/errors";
import { parseMebibytes } from "../config/fields";
import { listStacks, type Project, stackFilePath } from "./project";

/** What another stack of the project claims on the host, as far as its file says. */
export interface NeighbourStack {
  readonly stack: string;
  readonly port: number | undefined;
  readonly address: string;
  readonly cidr: Cidr | undefined;
  /** `resources.storage` in MiB, of each editor. */
  readonly storageMebibytes: number | undefined;
}

/**
 * Reads the claims of every other stack file of the project.
 *
 * A file that cannot be used claims nothing: its own `up` says what is wrong with it.
 */
export function neighbourStacks(project: Project, stack: string): NeighbourStack[] {
  return listStacks(project)
    .filter((other) => other !== stack)
    .flatMap((other) => readClaims(project, other));
}

function readClaims(project: Project, stack: string): NeighbourStack[] {
  try {
    const path = stackFilePath(project, stack);
    const { environment } = parseStackFile(readFileSync(path), `Pulumi.${stack}.yaml`);
    return [toClaims(stack, environment)];
  } catch (error) {
    if (error instanceof ConfigError) return [];
    throw error;
  }
}

function toClaims(stack: string, environment: unknown): NeighbourStack {
  const { access, network } = (environment ?? {}) as {
    access?: { port?: unknown; bindAddress?: unknown } | null;
    network?: { cidr?: unknown } | null;
  };
  const { port, bindAddress } = access ?? {};
  const { cidr } = network ?? {};
  return {
    stack,
    port: typeof port === "number" ? port : undefined,
    address: typeof bindAddress === "string" ? bindAddress : "127.0.0.1",
    cidr: typeof cidr === "string" ? parseCidrLoosely(cidr) : undefined,
    storageMebibytes: declaredStorage(environment),
  };
}

/** `resources.storage` of an environment that nobody has checked, MiB; undefined when it says none. */
export function declaredStorage(environment: unknown): number | undefined {
  const { resources } = (environment ?? {}) as { resources?: { storage?: unknown } | null };
  const { storage } = resources ?? {};
  return typeof storage === "string" ? parseMebibytes(storage) : undefined;
}
