import * as command from "@pulumi/command";
import * as pulumi from "@pulumi/pulumi";
import { ROTATION_VARIABLE } from "../config/rotations";

export interface SecretArgs {
  /** The operation in `operations/` that makes the value and prints it. */
  readonly generator: "secretGenerate" | "certificateGenerate";
  /** What the generator reads; a change makes it run again, in place. */
  readonly environment?: Record<string, pulumi.Input<string>>;
  /** How often it was made anew on request; a change makes the generator run again, in place. */
  readonly rotation?: number;
  /**
   * Whether the secret outlives `doom down`, because data that stays depends on it. It cannot be
   * dropped from the program then.
   */
  readonly keep: boolean;
  /** Whether it stays as it is, whatever its generator would read now. */
  readonly frozen?: boolean;
}

/**
 * A secret that is made on first use and then stays the same, in the stack's encrypted state and
 * nowhere else.
 */
export class Secret extends pulumi.ComponentResource {
  /** What the generator printed; always secret. */
  readonly value: pulumi.Output<string>;

  constructor(name: string, args: SecretArgs, opts?: pulumi.ComponentResourceOptions) {
    // The arguments of a component are stored in the state as they are: none of these goes there.
    super("doom-coding:index:Secret", name, {}, opts);
    const generated = new command.local.Command(
      `${name}-generate`,
      {
        create: `node bin/operations/${args.generator}.js`,
        environment: { ...args.environment, ...rotationOf(args) },
        // The default logs standard output, which is the secret, into the engine's events.
        logging: command.local.Logging.None,
      },
      {
        parent: this,
        protect: args.keep,
        additionalSecretOutputs: ["stdout", "stderr"],
        // A reworded command line must not make a new password for an old volume.
        ignoreChanges: args.frozen ? ["create", "environment"] : ["create"],
      },
    );
    this.value = pulumi.secret(generated.stdout);
    this.registerOutputs({});
  }
}

/** Absent for a secret that never was: what was made before there were rotations stays as it is. */
function rotationOf({ rotation = 0 }: SecretArgs): Record<string, string> {
  return rotation === 0 ? {} : { [ROTATION_VARIABLE]: String(rotation) };
}
