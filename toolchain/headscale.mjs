// @ts-check
import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import { createContext, ownFolder } from "./context.mjs";
import { buildGoProgram } from "./goProgram.mjs";

/** The control server of a tailnet that the tests run; nothing else needs one. */

const run = promisify(execFile);
const OUTPUT = { maxBuffer: 2 ** 26 };

/**
 * The program, in the version that `versions.json` names, beside the parts of the engine.
 * @returns {Promise<string>} the file
 */
export async function headscaleProgram() {
  const context = createContext({
    run: async (command, args, options) => {
      await run(command, [...args], { ...options, ...OUTPUT });
    },
  });
  const version = context.versions.headscale;
  const file = join(ownFolder(context.pulumiHome), "headscale", version);
  const module = `github.com/juanfont/headscale@v${version}`;
  await buildGoProgram(context, { file, module, main: "./cmd/headscale" });
  return file;
}
