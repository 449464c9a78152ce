import { existsSync, readFileSync } from "node:fs";
import { isDeepStrictEqual } from "node:util";
import { parse } from "yaml";
import { promotionsFile, readPromotions } from "../../operations/promotionRecords";
import { containersOf } from "./dockerHost";
import type { EnvironmentValue } from "./liveEnvironment";
import type { UpgradeLife } from "./upgradeLife";

/** What a promotion has to have done and what it may not have done, judged apart from what makes it. */

/** An environment at a moment, but for its data. */
export interface SeenEnvironment {
  /** The ID of the image. */
  readonly image: string;
  /** Of the stack's file. */
  readonly text: string;
  readonly value: EnvironmentValue;
  /** Names of the volumes that its containers mount. */
  readonly volumes: readonly string[];
  /** The text of the file of the promotions to it. */
  readonly record: string;
}

export async function seenOf(life: UpgradeLife): Promise<SeenEnvironment> {
  const { copy, stack, environment } = life;
  const containers = await containersOf(stack);
  const record = promotionsFile(copy.project, stack);
  return {
    image: await life.image(),
    text: life.file,
    value: environment.value,
    volumes: containers.flatMap(({ Mounts }) => Mounts.flatMap(({ Name }) => Name ?? [])).sort(),
    record: existsSync(record) ? readFileSync(record, "utf8") : "",
  };
}

/** The secrets as they stand in the file, and the salt that they are encrypted with. */
function secretsIn({ text }: SeenEnvironment): unknown[] {
  const { encryptionsalt, config } = parse(text);
  return [encryptionsalt, config["doom-coding:secrets"]];
}

/** Written here once more: what travels is not asked of the program that is judged. */
const TRAVELS = ["schemaVersion", "timeZone", "variables"];
const OWN = ["resources", "access", "network", "logLevel", "promotion", "instances", "user"];

export interface PromotedPair {
  readonly from: UpgradeLife;
  readonly to: UpgradeLife;
  /** Both, before. */
  readonly source: SeenEnvironment;
  readonly before: SeenEnvironment;
  /** The file with the manifest of the target's data before. */
  readonly manifest: string;
  /** What the promotion says that it has promoted. */
  readonly hash: string;
}

/** Throws unless image and settings are the source's, and all else of both is as it was. */
export async function requirePromoted(pair: PromotedPair): Promise<void> {
  const { from, to, source, before, manifest, hash } = pair;
  await to.requireSame(manifest, "the promotion");
  const [after, sourceAfter] = [await seenOf(to), await seenOf(from)];
  const last = readPromotions(to.copy.project, to.stack).at(-1);
  const added = after.record.slice(before.record.length);
  const same = (keys: string[], one: SeenEnvironment, other: SeenEnvironment) =>
    keys.every((key) => isDeepStrictEqual(one.value[key], other.value[key]));
  const claims: Readonly<Record<string, boolean>> = {
    "the image is the source's": after.image === source.image,
    "it is named by its content": isDeepStrictEqual(after.value.image, { reference: source.image }),
    "what travels is the source's": same(TRAVELS, after, source),
    "what does not travel is its own": same(OWN, after, before),
    "its secrets are its own": isDeepStrictEqual(secretsIn(after), secretsIn(before)),
    "its volumes are its own": isDeepStrictEqual(after.volumes, before.volumes),
    "the record has grown by one line":
      after.record.startsWith(before.record) && added.trimEnd().split("\n").length === 1,
    "that line is this promotion": last?.result === "promoted" && last.hash === hash,
    "the source is as it was": isDeepStrictEqual(sourceAfter, source),
  };
  const broken = Object.entries(claims).flatMap(([claim, holds]) => (holds ? [] : [claim]));
  if (broken.length > 0) throw new Error(`after the promotion it is not so: ${broken.join("; ")}`);
}
