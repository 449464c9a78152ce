// @ts-check
import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdir, mkdtemp, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { createContext, ownFolder } from "./context.mjs";
import { requireGo } from "./goToolchain.mjs";

/** The control server of a tailnet that the tests run; nothing else needs one. */

const run = promisify(execFile);
const OUTPUT = { maxBuffer: 2 ** 26 };

/**
 * The program, built from its module in the version that `versions.json` names: once on a machine, beside the parts
 * of the engine, for every checkout.
 * @returns {Promise<string>} the file
 */
export async function headscaleProgram() {
  const context = createContext({
    run: async (command, args, options) => {
      await run(command, [...args], { ...options, ...OUTPUT });
    },
  });
  const version = context.versions.headscale;
  const folder = join(ownFolder(context.pulumiHome), "headscale");
  const file = join(folder, version);
  if (existsSync(file)) return file;
  const go = await requireGo(context);
  await mkdir(folder, { recursive: true });
  const draft = await mkdtemp(join(folder, ".building-"));
  try {
    const env = { ...go.env, CGO_ENABLED: "0" };
    const module = `github.com/juanfont/headscale@v${version}`;
    const found = await run(go.file, ["mod", "download", "-json", module], { env, cwd: draft });
    const { Dir: sources } = JSON.parse(found.stdout);
    const output = join(draft, "headscale");
    // In the module's own folder, where its go.sum says what it is built of.
    const build = ["build", "-trimpath", "-ldflags=-s -w", "-o", output, "./cmd/headscale"];
    await run(go.file, build, { env, cwd: sources, ...OUTPUT });
    // Whole or not at all; another run may have been faster.
    await rename(output, file);
  } finally {
    await rm(draft, { recursive: true, force: true });
  }
  return file;
}
