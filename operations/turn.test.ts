import { mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { ownLock } from "./locks";
import { takeTurn } from "./turn";

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "doom-turn-"));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

it("lets one work after the other, whatever becomes of the first", async () => {
  const file = join(folder, "sub", "turn.lock");
  const order: string[] = [];
  const work = (name: string) => async () => {
    order.push(`${name} begins`);
    await new Promise((resolve) => setTimeout(resolve, 50));
    order.push(`${name} ends`);
    if (name === "first") throw new Error("it failed");
  };
  const first = takeTurn(file, work("first"));
  const second = takeTurn(file, work("second"));
  await expect(first).rejects.toThrow("it failed");
  await second;
  expect(order).toEqual(["first begins", "first ends", "second begins", "second ends"]);
  expect(readdirSync(join(folder, "sub"))).toEqual([]);
});

it("takes away what a dead process has left", async () => {
  const file = join(folder, "left.lock");
  writeFileSync(file, JSON.stringify({ ...ownLock(), pid: 2 ** 30 }));
  expect(await takeTurn(file, async () => "mine")).toBe("mine");
});

it("gives up waiting when it is told to", async () => {
  const file = join(folder, "held.lock");
  writeFileSync(file, JSON.stringify(ownLock()));
  const signal = AbortSignal.abort(new Error("stop"));
  await expect(takeTurn(file, async () => "mine", signal)).rejects.toThrow("stop");
});
