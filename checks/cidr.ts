/** IPv4 ranges in CIDR notation, as pure arithmetic: addresses are unsigned 32-bit numbers. */

export interface Cidr {
  /** First address of the range. */
  readonly base: number;
  /** Prefix length in bits, 0 to 32. */
  readonly prefix: number;
}

const CIDR_PATTERN = /^(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})\/(\d{1,2})$/;

/** The number of a dotted-quad address, or undefined when `text` is not exactly one. */
export function parseAddress(text: string): number | undefined {
  const cidr = parseCidrLoosely(`${text}/32`);
  return cidr?.base;
}

/** The dotted-quad form of an address. */
export function formatAddress(address: number): string {
  return [24, 16, 8, 0].map((shift) => (address >>> shift) & 0xff).join(".");
}

/** `a.b.c.d/n`. */
export function formatCidr(cidr: Cidr): string {
  return `${formatAddress(cidr.base)}/${cidr.prefix}`;
}

/** Parses `a.b.c.d/n`; host bits may be set (see {@link hasHostBits}). */
export function parseCidrLoosely(text: string): Cidr | undefined {
  const match = CIDR_PATTERN.exec(text);
  if (!match) return undefined;
  const parts = match.slice(1).map(Number);
  const octets = parts.slice(0, 4);
  const prefix = parts[4] as number;
  // A leading zero means octal to some parsers and decimal to others: nobody may guess.
  const ambiguous = match.slice(1).some((part) => part.length > 1 && part.startsWith("0"));
  if (ambiguous || octets.some((octet) => octet > 255) || prefix > 32) return undefined;
  return { base: octets.reduce((sum, octet) => sum * 256 + octet, 0), prefix };
}

/** How many addresses the range holds. */
export function size(cidr: Cidr): number {
  return 2 ** (32 - cidr.prefix);
}

/** Whether the base is not the first address of its range (`10.0.0.1/24`). */
export function hasHostBits(cidr: Cidr): boolean {
  return cidr.base % size(cidr) !== 0;
}

/** Whether two ranges share an address. */
export function overlaps(a: Cidr, b: Cidr): boolean {
  return a.base < b.base + size(b) && b.base < a.base + size(a);
}

/** Whether `inner` lies wholly within `outer`. */
export function contains(outer: Cidr, inner: Cidr): boolean {
  return inner.base >= outer.base && inner.base + size(inner) <= outer.base + size(outer);
}

/** Address number `index` of the range; 0 is the network's own address. */
export function addressAt(cidr: Cidr, index: number): string {
  if (index < 0 || index >= size(cidr)) {
    throw new RangeError(`address ${index} lies outside ${formatCidr(cidr)}`);
  }
  return formatAddress(cidr.base + index);
}

/** Splits a range into `2 ** bits` equal ones, in order. */
export function split(cidr: Cidr, bits: number): Cidr[] {
  const prefix = cidr.prefix + bits;
  if (prefix > 32) throw new RangeError(`${formatCidr(cidr)} cannot be split by ${bits} bits`);
  const step = 2 ** (32 - prefix);
  return Array.from({ length: 2 ** bits }, (_, index) => ({
    base: cidr.base + index * step,
    prefix,
  }));
}

/**
 * The first range of the size of `proposed`, from it upwards, that shares no address with `taken`.
 *
 * Looks no further than the private range that `proposed` lies in; undefined when that is full.
 */
export function firstFree(proposed: Cidr, taken: readonly Cidr[]): Cidr | undefined {
  const within = PRIVATE_RANGES.find((range) => contains(range, proposed));
  let candidate = proposed;
  while (within && contains(within, candidate)) {
    const obstacle = taken.find((range) => overlaps(range, candidate));
    if (!obstacle) return candidate;
    candidate = { ...candidate, base: candidate.base + size(candidate) };
  }
  return undefined;
}

/** RFC 1918: what may be used on a host without asking anybody. */
export const PRIVATE_RANGES: readonly Cidr[] = [
  "10.0.0.0/8",
  "172.16.0.0/12",
  "192.168.0.0/16",
].map((text) => parseCidrLoosely(text) as Cidr);

/** RFC 6598: Tailscale gives its nodes addresses from here, so no bridge may claim any. */
export const TAILNET_RANGE = parseCidrLoosely("100.64.0.0/10") as Cidr;
