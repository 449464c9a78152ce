import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { pathToFileURL } from "node:url";
import { findProject } from "../../operations/project";
import { networksOf } from "../support/dockerHost";
import { removeFromDocker } from "../support/projectCopy";
import { Round } from "./contestants";
import type { BenchContext } from "./group";
import { type ComposeEnvironment, openTofuConfiguration, PROVIDER_SOURCE } from "./openTofuConfig";
import { timeProcess } from "./process";

/** OpenTofu with the provider that our docker plugin is made of, as a program of its own. */
export class OpenTofuContestant extends Round {
  readonly name = "OpenTofu";

  private constructor(
    stack: string,
    instances: number,
    private readonly folder: string,
    private readonly program: string,
    private readonly context: BenchContext,
  ) {
    super(stack, instances);
  }

  /** Writes what it needs into `folder`: the same environment as `composeFile` has. */
  static async create(
    stack: string,
    instances: number,
    composeFile: string,
    folder: string,
    context: BenchContext,
  ): Promise<OpenTofuContestant> {
    const module = pathToFileURL(path.join(findProject().root, "toolchain", "openTofu.mjs")).href;
    const { openTofuFiles } = (await import(module)) as {
      openTofuFiles: () => { tofu: string; provider: string };
    };
    const { tofu, provider } = openTofuFiles();
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    const compose = JSON.parse(readFileSync(composeFile, "utf8")) as ComposeEnvironment;
    const configuration = JSON.stringify(openTofuConfiguration(compose), null, 2);
    writeFileSync(path.join(folder, "main.tf.json"), `${configuration}\n`);
    // No registry: the provider is taken from where it was built.
    const overrides = `dev_overrides { "${PROVIDER_SOURCE}" = "${path.dirname(provider)}" }`;
    writeFileSync(path.join(folder, "cli.tofurc"), `provider_installation {\n ${overrides}\n}\n`);
    return new OpenTofuContestant(stack, instances, folder, tofu, context);
  }

  private tofu(...words: string[]) {
    return timeProcess({
      command: this.program,
      arguments: [...words, "-no-color", "-input=false"],
      folder: this.folder,
      environment: {
        ...process.env,
        TF_CLI_CONFIG_FILE: path.join(this.folder, "cli.tofurc"),
        TF_IN_AUTOMATION: "1",
      },
      signal: this.context.signal,
    });
  }

  start(): Promise<number> {
    return this.untilHealthy(() => this.tofu("apply", "-auto-approve"));
  }

  async nothing(): Promise<number> {
    // Ends with 2, and so fails, where it finds something to do.
    return (await this.tofu("plan", "-detailed-exitcode")).milliseconds;
  }

  async stop(): Promise<number> {
    // With what is on them; the volumes stay, as for the others.
    const targets = (await networksOf(this.stack)).map(
      ({ Name }) => `-target=docker_network.${Name}`,
    );
    return (await this.tofu("destroy", "-auto-approve", ...targets)).milliseconds;
  }

  clean(): Promise<void> {
    return removeFromDocker(this.stack);
  }
}
