import { createCipheriv, randomBytes } from "node:crypto";
import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { expect, it } from "vitest";
import { scratchFolders } from "../test/support/scratch";
import { oldCiphertexts } from "./oldCiphertext";

const scratch = scratchFolders();
const [oldKey, newKey] = [randomBytes(32), randomBytes(32)];

/** As Pulumi writes it. */
function seal(key: Buffer): string {
  const nonce = randomBytes(12);
  const cipher = createCipheriv("aes-256-gcm", key, nonce);
  const sealed = Buffer.concat([cipher.update("canary"), cipher.final(), cipher.getAuthTag()]);
  return `v1:${nonce.toString("base64")}:${sealed.toString("base64")}`;
}

it("counts the files that the present key does not open, folder by folder", () => {
  const root = scratch();
  const project = { root, name: "doom-coding", stateFolder: join(root, ".state") };
  const logs = join(root, "logs");
  const state = (path: string) => join(project.stateFolder, ".pulumi", path);
  const put = (path: string, key?: Buffer) => {
    mkdirSync(dirname(path), { recursive: true });
    const start = Buffer.from([0, 255, 128]);
    writeFileSync(path, key ? Buffer.concat([start, Buffer.from(`{"${seal(key)}"}`)]) : "{}");
  };
  put(state("stacks/doom-coding/dev.json"), newKey);
  put(state("stacks/doom-coding/dev.json.bak"), newKey);
  put(state("stacks/doom-coding/dev.json.1234"), oldKey);
  put(state("stacks/doom-coding/dev2.json"), oldKey);
  put(state("backups/doom-coding/dev/dev.1.json"), oldKey);
  put(state("backups/doom-coding/dev/dev.1.json.attrs"));
  put(state("backups/doom-coding/dev/dev.2.json"), newKey);
  put(state("backups/doom-coding/dev2/dev2.1.json"), oldKey);
  put(state("history/doom-coding/dev/dev-1.history.json"), newKey);
  put(join(logs, "organization+doom-coding+dev-20260102T030405.log"), oldKey);
  put(join(logs, "organization+doom-coding+dev-20260102T030406-abc.log"), oldKey);
  put(join(logs, "organization+doom-coding+dev-20260102T030407.log"), newKey);
  put(join(logs, "organization+doom-coding+dev-2-20260102T030405.log"), oldKey);
  expect(oldCiphertexts(project, "dev", logs, newKey)).toEqual([
    { folder: state("stacks/doom-coding"), files: 1 },
    { folder: state("backups/doom-coding/dev"), files: 1 },
    { folder: logs, files: 2 },
  ]);
});
