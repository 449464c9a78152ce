import { describe, expect, it } from "vitest";
import { addMessage, cleanDiagnostic, engineComplaints } from "./diagnostics";

describe("cleanDiagnostic", () => {
  it.each([
    [
      "what the provider logs",
      "  sdk-v2/provider2.go:571: sdk.helper_schema: Unable to start container: port is already allocated: provider=docker@5.2.0\n",
      ["Unable to start container: port is already allocated"],
    ],
    [
      "a list of one",
      "1 error occurred:\n\t* Unable to start container: port is already allocated\n\n\n",
      ["Unable to start container: port is already allocated"],
    ],
    ["a list of two", "2 errors occurred:\n\t* first\n\t* second\n\n", ["first", "second"]],
    ["the engine's own summary", "update failed\n", []],
    ["colours", "<{%fg 1%}>error: <{%reset%}>bad \u001b[31mthing\u001b[0m", ["bad thing"]],
    [
      "an exception of the program",
      "Running program '/a/bin/index.js' failed with an unhandled exception:\n" +
        "Error: it broke\n    at main (/a/bin/index.js:10:11)\n    at node:internal/main\n",
      ["it broke"],
    ],
    [
      "a message of several lines",
      "Invalid configuration, 2 problems:\n  - a: missing\n  - b: missing\n",
      ["Invalid configuration, 2 problems:\n  - a: missing\n  - b: missing"],
    ],
    ["nothing", "\n", []],
  ])("extracts %s", (_name, text, messages) => {
    expect(cleanDiagnostic(text)).toEqual(messages);
  });
});

describe("addMessage", () => {
  it("says the same thing once, in its longest form", () => {
    const first = addMessage([], "port is taken");
    const longer = addMessage(first, "Unable to start: port is taken");
    expect(longer).toEqual(["Unable to start: port is taken"]);
    expect(addMessage(longer, "port is taken")).toEqual(longer);
    expect(addMessage(longer, "other")).toEqual([...longer, "other"]);
  });
});

describe("engineComplaints", () => {
  it("finds the errors among the rest of standard error", () => {
    const stderr =
      "warning: resource plugin x\nerror: getting secrets manager: incorrect passphrase\nerror: a\n\tb\n";
    expect(engineComplaints(stderr)).toEqual([
      "getting secrets manager: incorrect passphrase",
      "a\n\tb",
    ]);
  });
});
