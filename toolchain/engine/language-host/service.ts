import {
  type ServerUnaryCall,
  type ServerWritableStream,
  type sendUnaryData,
  status,
  type UntypedServiceImplementation,
} from "@grpc/grpc-js";
import type { ILanguageRuntimeServer } from "@pulumi/pulumi/proto/language_grpc_pb.js";
import {
  AboutResponse,
  DependencyInfo,
  GetProgramDependenciesResponse,
  GetRequiredPackagesResponse,
  InstallDependenciesResponse,
  LanguageHandshakeResponse,
  RunPluginResponse,
  RunResponse,
} from "@pulumi/pulumi/proto/language_pb.js";
import {
  PackageDependency,
  PackageParameterization,
  PluginInfo,
} from "@pulumi/pulumi/proto/plugin_pb.js";
import { Empty } from "google-protobuf/google/protobuf/empty_pb.js";
import { installDependencies } from "./install";
import { type Parameterization, programDependencies, requiredPlugins } from "./packages";
import { runPlugin } from "./plugins";
import { type RunContext, runProgram } from "./run";

/** Set by the bundler. */
declare const HOST_VERSION: string;

/**
 * The methods that the engine calls for a Node program. Those that generate code for SDKs are
 * missing; gRPC answers them with "unimplemented".
 */
export function createService(context: RunContext): UntypedServiceImplementation {
  const { children } = context;
  return {
    handshake: unary(({ request }) => {
      context.engineAddress = request.getEngineAddress() || context.engineAddress;
      return new LanguageHandshakeResponse();
    }),
    getPluginInfo: unary(() => new PluginInfo().setVersion(HOST_VERSION)),
    getRequiredPackages: unary(({ request }) => packagesResponse(directoryOf(request))),
    getProgramDependencies: unary(({ request }) => {
      const found = programDependencies(directoryOf(request), request.getTransitivedependencies());
      return new GetProgramDependenciesResponse().setDependenciesList(
        found.map(({ name, version }) => new DependencyInfo().setName(name).setVersion(version)),
      );
    }),
    about: unary(() =>
      new AboutResponse().setExecutable(process.execPath).setVersion(process.version),
    ),
    run: unary(async (call) => {
      const { error, bail } = await runProgram(call.request, context, cancellation(call));
      return new RunResponse().setError(error).setBail(bail);
    }),
    runPlugin: stream(async (call) => {
      const output = {
        stdout: (chunk: Uint8Array) => void call.write(new RunPluginResponse().setStdout(chunk)),
        stderr: (chunk: Uint8Array) => void call.write(new RunPluginResponse().setStderr(chunk)),
      };
      const code = await runPlugin(call.request, children, output, cancellation(call));
      call.write(new RunPluginResponse().setExitcode(code));
    }),
    installDependencies: stream(async (call) => {
      const send = (message: InstallDependenciesResponse) => void call.write(message);
      const output = {
        stdout: (chunk: Uint8Array) => send(new InstallDependenciesResponse().setStdout(chunk)),
        stderr: (chunk: Uint8Array) => send(new InstallDependenciesResponse().setStderr(chunk)),
      };
      await installDependencies(call.request, children, output, cancellation(call));
    }),
    cancel: unary(async () => {
      await children.stopAll();
      return new Empty();
    }),
  } satisfies Partial<ILanguageRuntimeServer>;
}

/** Runs the given function when the engine gives up the call. */
function cancellation(call: { on(event: "cancelled", listener: () => void): unknown }) {
  return (stop: () => void) => void call.on("cancelled", stop);
}

function unary<Request, Response>(
  answer: (call: ServerUnaryCall<Request, Response>) => Response | Promise<Response>,
) {
  return async (call: ServerUnaryCall<Request, Response>, reply: sendUnaryData<Response>) => {
    try {
      reply(null, await answer(call));
    } catch (error) {
      reply({ code: status.UNKNOWN, details: messageOf(error) });
    }
  };
}

function stream<Request, Response>(
  answer: (call: ServerWritableStream<Request, Response>) => Promise<void>,
) {
  return async (call: ServerWritableStream<Request, Response>) => {
    try {
      await answer(call);
      call.end();
    } catch (error) {
      call.emit("error", { code: status.UNKNOWN, details: messageOf(error) });
    }
  };
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

function directoryOf(request: {
  getInfo(): { getProgramDirectory(): string } | undefined;
}): string {
  const directory = request.getInfo()?.getProgramDirectory();
  if (!directory) throw new Error("the request names no program directory");
  return directory;
}

function packagesResponse(directory: string): GetRequiredPackagesResponse {
  const packages = requiredPlugins(directory).map((plugin) => {
    const dependency = new PackageDependency()
      .setName(plugin.name)
      .setKind("resource")
      .setVersion(plugin.version)
      .setServer(plugin.server);
    if (plugin.parameterization) {
      dependency.setParameterization(parameterizationMessage(plugin.parameterization));
    }
    if (plugin.extension) dependency.setExtension$(parameterizationMessage(plugin.extension));
    return dependency;
  });
  return new GetRequiredPackagesResponse().setPackagesList(packages);
}

function parameterizationMessage({ name, version, value }: Parameterization) {
  return new PackageParameterization().setName(name).setVersion(version).setValue(value);
}
