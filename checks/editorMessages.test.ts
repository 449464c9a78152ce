import { describe, expect, test } from "vitest";
import { controlMessage, firstControlType, firstMessage } from "./editorMessages";

/** A message that is not about the connection: type 9 keeps it alive. */
const KEEP_ALIVE = Buffer.from([9, ...Array(12).fill(0)]);
const SIGN = controlMessage({ type: "sign", data: "x" });

test("what the browser side says first is a control message of type auth", () => {
  expect(firstMessage().subarray(0, 9)).toEqual(Buffer.from([2, 0, 0, 0, 0, 0, 0, 0, 0]));
  expect(firstControlType(firstMessage())).toBe("auth");
});

describe("the first control message", () => {
  test("is found behind others, and in one piece with what follows", () => {
    expect(firstControlType(Buffer.concat([KEEP_ALIVE, SIGN, firstMessage()]))).toBe("sign");
  });

  test("is not there while a part of it is missing", () => {
    for (let length = 0; length < SIGN.length; length += 1)
      expect(firstControlType(SIGN.subarray(0, length))).toBeUndefined();
  });

  test.each([
    ["no JSON", Buffer.concat([SIGN.subarray(0, 13), Buffer.alloc(SIGN.length - 13, "x")])],
    ["no type", controlMessage({ data: "sign" })],
    ["a type of the wrong kind", controlMessage({ type: 1 })],
  ])("is refused when it has %s", (_title, bytes) => {
    expect(() => firstControlType(bytes)).toThrow("none of VS Code's");
  });
});
