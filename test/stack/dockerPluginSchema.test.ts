import { spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { credentials } from "@grpc/grpc-js";
import { ResourceProviderClient } from "@pulumi/pulumi/proto/provider_grpc_pb.js";
import { GetSchemaRequest } from "@pulumi/pulumi/proto/provider_pb.js";
import { describe, expect, it } from "vitest";
import { ALLOWED_DIFFERENCES } from "../../toolchain/engine/docker-plugin/allowedDifferences";
import {
  differences,
  type PackageSchema,
  schemaShapes,
  sdkShapes,
} from "../../toolchain/engine/sdkTypes";

const project = join(__dirname, "../..");
const pulumiHome = process.env.PULUMI_HOME || join(homedir(), ".pulumi");
const sdk = (name: string) => join(project, "node_modules/@pulumi", name);

/** A schema with every description is larger than gRPC's default limit. */
const MESSAGE_LIMIT_BYTES = 64 * 1024 * 1024;

describe("installed plugins", async () => {
  const { partStatus } = await import("../../toolchain/engine/build.mjs");
  const { findPart, partFile } = await import("../../toolchain/engine/parts.mjs");

  /** Starts the plugin as the engine would and asks it for its schema. */
  async function askForSchema(part: string): Promise<PackageSchema> {
    const plugin = spawn(partFile(findPart(part), pulumiHome), [], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    try {
      const lines = createInterface(plugin.stdout)[Symbol.asyncIterator]();
      const { value: port } = await lines.next();
      const client = new ResourceProviderClient(`127.0.0.1:${port}`, credentials.createInsecure(), {
        "grpc.max_receive_message_length": MESSAGE_LIMIT_BYTES,
      });
      try {
        return await new Promise((resolve, reject) => {
          client.getSchema(new GetSchemaRequest(), (error, response) => {
            if (error) reject(error);
            else resolve(JSON.parse(response.getSchema()));
          });
        });
      } finally {
        client.close();
      }
    } finally {
      plugin.kill("SIGKILL");
    }
  }

  it("the docker plugin offers what @pulumi/docker declares", async () => {
    const schema = await askForSchema("docker-plugin");
    const found = differences(
      sdkShapes(sdk("docker"), join(sdk("docker"), "types")),
      schemaShapes(schema),
    );
    expect(found.filter((line) => !ALLOWED_DIFFERENCES.has(line))).toEqual([]);
    const { state } = await partStatus(findPart("docker-plugin"), { pulumiHome });
    expect(state, "run the set-up: the plugin is of other sources").not.toBe("stale");
    if (state === "built") {
      const file = join(project, "toolchain/engine/docker-plugin/docker.schema");
      expect(schema).toEqual(JSON.parse(readFileSync(file, "utf8")));
    }
  });

  it("the command plugin offers what @pulumi/command declares for local commands", async () => {
    const schema = await askForSchema("command-plugin");
    const command = sdk("command");
    const found = differences(
      sdkShapes(join(command, "local"), join(command, "types"), "local"),
      schemaShapes(schema),
    );
    // The official plugin also has the module `remote`, which this SDK keeps apart.
    const remote = /^(?:(?:in|out)puts\.)?(?:Connection|ProxyConnection|CopyFile|CopyToRemote)/;
    expect(found.filter((line) => !remote.test(line))).toEqual([]);
  });
});
