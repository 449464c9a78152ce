import type { Part } from "../../checks/supportTable";
import type { Role } from "../../config/names";
import type { EnvironmentConfig } from "../../config/schema";
import type { GateResult } from "../deepGate";
import type { ImageOrigin, ImageSource } from "../imageSources";
import type { ContainerShape } from "../upgradeJournal";

/** What a gate is told about one container. */
export interface GateQuestion {
  /** Name or ID of the container. */
  readonly container: string;
  /** What has to be there, as {@link UpgradeService.inventory} has found it before. */
  readonly inventory: readonly string[];
  /** What the file in memory holds that the container has mounted at `path`. Secret. */
  readonly secret: (path: string) => string;
  /** Whether it runs on a clone of the data, on a network without a way out. */
  readonly rehearsal: boolean;
}

/** One kind of container with data of its own: all that the path of an upgrade has to know of it. */
export interface UpgradeService {
  /** As `--service` and the folders of its journals name it. */
  readonly name: Extract<Role, "code-server" | "claude" | "tailscale">;
  /** Its row of the support table, which says its versions. */
  readonly part: Part;
  /** Where `doom-coding:environment` says which version is built, and which image is taken instead. */
  readonly versionKey: string;
  readonly referenceKey: string;
  /** How its image comes about in an environment. */
  readonly image: (origin: ImageOrigin, environment: EnvironmentConfig) => ImageSource;
  /** The numbers of its containers in an environment; the only one of its kind is 1. */
  readonly numbers: (environment: EnvironmentConfig) => readonly number[];
  /** Whether its names end with a number. */
  readonly numbered: boolean;
  /** One of them in a sentence: `editor 1`. */
  readonly title: (instance: number) => string;
  /** The role of the volume that it keeps its data on, and where that is mounted. */
  readonly volumeRole: Extract<Role, "data" | "claude" | "tailscale">;
  readonly mountedAt: string;
  /** The limits of one of its containers: CPUs, and MiB of memory. */
  readonly limits: (environment: EnvironmentConfig) => { cpus: number; memory: number };
  /** Paths that may differ after a start, and those that may on one that people can reach. */
  readonly startPaths: readonly string[];
  readonly sessionPaths: readonly string[];
  /** What an upgrade must not lose, besides data: found in a copy, `run` gives a program's output there. */
  readonly inventory: (
    root: string,
    run: (command: readonly string[]) => Promise<string>,
  ) => Promise<readonly string[]>;
  /** What takes the place of the files in memory during a rehearsal, by their path in the container. */
  readonly standIns: (shape: ContainerShape) => Promise<Readonly<Record<string, string>>>;
  /** Whether a container does all that it has to, proven by using it. */
  readonly gate: (question: GateQuestion) => Promise<GateResult>;
}
