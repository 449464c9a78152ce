import { z } from "zod";
import { VOLUME_NAME } from "../checks/migrationEndpoint";
import { ConfigError } from "./errors";
import {
  bindAddress,
  certificates,
  choice,
  cpus,
  environmentCidr,
  factor,
  flag,
  imageReference,
  integer,
  quantity,
  supportedVersion,
  text,
  timeZone,
  variables,
} from "./fields";
import { ENVIRONMENT_KEY } from "./keys";
import { problemsOf } from "./problems";
import { SCHEMA_VERSION } from "./schemaVersion";
import { editorNumber } from "./secrets";

/** Roles that may be given a way to the outside. */
export const EGRESS_ROLES = ["code-server", "claude", "tailscale"] as const;

/** How many editors an environment can have; the gateway's configuration names them all. */
export const MAX_INSTANCES = 50;

const port = integer(1024, 65535, "a TCP port");

/** Who can reach the gateway; see docs/security.md. */
const access = z.discriminatedUnion(
  "tier",
  [
    z.strictObject({
      tier: z.literal("local").describe("This host only, over plain HTTP on 127.0.0.1."),
      port,
    }),
    z.strictObject({
      tier: z.literal("limited").describe("This host and the tailnet, over TLS."),
      port,
    }),
    z.strictObject({
      tier: z.literal("full").describe("Whoever reaches bindAddress, over TLS."),
      port,
      bindAddress: bindAddress(),
    }),
  ],
  {
    // A map with an unknown tier is reported at `tier`, anything else at `access` itself.
    error: (issue) =>
      issue.code === "invalid_union"
        ? "one of local, limited, full"
        : "a map with tier (one of local, limited, full), port and, for full, bindAddress",
  },
);

/** Either a code-server version that is built here, or an image that exists somewhere. */
const image = z.union(
  [
    z.strictObject({
      version: supportedVersion("code-server"),
    }),
    z.strictObject({ reference: imageReference() }),
  ],
  { error: "a map with either version, or reference by digest" },
);

/**
 * How many times over the host may be promised, counted over all environments on it; see docs/capacity.md.
 *
 * CPU time is shared out when it is short, so limits may add up to more than there is; 16 for each CPU is what
 * OpenStack's Nova came with for years (`cpu_allocation_ratio`). Memory and disk that are gone stop somebody's work.
 */
const OVERCOMMIT = { memory: 1, cpus: 16, storage: 1 };

const capacity = z.strictObject({
  overcommit: z
    .strictObject({
      memory: factor().default(OVERCOMMIT.memory),
      cpus: factor().default(OVERCOMMIT.cpus),
      storage: factor().default(OVERCOMMIT.storage),
    })
    .default(OVERCOMMIT)
    .describe("How many times over the host may be promised when this environment is brought up."),
});

const tailscale = z.strictObject({
  enabled: flag().default(false),
  version: supportedVersion("tailscale").optional(),
  reference: imageReference().optional(),
  hostname: text(
    "a DNS label: a-z, 0-9 and inner hyphens, up to 63 characters",
    /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/,
  ).optional(),
  controlServer: text(
    "an https:// or http:// address without a path",
    /^https?:\/\/[^\s/]+$/,
    (value) => URL.canParse(value),
  ).optional(),
  certificateAuthority: certificates().optional(),
  acceptDns: flag().default(false),
});

const claude = z
  .strictObject({
    enabled: flag()
      .default(false)
      .describe("Whether each editor has Claude Code beside it: true or false."),
    version: supportedVersion("claude-code").optional(),
    reference: imageReference().optional(),
  })
  .refine(({ version, reference }) => version === undefined || reference === undefined, {
    error: "either version or reference, not both",
  });

/** Where the first data of an editor comes from; see docs/volumes.md. */
const seed = z.strictObject({
  volume: text("the name of a Docker volume", VOLUME_NAME),
  acrossEnvironments: flag()
    .default(false)
    .describe("Whether the volume may belong to another environment: true or false."),
});

/** What has to be proven elsewhere before it may come here; see docs/promotion.md. */
const promotion = z.strictObject({
  from: text("the name of a stack", /^[a-z][a-z0-9]*(-[a-z0-9]+)*$/).describe(
    "The environment before this one, the only one that may be promoted to it: the name of a stack.",
  ),
  soakMinutes: integer(0, 43_200, "minutes")
    .default(0)
    .describe("For how long it has to have run there: minutes from 0 to 43200."),
  approvals: z
    .array(text("a name: letters, digits and ._@-, up to 64", /^[A-Za-z0-9._@-]{1,64}$/), {
      error: "a list of names",
    })
    .default([])
    .describe("Who has to approve, all of them: a list of names."),
});

/** The whole of `doom-coding:environment`. Strict: a key that nobody reads is an error. */
export const environmentSchema = z
  .strictObject({
    schemaVersion: z
      .literal(SCHEMA_VERSION, { error: `the number ${SCHEMA_VERSION}` })
      .describe(`The version of this schema: the number ${SCHEMA_VERSION}.`),
    instances: integer(1, MAX_INSTANCES).default(1),
    resources: z
      .strictObject({
        cpus: cpus(),
        memory: quantity(128, 1024 * 1024),
        storage: quantity(256, 64 * 1024 * 1024),
      })
      .describe("The limits of each instance."),
    capacity: capacity.default({ overcommit: OVERCOMMIT }),
    access,
    network: z.strictObject({
      cidr: environmentCidr(),
      egress: z
        .array(choice(EGRESS_ROLES), { error: `a list of ${EGRESS_ROLES.join(", ")}` })
        .default(["claude", "tailscale"])
        .describe("What may talk to the outside; all else is on networks without a way out."),
    }),
    logLevel: choice(["trace", "debug", "info", "warn", "error"]),
    timeZone: timeZone().default("UTC"),
    user: z
      .strictObject({
        puid: integer(1, 2_147_483_647, "a user id").default(1000),
        pgid: integer(1, 2_147_483_647, "a group id").default(1000),
      })
      .default({ puid: 1000, pgid: 1000 })
      .describe("Who owns the files of the workspace; never root."),
    image,
    variables: variables().default({}),
    tailscale: tailscale.default({ enabled: false, acceptDns: false }),
    claude: claude.default({ enabled: false }),
    seed: z
      .record(
        text("code-server-1 to code-server-50", /^code-server-([1-9]|[1-4][0-9]|50)$/),
        seed,
        { error: "a map such as {code-server-1: {volume: NAME}}" },
      )
      .optional()
      .describe("The volumes that editors get their first data from, by the editor's name."),
    promotion: promotion
      .optional()
      .describe("Where this environment is promoted from, and on what terms."),
  })
  .superRefine(({ tailscale: { enabled, version, reference }, network }, context) => {
    if (version !== undefined && reference !== undefined) {
      const message = "either version or reference";
      context.addIssue({ code: "custom", path: ["tailscale", "reference"], message });
    }
    if (enabled && !network.egress.includes("tailscale")) {
      const message = "a list with tailscale, which has to reach its control server";
      context.addIssue({ code: "custom", path: ["network", "egress"], message });
    }
  })
  .superRefine(({ instances, seed: seeds = {} }, context) => {
    for (const editor of Object.keys(seeds)) {
      if ((editorNumber(editor) as number) <= instances) continue;
      const message = `only for editors that there are; instances is ${instances}`;
      context.addIssue({ code: "custom", path: ["seed", editor], message });
    }
  })
  .describe("One environment of doom-coding.");

/** A checked environment: sizes in MiB, defaults filled in. */
export type EnvironmentConfig = z.output<typeof environmentSchema>;
export type Seed = z.output<typeof seed>;
export type EgressRole = (typeof EGRESS_ROLES)[number];

/**
 * Checks the value of `doom-coding:environment` and fills in defaults.
 *
 * Throws {@link ConfigError} with every problem at once: full path, what was given, what is allowed.
 */
export function parseEnvironment(value: unknown): EnvironmentConfig {
  const result = environmentSchema.safeParse(value);
  if (!result.success) throw new ConfigError(problemsOf(result.error, value, ENVIRONMENT_KEY));
  return result.data;
}
