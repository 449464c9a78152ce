import type { EnvironmentArgs } from "../../components/environment";
import { parseEnvironment } from "../../config/schema";

/** Where the secret files of mocked environments would lie. */
export const SECRET_FOLDER = "/run/doom-coding/00000000/dev";

/** What the mocked generators print: shaped like the real thing and found again by its text. */
export function canaryOutput(commandName: string): string {
  if (commandName.includes("certificate")) return canaryPem(commandName);
  return JSON.stringify(canaryPassword(commandName));
}

export function canaryPassword(commandName: string): { password: string; hash: string } {
  return {
    password: `canary-password-of-${commandName}`,
    hash: `$argon2id$v=19$m=19456,t=2,p=1$c2FsdA$canary-digest-of-${commandName}`,
  };
}

export function canaryPem(commandName: string): string {
  const key = Buffer.from(`canary key of ${commandName}`).toString("base64");
  return `-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n-----BEGIN PRIVATE KEY-----\n${key}\n-----END PRIVATE KEY-----\n`;
}

/** The arguments of an environment; `changes` goes over the configuration's top level. */
export function environmentArgs(
  changes: Record<string, unknown> = {},
  stack = "dev",
): EnvironmentArgs {
  const config = parseEnvironment({
    schemaVersion: 1,
    resources: { cpus: 0.5, memory: "512MiB", storage: "2GiB" },
    access: { tier: "local", port: 8443 },
    network: { cidr: "10.87.0.0/24" },
    logLevel: "debug",
    image: { version: "4.139.1" },
    ...changes,
  });
  return {
    stack,
    config,
    secrets: new Map(),
    rotations: new Map(),
    attempts: new Map(),
    resting: [],
    claudeVolumes: config.claude.enabled
      ? Array.from({ length: config.instances }, (_, position) => position + 1)
      : [],
    secretFolder: SECRET_FOLDER,
    images: {
      codeServer:
        "reference" in config.image
          ? { reference: config.image.reference }
          : {
              folder: "code-server",
              tag: config.image.version,
              contentHash: "c0de".repeat(16),
              buildArgs: { CODE_SERVER_VERSION: config.image.version },
            },
      gateway: {
        folder: "gateway",
        tag: "1",
        contentHash: "9a7e".repeat(16),
        buildArgs: {},
      },
      ...(config.tailscale.enabled
        ? {
            tailscale: {
              folder: "tailscale",
              tag: "1.92.3",
              contentHash: "7a11".repeat(16),
              buildArgs: { TAILSCALE_VERSION: "1.92.3" },
            },
          }
        : {}),
    },
  };
}
