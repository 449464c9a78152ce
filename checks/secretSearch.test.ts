import { describe, expect, test } from "vitest";
import { formsOf } from "./secretForms";
import { SecretSearch } from "./secretSearch";

const PASSWORD = 'pass"word\\é-1234';
const HASH = "$argon2id$v=19$m=19456,t=2,p=1$c29tZXNhbHQ$ZGlnZXN0ZGlnZXN0";
const search = new SecretSearch([
  { name: "the password", value: PASSWORD },
  { name: "the hash", value: HASH },
  { name: "the pin", value: "1234" },
]);

describe("SecretSearch", () => {
  test("finds a secret in each of its forms, in the middle of something else", () => {
    for (const { form, bytes } of formsOf(Buffer.from(PASSWORD))) {
      const content = Buffer.concat([Buffer.from("before "), bytes, Buffer.from(" after")]);
      expect(search.findIn(content), form).toContainEqual({ secret: "the password", form });
    }
  });

  test("names the part of a secret that was found", () => {
    expect(search.findIn("see ZGlnZXN0ZGlnZXN0")).toEqual([
      { secret: "the hash, its digest", form: "as it is" },
    ]);
  });

  test("says which secrets it cannot look for", () => {
    expect(search.searched).toEqual(["the password", "the hash"]);
    expect(search.tooShort).toEqual(["the pin"]);
  });

  test("finds nothing in what is near a secret", () => {
    expect(search.findIn("1234 pass word $argon2id$v=19$m=19456,t=2,p=1$c29tZXNhbHQ$")).toEqual([]);
  });

  test("refuses to look for nothing", () => {
    expect(() => new SecretSearch([])).toThrow("no secret that can be searched for");
    expect(() => new SecretSearch([{ name: "the pin", value: "1234" }])).toThrow("no secret");
  });
});
