import { createHash } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { setTimeout as wait } from "node:timers/promises";
import { errorCode } from "../../operations/failure";
import { readCommand } from "../../operations/upgradeCommand";
import { readJournal } from "../../operations/upgradeJournal";
import { containersOf, isHealthy, volumesOf, waitForContainer } from "../support/dockerHost";
import { DoomProcess, type RunResult, runDoom } from "../support/doomProcess";
import { EditorClient } from "../support/editorClient";
import type { LifeState, UpgradeLife } from "../support/upgradeLife";
import type { Soak, SoakContext, SoakRun } from "./soak";
import { beginLife, NEW, OLD } from "./upgrade";

/** `doom upgrade` is killed at a random moment; the next run, of one kind or the other, has to set all right. */
export const upgradeKillsSoak: Soak = {
  name: "upgrade-kills",
  summary: "upgrades killed at random moments, and what the next run makes of each",
  count: 20,
  begin,
};

const COLUMNS = "killed | at | then ran | the next run | manifests | serves";
/** Seconds: long enough to be hit. */
const WATCH = "8";
/** Of all that the killed run has started, by which it is found. */
const MARK = "DOOM_SOAK_RUN";
/** For an engine that lost its `doom` and goes on to its end. */
const ORPHANS_MS = 300_000;
const SERVES_MS = 60_000;

const upgradeOf = (stack: string) => ["upgrade", stack, "--to", NEW, "--watch", WATCH, "--json"];

async function begin(context: SoakContext): Promise<SoakRun> {
  const life = await beginLife(context);
  try {
    const { url, passwords } = await life.environment.outputs();
    const began = Date.now();
    await life.doom(...upgradeOf(life.stack));
    const milliseconds = Date.now() - began;
    await life.doom("rollback", life.stack);
    await life.removeKept();
    context.report(`an upgrade takes ${seconds(milliseconds)} here`);
    context.report(COLUMNS);
    const password = passwords["1"] as string;
    return {
      once: (seed) => new KilledUpgrade(life, { seed, milliseconds, url, password }).pass(),
      end: () => life.copy.dispose(),
    };
  } catch (error) {
    await life.copy.dispose();
    throw error;
  }
}

interface KillPlan {
  readonly seed: number;
  /** How long an upgrade takes that nobody kills. */
  readonly milliseconds: number;
  readonly url: string;
  readonly password: string;
}

class KilledUpgrade {
  private readonly moment: number;
  /** Whether all that `doom` has started dies with it, as in a power failure; else it alone. */
  private readonly all: boolean;
  private readonly next: "upgrade" | "rollback";

  constructor(
    private readonly life: UpgradeLife,
    private readonly plan: KillPlan,
  ) {
    const random = createHash("sha256").update(`kill ${plan.seed}`).digest();
    this.moment = Math.round((random.readUInt32BE(0) / 2 ** 32) * plan.milliseconds);
    // Each pair comes as often as any other.
    this.all = plan.seed % 2 === 0;
    this.next = plan.seed % 4 < 2 ? "upgrade" : "rollback";
  }

  async pass(): Promise<string> {
    const { life, plan } = this;
    await life.work(plan.seed);
    const before = await life.state();
    const killed = await this.kill();
    const ran = await this.running(before);
    const result = await runDoom(life.copy.root, this.command);
    const did = this.whatItDid(result, killed.time);
    const isNew = this.next === "upgrade";
    await this.requireRight(before, isNew);
    if (isNew) {
      await life.doom("rollback", life.stack);
      await this.requireRight(before, false);
    }
    await life.removeKept();
    const who = this.all ? "all of it" : "doom alone";
    return [
      `${who}, after ${seconds(this.moment)}`,
      killed.stage,
      ran,
      `\`doom ${this.next}\` ${did}`,
      "equal",
      isNew ? NEW : OLD,
    ].join(" | ");
  }

  private get command(): string[] {
    const { stack } = this.life;
    return this.next === "upgrade" ? upgradeOf(stack) : ["rollback", stack, "--json"];
  }

  private async kill(): Promise<{ readonly stage: string; readonly time: string }> {
    const { copy, stack } = this.life;
    const mark = `${stack}-${this.plan.seed}`;
    const began = new Date().toISOString();
    const run = new DoomProcess(copy.root, upgradeOf(stack), { [MARK]: mark });
    const end = run.result();
    await Promise.race([wait(this.moment), end]);
    const time = new Date().toISOString();
    if (this.all) killAll(mark);
    else run.signal("SIGKILL");
    const stage = this.stage(began);
    const { code, stderr } = await end;
    if (code > 0) throw new Error(`the upgrade failed before it was killed:\n${stderr}`);
    await untilGone(mark);
    return { stage: code === 0 ? "the end" : stage, time };
  }

  /** How far it came, by what it has left on disk. */
  private stage(began: string): string {
    const { copy, stack } = this.life;
    const command = readCommand(copy.project, stack);
    if (command === undefined) return "checking";
    if (command.stage !== "updating") return command.stage;
    const journal = readJournal(copy.project, stack, "code-server-1");
    return journal && journal.startedAt >= began ? journal.stage : "planning";
  }

  /** What the Docker host shows before the next run. */
  private async running({ image }: LifeState): Promise<string> {
    const [editor] = await containersOf(this.life.stack, "code-server");
    if (editor === undefined) return "none";
    return `${editor.Image === image ? OLD : NEW}${editor.State.Running ? "" : ", stopped"}`;
  }

  private whatItDid({ code, stdout, stderr }: RunResult, killed: string): string {
    if (code === 2 && stderr.includes("There is no upgrade of"))
      return "finds nothing to take back";
    if (code !== 0) throw new Error(`the next run ended with ${code}:\n${stderr}`);
    const { changed, record } = JSON.parse(stdout);
    if (this.next === "rollback") return record ? "takes it back" : "restores the file";
    if (!changed) return "has nothing left to do";
    return record.startedAt < killed ? "finishes it" : "begins anew";
  }

  /** Throws unless image, file and data fit together, the user gets in, and nothing else is left. */
  private async requireRight(before: LifeState, isNew: boolean): Promise<void> {
    const { life } = this;
    await waitForContainer(life.editor, isHealthy);
    if (isNew) {
      if ((await life.image()) === before.image) throw new Error("the image is the old one");
      if (life.file !== before.text.replace(OLD, NEW)) throw new Error("the file is another one");
      await life.requireSame(before.manifest, "the upgrade");
    } else await life.requireAsBefore(before, "what was taken back");
    await this.requireLogin();
    const containers = (await containersOf(life.stack)).map(({ Name }) => Name);
    const volumes = (await volumesOf(life.stack)).map(({ Name }) => Name);
    const left = [...containers, ...volumes].filter((name) => name.includes("rehearsal"));
    if (left.length > 0 || containers.length !== 2)
      throw new Error(`on the host are ${[...containers, ...left].join(", ")}`);
  }

  private async requireLogin(): Promise<void> {
    const { url, password } = this.plan;
    const visitor = new EditorClient(url);
    const end = Date.now() + SERVES_MS;
    for (let reason = ""; ; await wait(500)) {
      try {
        await visitor.login(password);
        if (await visitor.getsIn()) return;
        reason = "the password is refused";
      } catch (error) {
        reason = String(error);
      }
      if (Date.now() > end) throw new Error(`nobody gets in at ${url}: ${reason}`);
    }
  }
}

function seconds(milliseconds: number): string {
  return `${(milliseconds / 1000).toFixed(1)} s`;
}

/** The processes that a run has started, itself included: each inherits its environment. */
function processesOf(mark: string): number[] {
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .filter((pid) => environmentOf(pid).includes(`${MARK}=${mark}\0`))
    .map(Number);
}

/** Empty when it has ended. */
function environmentOf(pid: string): string {
  try {
    return readFileSync(`/proc/${pid}/environ`, "latin1");
  } catch (error) {
    const code = errorCode(error);
    if (code === "ENOENT" || code === "ESRCH" || code === "EACCES") return "";
    throw error;
  }
}

/** Again and again, since one may be starting another at this moment. */
function killAll(mark: string): void {
  for (let all = processesOf(mark); all.length > 0; all = processesOf(mark)) {
    for (const pid of all) {
      try {
        process.kill(pid, "SIGKILL");
      } catch (error) {
        if (errorCode(error) !== "ESRCH") throw error;
      }
    }
  }
}

async function untilGone(mark: string): Promise<void> {
  const end = Date.now() + ORPHANS_MS;
  while (processesOf(mark).length > 0) {
    if (Date.now() > end) throw new Error(`still there: ${processesOf(mark).join(", ")}`);
    await wait(200);
  }
}
