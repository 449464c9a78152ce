import { readdirSync, readFileSync } from "node:fs";
import { basename } from "node:path";
import { isDockerLocal } from "../dockerHost";
import { errorCode } from "../failure";
import type { Place, SearchedObject } from "../placeSearch";
import { nameOf, type StackThings } from "./stackThings";

/** Command lines and environments of processes, which other processes and tools can read. */

/** Those in the stack's containers, also what was started in one by hand. */
export function containerProcesses({ containers }: StackThings): Place {
  return {
    name: "container processes",
    async *objects() {
      if (!isDockerLocal())
        throw new Error("Docker runs on another machine, whose processes cannot be seen from here");
      const table = new ProcessTable();
      for (const pid of table.ids) {
        const container = containers.find(({ Id }) => table.isIn(pid, Id));
        if (container === undefined) continue;
        const name = `${nameOf(container)}: process ${pid}`;
        const first = pid === String(container.State.Pid);
        yield* table.commandLine(pid, name);
        yield* table.environment(pid, name, first ? ["PATH="] : undefined);
      }
      if (table.refused.length > 0) throw new Error(`root only: ${table.refused.join(", ")}`);
    },
  };
}

/** All others on this host. */
export function hostProcesses({ containers }: StackThings): Place {
  return {
    name: "host processes",
    async *objects() {
      const table = new ProcessTable();
      for (const pid of table.ids) {
        if (containers.some(({ Id }) => table.isIn(pid, Id))) continue;
        const self =
          pid === String(process.pid) ? [basename(process.argv[1] as string)] : undefined;
        yield* table.commandLine(pid, `process ${pid}`, self);
        for (const object of table.environment(pid, `process ${pid}`))
          yield { ...object, content: withoutExportedPassphrase(object.content as Buffer) };
      }
      // Where even root may not look, nobody else can.
      for (const name of table.refused) yield { name, content: "", sealed: true };
      if (table.refused.length > 0 && process.geteuid?.() !== 0)
        throw new Error(
          `${table.refused.length} processes can be looked at by root only: use sudo`,
        );
    },
  };
}

/**
 * What the user has exported stands in the environment of every program that is started there,
 * this one included: to hand Pulumi its passphrase so is their right.
 */
function withoutExportedPassphrase(environment: Buffer): Buffer {
  const entries = environment.toString("latin1").split("\0");
  const others = entries.filter((entry) => !entry.startsWith("PULUMI_CONFIG_PASSPHRASE="));
  return Buffer.from(others.join("\0"), "latin1");
}

/** The processes of this host as /proc shows them at one moment. */
class ProcessTable {
  readonly ids = readdirSync("/proc").filter((name) => /^\d+$/.test(name));
  /** Names of what this user may not look at. */
  readonly refused: string[] = [];

  /** Whether the process belongs to the container: its control groups are named after it. */
  isIn(pid: string, container: string): boolean {
    return this.read(pid, "cgroup", `process ${pid}`)?.includes(container) ?? false;
  }

  commandLine(pid: string, process: string, markers?: readonly string[]): SearchedObject[] {
    return this.objects(pid, "cmdline", `${process}, command line`, markers);
  }

  environment(pid: string, process: string, markers?: readonly string[]): SearchedObject[] {
    return this.objects(pid, "environ", `${process}, environment`, markers);
  }

  private objects(
    pid: string,
    file: string,
    name: string,
    markers?: readonly string[],
  ): SearchedObject[] {
    const content = this.read(pid, file, name);
    return content === undefined ? [] : [{ name, content, ...(markers ? { markers } : {}) }];
  }

  /** Undefined when the process has ended, or refuses. */
  private read(pid: string, file: string, name: string): Buffer | undefined {
    try {
      return readFileSync(`/proc/${pid}/${file}`);
    } catch (error) {
      const code = errorCode(error);
      if (code === "EACCES" || code === "EPERM") this.refused.push(name);
      else if (code !== "ENOENT" && code !== "ESRCH") throw error;
      return undefined;
    }
  }
}
