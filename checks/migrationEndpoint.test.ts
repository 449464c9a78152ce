import { describe, expect, test } from "vitest";
import { folderProblem, parseEndpoint } from "./migrationEndpoint";

test.each([
  ["dev:1", { kind: "environment", stack: "dev", instance: 1 }],
  ["my-stack:12", { kind: "environment", stack: "my-stack", instance: 12 }],
  ["volume:doom-code-server-config", { kind: "volume", name: "doom-code-server-config" }],
  ["directory:/srv/data", { kind: "directory", path: "/srv/data" }],
  ["directory:/srv//data/../other/", { kind: "directory", path: "/srv/other" }],
  ["archive:backup", { kind: "archive", path: "backup" }],
  ["archive:/mnt/a:b", { kind: "archive", path: "/mnt/a:b" }],
])("%s", (text, endpoint) => {
  expect(parseEndpoint(text)).toEqual(endpoint);
});

describe("refused, with what is allowed", () => {
  test.each([
    ["", "STACK:N"],
    ["dev", "STACK:N"],
    ["dev:0", "STACK:N"],
    ["dev:-1", "STACK:N"],
    ["dev:1.5", "STACK:N"],
    ["dev:one", "STACK:N"],
    ["/srv/data", "STACK:N"],
    ["volume:", "letters, digits"],
    ["volume:../prod", "for a folder write directory:/PATH"],
    ["volume:/", "for a folder write directory:/PATH"],
    ["volume:-rf", "letters, digits"],
    ["volume:a\nb", "letters, digits"],
    [`volume:${"a".repeat(256)}`, "letters, digits"],
    ["directory:data", "an absolute path"],
    ["directory:", "an absolute path"],
    ["directory:/a\0b", "an absolute path"],
    ["directory:/", "belongs to the system"],
    ["directory:/srv/../etc", "lies in /etc"],
    ["directory:/var/lib/docker/volumes", "lies in /var/lib"],
    ["directory:/var", "holds /var/lib"],
    ["directory:/run/docker.sock", "lies in /run"],
    ["directory:/home/me/docker.sock", "is the socket of Docker"],
    ["archive:", "the path of a folder"],
  ])("%j", (text, message) => {
    expect(parseEndpoint(text)).toEqual(expect.stringContaining(message));
  });

  test("a long text is cut", () => {
    expect(String(parseEndpoint("x".repeat(5000))).length).toBeLessThan(400);
  });
});

test("a folder whose name only begins like the system's is nobody's but its owner's", () => {
  expect(folderProblem("/etcetera")).toBeUndefined();
  expect(folderProblem("/var/libs")).toBeUndefined();
  expect(folderProblem("/home/me")).toBeUndefined();
});
