import { describe, expect, test } from "vitest";
import {
  displayProblem,
  editorUrl,
  phoneAddress,
  refusalToOpen,
  type SeenContainer,
  type SeenEnvironment,
} from "./access";

const healthy = (name: string): SeenContainer => ({ name, state: "running", health: "healthy" });
const ill = (name: string): SeenContainer => ({ name, state: "running", health: "unhealthy" });
const editor = (index: number) => `doom-dev-code-server-${index}`;
const GATEWAY = "doom-dev-gateway";

function seen(
  condition: SeenEnvironment["condition"],
  ...containers: SeenContainer[]
): SeenEnvironment {
  return { stack: "dev", condition, containers };
}

describe("refusalToOpen", () => {
  test.each<[string, SeenEnvironment, string | undefined]>([
    ["all is well", seen("healthy", healthy(GATEWAY), healthy(editor(1))), undefined],
    ["and the editor is named", seen("healthy", healthy(GATEWAY), healthy(editor(1))), "1"],
    [
      "another editor is ill",
      seen("unhealthy", healthy(GATEWAY), ill(editor(1)), healthy(editor(10))),
      "10",
    ],
    [
      "one of them is well and none is named",
      seen("unhealthy", healthy(GATEWAY), ill(editor(1)), healthy(editor(2))),
      undefined,
    ],
  ])("lets in when %s", (_, environment, instance) => {
    expect(refusalToOpen(environment, instance)).toBeUndefined();
  });

  test.each<[string, SeenEnvironment, string | undefined, string, string]>([
    ["unhealthy", seen("new"), undefined, "dev was never up.", "npx doom init dev"],
    ["unhealthy", seen("down"), "1", "dev is down.", "npx doom up dev"],
    [
      "unhealthy",
      seen("unhealthy", ill(GATEWAY), healthy(editor(1))),
      undefined,
      "The gateway of dev is not healthy.",
      "npx doom status dev",
    ],
    [
      "unhealthy",
      seen("unhealthy", healthy(GATEWAY), { name: editor(1), state: "missing" }),
      undefined,
      "No editor of dev is healthy.",
      "npx doom up dev",
    ],
    [
      "unhealthy",
      seen("starting", healthy(GATEWAY), { ...healthy(editor(2)), health: "starting" }),
      "2",
      "Editor 2 of dev is not healthy.",
      "wait a moment",
    ],
    [
      "usage",
      seen("healthy", healthy(GATEWAY), healthy(editor(2)), healthy(editor(1))),
      "3",
      'dev has no editor "3".',
      "its editors are 1, 2",
    ],
    // The name of another environment begins with this one's.
    [
      "usage",
      seen("healthy", healthy(GATEWAY), healthy("doom-dev-2-code-server-1"), healthy(editor(2))),
      "1",
      'dev has no editor "1".',
      "its editors are 2",
    ],
  ])("%s: %o", (kind, environment, instance, summary, fix) => {
    const refusal = refusalToOpen(environment, instance);
    expect(refusal).toMatchObject({ kind, summary });
    expect(refusal?.fix).toContain(fix);
  });
});

describe("addresses", () => {
  test.each([
    [undefined, 1, "http://127.0.0.1:8443/"],
    ["1", 1, "http://127.0.0.1:8443/"],
    [undefined, 5, "http://127.0.0.1:8443/"],
    ["5", 5, "http://127.0.0.1:8443/i/5/"],
  ])("editor %s of %i", (instance, editors, url) => {
    expect(editorUrl("http://127.0.0.1:8443/", instance, editors)).toBe(url);
  });

  const node = { host: "doom-dev" };
  const noNode = { because: "it has no node" };
  test.each([
    ["https://192.168.1.5:8445/", noNode, "https://192.168.1.5:8445/"],
    ["https://192.168.1.5:8445/", node, "https://192.168.1.5:8445/"],
    ["https://127.0.0.1:8444/", node, "https://doom-dev/"],
  ])("a phone reaches %s with %o", (url, tailnet, expected) => {
    expect(phoneAddress(url, tailnet)).toMatchObject({ url: expected });
  });

  test.each([
    ["http://127.0.0.1:8443/", noNode, "access.tier is local"],
    ["http://127.0.0.1:8443/", node, "would serve nothing"],
    ["https://127.0.0.1:8444/", noNode, "it has no node"],
    ["https://127.0.0.2:8444/", noNode, "https://127.0.0.2:8444 is this host's own address"],
  ])("no phone reaches %s with %o", (url, tailnet, because) => {
    expect(phoneAddress(url, tailnet)).toMatchObject({ because: expect.stringContaining(because) });
  });
});

describe("displayProblem", () => {
  test.each([
    [{ DISPLAY: ":0" }, "linux"],
    [{ WAYLAND_DISPLAY: "wayland-0" }, "linux"],
    [{ WSL_DISTRO_NAME: "Debian" }, "linux"],
    [{ SSH_CONNECTION: "a b", BROWSER: "/usr/bin/opens-at-home" }, "linux"],
    [{}, "darwin"],
  ])("%o on %s has a browser", (environment, platform) => {
    expect(displayProblem(environment, platform)).toBeUndefined();
  });

  test.each([
    [{}, "there is no display"],
    [{ DISPLAY: "" }, "there is no display"],
    [{ SSH_CONNECTION: "a b" }, "over SSH"],
    [{ CI: "true", DISPLAY: ":0" }, "CI"],
  ])("%o has none", (environment, problem) => {
    expect(displayProblem(environment, "linux")).toContain(problem);
  });
});
