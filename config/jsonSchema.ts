import { writeFileSync } from "node:fs";
import path from "node:path";
import { z } from "zod";
import { ENVIRONMENT_KEY, ROTATIONS_KEY, SECRETS_KEY } from "./keys";
import { rotationsSchema } from "./rotations";
import { environmentSchema } from "./schema";

/** Where editors find it; every `Pulumi.<stack>.yaml` names it in its first line. */
export const STACK_SCHEMA_FILE = "config/stack.schema.json";

/** The JSON Schema of a stack file, so that editors complete and check it while it is written. */
export function stackFileSchema(): object {
  const { $schema, ...environment } = z.toJSONSchema(environmentSchema, { io: "input" });
  const { $schema: _, ...rotations } = z.toJSONSchema(rotationsSchema, { io: "input" });
  const encrypted = {
    type: "object",
    description: "Encrypted by `doom secrets set`, or by `pulumi config set --secret --path`.",
    properties: { secure: { type: "string" } },
    required: ["secure"],
    additionalProperties: false,
  };
  return {
    $schema,
    title: "A stack file of doom-coding",
    type: "object",
    properties: {
      encryptionsalt: { type: "string" },
      secretsprovider: { type: "string" },
      encryptedkey: { type: "string" },
      config: {
        type: "object",
        properties: {
          [ENVIRONMENT_KEY]: environment,
          [SECRETS_KEY]: { type: "object", additionalProperties: encrypted },
          [ROTATIONS_KEY]: rotations,
        },
        required: [ENVIRONMENT_KEY],
      },
    },
    required: ["config"],
    additionalProperties: false,
  };
}

/** The file's text. */
export function renderStackFileSchema(): string {
  return `${JSON.stringify(stackFileSchema(), null, 2)}\n`;
}

if (require.main === module) {
  writeFileSync(path.resolve(STACK_SCHEMA_FILE), renderStackFileSchema());
}
