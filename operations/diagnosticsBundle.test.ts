import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { Redaction } from "../checks/redaction";
import { SecretSearch } from "../checks/secretSearch";
import { type RawPart, redactPart } from "./diagnostics";
import { deliverBundle } from "./diagnosticsBundle";

const SECRET = "a-secret-0123456789";
const SECRETS = [{ name: "dev: password", value: SECRET }];
const PARTS: RawPart[] = [
  { name: "dev/containers.json", kind: "json", content: [{ Labels: { leak: SECRET } }] },
  { name: "dev/logs/doom-dev-gateway.log", kind: "log", content: `it said ${SECRET}\n` },
  { name: "dev/use.json.missing", kind: "missing", content: `refused ${SECRET}` },
];
let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "doom-bundle-"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

describe("a bundle", () => {
  test("whose secrets were taken out is handed over, for its owner only", async () => {
    const file = join(folder, "b.tar.gz");
    const entries = PARTS.map((part) => redactPart(part, new Redaction(SECRETS)));
    const result = await deliverBundle(file, entries, new SecretSearch(SECRETS));
    expect(result).toMatchObject({ objects: 3, findings: [] });
    expect(statSync(file).mode & 0o777).toBe(0o600);
    const text = gunzipSync(readFileSync(file)).toString();
    expect(text).toContain("it said [redacted: dev: password]");
    expect(text).not.toContain(SECRET);
    expect(readdirSync(folder)).toEqual(["b.tar.gz"]);
  });

  test("with a secret in it is not: the place is named, and no file is left", async () => {
    const file = join(folder, "b.tar.gz");
    const entries = PARTS.map(({ name, content }) => ({ name, text: JSON.stringify(content) }));
    const failed = deliverBundle(file, entries, new SecretSearch(SECRETS));
    const error = await failed.catch((error) => error);
    expect(error).toMatchObject({
      kind: "unproven",
      problems: [
        "dev/containers.json: dev: password (as it is)",
        "dev/logs/doom-dev-gateway.log: dev: password (as it is)",
        "dev/use.json.missing: dev: password (as it is)",
      ],
    });
    expect(error.message).not.toContain(SECRET);
    expect(readdirSync(folder)).toEqual([]);
  });

  test("is not handed over when a secret is too short to be looked for", async () => {
    const file = join(folder, "b.tar.gz");
    const search = new SecretSearch([...SECRETS, { name: "dev: pin", value: "1234" }]);
    const entries = [{ name: "a", text: "nothing" }];
    await expect(deliverBundle(file, entries, search)).rejects.toThrow(
      "too short to be searched for: dev: pin",
    );
    expect(existsSync(file)).toBe(false);
  });
});
