// @ts-check
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { createContext, ownFolder } from "./context.mjs";
import { buildGoProgram } from "./goProgram.mjs";
import { SetupError } from "./step.mjs";

/**
 * What the benchmark measures against: OpenTofu, and the provider that the docker plugin is made of as a program of
 * its own, in the very version that the plugin has.
 *
 * @typedef {import("./step.mjs").Context} Context
 * @typedef {{tofu: string, provider: string}} OpenTofuFiles
 */

/** The path that the provider's sources go by, wherever they come from. */
const PROVIDER = "github.com/terraform-providers/terraform-provider-docker";

/** @param {Context} context */
const pluginFolder = ({ projectFolder }) =>
  join(projectFolder, "toolchain", "engine", "docker-plugin");

/**
 * Where the two are, or will be once they are built.
 * @param {Context} [context]
 * @returns {OpenTofuFiles}
 */
export function openTofuFiles(context = createContext()) {
  const pins = readFileSync(join(pluginFolder(context), "go.mod"), "utf8");
  const version = new RegExp(`${PROVIDER} => \\S+ (v\\S+)`).exec(pins)?.[1];
  if (!version) throw new SetupError(`go.mod names no ${PROVIDER}`, "restore it from Git");
  const folder = join(ownFolder(context.pulumiHome), "opentofu");
  return {
    tofu: join(folder, context.versions.openTofu, "tofu"),
    // OpenTofu looks for a provider by this name, alone in its folder.
    provider: join(folder, `docker-${version}`, "terraform-provider-docker"),
  };
}

/** @param {Context} context */
export async function buildOpenTofu(context) {
  const { tofu, provider } = openTofuFiles(context);
  const module = `github.com/opentofu/opentofu@v${context.versions.openTofu}`;
  context.detail("building OpenTofu");
  await buildGoProgram(context, { file: tofu, module, main: "./cmd/tofu" });
  context.detail("building the Docker provider");
  const within = pluginFolder(context);
  await buildGoProgram(context, { file: provider, module: PROVIDER, main: ".", within });
}
