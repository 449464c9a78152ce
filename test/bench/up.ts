import path from "node:path";
import type { Comparison } from "../../checks/benchVerdict";
import { containersOf } from "../support/dockerHost";
import { createProjectCopy, type ProjectCopy } from "../support/projectCopy";
import { alternate, timesOf } from "./alternate";
import { writeComposeFile } from "./compose";
import { ComposeContestant, DoomContestant, PulumiContestant } from "./contestants";
import type { BenchContext, Group } from "./group";
import { requireSame, shapeOf } from "./sameContainers";

/**
 * Compose starts the same containers but keeps no state, makes no secrets and checks nothing: twice
 * its time is what those may cost. Judged at 5 editors; with 1 the engine's own start dominates.
 */
const UP_BOUND = 2;

/**
 * The provider sleeps 2 s over the networks that it removes, and the engine has to start and to read its
 * state: together up to three times what Compose takes. What goes beyond is ours.
 */
const DOWN_BOUND = 4;

/** How many editors the bounds are for. */
const JUDGED = 5;

/** Put into the gateway by the program; Compose can only mount it. */
export const HAPROXY_CONFIG = "/usr/local/etc/haproxy/haproxy.cfg";

/** Bringing environments up, again, and down, with the images present. */
export const upGroup: Group = {
  name: "up",
  summary: "up of 1 and of 5 editors, up again, and down, against docker-compose",
  rounds: 5,
  remark:
    "of each up of Pulumi 2 s are the Docker provider's fixed wait after it has made a network, which no container may overtake, and about 1 s the start of the engine and its plugins; Compose has neither.",
  measure,
};

async function measure(context: BenchContext): Promise<Comparison[]> {
  const copy = createProjectCopy();
  try {
    return [...(await compare(copy, 1, context)), ...(await compare(copy, JUDGED, context))];
  } finally {
    await copy.dispose();
  }
}

async function compare(
  copy: ProjectCopy,
  instances: number,
  context: BenchContext,
): Promise<Comparison[]> {
  const { stack } = await copy.addStack({ instances });
  const pulumi = new PulumiContestant(copy, stack, instances, context);
  const doom = new DoomContestant(copy, stack, instances, context);
  const compose = await prepare(copy, pulumi, context);
  const timings = await alternate([pulumi, compose, doom], context.rounds, context.report);
  const against = (ours: string, part: string, bound?: number) => ({
    figure: `${ours} ${part} of ${instances}`,
    ours: timesOf(timings, ours, part),
    peer: compose.name,
    theirs: timesOf(timings, compose.name, part),
    ...(bound === undefined || instances !== JUDGED ? {} : { bound }),
  });
  return [
    against(pulumi.name, "up", UP_BOUND),
    against(pulumi.name, "up again"),
    against(pulumi.name, "down", DOWN_BOUND),
    against(doom.name, "up"),
    against(doom.name, "up again"),
    against(doom.name, "down"),
  ];
}

/** One untimed turn of each: images get built, and the peer is proven to run the same containers. */
async function prepare(
  copy: ProjectCopy,
  ours: PulumiContestant,
  context: BenchContext,
): Promise<ComposeContestant> {
  const { stack } = ours;
  context.report(`${stack}: building what is missing, and one turn without a clock`);
  await ours.start();
  const folder = path.join(copy.root, `compose-${stack}`);
  const file = await writeComposeFile(stack, folder, {
    [`doom-${stack}-gateway`]: [HAPROXY_CONFIG],
  });
  const wanted = (await containersOf(stack)).map((container) =>
    shapeOf(container, [HAPROXY_CONFIG]),
  );
  await ours.stop();
  await ours.clean();
  const compose = new ComposeContestant(stack, ours.instances, file, context);
  await compose.start();
  const started = (await containersOf(stack)).map((container) =>
    shapeOf(container, [HAPROXY_CONFIG]),
  );
  requireSame(wanted, started);
  await compose.stop();
  await compose.clean();
  return compose;
}
