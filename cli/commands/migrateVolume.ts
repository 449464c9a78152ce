import { type Endpoint, parseEndpoint } from "../../checks/migrationEndpoint";
import type { TransferTotals } from "../../checks/rsyncOutput";
import { bytesText } from "../../checks/transferText";
import { Failure } from "../../operations/failure";
import type { CopyPlan, CopyResult } from "../../operations/placeCopy";
import { migrateVolume, planMigration } from "../../operations/volumeMigration";
import type { CommandContext } from "../engineRun";
import { Interruption } from "../interruption";
import type { Outcome } from "../output";

export interface MigrateVolumeOptions {
  readonly acrossEnvironments?: boolean;
  readonly quick?: boolean;
  readonly overwrite?: boolean;
  readonly dryRun?: boolean;
}

/** `doom migrate volume <from> <to>`: copies the data, proves it, and says what it took. */
export async function migrateVolumeCommand(
  from: string,
  to: string,
  { dryRun = false, ...choices }: MigrateVolumeOptions,
  { display, interrupts }: CommandContext,
): Promise<Outcome> {
  const began = Date.now();
  const interruption = new Interruption();
  const request = {
    from: endpointOf("source", from),
    to: endpointOf("target", to),
    ...choices,
    signal: interruption.signal,
  };
  interrupts.watch(interruption);
  try {
    if (dryRun) return describePlan(from, to, await planMigration(request, display));
    const result = await migrateVolume(request, display);
    return describeResult(from, to, result, (Date.now() - began) / 1000);
  } finally {
    interruption.end();
  }
}

function endpointOf(side: string, text: string): Endpoint {
  const endpoint = parseEndpoint(text);
  if (typeof endpoint !== "string") return endpoint;
  throw new Failure("usage", `The ${side} cannot be understood: ${endpoint}.`);
}

function totalsText({ bytes, transferred, created, deleted }: TransferTotals): string {
  const gone = deleted > 0 ? `, ${deleted} deleted` : "";
  return `${bytesText(bytes)} in ${transferred} files (${created} new paths${gone})`;
}

function describePlan(from: string, to: string, { copied, stops }: CopyPlan): Outcome {
  const stop = stops.length > 0 ? `, with ${stops.join(", ")} stopped for a moment` : "";
  return {
    text: `Would copy ${totalsText(copied)} from ${from} to ${to}${stop}. Nothing was changed.`,
    data: { from, to, dryRun: true, copied, stops },
  };
}

function describeResult(from: string, to: string, result: CopyResult, seconds: number): Outcome {
  const { changed, copied, manifest, manifestFile, stopped, downtime } = result;
  const proof = `${manifest.entries} paths with ${bytesText(manifest.bytes)} are equal in everything`;
  const text = [
    changed
      ? `${to} is now what ${from} is: ${totalsText(copied)} copied in ${seconds.toFixed(1)} s.`
      : `${to} is what ${from} is: nothing had to be copied.`,
    "",
    `  Proof      ${proof}`,
    `  Manifest   ${manifestFile}`,
    ...(stopped.length > 0
      ? [`  Stopped    ${stopped.join(", ")} for ${downtime.toFixed(1)} s; running again`]
      : []),
  ].join("\n");
  return { text, data: { from, to, ...result, seconds } };
}
