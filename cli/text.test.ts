import { describe, expect, it } from "vitest";
import { changesText, table } from "./text";

describe("changesText", () => {
  it("counts in a fixed order and says when there is nothing", () => {
    expect(changesText({ delete: 1, create: 13 })).toBe("13 created, 1 deleted");
    expect(changesText({})).toBe("nothing changed");
  });
});

describe("table", () => {
  it("aligns columns and leaves no space at the ends of lines", () => {
    const rows = [
      ["dev", "healthy", "http://x"],
      ["staging", "down", ""],
    ];
    expect(table(rows)).toBe("dev      healthy  http://x\nstaging  down");
  });
});
