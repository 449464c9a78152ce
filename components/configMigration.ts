import { createHash } from "node:crypto";
import * as command from "@pulumi/command";
import * as pulumi from "@pulumi/pulumi";
import type { EnvironmentConfig } from "../config/schema";

export interface ConfigMigrationArgs {
  /** Name of the environment, whose file is looked at. */
  readonly stack: string;
  /** Its checked configuration. */
  readonly config: EnvironmentConfig;
}

/**
 * Checks in every update that changes the configuration that the stack's file is of the current schema and
 * that a migration would leave it as it is, to the byte.
 *
 * The program refuses an older schema before it declares anything; this keeps the proof of it in the state.
 */
export class ConfigMigration extends pulumi.ComponentResource {
  /** What the check found, as JSON; see operations/stackFileCheck.ts. */
  readonly report: pulumi.Output<string>;

  constructor(name: string, args: ConfigMigrationArgs, opts?: pulumi.ComponentResourceOptions) {
    super("doom-coding:index:ConfigMigration", name, { stack: args.stack }, opts);
    const hash = createHash("sha256").update(JSON.stringify(args.config)).digest("hex");
    const check = new command.local.Command(
      `${name}-check`,
      {
        create: "node bin/operations/configMigration.js check",
        environment: { DOOM_STACK: args.stack },
        // The schema's version is part of the configuration.
        triggers: [hash],
      },
      { parent: this },
    );
    this.report = check.stdout;
    this.registerOutputs({ report: this.report });
  }
}
