import { randomBytes } from "node:crypto";
import { describe, expect, test } from "vitest";
import { formsOf, tellingPieces } from "./secretForms";

const texts = (secret: string | Buffer) =>
  new Map(formsOf(Buffer.from(secret)).map(({ form, bytes }) => [form, bytes.toString()]));

describe("formsOf", () => {
  test("writes a piece in every form once", () => {
    expect(Object.fromEntries(texts('a "b" <é>'))).toEqual({
      "as it is": 'a "b" <é>',
      hex: "6120226222203cc3a93e",
      HEX: "6120226222203CC3A93E",
      "base64, offset 0": "YSAiYiIgPMOpP",
      "base64, offset 1": "EgImIiIDzDqT",
      "base64, offset 2": "hICJiIiA8w6k+",
      "base64url, offset 2": "hICJiIiA8w6k-",
      "URL-encoded": "a%20%22b%22%20%3C%C3%A9%3E",
      "URL-encoded, lower case": "a%20%22b%22%20%3c%c3%a9%3e",
      "URL-encoded, form": "a+%22b%22+%3C%C3%A9%3E",
      JSON: 'a \\"b\\" <é>',
      "JSON of Go": 'a \\"b\\" \\u003cé\\u003e',
      "JSON in ASCII": 'a \\"b\\" <\\u00e9>',
      "JSON, within JSON": 'a \\\\\\"b\\\\\\" <é>',
      "JSON of Go, within JSON": 'a \\\\\\"b\\\\\\" \\\\u003cé\\\\u003e',
      "JSON in ASCII, within JSON": 'a \\\\\\"b\\\\\\" <\\\\u00e9>',
    });
  });

  test("encodes what encodeURIComponent leaves as it is, as other languages do", () => {
    expect(texts("it's (ok)!").get("URL-encoded, every sign")).toBe("it%27s%20%28ok%29%21");
  });

  test("writes bytes that are no text in no text's way", () => {
    const forms = [...texts(Buffer.from([0xff, 0xfe, 1, 2, 3, 4, 5, 6])).keys()];
    expect(forms).toEqual([
      "as it is",
      "hex",
      "HEX",
      "base64, offset 0",
      "base64url, offset 0",
      "base64, offset 1",
      "base64url, offset 1",
      "base64, offset 2",
      "base64url, offset 2",
    ]);
  });

  test.each([8, 9, 10, 11, 32])(
    "a piece of %i bytes stands in the base64 of whatever it is a part of",
    (length) => {
      const piece = randomBytes(length);
      const forms = formsOf(piece).filter(({ form }) => form.startsWith("base64, "));
      for (const before of [0, 1, 2, 3, 4]) {
        for (const after of [0, 1, 2]) {
          const whole = Buffer.concat([randomBytes(before), piece, randomBytes(after)]);
          const form = forms.find(({ form }) => form.endsWith(String(before % 3)));
          expect(whole.toString("base64")).toContain(form?.bytes.toString());
        }
      }
    },
  );

  test("gives no form that is shorter than the piece's own bits", () => {
    for (const { bytes } of formsOf(randomBytes(8))) expect(bytes.length).toBeGreaterThanOrEqual(8);
  });
});

describe("tellingPieces", () => {
  const pieces = (secret: string) =>
    tellingPieces(secret).map(({ of, bytes }) => [of, bytes.toString("latin1")]);

  test("a password is one piece, when it is long enough to be told from chance", () => {
    expect(pieces("12345678")).toEqual([["", "12345678"]]);
    expect(pieces("1234567")).toEqual([]);
  });

  test("of an Argon2 hash the digest alone counts, too", () => {
    const hash = "$argon2id$v=19$m=19456,t=2,p=1$c29tZXNhbHQ$ZGlnZXN0ZGlnZXN0";
    expect(pieces(hash)).toEqual([
      ["", hash],
      ["its digest", "ZGlnZXN0ZGlnZXN0"],
    ]);
  });

  test("of a PEM text each line of the key and its bytes count, not the certificate", () => {
    const key = Buffer.from("the bytes of a private key, which are more than one line holds");
    const body = key.toString("base64").replace(/.{48}/g, "$&\n");
    const pem = `-----BEGIN CERTIFICATE-----\nUHVibGljLCBvZiBjb3Vyc2U=\n-----END CERTIFICATE-----\n-----BEGIN EC PRIVATE KEY-----\n${body}\n-----END EC PRIVATE KEY-----\n`;
    const [first, second] = body.split("\n") as [string, string];
    expect(pieces(pem)).toEqual([
      ["line 1", first],
      ["line 2", second],
      ["its DER bytes", key.toString("latin1")],
    ]);
  });

  test("a certificate without a key is refused, instead of passing for no secret", () => {
    const pem = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
    expect(() => tellingPieces(pem)).toThrow("no private key");
  });
});
