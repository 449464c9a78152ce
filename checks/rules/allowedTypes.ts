import type { Finding } from "./facts";
import { COMMAND, CONTAINER, NETWORK, REMOTE_IMAGE, VOLUME } from "./facts";

/** What an environment consists of. Anything else has no rule that judges it. */
const ALLOWED = new Set([
  CONTAINER,
  NETWORK,
  VOLUME,
  REMOTE_IMAGE,
  COMMAND,
  "pulumi:pulumi:Stack",
  "pulumi:providers:docker",
  "pulumi:providers:command",
  "pulumi:providers:pulumi",
]);

/** This project's components; they hold resources and are none themselves. */
const COMPONENT = /^doom-coding:index:[A-Za-z]+$/;

/** A resource of a type that the rules know: a new type comes with rules of its own, or not at all. */
export function allowedTypes(type: string): readonly Finding[] {
  if (ALLOWED.has(type) || COMPONENT.test(type)) return [];
  return [
    {
      at: "type",
      problem: `is ${type}, which no rule judges`,
      fix: "use the types of this project, or add the type and its rules",
    },
  ];
}
