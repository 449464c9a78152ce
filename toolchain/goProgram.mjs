// @ts-check
import { existsSync } from "node:fs";
import { mkdir, mkdtemp, rename, rm } from "node:fs/promises";
import { dirname, join } from "node:path";
import { capture } from "./command.mjs";
import { requireGo } from "./goToolchain.mjs";
import { SetupError } from "./step.mjs";

/** Modules of a large program take their time on a slow network. */
const DOWNLOAD_SECONDS = 1800;

/**
 * Builds a program from its module's own sources, unless it is there: once on a machine, for every checkout.
 *
 * @param {import("./step.mjs").Context} context
 * @param {object} program
 * @param {string} program.file where it goes; the version is part of the path
 * @param {string} program.module as `go mod download` takes it
 * @param {string} program.main the package to build, `./cmd/tofu`
 * @param {string} [program.within] folder of the module whose go.mod says which version is meant
 */
export async function buildGoProgram(context, { file, module, main, within }) {
  if (existsSync(file)) return;
  const go = await requireGo(context);
  await mkdir(dirname(file), { recursive: true });
  const draft = await mkdtemp(join(dirname(file), ".building-"));
  try {
    const env = { ...go.env, CGO_ENABLED: "0" };
    const download = ["mod", "download", "-json", module];
    const found = await capture(go.file, download, {
      env,
      cwd: within ?? draft,
      timeoutSeconds: DOWNLOAD_SECONDS,
    });
    if (!found.ok)
      throw new SetupError(
        `${module}: ${found.message}`,
        "see whether the Go module proxy answers",
      );
    const output = join(draft, "program");
    // In the module's own folder, where its go.sum says what it is built of.
    const build = ["build", "-trimpath", "-ldflags=-s -w", "-o", output, main];
    await context.run(go.file, build, { env, cwd: JSON.parse(found.stdout).Dir });
    // Whole or not at all; another run may have been faster.
    await rename(output, file);
  } finally {
    await rm(draft, { recursive: true, force: true });
  }
}
