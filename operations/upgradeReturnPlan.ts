import { randomBytes } from "node:crypto";
import { existsSync } from "node:fs";
import { join } from "node:path";
import type Docker from "dockerode";
import { returnedStackFile } from "../checks/returnedStackFile";
import type { ReturnClaim, UpgradeRecord } from "../checks/upgradeRecord";
import { returnClaims } from "../checks/upgradeRecord";
import { upgradeName } from "../config/names";
import { Failure } from "./failure";
import type { Project } from "./project";
import { inspectImage } from "./upgradeImages";
import { isOpen, type Journal, readJournal, writeJournal } from "./upgradeJournal";
import { wantedImage } from "./upgradePlan";
import { recordFolder } from "./upgradeRecords";
import { SERVICES, serviceOf, unitName } from "./upgradeServices";
import { environmentIn, readStackText } from "./upgradeTarget";

/** What it takes to go back to what a record says: checked, then asked of the gates, then proven. */

export interface ReturnPlan {
  readonly record: UpgradeRecord;
  /** The text that the stack's file is to have. */
  readonly stackFile: string;
  /** Whether the image had to be pinned, since its version would be built from other sources today. */
  readonly pinned: boolean;
}

/** Throws a {@link Failure} unless all that it takes is there; changes nothing. */
export async function planReturn(
  project: Project,
  docker: Docker,
  record: UpgradeRecord,
): Promise<ReturnPlan> {
  const { stack, editors, stackFile } = record;
  const service = serviceOf(record.service);
  const missing: string[] = [];
  if (stackFile === undefined) missing.push("nobody has kept the stack's file from before");
  for (const { instance, from, copy, manifestFile } of editors) {
    if (from === undefined || (await inspectImage(docker, from.id)) === undefined)
      missing.push(
        `the image of ${service.title(instance)}, ${from?.id}, is not on the Docker host`,
      );
    if (!(await hasVolume(docker, copy))) missing.push(`the volume ${copy} is gone`);
    if (!existsSync(join(recordFolder(project, stack, record.id), manifestFile)))
      missing.push(`the manifest of ${service.title(instance)} is gone`);
  }
  if (missing.length > 0 || stackFile === undefined) {
    throw new Failure("data", `The upgrade ${record.id} of ${stack} cannot be taken back:`, {
      problems: missing,
      fix: `nothing was changed; npx doom snapshot list ${stack} shows other states of the data`,
    });
  }
  const current = readStackText(project, stack);
  const others = SERVICES.filter((other) => other !== service).flatMap((other) => [
    other.versionKey,
    other.referenceKey,
  ]);
  const text = returnedStackFile(stackFile.text, current, { others });
  const image = editors[0]?.from?.id as string;
  const name = await wantedImage(docker, project.root, service, environmentIn(text, stack));
  const pin = { ...service, image };
  const pinned = (await inspectImage(docker, name))?.Id !== image;
  return {
    record,
    stackFile: pinned ? returnedStackFile(stackFile.text, current, { others, pin }) : text,
    pinned,
  };
}

async function hasVolume(docker: Docker, name: string): Promise<boolean> {
  const { Volumes } = await docker.listVolumes({ filters: { name: [name] } });
  return Volumes.some(({ Name }) => Name === name);
}

/** Asks the gate of each container for its way back; one that has begun already goes on. */
export function askForReturn(project: Project, { record }: ReturnPlan): void {
  const { stack } = record;
  const service = serviceOf(record.service);
  for (const { instance, from, to, copy, manifestFile } of record.editors) {
    const unit = unitName({ service, instance });
    const before = readJournal(project, stack, unit);
    if (isOpen(before) && before.takesBack === record.id) continue;
    const id = randomBytes(4).toString("hex");
    const journal: Journal = {
      journal: 1,
      kind: "rollback",
      id,
      stage: "asked",
      owner: "",
      attempt: before?.attempt ?? 0,
      from: to,
      to: from as NonNullable<typeof from>,
      copy: upgradeName(stack, "after-upgrade", instance, id),
      restore: {
        volume: copy,
        manifestFile: join(recordFolder(project, stack, record.id), manifestFile),
      },
      takesBack: record.id,
      // Those that the upgrade has stopped and nobody has started again.
      ...(isOpen(before) && before.others ? { others: before.others } : {}),
      startedAt: new Date().toISOString(),
      timings: {},
    };
    writeJournal(project, stack, unit, journal);
  }
}

export interface Return {
  readonly claims: readonly ReturnClaim[];
  /** Where what was written after the upgrade is kept, by number. */
  readonly kept: Readonly<Record<number, string>>;
}

/** Whether image, configuration and data are what the record says. Throws a {@link Failure} when one is not. */
export function proveReturn(
  project: Project,
  { record, stackFile }: ReturnPlan,
  images: ReadonlyMap<number, string>,
): Return {
  const { stack, editors } = record;
  const service = serviceOf(record.service);
  const journals = editors.map(({ instance }) => ({
    instance,
    journal: readJournal(project, stack, unitName({ service, instance })),
  }));
  const claims = returnClaims(record, service.title, {
    images,
    stackFile: readStackText(project, stack),
    intended: stackFile,
    manifests: new Map(
      journals.flatMap(({ instance, journal }) =>
        journal?.manifest && journal.takesBack === record.id
          ? [[instance, journal.manifest] as const]
          : [],
      ),
    ),
  });
  const broken = claims.filter(({ holds }) => !holds);
  if (broken.length > 0) {
    throw new Failure("data", `${stack} did not come back as it was:`, {
      problems: broken.map(({ what, expected, found }) => `${what} is ${found}, not ${expected}`),
      fix: `npx doom rollback ${stack} tries again; the volumes of before and after are kept`,
    });
  }
  const kept = journals.map(({ instance, journal }) => [instance, journal?.copy]);
  return { claims, kept: Object.fromEntries(kept) };
}
