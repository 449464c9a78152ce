import * as pulumi from "@pulumi/pulumi";
import { describe, expect, test } from "vitest";
import {
  allRequestsSent,
  registered,
  secretContent,
  settled,
  startMocks,
} from "../test/support/mocks";
import { SecretFile } from "./secretFile";

/** Not proven here: the file itself; operations/secretFile.test.ts writes some. */

describe("a secret file", () => {
  const folder = "/run/doom-coding/00000000/dev";
  // The first 12 digits of `printf %s canary-content | sha256sum`.
  const path = `${folder}/key-9a1e39cda564`;

  async function write(content: pulumi.Input<string>) {
    const recorder = await startMocks("dev");
    const component = new SecretFile("file", { folder, fileName: "key", content });
    await allRequestsSent();
    return { recorder, component };
  }

  test.each([
    ["that is marked secret", pulumi.secret("canary-content")],
    ["that nobody marked", "canary-content"],
  ])("gets its content %s as a secret, and nothing else of it", async (_title, content) => {
    const { recorder } = await write(content);
    expect(registered(recorder, "file").inputs).toEqual({ folder, fileName: "key" });
    const { inputs } = registered(recorder, "file-write");
    const { DOOM_SECRET, ...environment } = inputs.environment as Record<string, unknown>;
    expect(secretContent(DOOM_SECRET)).toBe("canary-content");
    expect({ ...inputs, environment }).toEqual({
      create: "node bin/operations/secretFile.js write",
      delete: "node bin/operations/secretFile.js remove",
      environment: { DOOM_SECRET_FILE: path },
      triggers: [path],
      logging: "none",
    });
  });

  test("is not written again for a reworded command, and hides what the command prints", async () => {
    const { recorder } = await write("canary-content");
    expect(registered(recorder, "file-write").options).toMatchObject({
      protect: false,
      additionalSecretOutputs: ["stdout", "stderr"],
      ignoreChanges: ["create", "delete"],
    });
  });

  test("has a readable path, which a mount and a preview can show", async () => {
    const { component } = await write(pulumi.secret("canary-content"));
    expect(await settled(component.path)).toEqual({ value: path, secret: false });
  });
});
