// @ts-check
/**
 * Shows each part of the machine that the program needs: its version, where it came from, whether
 * it is healthy, and what to do if not. Looks with the set-up's own checks, and changes nothing.
 *
 * usage: node toolchain/doctor.mjs [--json]
 * Exit codes: 0 all that is needed is healthy, 1 something is not, 2 wrong usage.
 */
import { fileURLToPath } from "node:url";
import { createContext } from "./context.mjs";
import { freeSpace } from "./diskSpace.mjs";
import { formatBytes } from "./progress.mjs";
import { DOCTOR_STEPS } from "./purposes.mjs";
import { look } from "./step.mjs";

/**
 * @typedef {import("./step.mjs").Part & {needed: boolean}} Finding
 */

/** Below this many bytes free an image build or an upgrade's copy of the data is likely to fail. */
const FREE_MINIMUM = 2_000_000_000;

/**
 * @param {import("./step.mjs").Context} context
 * @returns {Promise<Finding[]>}
 */
export async function examine(context) {
  const groups = await Promise.all(
    DOCTOR_STEPS.map(async ({ step, needed }) => {
      const parts = await look(step, context);
      return parts.map((part) => ({ ...part, needed: needed && !part.optional }));
    }),
  );
  return [...groups.flat(), ...(await checkDisk(context))];
}

/**
 * @param {import("./step.mjs").Context} context
 * @returns {Promise<Finding[]>}
 */
async function checkDisk({ projectFolder, pulumiHome }) {
  const folders = [...new Set([projectFolder, pulumiHome, "/var/lib/docker"])];
  return Promise.all(
    folders.map(async (folder) => {
      const { free } = await freeSpace(folder);
      const finding = {
        name: `disk ${folder}`,
        version: `${formatBytes(free)} free`,
        needed: true,
      };
      if (free >= FREE_MINIMUM) return { ...finding, healthy: true };
      const problem = `${free} bytes are free there, ${FREE_MINIMUM} are wanted`;
      return { ...finding, healthy: false, problem, advice: "free some space" };
    }),
  );
}

/**
 * @param {readonly Finding[]} findings
 * @returns {string}
 */
export function formatFindings(findings) {
  const rows = findings.map((finding) => [
    finding.healthy ? "ok" : finding.needed ? "MISSING" : "absent",
    finding.name,
    finding.version ?? "",
    finding.origin ?? "",
  ]);
  const widths = [0, 1, 2].map((column) =>
    Math.max(...rows.map((row) => row[column]?.length ?? 0)),
  );
  const lines = findings.flatMap((finding, index) => {
    const cells = rows[index]?.map((cell, column) => cell.padEnd(widths[column] ?? 0)) ?? [];
    const row = cells.join("  ").trimEnd();
    if (finding.healthy) return finding.due ? [row, `         ${finding.due}`] : [row];
    const optional = finding.needed ? "" : " (optional)";
    return [
      row,
      `         ${finding.problem}${optional}`,
      `         what to do: ${finding.advice}`,
    ];
  });
  return `${lines.join("\n")}\n`;
}

/** @param {readonly string[]} words */
async function main(words) {
  if (words.some((word) => word !== "--json")) {
    process.stderr.write("usage: node toolchain/doctor.mjs [--json]\n");
    return 2;
  }
  const findings = await examine(createContext({ deep: true }));
  const healthy = findings.every((finding) => finding.healthy || !finding.needed);
  const text = words.includes("--json")
    ? `${JSON.stringify({ healthy, parts: findings }, null, 2)}\n`
    : formatFindings(findings);
  process.stdout.write(text);
  return healthy ? 0 : 1;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  process.exitCode = await main(process.argv.slice(2));
}
