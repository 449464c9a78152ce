// @ts-check
import { baseImageStep } from "./steps/baseImage.mjs";
import { certificatesStep } from "./steps/certificates.mjs";
import { compileStep } from "./steps/compile.mjs";
import { chromiumStep, dockerComposeStep } from "./steps/debianTools.mjs";
import { dependenciesStep } from "./steps/dependencies.mjs";
import { dockerStep } from "./steps/docker.mjs";
import { engineStep } from "./steps/engine.mjs";
import { nodeStep } from "./steps/node.mjs";
import { openTofuStep } from "./steps/openTofu.mjs";

/**
 * Docker comes before the engine: what a user may have to do by hand is asked for before a build
 * that takes a quarter of an hour.
 * @type {readonly import("./step.mjs").Step[]}
 */
const everyDay = [
  nodeStep,
  dependenciesStep,
  compileStep,
  dockerStep,
  certificatesStep,
  baseImageStep,
  engineStep,
];

/**
 * Which steps each purpose takes, in order.
 * @satisfies {Record<string, readonly import("./step.mjs").Step[]>}
 */
export const PURPOSES = {
  start: everyDay,
  test: [...everyDay, chromiumStep],
  check: [nodeStep, dependenciesStep],
  bench: [...everyDay, dockerComposeStep, openTofuStep],
  report: [nodeStep, dependenciesStep, compileStep],
};

/** What the doctor looks at; `needed` as `npm start` needs it. */
export const DOCTOR_STEPS = [
  ...everyDay.map((step) => ({ step, needed: true })),
  { step: chromiumStep, needed: false },
  { step: dockerComposeStep, needed: false },
  { step: openTofuStep, needed: false },
];
