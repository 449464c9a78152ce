import { createPrivateKey, X509Certificate } from "node:crypto";
import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { connect, createServer } from "node:tls";
import { describe, expect, test } from "vitest";
import { runOperation } from "../test/support/operation";
import { scratchFolders } from "../test/support/scratch";
import { generateCertificate } from "./certificateGenerate";

const scratch = scratchFolders();
const NAMES = ["192.0.2.10", "127.0.0.1", "localhost"];
const DAY = 24 * 3600 * 1000;

async function certificate(names: readonly string[] = NAMES) {
  const pem = await generateCertificate(names);
  return { pem, parsed: new X509Certificate(pem) };
}

describe("a certificate", () => {
  test("is made for every name, addresses as addresses", async () => {
    const { parsed } = await certificate();
    expect(parsed.subjectAltName).toBe(
      "IP Address:192.0.2.10, IP Address:127.0.0.1, DNS:localhost",
    );
    expect(parsed.subject).toBe("CN=192.0.2.10");
    expect(parsed.checkIP("192.0.2.10")).toBe("192.0.2.10");
    expect(parsed.checkHost("localhost")).toBe("localhost");
    expect(parsed.checkIP("192.0.2.11")).toBeUndefined();
  });

  test("is signed by its own key, which stands behind it", async () => {
    const { pem, parsed } = await certificate();
    expect(pem).toMatch(
      /^-----BEGIN CERTIFICATE-----\n[^-]+-----END CERTIFICATE-----\n-----BEGIN PRIVATE KEY-----\n[^-]+-----END PRIVATE KEY-----\n$/,
    );
    expect(parsed.checkPrivateKey(createPrivateKey(pem))).toBe(true);
    expect(parsed.verify(parsed.publicKey)).toBe(true);
    expect(parsed.publicKey.asymmetricKeyDetails).toEqual({ namedCurve: "prime256v1" });
  });

  test("is for servers only, and cannot sign others", async () => {
    const { parsed } = await certificate();
    expect(parsed.ca).toBe(false);
    expect(parsed.keyUsage).toEqual(["1.3.6.1.5.5.7.3.1"]);
  });

  test("is valid now and for as long as browsers accept", async () => {
    const { parsed } = await certificate();
    const [from, to] = [Date.parse(parsed.validFrom), Date.parse(parsed.validTo)];
    expect(from).toBeLessThanOrEqual(Date.now());
    expect(to - from).toBe(730 * DAY);
    expect(to - from).toBeLessThanOrEqual(825 * DAY);
  });

  test("has a key and a serial number of its own: browsers refuse two with one number", async () => {
    const [first, second] = [await certificate(), await certificate()];
    expect(first.parsed.serialNumber).not.toBe(second.parsed.serialNumber);
    expect(first.parsed.checkPrivateKey(createPrivateKey(second.pem))).toBe(false);
  });

  test("needs a name", async () => {
    await expect(generateCertificate([])).rejects.toThrow(
      new Error("a certificate needs at least one name"),
    );
  });
});

test("a client that trusts it gets through the handshake with every name", async () => {
  const { pem } = await certificate();
  const server = createServer({ key: pem, cert: pem }, (socket) => socket.end("hello"));
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  try {
    for (const name of ["127.0.0.1", "localhost"]) {
      const host = { host: "127.0.0.1", port, ca: pem };
      const client = connect(name === "127.0.0.1" ? host : { ...host, servername: name });
      await once(client, "secureConnect");
      expect(client.authorized).toBe(true);
      client.destroy();
    }
  } finally {
    server.close();
    await once(server, "close");
  }
});

describe("as a command", () => {
  test("prints the PEM text and nothing else", () => {
    const { status, stdout, stderr } = runOperation("certificateGenerate", scratch(), {
      DOOM_CERTIFICATE_NAMES: "192.0.2.10,localhost",
    });
    expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
    const parsed = new X509Certificate(stdout);
    expect(parsed.subjectAltName).toBe("IP Address:192.0.2.10, DNS:localhost");
    expect(parsed.checkPrivateKey(createPrivateKey(stdout))).toBe(true);
  });

  test.each([{}, { DOOM_CERTIFICATE_NAMES: "" }, { DOOM_CERTIFICATE_NAMES: ",," }])(
    "fails without names: %j",
    (environment) => {
      const { status, stdout, stderr } = runOperation(
        "certificateGenerate",
        scratch(),
        environment,
      );
      expect({ status, stdout, stderr }).toEqual({
        status: 1,
        stdout: "",
        stderr: "cannot make a certificate: a certificate needs at least one name\n",
      });
    },
  );
});
