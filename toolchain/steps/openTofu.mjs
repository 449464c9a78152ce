// @ts-check
import { existsSync } from "node:fs";
import { capture } from "../command.mjs";
import { buildOpenTofu, openTofuFiles } from "../openTofu.mjs";

/** @type {import("../step.mjs").Step} */
export const openTofuStep = {
  name: "opentofu",
  title: "OpenTofu, to measure against",
  scope: "home",
  disk: ({ pulumiHome }) => [{ folder: pulumiHome, bytes: 200_000_000, purpose: "OpenTofu" }],
  check: async (context) => [await check(context)],
  run: buildOpenTofu,
};

/**
 * @param {import("../step.mjs").Context} context
 * @returns {Promise<import("../step.mjs").Part>}
 */
async function check(context) {
  const { tofu, provider } = openTofuFiles(context);
  const { openTofu: version } = context.versions;
  const part = { name: "opentofu", version, origin: "built here" };
  const advice = "npm run bench builds it";
  const missing = [tofu, provider].find((file) => !existsSync(file));
  if (missing) return { ...part, healthy: false, problem: `${missing} is not there`, advice };
  if (!context.deep) return { ...part, healthy: true };
  const answer = await capture(tofu, ["version"], { env: context.env });
  if (answer.stdout.includes(`v${version}`)) return { ...part, healthy: true };
  const problem = answer.message || "it says another version";
  return { ...part, healthy: false, problem, advice: `remove ${tofu} and run npm run bench` };
}
