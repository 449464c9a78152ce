import { createHash } from "node:crypto";
import * as command from "@pulumi/command";
import * as pulumi from "@pulumi/pulumi";
import type { EnvironmentConfig } from "../config/schema";

export interface VerificationArgs {
  /** Name of the environment. */
  readonly stack: string;
  /** Its checked configuration. */
  readonly config: EnvironmentConfig;
  /** IDs of its containers. */
  readonly containers: pulumi.Input<string>[];
  /** How often the gates had to look, by unit; see operations/upgradeJournal.ts. */
  readonly attempts: ReadonlyMap<string, number>;
}

/**
 * Proves, once everything runs, that containers of another image than before do all that they have to with the data
 * that they had; a failure fails the update and says how to go back. Then it notes what the stack is, so that the
 * next upgrade knows what to return to.
 */
export class Verification extends pulumi.ComponentResource {
  constructor(name: string, args: VerificationArgs, opts?: pulumi.ComponentResourceOptions) {
    super("doom-coding:index:Verification", name, { stack: args.stack }, opts);
    const configuration = createHash("sha256").update(JSON.stringify(args.config)).digest("hex");
    const containers = pulumi.output(args.containers).apply((ids) => ids.join(" "));
    new command.local.Command(
      `${name}-verify`,
      {
        create: "node bin/operations/verification.js",
        environment: { DOOM_STACK: args.stack },
        triggers: [containers, configuration, [...args.attempts.values()].join(" ")],
      },
      { parent: this, customTimeouts: { create: "1h" } },
    );
    this.registerOutputs({});
  }
}
