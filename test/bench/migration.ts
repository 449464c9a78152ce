import type { Comparison } from "../../checks/benchVerdict";
import { TestVolumes } from "../support/testVolumes";
import { alternate, timesOf } from "./alternate";
import type { BenchContext, Group } from "./group";
import { PARTS, PlanContestant, VolumeContestant } from "./migrationContestants";
import { measureMemory } from "./migrationMemory";

/** Small files as in a workspace's node_modules, and large ones of 1.2 GB together. */
const SMALL = 20_000;
const LARGE = 100;
const LARGE_BYTES = 12_000_000;

/** rsync takes about 0.45 of the plan's procedure, and reading both sides once more 0.13. */
const FULL_BOUND = 0.7;
/** Both sides are read again, and nothing is written. */
const READING_BOUND = 0.3;
/** Both sides are listed, and the start of a container is most of it. */
const TRUSTING_BOUND = 0.12;
/** What our own processes may take, whatever the size of the tree. */
const MEMORY_BOUND = 150_000_000;

/** Copying a volume and proving it, again with little or nothing to do, and the memory that it takes. */
export const migrationGroup: Group = {
  name: "migration",
  summary: `${SMALL} small files and 1.2 GB against cp -a and md5sum; memory at a million files`,
  rounds: 3,
  measure,
};

async function measure(context: BenchContext): Promise<Comparison[]> {
  const volumes = new TestVolumes();
  try {
    return [...(await compare(volumes, context)), ...(await memory(volumes, context))];
  } finally {
    await volumes.dispose();
  }
}

async function compare(volumes: TestVolumes, context: BenchContext): Promise<Comparison[]> {
  context.report("making the tree");
  const source = await volumes.filled(TREE);
  const ours = new VolumeContestant(volumes, source, CHANGES, context.signal);
  const plan = new PlanContestant(volumes, source, context.signal);
  const timings = await alternate([ours, plan], context.rounds, context.report);
  const full = timesOf(timings, ours.name, PARTS.full);
  const against = (part: string, bound?: number): Comparison => ({
    figure: part,
    ours: timesOf(timings, ours.name, part),
    peer: PARTS.full,
    theirs: full,
    ...(bound === undefined ? {} : { bound }),
  });
  const { moved, changed } = ours.bytes;
  return [
    {
      ...against(PARTS.full, FULL_BOUND),
      peer: plan.name,
      theirs: timesOf(timings, plan.name, PARTS.full),
    },
    {
      ...against(PARTS.full),
      peer: `${plan.name}, sync`,
      theirs: timesOf(timings, plan.name, PARTS.durable),
    },
    against(PARTS.reading, READING_BOUND),
    against(PARTS.trusting, TRUSTING_BOUND),
    against(PARTS.changed),
    {
      figure: "bytes moved for 1 % changed",
      unit: "bytes",
      ours: moved,
      peer: "bytes changed",
      theirs: changed,
      bound: 1,
    },
  ];
}

async function memory(volumes: TestVolumes, context: BenchContext): Promise<Comparison[]> {
  const peaks = await measureMemory(volumes, context);
  return [...peaks].map(([process, bytes]) => ({
    figure: `memory of ${process}, 1 000 000 files`,
    unit: "bytes",
    ours: [bytes],
    peer: "what is allowed",
    theirs: [MEMORY_BOUND],
    bound: 1,
  }));
}

const TREE = `node - <<'PROGRAM'
const { mkdirSync, writeFileSync } = require("node:fs");
const { randomBytes } = require("node:crypto");
for (let file = 0; file < ${SMALL}; file += 1) {
  const folder = "small/" + (file % 400);
  mkdirSync(folder, { recursive: true });
  writeFileSync(folder + "/" + file, randomBytes(1 + ((file * 37) % 4000)));
}
mkdirSync("large");
for (let file = 0; file < ${LARGE}; file += 1) {
  writeFileSync("large/" + file, randomBytes(${LARGE_BYTES}));
}
PROGRAM`;

/** Writes one of each hundred files anew, in its size, and prints how many bytes that are. */
const CHANGES = `node - <<'PROGRAM'
const { statSync, writeFileSync } = require("node:fs");
const { randomBytes } = require("node:crypto");
let bytes = 0;
const change = (path) => {
  const { size } = statSync(path);
  writeFileSync(path, randomBytes(size));
  bytes += size;
};
for (let file = 50; file < ${SMALL}; file += 100) change("small/" + (file % 400) + "/" + file);
for (let file = 50; file < ${LARGE}; file += 100) change("large/" + file);
console.log(bytes);
PROGRAM`;
