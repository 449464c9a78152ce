// @ts-check
import { readFile } from "node:fs/promises";
import { SetupError } from "./step.mjs";

/** Another package manager may be at work: how long to wait for it, in seconds. */
const DPKG_LOCK_SECONDS = 600;

/**
 * @param {string} [file] for tests
 * @returns {Promise<"debian" | "ubuntu" | undefined>} undefined on any other system
 */
export async function debianFamily(file = "/etc/os-release") {
  const text = await readFile(file, "utf8").catch(() => "");
  /** @param {string} key */
  const value = (key) => new RegExp(`^${key}=["']?([^"'\n]*)`, "m").exec(text)?.[1] ?? "";
  if (value("ID") === "ubuntu") return "ubuntu";
  if (value("ID") === "debian") return "debian";
  const like = value("ID_LIKE").split(" ");
  if (like.includes("ubuntu")) return "ubuntu";
  return like.includes("debian") ? "debian" : undefined;
}

/** @returns {boolean} */
export function isRoot() {
  return process.getuid?.() === 0;
}

/**
 * Installs packages of the distribution. Interrupted, apt goes on alone (`finish`): stopped in the
 * middle it would leave packages half configured. What somebody else's interruption left so is put
 * right first.
 * @param {import("./step.mjs").Context} context
 * @param {readonly string[]} packages
 */
export async function installDebianPackages(context, packages) {
  const options = { finish: true, env: { ...context.env, DEBIAN_FRONTEND: "noninteractive" } };
  const common = [
    "--option",
    `DPkg::Lock::Timeout=${DPKG_LOCK_SECONDS}`,
    "--option",
    "Acquire::Retries=3",
  ];
  const install = ["install", "--yes", "--no-install-recommends", ...packages];
  context.detail(`apt-get install ${packages.join(" ")}`);
  await context.run("dpkg", ["--configure", "-a"], options);
  await context.run("apt-get", [...common, "update"], options);
  await context.run("apt-get", [...common, ...install], options);
}

/**
 * @param {string} what
 * @param {readonly string[]} packages
 * @param {string} elsewhere what to install on other systems
 * @returns {Promise<void>}
 * @throws {SetupError} when this user on this system cannot install packages
 */
export async function requireDebianRoot(what, packages, elsewhere) {
  const family = await debianFamily();
  if (family && isRoot()) return;
  const command = `apt-get install --no-install-recommends ${packages.join(" ")}`;
  throw new SetupError(
    `${what} is missing and ${family ? "this user cannot install packages" : "this system is neither Debian nor Ubuntu"}`,
    `${family ? `as root: ${command}` : elsewhere}; then run the same command again`,
  );
}
