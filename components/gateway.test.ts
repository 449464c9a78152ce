import { describe, expect, test } from "vitest";
import { canaryOutput, canaryPem, SECRET_FOLDER } from "../test/support/environments";
import {
  allRequestsSent,
  registered,
  secretContent,
  settled,
  startMocks,
} from "../test/support/mocks";
import { HEALTHCHECK } from "./container";
import { Gateway, type GatewayArgs } from "./gateway";
import { haproxyConfig } from "./haproxyConfig";

/** Not proven here: that HAProxy takes the configuration and the certificate. */

const IMAGE = `sha256:${"ab".repeat(32)}`;
async function gateway(changes: Partial<GatewayArgs> = {}) {
  const recorder = await startMocks("prod", { stdout: canaryOutput });
  const component = new Gateway("gate", {
    stack: "prod",
    image: IMAGE,
    bindAddress: "192.0.2.10",
    port: 8445,
    tls: true,
    edgeNetwork: "doom-prod-edge",
    internalNetwork: "doom-prod-internal",
    editorPort: 8443,
    secretFolder: SECRET_FOLDER,
    ...changes,
  });
  await allRequestsSent();
  return { recorder, component };
}

/** What the container gets in every case. */
const CONTAINER = {
  name: "doom-prod-gateway",
  hostname: "gateway",
  image: IMAGE,
  labels: [
    { label: "doom.role", value: "gateway" },
    { label: "doom.schema", value: "1" },
    { label: "doom.stack", value: "prod" },
  ],
  cpus: "0.5",
  cpuShares: 512,
  memory: 128,
  memorySwap: 128,
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
  networksAdvanced: [{ name: "doom-prod-edge" }, { name: "doom-prod-internal" }],
  dnsOpts: ["ndots:1"],
  healthcheck: HEALTHCHECK,
  destroyGraceSeconds: 15,
};

describe("with TLS", () => {
  test("the container gets exactly these inputs", async () => {
    const { recorder } = await gateway();
    const file = registered(recorder, "gate-certificate-file-write").inputs.environment as {
      DOOM_SECRET_FILE: string;
    };
    expect(registered(recorder, "gate-container").inputs).toEqual({
      ...CONTAINER,
      capabilities: { drops: ["ALL"], adds: ["CAP_DAC_OVERRIDE", "CAP_SETUID", "CAP_SETGID"] },
      ports: [{ internal: 8443, external: 8445, ip: "192.0.2.10", protocol: "tcp" }],
      uploads: [
        {
          file: "/usr/local/etc/haproxy/haproxy.cfg",
          content: haproxyConfig({
            stack: "prod",
            port: 8443,
            certificate: "/run/secrets/gateway.pem",
            editorPort: 8443,
          }),
        },
      ],
      mounts: [
        {
          type: "bind",
          source: file.DOOM_SECRET_FILE,
          target: "/run/secrets/gateway.pem",
          readOnly: true,
          bindOptions: { propagation: "rprivate" },
        },
      ],
    });
  });

  test("the certificate goes into a file of its own, marked secret", async () => {
    const { recorder } = await gateway();
    const { DOOM_SECRET, DOOM_SECRET_FILE } = registered(recorder, "gate-certificate-file-write")
      .inputs.environment as Record<string, unknown>;
    expect(secretContent(DOOM_SECRET)).toBe(canaryPem("gate-certificate-generate"));
    expect(DOOM_SECRET_FILE).toMatch(new RegExp(`^${SECRET_FOLDER}/gateway\\.pem-[0-9a-f]{12}$`));
  });

  test.each([
    ["192.0.2.10", "192.0.2.10,127.0.0.1,localhost"],
    ["127.0.0.1", "127.0.0.1,localhost"],
  ])("on %s, the certificate is made for %s", async (bindAddress, names) => {
    const { recorder } = await gateway({ bindAddress });
    expect(registered(recorder, "gate-certificate-generate").inputs.environment).toEqual({
      DOOM_CERTIFICATE_NAMES: names,
    });
  });

  test("people open https", async () => {
    const { component } = await gateway();
    expect(await settled(component.url)).toEqual({
      value: "https://192.0.2.10:8445/",
      secret: false,
    });
  });
});

describe("without TLS", () => {
  test("there is no certificate, no secret and no mount", async () => {
    const { recorder } = await gateway({ tls: false, bindAddress: "127.0.0.1" });
    expect(recorder.registrations.map(({ type, name }) => `${type} ${name}`)).toEqual([
      "doom-coding:index:Gateway gate",
      "docker:index/container:Container gate-container",
    ]);
    expect(registered(recorder, "gate-container").inputs).toEqual({
      ...CONTAINER,
      capabilities: { drops: ["ALL"], adds: ["CAP_SETUID", "CAP_SETGID"] },
      ports: [{ internal: 8443, external: 8445, ip: "127.0.0.1", protocol: "tcp" }],
      uploads: [
        {
          file: "/usr/local/etc/haproxy/haproxy.cfg",
          content: haproxyConfig({ stack: "prod", port: 8443, editorPort: 8443 }),
        },
      ],
    });
  });

  test("people open http", async () => {
    const { component } = await gateway({ tls: false, bindAddress: "127.0.0.1", port: 8443 });
    expect((await settled(component.url)).value).toBe("http://127.0.0.1:8443/");
  });
});

test("the old container goes before the new one comes: they want the same port", async () => {
  const { recorder } = await gateway();
  expect(registered(recorder, "gate-container").options).toMatchObject({
    deleteBeforeReplace: true,
    replaceOnChanges: ["mounts"],
  });
});
