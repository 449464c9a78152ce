import * as docker from "@pulumi/docker";
import * as pulumi from "@pulumi/pulumi";
import { dockerLabels, dockerName, type VolumeRole } from "../config/names";
import { labelList } from "./labels";

export interface VolumeArgs {
  /** Name of the environment. */
  readonly stack: string;
  /** What it holds; the data of an editor when absent. */
  readonly role?: VolumeRole;
  /** Number of the instance that the data belongs to, from 1; absent where there is only one of its kind. */
  readonly index?: number;
}

/**
 * The data of one instance, or of a service.
 *
 * It keeps its name for life. It is protected (no run of Pulumi deletes or replaces it) and retained
 * (taken out of the state by force, it still stays on the host): people's work outlives every mistake here.
 */
export class Volume extends pulumi.ComponentResource {
  /** Name on the Docker host. */
  readonly dockerName: pulumi.Output<string>;

  constructor(name: string, args: VolumeArgs, opts?: pulumi.ComponentResourceOptions) {
    super("doom-coding:index:Volume", name, { ...args }, opts);
    const { stack, role = "data", index } = args;
    const volume = new docker.Volume(
      `${name}-volume`,
      {
        name: dockerName(stack, role, index),
        driver: "local",
        labels: labelList(dockerLabels(stack, role, index)),
      },
      { parent: this, protect: true, retainOnDelete: true },
    );
    this.dockerName = volume.name;
    this.registerOutputs({ dockerName: this.dockerName });
  }
}
