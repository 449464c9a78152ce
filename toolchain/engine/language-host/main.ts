/**
 * The Node language host: the engine starts it to run programs, policy packs and plugins written
 * for Node. It serves pulumirpc.LanguageRuntime on loopback and prints its port, nothing else, as
 * the first line of its standard output.
 */
import { Server, ServerCredentials } from "@grpc/grpc-js";
import { LanguageRuntimeService } from "@pulumi/pulumi/proto/language_grpc_pb.js";
import { Children } from "./children";
import { parseArguments } from "./options";
import { createService } from "./service";

/** The engine's own limit; a stack's configuration or a schema passes gRPC's default of 4 MB. */
const MESSAGE_LIMIT_BYTES = 400 * 1024 * 1024;

/** How often to look whether the engine is still there, in milliseconds. */
const PARENT_CHECK_MS = 500;

function main(): void {
  const { engineAddress, tracing } = parseArguments(process.argv.slice(2));
  const children = new Children();
  const server = new Server({
    "grpc.max_receive_message_length": MESSAGE_LIMIT_BYTES,
    "grpc.max_send_message_length": MESSAGE_LIMIT_BYTES,
  });
  server.addService(LanguageRuntimeService, createService({ engineAddress, tracing, children }));

  let closing = false;
  const shutDown = () => {
    if (closing) return;
    closing = true;
    // The engine waits for this process to end, on every preview: no time for open connections.
    void children.stopAll().then(() => process.exit(0));
  };
  process.on("SIGINT", shutDown);
  process.on("SIGTERM", shutDown);
  watchParent(shutDown);

  server.bindAsync("127.0.0.1:0", ServerCredentials.createInsecure(), (error, port) => {
    if (error) {
      process.stderr.write(`pulumi-language-nodejs: cannot listen on loopback: ${error.message}\n`);
      process.exit(1);
    }
    process.stdout.write(`${port}\n`);
  });
}

/** An engine that was killed closes nothing; the kernel then gives this process another parent. */
function watchParent(onGone: () => void): void {
  const parent = process.ppid;
  setInterval(() => {
    if (process.ppid !== parent) onGone();
  }, PARENT_CHECK_MS);
}

main();
