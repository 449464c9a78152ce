import { execFileSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import { readFileSync } from "node:fs";
import path from "node:path";
import type Docker from "dockerode";
import { removeSecretFile, writeSecretFile } from "../../operations/secretFile";
import { secretFolder } from "../../operations/secretLocation";
import { ensureToolsImage } from "../../operations/toolsImage";
import { containersOf, engine } from "./dockerHost";
import { freePort } from "./projectCopy";

/** Ways to break the isolation of running environments, each undone again. */

/** Which container or bridges break what; the names are those that a proof has to name. */
export interface IsolationBreaks {
  readonly joined: string;
  readonly published: string;
  /** The port that it publishes on all addresses. */
  readonly port: number;
  readonly volume: string;
  readonly secret: string;
  readonly host: string;
  /** Whether this engine keeps bridges apart by rules that can be taken away one by one. */
  readonly areRulesFlushed: boolean;
  undo(): Promise<void>;
}

/** The stacks and what the breaks need of them. */
export interface BreakTargets {
  /** Its network `internal`, volume and secret are given to `guest`. */
  readonly victim: string;
  readonly guest: string;
  /** Networks that are no longer kept apart, by name. */
  readonly bridges: readonly string[];
}

/** Listens where a gateway would; with the host's network wherever a port is free. */
const server = (port = 8443) =>
  `require('net').createServer((s) => s.end()).listen(${port}, '0.0.0.0')`;

/** Since this version the engine drops what goes from bridge to bridge in another table as well. */
const RAW_RULES = 28;
const CHAIN = "DOCKER-ISOLATION-STAGE-2";

/** Breaks it in every way at once. When that fails, nothing is left of it. */
export async function breakIsolation(targets: BreakTargets): Promise<IsolationBreaks> {
  const { victim, guest } = targets;
  const undone: (() => unknown)[] = [];
  const undo = async () => {
    for (const step of undone.splice(0).reverse()) await step();
  };
  const start = async (role: string, host: Docker.HostConfig, program = server()) => {
    const name = `doom-${guest}-${role}`;
    const container = await engine.createContainer({
      name,
      Image: await ensureToolsImage(),
      Cmd: ["node", "-e", program],
      ExposedPorts: { "8443/tcp": {} },
      Labels: { "doom.stack": guest, "doom.role": role },
      HostConfig: { NetworkMode: "none", ...host },
    });
    undone.push(() => container.remove({ force: true }));
    await container.start();
    return name;
  };
  try {
    const joined = await start("joined", { NetworkMode: `doom-${guest}-internal` });
    await engine.getNetwork(`doom-${victim}-internal`).connect({ Container: joined });
    const port = await freePort();
    const published = await start("published", {
      NetworkMode: `doom-${guest}-edge`,
      PortBindings: { "8443/tcp": [{ HostIp: "0.0.0.0", HostPort: String(port) }] },
    });
    const { volume, secret } = await possessions(victim);
    const copy = path.join(secretFolder(guest), "reused");
    writeSecretFile(copy, readFileSync(secret, "utf8"));
    undone.push(() => removeSecretFile(copy));
    const mount = (Type: Docker.MountType, Source: string) => ({
      Mounts: [{ Type, Source, Target: "/mounted", ReadOnly: true }],
    });
    return {
      joined,
      published,
      port,
      volume: await start("volume", mount("volume", volume)),
      secret: await start("secret", mount("bind", copy)),
      host: await start("host", { NetworkMode: "host" }, server(0)),
      areRulesFlushed: await flushRules(targets.bridges, undone),
      undo,
    };
  } catch (error) {
    await undo();
    throw error;
  }
}

/** A container of nobody's on all of these networks, which keeps their environments from being apart. */
export async function joinNetworks(
  networks: readonly string[],
): Promise<{ readonly container: string; undo(): Promise<void> }> {
  const [first = "none", ...others] = networks;
  const name = `joined-${randomBytes(4).toString("hex")}`;
  const container = await engine.createContainer({
    name,
    Image: await ensureToolsImage(),
    Cmd: ["node", "-e", server()],
    HostConfig: { NetworkMode: first },
  });
  const undo = () => container.remove({ force: true });
  try {
    for (const other of others) await engine.getNetwork(other).connect({ Container: container.id });
    await container.start();
    return { container: name, undo };
  } catch (error) {
    await undo();
    throw error;
  }
}

/** The volume and the secret file of the environment's first editor. */
async function possessions(stack: string) {
  const [editor] = await containersOf(stack, "code-server");
  const mounts = editor?.Mounts ?? [];
  const volume = mounts.find(({ Type }) => Type === "volume")?.Name;
  const secret = mounts.find(({ Destination }) => Destination.startsWith("/run/secrets/"))?.Source;
  if (!volume || !secret) throw new Error(`the editor of ${stack} has no volume or no secret`);
  return { volume, secret };
}

/** Takes away what keeps others out of these bridges, and nothing of other bridges: the engine is shared. */
async function flushRules(networks: readonly string[], undone: (() => unknown)[]) {
  const { Version } = await engine.version();
  if (Number.parseInt(Version, 10) >= RAW_RULES) return false;
  for (const network of networks) {
    const { Id } = await engine.getNetwork(network).inspect();
    const rule = ["-o", `br-${Id.slice(0, 12)}`, "-j", "DROP"];
    execFileSync("iptables", ["-w", "-D", CHAIN, ...rule]);
    undone.push(() => execFileSync("iptables", ["-w", "-I", CHAIN, ...rule]));
  }
  return true;
}
