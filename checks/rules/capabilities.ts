import { type ContainerInputs, each, type Finding, known, UNKNOWN } from "./facts";
import { show } from "./secretShapes";

/**
 * Root's powers that a start needs before it gives up root. Evidence for the first five: what
 * linuxserver.io images run with elsewhere (kubeflow/website#3666); KILL lets init stop its children.
 */
export const ALLOWED_CAPABILITIES = [
  "CHOWN",
  "DAC_OVERRIDE",
  "FOWNER",
  "KILL",
  "SETGID",
  "SETUID",
] as const;

const ALLOWED = new Set<string>(ALLOWED_CAPABILITIES);

/** Docker takes `CAP_CHOWN`, `chown` and `CHOWN` for the same. */
function plain(capability: string): string {
  return capability.toUpperCase().replace(/^CAP_/, "");
}

/** Every capability is dropped, and of all only those come back that a start needs. */
export function capabilities(container: ContainerInputs): readonly Finding[] {
  return known(container.capabilities, "capabilities", (given) => [
    ...dropsAll(given?.drops),
    ...each(given?.adds, "capabilities.adds", (capability, at) =>
      ALLOWED.has(plain(capability))
        ? []
        : [
            {
              at,
              problem: `is ${show(capability)}, which a start does not need`,
              fix: `remove it; allowed: ${ALLOWED_CAPABILITIES.join(", ")}`,
            },
          ],
    ),
  ]);
}

type Drops = Exclude<Exclude<ContainerInputs["capabilities"], undefined | symbol>["drops"], never>;

function dropsAll(drops: Drops): readonly Finding[] {
  return known(drops, "capabilities.drops", (list) => {
    const entries = list ?? [];
    if (entries.some((entry) => entry !== UNKNOWN && plain(entry) === "ALL")) return [];
    const unknown = entries.indexOf(UNKNOWN);
    if (unknown >= 0) return [{ undecided: `capabilities.drops[${unknown}]` }];
    return [
      {
        at: "capabilities.drops",
        problem: "keeps the engine's default set of 14 capabilities",
        fix: 'set it to ["ALL"]',
      },
    ];
  });
}
