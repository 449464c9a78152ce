import { describe, expect, test } from "vitest";
import { HEALTHCHECK, hardenedContainer, secretMount } from "./container";

/** Not proven here: that Docker enforces any of it; the stack tests inspect running containers. */

const ARGS = {
  stack: "dev",
  role: "claude",
  limits: { cpus: 0.5, memoryMebibytes: 256 },
  capabilities: [],
} as const;

test("what every container has in common", () => {
  expect(hardenedContainer(ARGS)).toEqual({
    name: "doom-dev-claude",
    hostname: "claude",
    labels: [
      { label: "doom.role", value: "claude" },
      { label: "doom.schema", value: "1" },
      { label: "doom.stack", value: "dev" },
    ],
    cpus: "0.5",
    cpuShares: 512,
    memory: 256,
    memorySwap: 256,
    capabilities: { drops: ["ALL"], adds: [] },
    securityOpts: ["no-new-privileges:true"],
    privileged: false,
    publishAllPorts: false,
    ipcMode: "private",
    cgroupnsMode: "private",
    logDriver: "json-file",
    logOpts: { "max-size": "10m", "max-file": "3" },
    restart: "unless-stopped",
    mustRun: true,
    wait: true,
    waitTimeout: 180,
  });
});

test("a numbered one carries its number in name, host name and label", () => {
  const { name, hostname, labels } = hardenedContainer({ ...ARGS, index: 12 });
  expect({ name, hostname }).toEqual({ name: "doom-dev-claude-12", hostname: "claude-12" });
  expect(labels).toContainEqual({ label: "doom.instance", value: "12" });
});

test("a secret is mounted read-only, by the kind of mount that fails when it is missing", () => {
  expect(secretMount("/run/doom-coding/x/key", "/run/secrets/key")).toEqual({
    type: "bind",
    source: "/run/doom-coding/x/key",
    target: "/run/secrets/key",
    readOnly: true,
    bindOptions: { propagation: "rprivate" },
  });
});

describe("the health check", () => {
  const seconds = (duration: string) => {
    const [, minutes, rest] = /^(?:(\d+)m)?(\d+)s$/.exec(duration) ?? [];
    return Number(minutes ?? 0) * 60 + Number(rest);
  };

  test("runs the image's own script where there is one", () => {
    expect(HEALTHCHECK.tests).toEqual([
      "CMD-SHELL",
      expect.stringMatching(
        /^if \[ -x \/usr\/local\/bin\/healthcheck \]; then exec \/usr\/local\/bin\/healthcheck \d+; fi; /,
      ),
    ]);
  });

  test("can fail within the time that the run waits for it", () => {
    const { interval, timeout, retries, startPeriod } = HEALTHCHECK;
    const slowest = seconds(startPeriod) + retries * (seconds(interval) + seconds(timeout));
    expect(slowest).toBeLessThan(hardenedContainer(ARGS).waitTimeout as number);
  });
});
