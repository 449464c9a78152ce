// @ts-check
/**
 * Bundles the language host into one executable file that needs neither this checkout nor its
 * node_modules.
 *
 * usage: node bundle.mjs OUTPUT VERSION
 */
import { chmodSync } from "node:fs";
import { join } from "node:path";
import { buildSync } from "esbuild";

const [outfile, version] = process.argv.slice(2);
if (!outfile || !version) {
  process.stderr.write("usage: bundle.mjs OUTPUT VERSION\n");
  process.exit(2);
}

buildSync({
  entryPoints: [join(import.meta.dirname, "main.ts")],
  outfile,
  bundle: true,
  platform: "node",
  target: "node20",
  format: "cjs",
  // Its start counts in every preview, and parsing is a good part of it.
  minify: true,
  legalComments: "none",
  banner: { js: "#!/usr/bin/env node" },
  define: { HOST_VERSION: JSON.stringify(version) },
  logLevel: "warning",
});
chmodSync(outfile, 0o755);
