import { execFile } from "node:child_process";
import { existsSync, readdirSync, readFileSync, realpathSync } from "node:fs";
import { statfs } from "node:fs/promises";
import os from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import type Docker from "dockerode";
import type { Redaction } from "../checks/redaction";
import { dockerName } from "../config/names";
import { lastLog } from "./containerLog";
import type { BundleEntry } from "./diagnosticsBundle";
import { connectDocker, dockerFailure, isDockerLocal } from "./dockerHost";
import { environmentStatus } from "./environmentStatus";
import { environmentUse } from "./environmentUse";
import { errorText } from "./failure";
import { proxyStats } from "./haproxyRuntime";
import { type Project, stackFilePath } from "./project";
import { promotedImagesFile, promotionsFile } from "./promotionRecords";
import { nameOf, type StackThings, stackThings } from "./secretPlaces/stackThings";
import type { StackSession } from "./stackSession";
import { upgradeFolder } from "./upgradeJournal";

/** What somebody needs who helps from afar: of this host, and of one environment. Nothing of other containers. */

/** One part, before anything was taken out of it. Never written anywhere like this. */
export type RawPart =
  | { readonly name: string; readonly kind: "json"; readonly content: unknown }
  | { readonly name: string; readonly kind: "log" | "stack file"; readonly content: string }
  /** What could not be had, and why. */
  | { readonly name: string; readonly kind: "missing"; readonly content: string };

/** Of each container. */
const LOG_LINES = 500;

/** The part, or why it could not be had: a bundle is for times when something does not work. */
async function part(
  name: string,
  kind: "json" | "log" | "stack file",
  content: () => unknown,
): Promise<RawPart> {
  try {
    return { name, kind, content: await content() } as RawPart;
  } catch (error) {
    return { name: `${name}.missing`, kind: "missing", content: errorText(error) };
  }
}

/** A part as it may be read by others. */
export function redactPart(part: RawPart, redaction: Redaction): BundleEntry {
  const { name } = part;
  switch (part.kind) {
    case "json":
      return { name, text: `${JSON.stringify(redaction.value(part.content), null, 2)}\n` };
    case "stack file":
      return { name, text: redaction.stackFile(part.content) };
    default:
      return { name, text: redaction.log(part.content, LOG_LINES) };
  }
}

/** This host: what `doom doctor` says, machine, disks, Docker. */
export function hostParts(project: Project): Promise<RawPart[]> {
  return Promise.all([
    part("doctor.json", "json", () => doctorFindings(project)),
    part("host.json", "json", () => hostFacts(project)),
    part("docker.json", "json", engineFacts),
  ]);
}

async function doctorFindings({ root }: Project): Promise<unknown> {
  // By its real path: run through a link, it would not know that it is the program.
  const script = realpathSync(join(root, "toolchain", "doctor.mjs"));
  const run = promisify(execFile)(process.execPath, [script, "--json"], { cwd: root });
  // It ends with 1 when something is missing, which is what it was asked for.
  const { stdout } = await run.catch((error: Error & { stdout?: string }) => {
    if (error.stdout) return { stdout: error.stdout };
    throw error;
  });
  return JSON.parse(stdout);
}

async function hostFacts({ root, stateFolder }: Project): Promise<unknown> {
  const { version } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
  const release = "/etc/os-release";
  const system = existsSync(release)
    ? /^PRETTY_NAME="?([^"\n]*)/m.exec(readFileSync(release, "utf8"))?.[1]
    : undefined;
  return {
    at: new Date().toISOString(),
    doom: version,
    node: process.version,
    system,
    kernel: `${os.type()} ${os.release()} ${os.machine()}`,
    cpus: os.cpus().length,
    load: os.loadavg(),
    memoryBytes: { total: os.totalmem(), free: os.freemem() },
    uptimeSeconds: Math.round(os.uptime()),
    disks: await Promise.all([root, stateFolder, os.tmpdir()].map(diskFacts)),
  };
}

async function diskFacts(folder: string): Promise<unknown> {
  if (!existsSync(folder)) return { folder, missing: true };
  const { bsize, blocks, bavail, files, ffree } = await statfs(folder);
  return { folder, bytes: blocks * bsize, freeBytes: bavail * bsize, files, freeFiles: ffree };
}

/** What is taken from Docker's words about itself: nothing of registries, proxies or other containers. */
const ENGINE_FACTS = [
  ...["ServerVersion", "OperatingSystem", "OSType", "Architecture", "KernelVersion", "NCPU"],
  ...["MemTotal", "Driver", "DriverStatus", "LoggingDriver", "CgroupDriver", "CgroupVersion"],
  ...["SecurityOptions", "LiveRestoreEnabled", "DockerRootDir", "Warnings", "DefaultRuntime"],
];

async function engineFacts(): Promise<unknown> {
  try {
    const docker = await connectDocker();
    const [info, version] = await Promise.all([docker.info(), docker.version()]);
    const disk = isDockerLocal() ? await diskFacts(info.DockerRootDir) : undefined;
    const facts = ENGINE_FACTS.map((name) => [name, info[name]]);
    return { ...Object.fromEntries(facts), ApiVersion: version.ApiVersion, disk };
  } catch (error) {
    throw dockerFailure(error);
  }
}

/** One environment: what Docker says about what is its own, its logs, and the records beside its state. */
export async function stackParts({
  project,
  stack,
  checkpoint,
}: Pick<StackSession, "project" | "stack" | "checkpoint">): Promise<RawPart[]> {
  const json = (name: string, content: () => unknown) =>
    part(`${stack}/${name}.json`, "json", content);
  const things = stackThings(stack, checkpoint);
  // Each part that needs it says for itself why it is not there.
  things.catch(() => {});
  const parts = await Promise.all([
    json("status", () => environmentStatus(project, stack)),
    json("use", () => environmentUse(stack)),
    json("containers", async () => (await things).containers),
    json("networks", async () => (await things).networks),
    json("volumes", async () => (await things).volumes),
    json("images", async () => (await things).images.map(imageFacts)),
    json("gateway", async () =>
      proxyStats((await things).docker.getContainer(dockerName(stack, "gateway"))),
    ),
    json("upgrades", () => jsonFilesIn(upgradeFolder(project, stack), "")),
    json("promotions", () => promotionFacts(project, stack)),
    part(`${stack}/stack-file.yaml`, "stack file", () =>
      readFileSync(stackFilePath(project, stack), "utf8"),
    ),
  ]);
  return [...parts, ...(await logParts(stack, things))];
}

async function logParts(stack: string, things: Promise<StackThings>): Promise<RawPart[]> {
  const found = await things.catch(() => undefined);
  if (found === undefined) return [];
  const { docker, containers } = found;
  return Promise.all(
    containers.map((container) =>
      part(`${stack}/logs/${nameOf(container)}.log`, "log", () =>
        lastLog(docker.getContainer(container.Id), LOG_LINES),
      ),
    ),
  );
}

function imageFacts({ Id, RepoTags, RepoDigests, Created, Size, Config }: Docker.ImageInspectInfo) {
  return { Id, RepoTags, RepoDigests, Created, Size, Labels: Config.Labels };
}

/** Journals and records of upgrades; their manifests hold the names of the users' files, and stay. */
function jsonFilesIn(folder: string, path: string): Record<string, unknown> {
  if (!existsSync(folder)) return {};
  const entries = readdirSync(folder, { withFileTypes: true });
  return Object.fromEntries(
    entries.flatMap((entry): [string, unknown][] => {
      const inner = join(folder, entry.name);
      const name = `${path}${entry.name}`;
      if (entry.isDirectory()) return Object.entries(jsonFilesIn(inner, `${name}/`));
      return entry.name.endsWith(".json") ? [[name, JSON.parse(readFileSync(inner, "utf8"))]] : [];
    }),
  );
}

function promotionFacts(project: Project, stack: string): unknown {
  const [entries, images] = [promotionsFile(project, stack), promotedImagesFile(project, stack)];
  return {
    entries: existsSync(entries)
      ? readFileSync(entries, "utf8")
          .split("\n")
          .filter((line) => line !== "")
          .map((line) => JSON.parse(line))
      : [],
    images: existsSync(images) ? JSON.parse(readFileSync(images, "utf8")) : undefined,
  };
}
