/** The five areas of the plan, and what shows how each is doing. */

export interface Area {
  readonly name: string;
  /** The section of the report that is about it. */
  readonly section: string;
  /** Test files that are about it, in `test/` by their beginning, elsewhere by their whole path. */
  readonly tests: readonly string[];
  /** What repeats it many times. */
  readonly soaks: readonly string[];
  /** Benchmarks whose bounds say how it scales. */
  readonly benches: readonly string[];
}

export const CONFIGURATION_SOAK = "configurations";
export const MIGRATION_SOAK = "migration";
export const UPGRADE_SOAK = "upgrade";
export const KILLS_SOAK = "upgrade-kills";
export const PROMOTION_SOAK = "promotions";
const IDLE_SOAK = "idle-websocket";

export const AREAS: readonly Area[] = [
  {
    name: "Data migration",
    section: "migration",
    tests: [
      "test/stack/adoption",
      "test/stack/configMigration",
      "test/stack/snapshots",
      "test/stack/volume",
      "test/browser/adoption",
    ],
    soaks: [CONFIGURATION_SOAK, MIGRATION_SOAK],
    benches: ["migration"],
  },
  {
    name: "Scalability",
    section: "scaling",
    tests: [
      "test/stack/containerLimits",
      "test/stack/limits",
      "test/stack/scaling",
      "test/browser/scaling",
    ],
    soaks: [IDLE_SOAK],
    benches: ["limits", "load", "scale", "up"],
  },
  {
    name: "Interoperability",
    section: "interoperability",
    tests: [
      "test/stack/claude",
      "test/stack/gatewayImage",
      "test/stack/tailnet",
      "test/stack/threeEnvironments",
    ],
    soaks: [],
    benches: [],
  },
  {
    name: "Upgrade and migration",
    section: "upgrades",
    tests: ["test/stack/deepGate", "test/stack/upgrade", "test/browser/upgrade"],
    soaks: [UPGRADE_SOAK, KILLS_SOAK],
    benches: ["upgrade"],
  },
  {
    name: "Environment isolation",
    section: "isolation",
    tests: [
      "test/stack/environment",
      "test/stack/leakScan",
      "test/stack/policy",
      "test/stack/promotion",
      "test/stack/secretsCommands",
      "test/stack/threeEnvironments",
    ],
    soaks: [PROMOTION_SOAK],
    benches: [],
  },
];

/** What arrives as it was written: configuration, environment files, environment variables. */
export const FORMAT_TESTS = [
  "checks/dataFormats.test.ts",
  "config/envFile.test.ts",
  "config/flatSettings.test.ts",
  "config/stackDocument.test.ts",
];

/** From version to version to version, and over one. */
export const CHAIN_TESTS = ["test/stack/upgradeChain"];

/** That boundaries hold: no secret stands anywhere, and no policy lets through what it is to stop. */
export const SECURITY_TESTS = [
  "test/stack/leakScan",
  "test/stack/policyOwnStacks",
  "test/stack/policyPack",
  "test/stack/secretsCommands",
];
