import type Docker from "dockerode";
import { expect, it } from "vitest";
import { shapeOf } from "./containerShape";

const inspected = {
  Config: {
    Env: ["PUID=1000", "PATH=/old/bin", "LANG=C.UTF-8"],
    Hostname: "code-server-1",
    Healthcheck: { Test: ["CMD", "true"], Interval: 1_000_000_000 },
    Labels: { "doom.role": "code-server" },
  },
  HostConfig: {
    CapAdd: ["CAP_CHOWN"],
    CapDrop: ["ALL"],
    SecurityOpt: ["no-new-privileges:true"],
    Tmpfs: { "/run": "size=16m" },
    IpcMode: "private",
    CgroupnsMode: "private",
    PidsLimit: 2048,
    LogConfig: { Type: "json-file", Config: {} },
    Privileged: false,
    Memory: 5,
    NetworkMode: "doom-dev-internal",
    PortBindings: { "8443/tcp": [] },
    Mounts: [{ Type: "bind", Source: "/run/secret", Target: "/run/secrets/hashed-password" }],
    RestartPolicy: { Name: "unless-stopped" },
  },
} as unknown as Docker.ContainerInspectInfo;

it("takes over rights, bounds and the environment's own variables", () => {
  expect(shapeOf(inspected, ["PATH=/old/bin", "LANG=C.UTF-8"])).toEqual({
    Env: ["PUID=1000"],
    Hostname: "code-server-1",
    Healthcheck: { Test: ["CMD", "true"], Interval: 1_000_000_000 },
    HostConfig: {
      CapAdd: ["CAP_CHOWN"],
      CapDrop: ["ALL"],
      SecurityOpt: ["no-new-privileges:true"],
      Tmpfs: { "/run": "size=16m" },
      IpcMode: "private",
      CgroupnsMode: "private",
      PidsLimit: 2048,
      LogConfig: { Type: "json-file", Config: {} },
      Privileged: false,
    },
  });
});

it("takes over neither networks, ports nor mounts: nothing of the live one is to be in reach", () => {
  const text = JSON.stringify(shapeOf(inspected, []));
  for (const word of ["internal", "8443", "/run/secret", "unless-stopped", "doom.role"])
    expect(text).not.toContain(word);
  expect(text).toContain("PATH=/old/bin");
});
