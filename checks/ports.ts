/** Who listens on a TCP port of the host, decided from what Docker and the kernel say. */

/** A port that a running container publishes, as `GET /containers/json` lists it. */
export interface PublishedPort {
  readonly container: string;
  readonly labels: Readonly<Record<string, string>>;
  /** Host address; `0.0.0.0` and `::` stand for every address. */
  readonly address: string;
  readonly port: number;
}

/** A listening socket, as the kernel lists it. */
export interface Listener {
  readonly address: string;
  readonly port: number;
  /** By this number the socket is found again among the open files of processes. */
  readonly inode: string;
}

const WILDCARDS = new Set(["", "0.0.0.0", "::", "::ffff:0.0.0.0"]);

/** Whether two listeners on these addresses exclude each other on one port. */
export function addressesCollide(a: string, b: string): boolean {
  if (WILDCARDS.has(a) || WILDCARDS.has(b)) return true;
  const plain = (address: string) => address.replace(/^::ffff:/, "");
  return plain(a) === plain(b);
}

/**
 * The container that keeps `port` of `address` from `stack`'s gateway, or undefined.
 *
 * The stack's own gateway does not count: an update replaces it.
 */
export function foreignPublisher(
  published: readonly PublishedPort[],
  wanted: { readonly stack: string; readonly address: string; readonly port: number },
): PublishedPort | undefined {
  return published.find(
    (entry) =>
      entry.port === wanted.port &&
      addressesCollide(entry.address, wanted.address) &&
      !isOwnGateway(entry.labels, wanted.stack),
  );
}

/** Whether the stack's own gateway holds `port` of `address` already. */
export function heldByOwnGateway(
  published: readonly PublishedPort[],
  wanted: { readonly stack: string; readonly address: string; readonly port: number },
): boolean {
  return published.some(
    (entry) =>
      entry.port === wanted.port &&
      addressesCollide(entry.address, wanted.address) &&
      isOwnGateway(entry.labels, wanted.stack),
  );
}

function isOwnGateway(labels: Readonly<Record<string, string>>, stack: string): boolean {
  return labels["doom.stack"] === stack && labels["doom.role"] === "gateway";
}

const LISTEN = "0A";

/** The listening sockets of `/proc/net/tcp` or `/proc/net/tcp6` (proc(5)). */
export function parseListeners(text: string): Listener[] {
  return text
    .split("\n")
    .slice(1)
    .map((line) => line.trim().split(/\s+/))
    .filter((fields) => fields[3] === LISTEN)
    .map((fields) => {
      const [address = "", port = ""] = (fields[1] as string).split(":");
      return {
        address: decodeAddress(address),
        port: Number.parseInt(port, 16),
        inode: fields[9] as string,
      };
    });
}

/** The kernel prints addresses as 32-bit words in the byte order of the host: little-endian. */
function decodeAddress(hex: string): string {
  const bytes = (hex.match(/.{8}/g) ?? []).flatMap((word) =>
    (word.match(/../g) as string[]).reverse().map((byte) => Number.parseInt(byte, 16)),
  );
  if (bytes.length === 4) return bytes.join(".");
  const v4 = bytes.slice(12).join(".");
  if (bytes.every((byte) => byte === 0)) return "::";
  if (bytes.slice(0, 10).every((byte) => byte === 0) && bytes[10] === 0xff && bytes[11] === 0xff)
    return `::ffff:${v4}`;
  const groups = Array.from({ length: 8 }, (_, index) =>
    (((bytes[index * 2] as number) << 8) | (bytes[index * 2 + 1] as number)).toString(16),
  );
  return groups.join(":");
}
