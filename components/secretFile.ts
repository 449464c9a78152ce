import * as command from "@pulumi/command";
import * as pulumi from "@pulumi/pulumi";
import { secretFingerprint } from "../checks/secretFingerprint";

export interface SecretFileArgs {
  /** Folder on the Docker host, backed by memory; see operations/secretLocation.ts. */
  readonly folder: string;
  /** The file's name within the folder; a fingerprint is added. */
  readonly fileName: string;
  /** What the file holds. */
  readonly content: pulumi.Input<string>;
}

/**
 * A secret as a file that a container can mount, readable by root only.
 *
 * The fingerprint in its name makes a new secret a new path, so that whatever mounts it is replaced, and
 * the old file stays until then. Only for contents with enough entropy that a fingerprint gives nothing
 * away: keys and salted hashes, never a password itself.
 */
export class SecretFile extends pulumi.ComponentResource {
  /** Absolute path on the Docker host. */
  readonly path: pulumi.Output<string>;

  constructor(name: string, args: SecretFileArgs, opts?: pulumi.ComponentResourceOptions) {
    super(
      "doom-coding:index:SecretFile",
      name,
      { folder: args.folder, fileName: args.fileName },
      opts,
    );
    const content = pulumi.secret(args.content);
    const fingerprint = content.apply(secretFingerprint);
    const path = pulumi.interpolate`${args.folder}/${args.fileName}-${pulumi.unsecret(fingerprint)}`;
    const file = new command.local.Command(
      `${name}-write`,
      {
        create: "node bin/operations/secretFile.js write",
        delete: "node bin/operations/secretFile.js remove",
        environment: { DOOM_SECRET_FILE: path, DOOM_SECRET: content },
        triggers: [path],
        logging: command.local.Logging.None,
      },
      {
        parent: this,
        additionalSecretOutputs: ["stdout", "stderr"],
        ignoreChanges: ["create", "delete"],
      },
    );
    // Through an output of the command, so that whoever uses the path waits for the file.
    this.path = pulumi.unsecret(pulumi.all([file.id, path]).apply(([, written]) => written));
    this.registerOutputs({ path: this.path });
  }
}
