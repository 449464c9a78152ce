import { readFileSync } from "node:fs";
import os from "node:os";
import { performance } from "node:perf_hooks";
import { type Comparison, spread } from "../../checks/benchVerdict";
import { dockerName } from "../../config/names";
import { deepGate } from "../../operations/deepGate";
import { GATE_TIMES } from "../../operations/gateInput";
import { ensurePassphraseFile, passphrasePath } from "../../operations/passphrase";
import { memoryKills } from "../support/controlGroup";
import { engine, runIn } from "../support/dockerHost";
import type { LiveEnvironment } from "../support/liveEnvironment";
import { createProjectCopy } from "../support/projectCopy";
import { alternate, timesOf } from "./alternate";
import type { BenchContext, Group } from "./group";
import { PulumiStack } from "./pulumiStack";

/** The sizes that are compared with each other, CPUs; each gets twice what the one before it gets. */
const SIZES = [0.5, 1, 2];

/** Half, and something for the other work of the machine. Without shares both would get the same. */
const SHARE_BOUND = 0.65;

/** How much slower others may answer while one editor is out of bounds. */
const HOG_BOUND = 2;

/** The test plan's memory limits of a live editor, MiB; the last is what the others are compared with. */
const LADDER = [128, 256, 512];

/** A rung counts as wide enough when the gate takes at most this much longer there than on the last. */
const KNEE_RATIO = 1.5;

/** What limits do: how CPU time is divided, who suffers from a hog, and how little memory an editor works with. */
export const limitsGroup: Group = {
  name: "limits",
  summary: "CPU shares of 0.5, 1 and 2, a hog beside an editor, and an editor with 128 to 512 MiB",
  rounds: 3,
  measure,
};

async function measure(context: BenchContext): Promise<Comparison[]> {
  const copy = createProjectCopy();
  try {
    const environment = await copy.addStack({ instances: SIZES.length });
    ensurePassphraseFile(copy.project, environment.stack);
    const passphrase = passphrasePath(copy.project, environment.stack);
    const { engine: location, signal } = context;
    const pulumi = new PulumiStack(copy.root, environment.stack, location, passphrase, signal);
    await pulumi.create();
    await pulumi.up();
    const bench = new LimitsBench(environment, context);
    return [...(await bench.shares()), await bench.hog(), ...(await bench.ladder())];
  } finally {
    await copy.dispose();
  }
}

class LimitsBench {
  private readonly editors: readonly string[];

  constructor(
    private readonly environment: LiveEnvironment,
    private readonly context: BenchContext,
  ) {
    this.editors = SIZES.map((_, position) =>
      dockerName(environment.stack, "code-server", position + 1),
    );
  }

  /** Three editors that want all of the host at once, limited as environments of these sizes are. */
  async shares(): Promise<Comparison[]> {
    const { rounds, report } = this.context;
    const cores = os.cpus().length;
    for (const [position, cpus] of SIZES.entries())
      await engine.getContainer(this.editors[position] as string).update({
        NanoCpus: Math.min(cpus, cores) * 1e9,
        CpuShares: 1024 * cpus,
      });
    const samples: number[][] = SIZES.map(() => []);
    for (let round = 1; round <= rounds; round += 1) {
      const used = await this.burnTogether(cores);
      for (const [position, time] of used.entries()) samples[position]?.push(time);
      report(
        `round ${round}/${rounds}, shares: ${used.map((time) => `${(time / 1000).toFixed(2)} s`).join(", ")}`,
      );
    }
    return SIZES.slice(1).map((larger, position) => ({
      figure: `CPU time of ${SIZES[position]} CPUs`,
      ours: samples[position] as number[],
      peer: `${larger} CPUs`,
      theirs: samples[position + 1] as number[],
      bound: SHARE_BOUND,
    }));
  }

  /** Milliseconds of CPU time that each editor got within one window in which all of them want more. */
  private async burnTogether(cores: number): Promise<number[]> {
    const burning = this.editors.map((editor) => burn(editor, cores, 10));
    await pause(1500);
    const before = await Promise.all(this.editors.map(cpuTime));
    await pause(6000);
    const after = await Promise.all(this.editors.map(cpuTime));
    await Promise.all(burning);
    return after.map((time, position) => time - (before[position] as number));
  }

  /** How fast one editor answers while another one wants all CPU time and more memory than it may have. */
  async hog(): Promise<Comparison> {
    const [hogged = "", other = ""] = this.editors;
    const { cpus } = this.environment.value.resources as { cpus: number };
    for (const editor of this.editors)
      await engine.getContainer(editor).update({ NanoCpus: cpus * 1e9, CpuShares: 1024 * cpus });
    const url = `http://${await addressOf(other)}:8443/login`;
    const before = await startOf(other);
    const quiet = { name: "quiet", round: async () => ({ answer: await answerTime(url) }) };
    const beside = {
      name: "beside a hog",
      round: async () => {
        const hogs = [burn(hogged, 4, 12), devour(hogged, 12)];
        await pause(1000);
        const answer = await answerTime(url);
        await Promise.all(hogs);
        return { answer };
      },
    };
    const timings = await alternate([beside, quiet], this.context.rounds, this.context.report);
    const kills = memoryKills((await engine.getContainer(hogged).inspect()).State.Pid);
    this.context.report(`the hog was ended ${kills} times for its memory`);
    if (kills === 0)
      throw new Error("the memory hog never reached its limit: nothing was measured");
    if ((await startOf(other)) !== before) throw new Error(`${other} was started again`);
    return {
      figure: "answer beside a hog",
      ours: timesOf(timings, beside.name, "answer"),
      peer: quiet.name,
      theirs: timesOf(timings, quiet.name, "answer"),
      bound: HOG_BOUND,
    };
  }

  /** What the deep gate takes on an editor that was started within each limit. */
  async ladder(): Promise<Comparison[]> {
    const { rounds, report } = this.context;
    const samples = new Map<number, number[]>(LADDER.map((rung) => [rung, []]));
    const kills = new Map<number, number>();
    for (let round = 1; round <= rounds; round += 1) {
      for (const rung of LADDER) {
        const gate = await this.gateAt(rung);
        report(`round ${round}/${rounds}, ${rung} MiB: ${gate.text}`);
        if (gate.milliseconds !== undefined) samples.get(rung)?.push(gate.milliseconds);
        kills.set(rung, (kills.get(rung) ?? 0) + gate.kills);
      }
    }
    const widest = LADDER.at(-1) as number;
    const measured = LADDER.filter((rung) => samples.get(rung)?.length === rounds);
    const medianOf = (rung: number) => spread(samples.get(rung) as number[]).median;
    const knee = measured.find(
      (rung) => kills.get(rung) === 0 && medianOf(rung) <= KNEE_RATIO * medianOf(widest),
    );
    report(`the knee: ${knee} MiB is the least with which it works as with ${widest} MiB`);
    return measured
      .filter((rung) => rung !== widest)
      .map((rung) => ({
        figure: `deep gate with ${rung} MiB`,
        ours: samples.get(rung) as number[],
        peer: `${widest} MiB`,
        theirs: samples.get(widest) as number[],
      }));
  }

  private async gateAt(
    rung: number,
  ): Promise<{ text: string; kills: number; milliseconds?: number }> {
    const name = this.editors[0] as string;
    const editor = engine.getContainer(name);
    // From a larger limit the kernel would first have to end what is using it.
    await editor.stop();
    const bytes = rung * 1024 ** 2;
    await editor.update({ Memory: bytes, MemorySwap: bytes });
    await editor.start();
    const { Id, Mounts } = await editor.inspect();
    const secret = Mounts.find(({ Destination }) => Destination.endsWith("/hashed-password"));
    const loginHash = readFileSync(secret?.Source ?? "", "utf8");
    const gate = await deepGate({ container: Id, loginHash, extensions: [], ...GATE_TIMES });
    const { State, RestartCount } = await editor.inspect();
    const kills = State.Running ? memoryKills(State.Pid) : 0;
    const failed = gate.checks
      .filter(({ passed }) => !passed)
      .map((check) => `${check.name} (${check.evidence})`);
    const text = `${gate.passed ? "passed" : `failed at ${failed.join(", ")}`} in ${(gate.milliseconds / 1000).toFixed(2)} s, ${kills} kills, ${RestartCount} restarts`;
    return { text, kills, ...(gate.passed ? { milliseconds: gate.milliseconds } : {}) };
  }
}

const pause = (milliseconds: number) => new Promise((resolve) => setTimeout(resolve, milliseconds));

/** Keeps `processes` busy in a container for some seconds. */
async function burn(container: string, processes: number, seconds: number): Promise<void> {
  const script = `for i in $(seq ${processes}); do timeout ${seconds} sh -c 'while :; do :; done' & done; wait`;
  await runIn(container, ["sh", "-c", script]);
}

/** Asks for more memory than there is, again and again; what it starts is ended for it. */
async function devour(container: string, seconds: number): Promise<void> {
  const script = `timeout ${seconds} sh -c 'while :; do head -c 2000000000 /dev/zero | tail -c 2000000000 >/dev/null; done'; true`;
  await runIn(container, ["sh", "-c", script]);
}

/** Milliseconds of CPU time that a container has had. */
async function cpuTime(container: string): Promise<number> {
  const stats = await engine.getContainer(container).stats({ stream: false, "one-shot": true });
  return stats.cpu_stats.cpu_usage.total_usage / 1e6;
}

async function startOf(container: string): Promise<string> {
  const { RestartCount, State } = await engine.getContainer(container).inspect();
  return `${State.StartedAt} ${RestartCount}`;
}

async function addressOf(container: string): Promise<string> {
  const { NetworkSettings } = await engine.getContainer(container).inspect();
  const [address] = Object.values(NetworkSettings.Networks).map(({ IPAddress }) => IPAddress);
  if (!address) throw new Error(`${container} has no address`);
  return address;
}

const ASKED = 60;

/** Median time of an answer, milliseconds. */
async function answerTime(url: string): Promise<number> {
  const times: number[] = [];
  for (let asked = 0; asked < ASKED; asked += 1) {
    const began = performance.now();
    const answer = await fetch(url);
    if (!answer.ok) throw new Error(`${url} answers ${answer.status}`);
    await answer.arrayBuffer();
    times.push(performance.now() - began);
    await pause(50);
  }
  return spread(times).median;
}
