/**
 * What works together: the one table of versions. Its page for people is docs/versions.md, which
 * `npm run versions` makes from it; checks/support.ts answers questions about it.
 */

export type Part =
  | "code-server"
  | "claude-code"
  | "tailscale"
  | "image-node"
  | "docker-api"
  | "pulumi"
  | "pulumi-sdk"
  | "policy-sdk"
  | "docker-plugin"
  | "command-plugin"
  | "schema";

/** One version, or a range in which every version works. */
export interface SupportedVersion {
  /** As npm writes it: `4.139.1`, `>=1.41 <2`. */
  readonly version: string;
  /** The versions of other parts that it works with; all that are supported where one is not named. */
  readonly with?: Partial<Readonly<Record<Part, string>>>;
  /** The versions from which one step leads here; every older one when absent. */
  readonly from?: string;
}

export interface SupportedPart {
  /** Its name for people. */
  readonly title: string;
  /** What a user does about a version that is not in the table. */
  readonly fix: string;
  /** Where a version comes in, for whoever adds one. */
  readonly chosenIn: string;
  /** Oldest first. */
  readonly versions: readonly SupportedVersion[];
}

export type SupportTable = Readonly<Record<Part, SupportedPart>>;

/**
 * Those that install from the npm registry alone: up to 4.117.0, ripgrep comes from a download host.
 * All of them want Node 24.
 */
const CODE_SERVER = ["4.133.0", "4.134.0", "4.135.0", "4.136.2", "4.137.0", "4.138.0", "4.139.1"];

const SETUP_BRINGS_IT = "run `npm start`, which sets up the pinned one";

export const SUPPORT: SupportTable = {
  "code-server": {
    title: "code-server",
    fix: "set image.version to one of them",
    chosenIn: "`image.version` in `Pulumi.<stack>.yaml`",
    versions: CODE_SERVER.map((version) => ({ version, with: { "image-node": "24" } })),
  },
  "claude-code": {
    title: "Claude Code",
    fix: "set claude.version to one of them",
    chosenIn: "`claude.version` in `Pulumi.<stack>.yaml`",
    versions: [{ version: "2.1.326" }, { version: "2.1.328" }],
  },
  tailscale: {
    title: "Tailscale",
    fix: "set tailscale.version to one of them",
    chosenIn:
      "`tailscale.version` in `Pulumi.<stack>.yaml`; the one without it in `toolchain/versions.json`",
    versions: [{ version: "1.90.9" }, { version: "1.92.3" }],
  },
  "image-node": {
    title: "Node.js in the code-server image",
    fix: "set NODE_VERSION in images/code-server/Dockerfile to one of them",
    chosenIn: "`NODE_VERSION` in `images/code-server/Dockerfile`",
    versions: [{ version: "24.21.0" }],
  },
  "docker-api": {
    title: "Docker API",
    fix: "install Docker Engine 20.10 or newer",
    chosenIn: "the Docker host; the lowest also in `toolchain/versions.json`",
    versions: [{ version: ">=1.41 <2" }],
  },
  pulumi: {
    title: "Pulumi CLI",
    fix: SETUP_BRINGS_IT,
    chosenIn: "`toolchain/versions.json`, `package.json`; the range also in `Pulumi.yaml`",
    versions: [{ version: ">=3.248.0 <4.0.0" }],
  },
  "pulumi-sdk": {
    title: "@pulumi/pulumi",
    fix: "run `npm ci`",
    chosenIn: "`package.json`",
    // From 3.249.0 on the SDK asks for Node 22.
    versions: [{ version: "3.248.0", with: { pulumi: ">=3.248.0 <4.0.0" } }],
  },
  "policy-sdk": {
    title: "@pulumi/policy",
    fix: "run `npm ci`",
    chosenIn: "`package.json`",
    versions: [{ version: "1.21.0" }],
  },
  "docker-plugin": {
    title: "docker plugin and @pulumi/docker",
    fix: SETUP_BRINGS_IT,
    chosenIn: "`toolchain/versions.json`, `package.json`: the same in both",
    versions: [{ version: "5.2.0", with: { "docker-api": ">=1.41 <2" } }],
  },
  "command-plugin": {
    title: "command plugin and @pulumi/command",
    fix: SETUP_BRINGS_IT,
    chosenIn: "`toolchain/versions.json`, `package.json`: the same in both",
    versions: [{ version: "1.2.1" }],
  },
  schema: {
    title: "configuration schema",
    fix: "write schemaVersion 1",
    chosenIn:
      "`schemaVersion` in `Pulumi.<stack>.yaml`, `SCHEMA_VERSION` in `config/schemaVersion.ts`",
    versions: [{ version: "1" }],
  },
};
