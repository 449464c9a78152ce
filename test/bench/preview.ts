import type { Comparison } from "../../checks/benchVerdict";
import { ensurePassphraseFile, passphrasePath } from "../../operations/passphrase";
import { findProject } from "../../operations/project";
import { createProjectCopy, type ProjectCopy } from "../support/projectCopy";
import { alternate, type Contestant, timesOf } from "./alternate";
import { EmptyPack } from "./emptyPack";
import { EmptyProgram } from "./emptyProgram";
import type { BenchContext, Group } from "./group";
import { PulumiStack } from "./pulumiStack";

/** How many editors the environment has. */
const INSTANCES = 5;
/** The program may cost half as much again as an engine that has nothing to do. */
const BOUND = 1.5;
/**
 * What the policy pack may add to the same preview, milliseconds. Most of it is what any pack costs, a second
 * language host and SDK: the figures against a pack without a policy tell the two apart.
 */
const PACK_BOUND = 1000;

const PART = "preview";

/** A preview that finds nothing to do: the command that is typed most often. */
export const previewGroup: Group = {
  name: "preview",
  summary: `no-op preview of ${INSTANCES} editors against that of an empty Pulumi program`,
  rounds: 7,
  measure,
};

async function measure(context: BenchContext) {
  const checkout = findProject(__dirname, {}).root;
  const copy = createProjectCopy();
  const withSdk = new EmptyProgram("withSdk", checkout);
  const bare = new EmptyProgram("bare", checkout);
  const emptyPack = new EmptyPack(checkout);
  try {
    const environment = await bringUp(copy, context);
    const contestants = [
      contestant("empty program", await emptyStack(withSdk, context)),
      contestant("empty file", await emptyStack(bare, context)),
      contestant("environment", environment),
      contestant("environment with policy pack", environment, "--policy-pack", "policy"),
      contestant("environment with empty pack", environment, "--policy-pack", emptyPack.folder),
    ];
    const timings = await alternate(contestants, context.rounds, context.report);
    const against = (
      figure: string,
      peer: string,
      bounds: Pick<Comparison, "bound" | "boundOfExtra"> = {},
    ): Comparison => ({
      figure: `no-op preview of ${figure}`,
      ours: timesOf(timings, figure, PART),
      peer,
      theirs: timesOf(timings, peer, PART),
      ...bounds,
    });
    return [
      against("environment", "empty program", { bound: BOUND }),
      against("environment", "empty file"),
      against("environment with policy pack", "empty program"),
      against("environment with policy pack", "environment", { boundOfExtra: PACK_BOUND }),
      against("environment with policy pack", "environment with empty pack"),
      against("environment with empty pack", "environment"),
    ];
  } finally {
    emptyPack.dispose();
    bare.dispose();
    withSdk.dispose();
    await copy.dispose();
  }
}

function contestant(name: string, stack: PulumiStack, ...options: string[]): Contestant {
  return {
    name,
    round: async () => ({ [PART]: (await stack.preview(...options)).milliseconds }),
  };
}

async function bringUp(copy: ProjectCopy, context: BenchContext): Promise<PulumiStack> {
  const { stack } = await copy.addStack({ instances: INSTANCES });
  ensurePassphraseFile(copy.project, stack);
  const passphrase = passphrasePath(copy.project, stack);
  const live = new PulumiStack(copy.root, stack, context.engine, passphrase, context.signal);
  await live.create();
  context.report(`bringing up ${INSTANCES} editors`);
  await live.up();
  return live;
}

/** An empty stack that was brought up once: from then on there is nothing to do in it. */
async function emptyStack(program: EmptyProgram, context: BenchContext): Promise<PulumiStack> {
  const { folder, passphraseFile } = program;
  const stack = new PulumiStack(folder, "empty", context.engine, passphraseFile, context.signal);
  await stack.create();
  await stack.up();
  return stack;
}
