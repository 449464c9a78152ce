import path from "node:path";
import type { EngineLocation } from "../../operations/engine";
import { type Finished, timeProcess } from "./process";

/**
 * One stack in one folder, driven by the engine's own CLI.
 *
 * Without `npx`: starting npm takes longer than a preview, and on both sides of a ratio it would hide
 * what is compared.
 */
export class PulumiStack {
  private readonly environment: NodeJS.ProcessEnv;

  constructor(
    private readonly folder: string,
    readonly stack: string,
    private readonly engine: EngineLocation,
    passphraseFile: string,
    private readonly signal: AbortSignal,
  ) {
    // Nothing of the caller's own Pulumi set-up may decide a figure.
    const own = Object.entries(process.env).filter(([name]) => !name.startsWith("PULUMI_"));
    const folders = [path.join(engine.root, "bin"), process.env.PATH ?? ""];
    this.environment = {
      ...Object.fromEntries(own),
      ...engine.environment,
      PATH: folders.join(path.delimiter),
      PULUMI_CONFIG_PASSPHRASE_FILE: passphraseFile,
    };
  }

  /** Runs `pulumi … --stack STACK` to its end; throws with its last lines unless it succeeds. */
  run(...words: readonly string[]): Promise<Finished> {
    return timeProcess({
      command: path.join(this.engine.root, "bin", "pulumi"),
      arguments: [...words, "--stack", this.stack, "--non-interactive"],
      folder: this.folder,
      environment: this.environment,
      signal: this.signal,
    });
  }

  /** Runs `doom …` of the project to its end, with the same passphrase. */
  doom(...words: readonly string[]): Promise<Finished> {
    return timeProcess({
      command: process.execPath,
      arguments: [path.join(this.folder, "bin", "cli", "main.js"), ...words],
      folder: this.folder,
      environment: this.environment,
      signal: this.signal,
    });
  }

  /** Makes the stack, with nothing in it. */
  async create(): Promise<void> {
    await this.run("stack", "init");
  }

  /** Brings up what the program describes, as `doom up` does: without a preview before it. */
  up(): Promise<Finished> {
    return this.run("up", "--yes", "--skip-preview");
  }

  /** Previews; throws when anything would change, since only no-ops are compared. */
  preview(...options: readonly string[]): Promise<Finished> {
    return this.run("preview", "--expect-no-changes", ...options);
  }
}
