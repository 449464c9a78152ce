import type { BadInput } from "./types";

const ROTATIONS = "doom-coding:rotations";
const COUNT = "a whole number from 1 to 1000000";
const NAME = "a secret's name: certificate, or code-server-1 to code-server-50";
const SHAPE = 'a map such as {"code-server-1": 1}';

function rotations(given: string, value: unknown, ...problems: string[]): BadInput {
  return {
    given: `rotations ${given}`,
    keys: { [ROTATIONS]: JSON.stringify(value) },
    problems: problems.map((problem) => `${ROTATIONS}${problem}`),
  };
}

const count = (got: string) => `.code-server-1: got ${got}; allowed: ${COUNT}`;

export const badRotations: readonly BadInput[] = [
  rotations("that are a list", [1], `: got a list of 1; allowed: ${SHAPE}`),
  rotations("that are a number", 2, `: got 2 (number); allowed: ${SHAPE}`),
  rotations("that are null", null, `: got null; allowed: ${SHAPE}`),
  rotations("of no times", { "code-server-1": 0 }, count("0 (number)")),
  rotations("of a part", { "code-server-1": 1.5 }, count("1.5 (number)")),
  rotations("beyond counting", { "code-server-1": 1e6 + 1 }, count("1000001 (number)")),
  rotations("as text", { "code-server-1": "1" }, count('"1"')),
  rotations("of nothing", { "code-server-1": null }, count("null")),
  rotations("of an unknown secret", { password: 1 }, `: the name "password"; allowed: ${NAME}`),
  rotations("of editor 0", { "code-server-0": 1 }, `: the name "code-server-0"; allowed: ${NAME}`),
  rotations(
    "of editor 51",
    { "code-server-51": 1 },
    `: the name "code-server-51"; allowed: ${NAME}`,
  ),
  {
    given: "rotations that are encrypted",
    keys: { [ROTATIONS]: '{"code-server-1":1}' },
    encrypted: [ROTATIONS],
    problems: [
      `${ROTATIONS}: holds an encrypted value, but all of it is used in plain text; only doom-coding:secrets is for secrets`,
    ],
  },
];
