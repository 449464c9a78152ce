import { X509Certificate } from "node:crypto";
import { z } from "zod";
import {
  contains,
  hasHostBits,
  overlaps,
  PRIVATE_RANGES,
  parseAddress,
  parseCidrLoosely,
  TAILNET_RANGE,
} from "../checks/cidr";
import { allowedVersions, nearestVersion, supportedVersions } from "../checks/support";
import type { Part } from "../checks/supportTable";
import { looksSecret } from "./problems";

/**
 * The kinds of value that the schema is made of.
 *
 * Each field has one sentence that says what it allows. It is the error of every check on the
 * field and its description in the generated JSON Schema, so the two cannot drift apart.
 */

/** A whole number from `min` to `max`. */
export function integer(min: number, max: number, what = "a whole number") {
  const allowed = `${what} from ${min} to ${max}`;
  return z
    .int({ error: allowed })
    .min(min, { error: allowed })
    .max(max, { error: allowed })
    .describe(allowed);
}

/** Text that matches `pattern` and, when given, passes `accept`. */
export function text(
  allowed: string,
  pattern: RegExp,
  accept: (value: string) => boolean = () => true,
) {
  return z
    .string({ error: allowed })
    .regex(pattern, { error: allowed, abort: true })
    .refine(accept, { error: allowed })
    .describe(allowed);
}

/** One of several words. */
export function choice<const T extends readonly [string, ...string[]]>(words: T) {
  const allowed = `one of ${words.join(", ")}`;
  return z.enum(words, { error: allowed }).describe(allowed);
}

/** A version of a part that the support table knows; the error for another one names the nearest. */
export function supportedVersion(part: Part) {
  const allowed = allowedVersions(part);
  return z
    .enum(supportedVersions(part), {
      error: ({ input }) => {
        const nearest = typeof input === "string" ? nearestVersion(part, input) : undefined;
        return nearest === undefined ? allowed : `${allowed}; the nearest is ${nearest}`;
      },
    })
    .describe(allowed);
}

/** An image that will be the same one tomorrow. */
export function imageReference() {
  return text(
    "an image by digest (NAME@sha256: and 64 hex digits) or by image ID (sha256: and 64 hex digits)",
    /^([a-z0-9][a-z0-9._:/-]*@)?sha256:[0-9a-f]{64}$/,
  );
}

/** Certificates of authorities, as text; a key that is pasted along with one is refused. */
export function certificates() {
  return text(
    "certificates of authorities (CA) in PEM form, without a key",
    /^\s*(-----BEGIN CERTIFICATE-----[A-Za-z0-9+/=\s]+-----END CERTIFICATE-----\s*)+$/,
    (value) => value.split(/(?<=-----END CERTIFICATE-----)\s*/).every(isAuthority),
  );
}

function isAuthority(pem: string): boolean {
  if (pem === "") return true;
  try {
    return new X509Certificate(pem).ca;
  } catch {
    // OpenSSL's error is its only way to say that these bytes are no certificate.
    return false;
  }
}

/** true or false; YAML's `yes` and `no` arrive as text and are refused. */
export function flag() {
  return z.boolean({ error: "true or false" }).describe("true or false");
}

const QUANTITY = /^([1-9]\d{0,8})(MiB|GiB|m|g)$/;

/** Mebibytes of a quantity such as `512MiB`, `2GiB` or Docker's `512m`; undefined when it is none. */
export function parseMebibytes(quantity: string): number | undefined {
  const match = QUANTITY.exec(quantity);
  if (!match) return undefined;
  return Number(match[1]) * (match[2] === "GiB" || match[2] === "g" ? 1024 : 1);
}

/** A size with its unit, parsed into mebibytes. A bare `512` is refused: bytes, KB or MB? */
export function quantity(minMebibytes: number, maxMebibytes: number) {
  const allowed = `a size with its unit (512MiB, 2GiB; Docker's 512m, 2g) from ${minMebibytes}MiB to ${maxMebibytes / 1024}GiB`;
  return text(allowed, QUANTITY, (value) => {
    const mebibytes = parseMebibytes(value) as number;
    return mebibytes >= minMebibytes && mebibytes <= maxMebibytes;
  }).transform((value) => parseMebibytes(value) as number);
}

/** CPUs in steps of 0.01, the finest that Docker's NanoCpus and the CFS quota both keep. */
export function cpus() {
  const allowed = "a number of CPUs from 0.1 to 256 in steps of 0.01";
  return z
    .number({ error: allowed })
    .min(0.1, { error: allowed })
    .max(256, { error: allowed })
    .refine((value) => Math.abs(value * 100 - Math.round(value * 100)) < 1e-9, { error: allowed })
    .describe(allowed);
}

/** How many times over something may be promised. */
export function factor() {
  const allowed = "a factor from 0.1 to 100";
  return z
    .number({ error: allowed })
    .min(0.1, { error: allowed })
    .max(100, { error: allowed })
    .describe(allowed);
}

/**
 * An IANA time zone name, as `TZ` takes it.
 *
 * Intl ignores case, but in the container the name is a path: `europe/berlin` would silently mean UTC.
 */
export function timeZone() {
  return text(
    "an IANA time zone name such as UTC or Europe/Berlin",
    /^[A-Z][A-Za-z0-9_+-]*(\/[A-Z][A-Za-z0-9_+-]*){0,2}$/,
    (zone) => {
      try {
        const known = new Intl.DateTimeFormat("en", { timeZone: zone }).resolvedOptions().timeZone;
        return known === zone || known.toLowerCase() !== zone.toLowerCase();
      } catch {
        // A RangeError is how Intl says "no such zone"; it has no other way.
        return false;
      }
    },
  );
}

/**
 * The address that the gateway of a `full` environment listens on.
 *
 * 0.0.0.0 is refused: Docker publishes it past the host's firewall and to every other
 * environment through each bridge's own address (security model, "Isolation").
 */
export function bindAddress() {
  return text(
    "one IPv4 address of this host in dotted form, not 0.0.0.0",
    /^\d{1,3}(\.\d{1,3}){3}$/,
    (value) => {
      const address = parseAddress(value);
      // 0.0.0.0/8 means "this network", and from 224.0.0.0 on there are only multicast and reserved ones.
      return address !== undefined && address >= 2 ** 24 && address < 224 * 2 ** 24;
    },
  );
}

/** How many networks an environment's range is split into: internal, edge, egress, rehearsal. */
export const NETWORK_SPLIT_BITS = 2;

/** The address range of an environment, split evenly over its networks. */
export function environmentCidr() {
  return text(
    "a private IPv4 range (RFC 1918) from /16 to /24 without host bits, such as 10.87.1.0/24",
    /^[\d.]+\/\d{1,2}$/,
    (value) => {
      const cidr = parseCidrLoosely(value);
      if (!cidr || hasHostBits(cidr) || cidr.prefix < 16 || cidr.prefix > 24) return false;
      if (overlaps(cidr, TAILNET_RANGE)) return false;
      return PRIVATE_RANGES.some((range) => contains(range, cidr));
    },
  );
}

/** Names that the container's own start-up or the loader gives meaning to. */
const OWNED_VARIABLES =
  /^(PUID|PGID|TZ|PATH|HOME|USER|LOGNAME|SHELL|SHELLOPTS|IFS|PS4|BASH.*|ENV|LOG_LEVEL|DEFAULT_WORKSPACE|(SUDO_)?(HASHED_)?PASSWORD|SUDO_PASSWORD_HASH|NODE_OPTIONS|NODE_EXTRA_CA_CERTS|PORT|CODE_SERVER_(HOST|CONFIG)|COOKIE_SUFFIX|DOCKER_MODS|LD_.*|FILE__.*)$/;

/** Extra environment variables of the editors, for values that are no secrets. */
export function variables() {
  const names =
    "a name of A-Z, 0-9 and _ that this project, the loader or the shell does not use itself";
  const values =
    "text in Unicode normal form C (NFC) without NUL characters, up to 32768 characters, and no secret";
  return z
    .record(
      text(names, /^[A-Z_][A-Z0-9_]*$/, (name) => !OWNED_VARIABLES.test(name)),
      z
        .string({ error: values })
        .max(32_768, { error: values })
        // The provider's library (cty) would hand on another form than the one given.
        .refine((value) => value === value.normalize("NFC"), { error: values })
        .refine((value) => !value.includes("\0") && !looksSecret(value), { error: values })
        .describe(values),
      { error: "a map of variable names to text" },
    )
    .describe("Extra environment variables of every editor; not for secrets.");
}
