// @ts-check
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { copyHostCertificates } from "../baseImage.mjs";

/** Where Debian, Ubuntu and Alpine keep certificates that the administrator added. */
const HOST_FOLDER = "/usr/local/share/ca-certificates";

/** @param {import("../step.mjs").Context} context */
const targetFolder = ({ projectFolder }) => join(projectFolder, "images", "extra-ca");

/** @type {import("../step.mjs").Step} */
export const certificatesStep = {
  name: "certificates",
  title: "the host's extra CA certificates",
  scope: "project",
  disk: () => [],
  check: async (context) => {
    const outdated = listOutdated(targetFolder(context));
    const part = { name: "extra CA certificates", origin: HOST_FOLDER };
    if (outdated.length === 0) return [{ ...part, healthy: true }];
    const problem = `not in the build context, or changed: ${outdated.join(", ")}`;
    return [{ ...part, healthy: false, problem, advice: "run `npm start`: it copies them" }];
  },
  run: async (context) => {
    copyHostCertificates({ from: HOST_FOLDER, to: targetFolder(context) });
  },
};

/**
 * @param {string} target
 * @returns {string[]}
 */
function listOutdated(target) {
  if (!existsSync(HOST_FOLDER)) return [];
  return readdirSync(HOST_FOLDER)
    .filter((name) => name.endsWith(".crt"))
    .filter((name) => {
      const copy = join(target, name);
      return !existsSync(copy) || !readFileSync(copy).equals(readFileSync(join(HOST_FOLDER, name)));
    });
}
