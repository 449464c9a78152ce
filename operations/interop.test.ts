import http from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, describe, expect, it, vi } from "vitest";
import { dockerVersion, judgeEditorPage } from "./interop";

/** An engine that has one version and, unless it is told to, refuses all that it does not have. */
async function stubEngine(version: string, isLenient = false) {
  const server = http.createServer((request, response) => {
    const asked = /^\/v(\d+\.\d+)\//.exec(request.url ?? "")?.[1];
    const isRefused = asked !== undefined && asked !== version && !isLenient;
    response.statusCode = isRefused ? 400 : 200;
    response.setHeader("content-type", "application/json");
    const refusal = { message: `client version ${asked} is too new` };
    response.end(JSON.stringify(isRefused ? refusal : { ApiVersion: version }));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  vi.stubEnv("DOCKER_HOST", `tcp://127.0.0.1:${(server.address() as AddressInfo).port}`);
  return server;
}

describe("the version of Docker's API", () => {
  afterEach(() => vi.unstubAllEnvs());

  it.each([
    ["1.41", false, "API 1.41; 9.99 refused"],
    ["1.24", false, /^Docker.* 1\.24 is not supported/],
    ["2.0", false, /^Docker.* 2\.0 is not supported/],
    ["1.41", true, "API 9.99 is not refused: it answers"],
  ])("%s, lenient %s: %s", async (version, isLenient, said) => {
    const server = await stubEngine(version, isLenient);
    const answer = await dockerVersion().catch((error: Error) => error.message);
    if (typeof said === "string") expect(answer).toBe(said);
    else expect(answer).toMatch(said);
    server.close();
  });
});

describe("the version of code-server", () => {
  const page = (version: string) =>
    `<meta data-settings="{&quot;productConfiguration&quot;:{&quot;codeServerVersion&quot;:&quot;${version}&quot;}}">`;

  it("is what the workbench says, where it is the declared one and supported", () => {
    expect(judgeEditorPage(page("4.139.1"), "4.139.1")).toBe("code-server 4.139.1");
    expect(judgeEditorPage(page("4.100.0"), undefined)).toBe("code-server 4.100.0");
  });

  it.each([
    [page("4.138.0"), "4.139.1", "code-server 4.138.0 answers, declared is 4.139.1"],
    [page("4.1.0"), "4.1.0", "code-server 4.1.0 is not supported"],
    ["<html>a stub</html>", "4.139.1", "the workbench names no version of code-server"],
  ])("is refused in a stub: %s", (text, declared, problem) => {
    expect(() => judgeEditorPage(text, declared)).toThrow(problem);
  });
});
