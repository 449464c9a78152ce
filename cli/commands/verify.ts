import { Failure } from "../../operations/failure";
import { isClean, readSecrets, type SecretScan, scanForSecrets } from "../../operations/leakScan";
import { refuseHeld } from "../../operations/locks";
import type { PlaceResult } from "../../operations/placeSearch";
import { openEnvironmentSession } from "../../operations/stackSession";
import { type CommandContext, runEngine } from "../engineRun";
import { EXIT_CODES } from "../exitCodes";
import type { Outcome } from "../output";
import { table } from "../text";
import { verifyKept } from "./verifyKept";

/** What is to be verified; at least one. */
export interface VerifyOptions {
  /** That no secret of the stack stands readable anywhere. */
  readonly secrets?: boolean;
  /** That an `up` would leave the stack as it is. */
  readonly kept?: boolean;
  /** That limits hold, and how much of its storage each editor uses. */
  readonly limits?: boolean;
  /** That environments reach and share nothing but what is declared. */
  readonly isolation?: boolean;
  /** That all that have something to say to each other get on. */
  readonly interop?: boolean;
  /** Whether what is found is kept for the report. */
  readonly record?: boolean;
}

const QUESTIONS = ["secrets", "kept", "limits", "isolation", "interop"] as const;

/** `doom verify [stack...] --secrets` and the like: proves a promise about running environments. */
export async function verify(
  stacks: readonly string[],
  options: VerifyOptions,
  context: CommandContext,
): Promise<Outcome> {
  const [question, ...more] = QUESTIONS.filter((name) => options[name]);
  if (question === undefined || more.length > 0) {
    const asked = [question, ...more].map((name) => `--${name}`).join(" and ");
    const problem =
      question === undefined ? "There is nothing to verify." : `${asked} are different questions.`;
    throw new Failure("usage", problem, {
      fix: `give one of ${QUESTIONS.map((name) => `--${name}`).join(", ")}`,
    });
  }
  const { record = false } = options;
  if (question === "interop")
    return (await import("./verifyInterop.js")).verifyInterop(stacks, record, context);
  if (question === "isolation")
    return (await import("./verifyIsolation.js")).verifyIsolation(stacks, record, context);
  if (record) {
    throw new Failure("usage", `--record keeps no answer of --${question}.`, {
      fix: "leave it out, or give it with --isolation or --interop",
    });
  }
  if (question === "kept") return verifyKept(stacks, context);
  const [stack, ...others] = stacks;
  if (stack === undefined || others.length > 0) {
    throw new Failure("usage", `--${question} looks at one stack.`, {
      fix: `npx doom verify STACK --${question}`,
    });
  }
  if (question === "limits") return (await import("./verifyLimits.js")).verifyLimits(stack);
  return verifySecrets(stack, context);
}

async function verifySecrets(stack: string, context: CommandContext): Promise<Outcome> {
  const { display } = context;
  display.enter(`checking ${stack}`);
  const session = await openEnvironmentSession(stack);
  refuseHeld(session.project, stack);
  const open = await session.open();
  const { result: secrets } = await runEngine(
    session,
    context,
    { purpose: "read", phase: "opening the secrets" },
    () => readSecrets(session, open),
  );
  let place = "";
  display.enter(`looking for ${secrets.length} secrets`, () => place);
  const scan = await scanForSecrets(session, open, secrets, (name) => {
    refuseInterrupted(context);
    place = name;
  });
  display.stop();
  refuseInterrupted(context);
  return describeScan(stack, scan);
}

/** A preview that was stopped has not printed what it would have printed. */
function refuseInterrupted({ interrupts }: CommandContext): void {
  if (!interrupts.received) return;
  throw new Failure("interrupted", "Interrupted; nothing was changed, and nothing is proven.");
}

/** What was looked through and what was found; never a secret. */
export function describeScan(stack: string, scan: SecretScan): Outcome {
  const clean = isClean(scan);
  const { searched, tooShort, places } = scan;
  const text = [
    table([["PLACE", "OBJECTS", "READ", "SECONDS", "SECRETS FOUND"], ...places.map(toRow)]),
    ...places.flatMap(problemsOf),
    ...tooShort.map((name) => `too short to be searched for: ${name}`),
    verdict(stack, scan, clean),
  ].join("\n");
  return {
    text,
    data: { clean, secrets: searched, tooShort, places },
    ...(clean ? {} : { exitCode: EXIT_CODES.unproven }),
  };
}

function toRow({ place, objects, bytes, seconds, findings, notSearched }: PlaceResult): string[] {
  const found = findings.length === 0 ? "none" : String(findings.length);
  return [
    place,
    String(objects),
    `${(bytes / 1e6).toFixed(1)} MB`,
    seconds.toFixed(1),
    notSearched === undefined ? found : `${found}; NOT SEARCHED`,
  ];
}

/** A password in every file of a volume would fill the screen; `--json` has them all. */
const SHOWN_FINDINGS = 20;

function problemsOf({ place, findings, sealed, notSearched }: PlaceResult): string[] {
  const more = findings.length - SHOWN_FINDINGS;
  return [
    ...findings
      .slice(0, SHOWN_FINDINGS)
      .map(({ object, secret, form }) => `FOUND in ${place}: ${object}: ${secret} (${form})`),
    ...(more > 0 ? [`FOUND in ${place}: ${more} more, which --json lists`] : []),
    ...(notSearched === undefined ? [] : [`NOT SEARCHED: ${place}: ${notSearched}`]),
    ...(sealed === 0
      ? []
      : [`note: ${place}: ${sealed} closed to the search (packed, or protected even from root)`]),
  ];
}

function verdict(stack: string, { searched, places }: SecretScan, clean: boolean): string {
  const secrets = `${searched.length} secrets`;
  if (clean) return `No secret of ${stack} stands readable: ${secrets}, ${places.length} places.`;
  return places.some(({ findings }) => findings.length > 0)
    ? `Secrets of ${stack} stand readable: remove what holds them, then change them.`
    : `It is not proven that no secret of ${stack} stands readable.`;
}
