import { describe, expect, test } from "vitest";

describe("doctor", async () => {
  const { examine, formatFindings } = await import("./doctor.mjs");
  const { createContext } = await import("./context.mjs");

  test("one line for each part, and what to do below a part that is not well", () => {
    const text = formatFindings([
      { name: "node", needed: true, healthy: true, version: "20.20.2", origin: "/usr/bin/node" },
      {
        name: "docker daemon",
        needed: true,
        healthy: false,
        problem: "nobody listens there",
        advice: "start it",
      },
      { name: "go", needed: false, healthy: false, problem: "no go on PATH", advice: "none" },
      { name: "pulumi CLI", needed: true, healthy: true, due: "asks again" },
    ]);
    expect(text.split("\n")).toEqual([
      "ok       node           20.20.2  /usr/bin/node",
      "MISSING  docker daemon",
      "         nobody listens there",
      "         what to do: start it",
      "absent   go",
      "         no go on PATH (optional)",
      "         what to do: none",
      "ok       pulumi CLI",
      "         asks again",
      "",
    ]);
  });

  test("on an empty machine every part is named, with advice, and nothing is thrown", async () => {
    const env = { PATH: "/nonexistent", DOCKER_HOST: "unix:///nonexistent.sock" };
    const findings = await examine(createContext({ env, pulumiHome: "/nonexistent", deep: true }));
    const sick = findings.filter((finding) => !finding.healthy);
    expect(sick.map(({ name }) => name)).toEqual(
      expect.arrayContaining([
        "docker daemon",
        "docker client",
        "base image",
        "pulumi CLI",
        "Node.js language host",
        "docker plugin",
        "command plugin",
        "go",
        "chromium",
        "docker-compose",
      ]),
    );
    for (const { problem, advice } of sick) {
      expect(problem).toBeTruthy();
      expect(advice).toBeTruthy();
    }
    const optional = findings.filter(({ needed }) => !needed).map(({ name }) => name);
    expect(optional).toEqual(["go", "chromium", "docker-compose", "opentofu"]);
  });
});
