import tls from "node:tls";
import { generate } from "selfsigned";

/** What a server and its certificate say. */
export interface TlsAnswer {
  readonly version: string;
  /** DNS names and addresses of the certificate, as OpenSSL prints them. */
  readonly names: string;
  readonly selfSigned: boolean;
  readonly validTo: Date;
  readonly fingerprint: string;
}

/**
 * A TLS handshake with one version of the protocol only; rejects with the server's refusal.
 *
 * `DEFAULT@SECLEVEL=0` because this side must be willing to speak the old versions: otherwise it is the
 * client that refuses, and the test would pass against any server.
 */
export function handshake(
  host: string,
  port: number,
  version: tls.SecureVersion,
): Promise<TlsAnswer> {
  return new Promise((resolve, reject) => {
    const socket = tls.connect({
      host,
      port,
      minVersion: version,
      maxVersion: version,
      ciphers: "DEFAULT@SECLEVEL=0",
      rejectUnauthorized: false,
    });
    socket.setTimeout(10_000, () => socket.destroy(new Error("no answer to the handshake")));
    socket.on("error", reject);
    socket.on("secureConnect", () => {
      const certificate = socket.getPeerCertificate();
      resolve({
        version: socket.getProtocol() ?? "",
        names: certificate.subjectaltname ?? "",
        selfSigned: JSON.stringify(certificate.issuer) === JSON.stringify(certificate.subject),
        validTo: new Date(certificate.valid_to),
        fingerprint: certificate.fingerprint256,
      });
      socket.destroy();
    });
  });
}

/** A server on the loopback that takes TLS 1.0 and 1.1 as well. */
export async function oldServer(): Promise<tls.Server> {
  const pems = await generate([{ name: "commonName", value: "old" }]);
  const server = tls.createServer({
    key: pems.private,
    cert: pems.cert,
    minVersion: "TLSv1",
    ciphers: "DEFAULT@SECLEVEL=0",
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return server;
}
