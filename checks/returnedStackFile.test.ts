import { expect, it } from "vitest";
import { parse } from "yaml";
import { returnedStackFile } from "./returnedStackFile";

const file = (version: string, salt: string, secrets = "", rotations = "") =>
  `# mine\nconfig:\n  doom-coding:environment:\n    image:\n      version: ${version} # tried\n${secrets}${rotations}encryptionsalt: ${salt}\n`;
const SECRET = (text: string) =>
  `  doom-coding:secrets:\n    code-server-1:\n      secure: ${text}\n`;
const ROTATION = "  doom-coding:rotations:\n    code-server-1: 2\n";

it("is the former text to the byte when no secret was changed", () => {
  const former = file("4.133.0", "v1:a", SECRET("x"));
  expect(returnedStackFile(former, file("4.139.1", "v1:a", SECRET("x")))).toBe(former);
});

it.each([
  ["another passphrase", file("4.139.1", "v1:b", SECRET("y"))],
  ["a password that was taken out", file("4.139.1", "v1:a")],
  ["a password that was made anew", file("4.139.1", "v1:a", SECRET("x"), ROTATION)],
])("keeps %s, and all else as it was", (_, current) => {
  const former = file("4.133.0", "v1:a", SECRET("x"));
  const text = returnedStackFile(former, current);
  const [now, then, back] = [current, former, text].map((one) => parse(one));
  expect(back.encryptionsalt).toBe(now.encryptionsalt);
  for (const key of ["doom-coding:secrets", "doom-coding:rotations"])
    expect(back.config[key]).toEqual(now.config[key]);
  expect(back.config["doom-coding:environment"]).toEqual(then.config["doom-coding:environment"]);
  expect(text).toContain("# mine");
  expect(text).toContain("# tried");
});

it("names the image by its address where its version would be another one", () => {
  const pin = { versionKey: "image.version", referenceKey: "image.reference", image: "sha256:1" };
  const text = returnedStackFile(file("4.133.0", "v1:a"), file("4.139.1", "v1:a"), { pin });
  expect(parse(text).config["doom-coding:environment"].image).toEqual({ reference: "sha256:1" });
});

it.each([
  ["another version", "    claude:\n      version: 2.1.328\n", { version: "2.1.328" }],
  ["one that was taken out", "", undefined],
])("keeps the setting of another service: %s", (_, now, expected) => {
  const withClaude = (version: string, claude: string) =>
    file(version, "v1:a").replace("encryptionsalt", `${claude}encryptionsalt`);
  const former = withClaude("4.133.0", "    claude:\n      version: 2.1.300\n");
  const text = returnedStackFile(former, withClaude("4.139.1", now), {
    others: ["claude.version", "claude.reference"],
  });
  const environment = parse(text).config["doom-coding:environment"];
  expect(environment.image).toEqual({ version: "4.133.0" });
  expect(environment.claude?.version).toBe(expected?.version);
});
