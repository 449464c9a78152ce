import type { BadInput } from "./types";

const ALLOWED =
  "1 to 24 characters: lower-case ASCII letters, digits and single hyphens, a letter first";

function badName(given: string, stack: string, shown = JSON.stringify(stack)): BadInput {
  return { given, stack, problems: [`stack name: got ${shown}; allowed: ${ALLOWED}`] };
}

function dockersOwn(stack: string): BadInput {
  return {
    given: `Docker's own network ${stack}`,
    stack,
    problems: [`stack name: got "${stack}", one of Docker's own network names; choose another`],
  };
}

/** Names of stacks. An empty one cannot be set through the SDK: config/names.test.ts has it. */
export const badNames: readonly BadInput[] = [
  badName("upper case", "Prod"),
  badName("trailing space", "prod "),
  badName("trailing newline", "prod\n"),
  badName("a path", "../prod"),
  badName("an option", "-rf"),
  badName("256 characters", "a".repeat(256), `"${"a".repeat(40)}… (256 characters)"`),
  badName("25 characters", "a".repeat(25)),
  badName("a key of every object", "__proto__"),
  badName("a Cyrillic letter", "pr\u043ed"),
  badName("a digit first", "1dev"),
  badName("a hyphen last", "dev-"),
  badName("two hyphens", "dev--2"),
  badName("a dot", "dev.2"),
  badName("an underscore", "dev_2"),
  badName("an emoji", "\u{1f4a5}"),
  badName("a command", "$(id)"),
  badName("a NUL", "dev\0"),
  dockersOwn("bridge"),
  dockersOwn("host"),
  dockersOwn("none"),
  dockersOwn("default"),
];
