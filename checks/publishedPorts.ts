import { parseAddress } from "./cidr";

/** A published port as the Docker provider takes it. */
export interface PublishedPort {
  readonly internal?: number | undefined;
  readonly external?: number | undefined;
  readonly ip?: string | undefined;
}

/**
 * What is wrong with a published port, or undefined.
 *
 * An omitted address means 0.0.0.0 to Docker: past the host's firewall, and open to every other
 * environment through the gateway address of each bridge. Sources: CIS Docker Benchmark 1.6 §5.8 and
 * §5.14, KICS 451d and bc29, compose-lint CL5.
 */
export function publishedPortProblem(port: PublishedPort): string | undefined {
  const at = `port ${port.external ?? "(chosen by Docker)"}`;
  if (port.ip === undefined || port.ip === "") {
    return `${at} is published without an address, which means 0.0.0.0; set ip to 127.0.0.1`;
  }
  const address = parseAddress(port.ip);
  if (address === undefined || address === 0) {
    return `${at} is published on ${JSON.stringify(port.ip)}; set ip to one IPv4 address of the host, such as 127.0.0.1`;
  }
  if (port.external === undefined || port.external < 1024) {
    return `${at} is not a fixed port from 1024 to 65535; set external to one`;
  }
  return undefined;
}
