import type * as pulumi from "@pulumi/pulumi";
import { Environment } from "../../components/environment";
import { canaryOutput, environmentArgs } from "./environments";
import { allRequestsSent, type Recorder, type Registration, startMocks } from "./mocks";

/** An environment whose resources nobody makes, for unit tests. */

export async function environment(
  changes: Record<string, unknown> = {},
  secrets: ReadonlyMap<string, pulumi.Output<string>> = new Map(),
  preview = false,
): Promise<{ recorder: Recorder; component: Environment }> {
  const recorder = await startMocks("dev", { stdout: canaryOutput, preview });
  const component = new Environment("environment", { ...environmentArgs(changes), secrets });
  await allRequestsSent();
  return { recorder, component };
}

/** `type name` of every resource, sorted: the engine is free in the order. */
export function listed({ registrations }: Recorder): string[] {
  return registrations.map(({ type, name }) => `${type} ${name}`).sort();
}

export function containers({ registrations }: Recorder): Registration[] {
  return registrations.filter(({ type }) => type === "docker:index/container:Container");
}

export const LIMITED = { access: { tier: "limited", port: 8444 } };
export const FULL = { access: { tier: "full", port: 8445, bindAddress: "192.0.2.10" } };
export const REFERENCE = `lscr.io/linuxserver/code-server@sha256:${"ab".repeat(32)}`;
export const IMAGE_ID = `sha256:${"cd".repeat(32)}`;
