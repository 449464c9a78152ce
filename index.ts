// First: it decides what the SDK loads.
import "./leanSdk";
import * as pulumi from "@pulumi/pulumi";
import { Environment } from "./components/environment";
import { ConfigError } from "./config/errors";
import { loadConfig } from "./config/load";
import { claudeVolumes } from "./operations/claudeVolumes";
import { Failure } from "./operations/failure";
import { imageSources } from "./operations/imageSources";
import { preflight } from "./operations/preflight";
import { restingEditors } from "./operations/restingEditors";
import { secretFolder } from "./operations/secretLocation";
import { hadTailscale } from "./operations/tailnetState";
import { upgradeAttempts } from "./operations/upgradeJournal";
import { describeUpgrades } from "./operations/upgradePlan";

/** Checks everything that can be checked, then declares one environment. */
async function declareEnvironment() {
  const { stack, environment: config, secrets, rotations, warnings } = loadConfig();
  for (const line of warnings) await pulumi.log.warn(line);
  const { base, upgrades } = await preflight({ stack, environment: config });
  if (pulumi.runtime.isDryRun())
    for (const line of describeUpgrades(upgrades)) await pulumi.log.info(line);
  const environment = new Environment("environment", {
    stack,
    config,
    secrets,
    rotations,
    attempts: upgradeAttempts(stack, config),
    resting: restingEditors(stack, config.instances),
    claudeVolumes: claudeVolumes(stack, config),
    secretFolder: secretFolder(stack),
    images: imageSources({ root: process.cwd(), base }, config),
    hadTailscale: hadTailscale(stack),
  });
  const networks = Object.entries(environment.networks);
  return {
    url: environment.url,
    passwordCommand: `npx doom password ${stack} 1`,
    instances: environment.instances,
    imageDigests: environment.imageDigests,
    networks: Object.fromEntries(
      networks.map(([role, { dockerName: name, cidr }]) => [role, { name, cidr }]),
    ),
    volumes: environment.volumes,
    resting: environment.resting,
    passwords: environment.passwords,
    snapshotPassword: environment.snapshotPassword,
  };
}

/** The program of every stack. What a user can put right is told without a stack trace. */
async function main() {
  // The SDK takes a stack trace for every resource and maps it through source maps. This program has
  // none: the mapping would cost a preview of five editors up to half a second, for nothing. And the
  // mapped paths (`node_modules/@pulumi/resource.ts`) catch Node 20 in an endless loop when the SDK
  // prints an error: 17 seconds and half a gigabyte for every refused configuration.
  Reflect.deleteProperty(Error, "prepareStackTrace");
  try {
    return await declareEnvironment();
  } catch (error) {
    if (error instanceof ConfigError || error instanceof Failure) {
      throw new pulumi.RunError(error.message);
    }
    throw error;
  }
}

export = main;
