import { existsSync, statSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { Redaction } from "../../checks/redaction";
import { type NamedSecret, SecretSearch } from "../../checks/secretSearch";
import { hostParts, type RawPart, redactPart, stackParts } from "../../operations/diagnostics";
import { type BundleEntry, deliverBundle } from "../../operations/diagnosticsBundle";
import { Failure } from "../../operations/failure";
import { readSecrets } from "../../operations/leakScan";
import { refuseHeld } from "../../operations/locks";
import { findProject, listStacks, type Project } from "../../operations/project";
import { openSession, type StackSession } from "../../operations/stackSession";
import { readState } from "../../operations/stateFiles";
import { type CommandContext, runEngine } from "../engineRun";
import type { Outcome } from "../output";

/**
 * `doom diagnose [stack]`: one file to give to somebody who helps, without secrets.
 *
 * Without the passphrases it would not know what to take out, so it needs them. Changes nothing else.
 */
export async function diagnose(
  stack: string | undefined,
  { out }: { readonly out?: string },
  context: CommandContext,
): Promise<Outcome> {
  const { display } = context;
  const project = findProject();
  const stacks = stack === undefined ? createdStacks(project) : [stack];
  const file = bundleFile(out, stack ?? "all");
  const sessions: StackSession[] = [];
  const secrets: NamedSecret[] = [];
  for (const name of stacks) {
    const session = await openSession(name);
    refuseHeld(project, name);
    sessions.push(session);
    secrets.push(...(await secretsOf(session, context)));
  }
  display.enter("looking at this host and at Docker");
  const parts = [
    ...(await hostParts(project)),
    ...(await Promise.all(sessions.map((session) => stackParts(session)))).flat(),
  ];
  display.enter("taking secrets out, and looking for them");
  const redaction = new Redaction(secrets);
  const entries = [README, ...parts.map((part) => redactPart(part, redaction))];
  const { bytes } = await deliverBundle(file, entries, new SecretSearch(secrets));
  display.stop();
  return describe(file, stacks, parts, entries, bytes);
}

/** Those that have a state, and with it secrets. */
function createdStacks(project: Project): string[] {
  const created = listStacks(project).filter((name) => readState(project, name) !== undefined);
  if (created.length > 0) return created;
  throw new Failure("configuration", "No environment of this project has been created yet.", {
    fix: "npm run doctor examines this machine; npx doom init begins",
  });
}

async function secretsOf(session: StackSession, context: CommandContext): Promise<NamedSecret[]> {
  const { result } = await runEngine(
    session,
    context,
    { purpose: "read", phase: `opening the secrets of ${session.stack}` },
    async () => readSecrets(session, await session.open()),
  );
  return result.map(({ name, value }) => ({ name: `${session.stack}: ${name}`, value }));
}

/** Where the bundle goes. Throws a {@link Failure} before there is anything to write. */
function bundleFile(out: string | undefined, what: string): string {
  const stamp = new Date().toISOString().replace(/[-:]|\..*/g, "");
  const own = `doom-diagnose-${what}-${stamp}.tar.gz`;
  const given = resolve(out ?? ".");
  const isFolder = existsSync(given) && statSync(given).isDirectory();
  const file = isFolder ? join(given, own) : given;
  const problem = existsSync(file)
    ? `${file} is there already`
    : existsSync(dirname(file))
      ? undefined
      : `the folder ${dirname(file)} does not exist`;
  if (problem === undefined) return file;
  throw new Failure("usage", `The bundle cannot be written: ${problem}.`, {
    fix: "name a folder that exists, or a new file in one: --out FILE.tar.gz",
  });
}

const README: BundleEntry = {
  name: "README.txt",
  text: `Diagnostics of doom-coding: facts about the host, and of each environment a folder.

doctor.json, host.json, docker.json   the machine, its disks, the parts and their versions
ENVIRONMENT/status.json, use.json     condition, limits and use of its containers
ENVIRONMENT/containers.json           docker inspect; health checks under State.Health
ENVIRONMENT/networks.json, volumes.json, images.json
ENVIRONMENT/logs/                     the last lines of each container
ENVIRONMENT/gateway.json              HAProxy's statistics
ENVIRONMENT/upgrades.json             journals and records of upgrades
ENVIRONMENT/promotions.json           what was promoted to it
ENVIRONMENT/stack-file.yaml           its configuration
*.missing                             what could not be had, and why

[redacted: ...] stands where a secret was. Names, addresses and file paths are not secrets here:
look through it before you give it away.
`,
};

function describe(
  file: string,
  stacks: readonly string[],
  parts: readonly RawPart[],
  entries: readonly BundleEntry[],
  bytes: number,
): Outcome {
  const missing = parts.filter(({ kind }) => kind === "missing").map(({ name }) => name);
  const text = [
    file,
    `  ${entries.length} files, ${(bytes / 1e6).toFixed(1)} MB unpacked, of ${stacks.join(", ")}; no secret of them stands in it`,
    ...missing.map((name) => `  note: ${name} says why it could not be had`),
    "  names, addresses and paths are in it: look through it before you give it away",
  ].join("\n");
  return { text, data: { file, stacks, files: entries.map(({ name }) => name), missing, bytes } };
}
