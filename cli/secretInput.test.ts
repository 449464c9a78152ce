import { PassThrough } from "node:stream";
import { describe, expect, it } from "vitest";
import { readSecret } from "./secretInput";

/** Standard input with `text`, in pieces; what is asked goes to `asked`. */
function streams(text: string | Buffer, isTTY: boolean) {
  const input = Object.assign(new PassThrough(), { isTTY });
  const output = new PassThrough();
  const asked: string[] = [];
  output.on("data", (chunk) => asked.push(String(chunk)));
  const bytes = Buffer.from(text);
  const half = Math.floor(bytes.length / 2);
  input.write(bytes.subarray(0, half));
  if (isTTY) input.write(bytes.subarray(half));
  else input.end(bytes.subarray(half));
  return { input, output, asked };
}

describe("a secret from a pipe", () => {
  it.each([
    ["without a newline", "c\u00e4nary $\"'\\", "c\u00e4nary $\"'\\"],
    ["without the newline that echo adds", "canary\n", "canary"],
    ["without the line end that a file from Windows has", "canary\r\n", "canary"],
    ["with all other white space, for its check to see", " can\nary \n\n", " can\nary \n"],
    ["with a mark for what is not UTF-8", Buffer.from([0x63, 0xff]), "c\ufffd"],
    ["with a byte order mark", "\ufeffcanary", "\ufeffcanary"],
    ["that is empty", "", ""],
  ])("comes %s", async (_what, text, secret) => {
    const { input, output, asked } = streams(text, false);
    expect(await readSecret("password", { input, output })).toBe(secret);
    expect(asked).toEqual([]);
  });

  it("is read to its end when it is far too long, but not for ever", async () => {
    const long = "c".repeat(2 ** 20);
    expect(await readSecret("password", streams(long, false))).toBe(long);
    const endless = streams(Buffer.alloc(5 * 2 ** 20, "c"), false);
    await expect(readSecret("password", endless)).rejects.toThrow(
      /^Standard input holds more than/,
    );
  });
});

describe("a secret from a terminal", () => {
  const question = "New password of code-server-1 (not shown): ";
  const ask = (typed: string) => {
    const { input, output, asked } = streams(typed, true);
    return { answer: readSecret("password of code-server-1", { input, output }), asked };
  };

  it("is asked for twice and shown nowhere", async () => {
    const { answer, asked } = ask("c\u00e4nary $1\rc\u00e4nary $1\r");
    expect(await answer).toBe("c\u00e4nary $1");
    expect(asked.join("")).toBe(`${question}\nThe same again: \n`);
  });

  it("can be corrected while it is typed", async () => {
    const { answer } = ask("canarx\u007fy\rcanary\r");
    expect(await answer).toBe("canary");
  });

  it("is refused when the two differ", async () => {
    const { answer, asked } = ask("canary\rcanarY\r");
    await expect(answer).rejects.toThrow("The two were not the same; nothing was changed.");
    expect(asked.join("").toLowerCase()).not.toContain("canary");
  });

  it.each([
    ["Ctrl-C", "cana\u0003"],
    ["Ctrl-D", "\u0004"],
  ])("is given up with %s", async (_key, typed) => {
    await expect(ask(typed).answer).rejects.toThrow("Interrupted; nothing was changed.");
  });
});
