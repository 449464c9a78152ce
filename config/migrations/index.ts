import { Chain } from "./chain";
import { env1ToEnv2 } from "./env1ToEnv2";
import { env2ToEnv3 } from "./env2ToEnv3";
import { env3ToEnv4 } from "./env3ToEnv4";
import { env4ToSchema0 } from "./env4ToSchema0";
import { schema0ToSchema1 } from "./schema0ToSchema1";

/** The released forms of the installer's `.env`, to the newest of them. */
export const ENV_CHAIN = Chain.from("env 1").next(env1ToEnv2).next(env2ToEnv3).next(env3ToEnv4);

/** From every form and schema that there was to the current schema. */
export const CHAIN = ENV_CHAIN.next(env4ToSchema0).next(schema0ToSchema1);

/** The name in {@link CHAIN} of a version of the schema. */
export function schemaName(version: number): string {
  return `schema ${version}`;
}
