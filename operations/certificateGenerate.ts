import { isIPv4 } from "node:net";
import { generate } from "selfsigned";

/** Two years: long enough not to surprise, short enough for what browsers still accept (825 days). */
const VALID_DAYS = 730;

/**
 * A self-signed certificate with its key, as one PEM text in the order that HAProxy reads.
 *
 * `names` are DNS names and IPv4 addresses, at least one. The key is P-256.
 */
export async function generateCertificate(names: readonly string[]): Promise<string> {
  const first = names[0];
  if (first === undefined) throw new Error("a certificate needs at least one name");
  const notBeforeDate = new Date();
  const notAfterDate = new Date(notBeforeDate.getTime() + VALID_DAYS * 24 * 3600 * 1000);
  const pems = await generate([{ name: "commonName", value: first }], {
    keyType: "ec",
    curve: "P-256",
    algorithm: "sha256",
    notBeforeDate,
    notAfterDate,
    extensions: [
      { name: "basicConstraints", cA: false },
      { name: "keyUsage", digitalSignature: true },
      { name: "extKeyUsage", serverAuth: true },
      {
        name: "subjectAltName",
        altNames: names.map((name) =>
          isIPv4(name) ? { type: 7, ip: name } : { type: 2, value: name },
        ),
      },
    ],
  });
  return `${pems.cert.trim()}\n${pems.private.trim()}\n`;
}

/** Runs as a command of the stack: `DOOM_CERTIFICATE_NAMES` (comma-separated) in, the PEM out. */
async function main(): Promise<void> {
  const names = (process.env.DOOM_CERTIFICATE_NAMES ?? "").split(",").filter((name) => name !== "");
  process.stdout.write(await generateCertificate(names));
}

if (require.main === module) {
  main().catch((error: Error) => {
    process.stderr.write(`cannot make a certificate: ${error.message}\n`);
    process.exitCode = 1;
  });
}
