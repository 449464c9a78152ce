import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";

const FOLDER = path.join("reports", "runs");
const CHECKOUT = path.resolve(__dirname, "../..");

/**
 * Takes the run records of a copy of the project into the checkout, so that `npm test` proves what the report says.
 *
 * `names` has what each random name of a stack stands for. Of `npm test` only: what is tried out while somebody
 * programs is no record.
 */
export function keepRecords(root: string, names: Readonly<Record<string, string>>): void {
  if (process.env.npm_lifecycle_event !== "test" || !existsSync(path.join(root, FOLDER))) return;
  mkdirSync(path.join(CHECKOUT, FOLDER), { recursive: true });
  for (const file of readdirSync(path.join(root, FOLDER))) {
    const content = readFileSync(path.join(root, FOLDER, file), "utf8");
    const named = Object.entries(names).reduce(
      (text, [random, name]) => text.replaceAll(random, name),
      content,
    );
    writeFileSync(path.join(CHECKOUT, FOLDER, file), named);
  }
}
