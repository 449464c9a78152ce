// @ts-check
/**
 * The set-up: brings a machine from nothing to everything that a purpose needs.
 *
 * usage: node toolchain/setup.mjs start|test|check|bench|report [--refresh]
 *
 * This file is kept so plain that an old Node.js can read it and say that it is too old; the rest
 * is loaded after that.
 */
const major = Number(process.versions.node.split(".")[0]);
if (major < 20) {
  process.stderr.write(
    `doom-coding needs Node.js 20.19 or later; this is ${process.versions.node}\n`,
  );
  process.exit(1);
}
import("./setupMain.mjs").then((main) => main.main(process.argv.slice(2)));
