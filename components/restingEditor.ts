import * as pulumi from "@pulumi/pulumi";
import { Secret } from "./secret";
import { Volume } from "./volume";

export interface RestingEditorArgs {
  /** Name of the environment. */
  readonly stack: string;
  /** Number of the editor, from 1. */
  readonly index: number;
}

/**
 * What stays of an editor that the environment has no more: its data and its password, so that it comes back
 * as it was. Stands in the state at the very place of the {@link CodeServer} that it is the rest of.
 */
export class RestingEditor extends pulumi.ComponentResource {
  /** Name of the volume with its data. */
  readonly volumeName: pulumi.Output<string>;

  /** `name`: that of the editor. */
  constructor(name: string, args: RestingEditorArgs, opts?: pulumi.ComponentResourceOptions) {
    super("doom-coding:index:CodeServer", name, { index: args.index }, opts);
    const kept = { generator: "secretGenerate", keep: true, frozen: true } as const;
    new Secret(`${name}-password`, kept, { parent: this });
    const volume = new Volume(`${name}-data`, args, { parent: this });
    this.volumeName = volume.dockerName;
    this.registerOutputs({ volumeName: this.volumeName });
  }
}
