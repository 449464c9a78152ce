import { once } from "node:events";
import { connect } from "node:net";
import type Docker from "dockerode";
import { generate } from "selfsigned";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { runIn } from "../support/dockerHost";
import { buildImage, clientOf, ImageContainers } from "./fixtures/image/imageContainer";

/** The gateway image with configurations of its own, without any editor behind it. */
const containers = new ImageContainers();
const CONFIGURATION_PATH = "/usr/local/etc/haproxy/haproxy.cfg";
const CERTIFICATE_PATH = "/run/secrets/gateway.pem";
/** sysexits.h: EX_CONFIG. */
const CONFIGURATION_ERROR = 78;
/** `hard-stop-after` in image.cfg, in milliseconds, and what Docker waits before it kills. */
const HARD_STOP = 8000;
const DOCKER_STOP = 10_000;

let image: string;
beforeAll(async () => {
  await containers.clear();
  image = await buildImage("gateway");
});
afterAll(() => containers.dispose());

function configuration(front: string, health = "monitor-uri /health"): string {
  return `
defaults
    mode http
    timeout connect 5s
    timeout client 1h
    timeout server 1h
${front}
frontend health
    bind 127.0.0.1:8404
    ${health}
`;
}

const answering = (bind = "") => `
frontend public
    bind :8443 ${bind}
    http-request return status 200 content-type text/plain string "from the gateway"`;

const mount = (Source: string, Target: string): Docker.MountSettings => ({
  Type: "bind",
  Source,
  Target,
  ReadOnly: true,
});

/** How a container with this configuration, and perhaps a certificate, is started. */
function withFiles(config: string, certificate?: string) {
  const Mounts = [mount(containers.file(config, 0o444), CONFIGURATION_PATH)];
  if (certificate !== undefined)
    Mounts.push(mount(containers.secretFile(certificate), CERTIFICATE_PATH));
  return { image, capabilities: ["SETUID", "SETGID"], host: { Mounts } };
}

async function certificate(): Promise<string> {
  const { cert, private: key } = await generate([{ name: "commonName", value: "localhost" }]);
  return `${cert}\n${key}`;
}

it.each([
  ["nothing", undefined, `no ${CONFIGURATION_PATH}`],
  ["an empty file", "", `${CONFIGURATION_PATH} is empty`],
  ["a configuration with a mistake", configuration("frontend public\n    bund :8443"), "'bund'"],
  ["a server whose name is unknown", configuration("listen x\n  server a nobody.test:1"), "nobody"],
])("does not start with %s, and says why", async (_, config, message) => {
  const args = config === undefined ? { image } : withFiles(config);
  const { code, output } = await containers.startAndEnd(args);
  expect(code).toBe(CONFIGURATION_ERROR);
  expect(output).toContain(message);
});

it("speaks TLS with a key that only root may read, and is root no more", async () => {
  const config = configuration(answering(`ssl crt ${CERTIFICATE_PATH}`));
  const container = await containers.startHealthy(withFiles(config, await certificate()));
  const client = await clientOf(container, "https");
  expect(await client.request("")).toMatchObject({ status: 200, body: "from the gateway" });

  const user = (await runIn(container.id, ["id", "-u", "haproxy"])).trim();
  expect(user).not.toBe("0");
  const rights = "^(Uid|CapPrm|CapEff|NoNewPrivs):";
  expect(await runIn(container.id, ["grep", "-E", rights, "/proc/1/status"])).toBe(
    `Uid:\t${Array(4).fill(user).join("\t")}
CapPrm:\t0000000000000000
CapEff:\t0000000000000000
NoNewPrivs:\t1
`,
  );
  await expect(runIn(container.id, ["cat", CERTIFICATE_PATH], "haproxy")).rejects.toThrow(
    "Permission denied",
  );
});

it("needs no capability at all as its own user, without TLS", async () => {
  const { host } = withFiles(configuration(answering()));
  const container = await containers.startHealthy({
    image,
    capabilities: [],
    options: { User: "haproxy" },
    host: { ...host, ReadonlyRootfs: true },
  });
  expect((await (await clientOf(container)).request("")).status).toBe(200);
});

it("is unhealthy while its health address says so", async () => {
  const failing = "monitor-uri /health\n    monitor fail if TRUE";
  const container = await containers.start({
    ...withFiles(configuration(answering(), failing)),
    options: { Healthcheck: { Test: ["NONE"] } },
  });
  await expect(runIn(container.id, ["healthcheck"])).rejects.toThrow("/health answered 503");
});

describe("stopping", () => {
  it("is over at once when nobody is connected", async () => {
    const container = await containers.startHealthy(withFiles(configuration(answering())));
    expect(await timeToStop(container)).toBeLessThan(3000);
  });

  it("waits for open connections, and not for ever", async () => {
    const front = `
frontend public
    mode tcp
    bind :8443
    default_backend silence
backend silence
    mode tcp
    server itself 127.0.0.1:8404`;
    const container = await containers.startHealthy(withFiles(configuration(front)));
    const { hostname, port } = new URL((await clientOf(container)).url);
    const socket = connect({ host: hostname, port: Number(port) });
    await once(socket, "connect");
    // Sent, so that HAProxy has a session in both directions before it is told to stop.
    socket.on("error", () => {}).write("GET /unfinished HTTP/1.1\r\n");
    const milliseconds = await timeToStop(container);
    expect(milliseconds).toBeGreaterThan(HARD_STOP - 1000);
    expect(milliseconds).toBeLessThan(DOCKER_STOP);
    socket.destroy();
  });
});

/** Milliseconds that a stop takes; the exit code is 0 only when Docker did not have to kill. */
async function timeToStop(container: Docker.Container): Promise<number> {
  const start = Date.now();
  await container.stop();
  const milliseconds = Date.now() - start;
  expect((await container.inspect()).State.ExitCode).toBe(0);
  return milliseconds;
}
