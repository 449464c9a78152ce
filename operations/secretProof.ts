import { X509Certificate } from "node:crypto";
import tls from "node:tls";
import type { SecretValues } from "../checks/secretValues";
import { CERTIFICATE, containerOfSecret } from "../config/secrets";
import { type EditorSession, type GatewayPlace, isOpen, logIn } from "./editorLogin";
import { Failure } from "./failure";
import { type StackContainer, stackContainers } from "./stackContainers";

/** Proves on a running environment that its secrets changed, and nothing else did. */

/** An environment before its secrets change. */
export interface SecretsBefore {
  /** The secrets that will be other ones. */
  readonly names: readonly string[];
  readonly values: SecretValues;
  readonly containers: ReadonlyMap<string, StackContainer>;
  /** A login to each editor whose password will be another, by the secret's name. */
  readonly sessions: ReadonlyMap<string, EditorSession>;
}

/** One statement about a secret, found to be true or not. */
export interface Claim {
  /** Name of the secret; undefined for what concerns the whole environment. */
  readonly secret?: string;
  readonly statement: string;
  readonly holds: boolean;
}

/** Where the environment is reached, as a client that knows its secrets. */
function placeOf(stack: string, url: string, { certificate }: SecretValues): GatewayPlace {
  return { stack, url, ...(certificate === undefined ? {} : { certificate }) };
}

/**
 * Takes down what is true before: containers, volumes, and a session of each editor in `names`.
 *
 * Throws a {@link Failure} when an editor does not accept its present password, for then nothing that
 * comes afterwards could be proven.
 */
export async function observeSecrets(
  stack: string,
  url: string,
  names: readonly string[],
  values: SecretValues,
): Promise<SecretsBefore> {
  const place = placeOf(stack, url, values);
  const sessions = new Map<string, EditorSession>();
  for (const name of names.filter((name) => name !== CERTIFICATE)) {
    const session = await logIn(place, name, values.passwords.get(name)?.password ?? "");
    if (!session || !(await isOpen(place, name, session))) {
      throw new Failure("unhealthy", `${name} of ${stack} does not accept its present password.`, {
        problems: ["nothing was changed: a new password could not be proven"],
        fix: `after wrong attempts the login closes for a minute; else see npx doom status ${stack}`,
      });
    }
    sessions.set(name, session);
  }
  return { names, values, containers: await stackContainers(stack), sessions };
}

/** Tries the old secrets and the new ones on the running environment. Throws when it cannot be asked. */
export async function proveSecrets(
  stack: string,
  url: string,
  before: SecretsBefore,
  values: SecretValues,
): Promise<Claim[]> {
  const containers = await stackContainers(stack);
  const claims = [untouched(stack, before, containers)];
  if (before.names.includes(CERTIFICATE)) {
    claims.push(...certificateClaims(await presented(url), before.values, values));
    // Without the new certificate nothing may be sent to whoever answers.
    if (!claims.every(({ holds }) => holds)) return claims;
  }
  const place = placeOf(stack, url, values);
  for (const name of before.names.filter((name) => name !== CERTIFICATE)) {
    const container = containerOfSecret(stack, name);
    claims.push(
      ...(await passwordClaims(place, name, before, values)),
      sameVolume(name, before.containers.get(container), containers.get(container)),
    );
  }
  return claims;
}

async function passwordClaims(
  place: GatewayPlace,
  secret: string,
  before: SecretsBefore,
  values: SecretValues,
): Promise<Claim[]> {
  const old = before.values.passwords.get(secret)?.password ?? "";
  const now = values.passwords.get(secret)?.password ?? "";
  const claims: Claim[] = [];
  if (now !== old) {
    // The old one first: were the login closed after wrong attempts, the new one would fail as well.
    const refused = (await logIn(place, secret, old)) === undefined;
    const session = before.sessions.get(secret) ?? new Map();
    const ended = !(await isOpen(place, secret, session));
    claims.push(
      { secret, statement: "the old password is refused", holds: refused },
      { secret, statement: "sessions of the old password have ended", holds: ended },
    );
  }
  const session = await logIn(place, secret, now);
  const accepted = session !== undefined && (await isOpen(place, secret, session));
  return [...claims, { secret, statement: "the new password is accepted", holds: accepted }];
}

function sameVolume(
  secret: string,
  before: StackContainer | undefined,
  now: StackContainer | undefined,
): Claim {
  const holds =
    before?.volume !== undefined &&
    before.volume.name === now?.volume?.name &&
    before.volume.createdAt === now.volume.createdAt;
  return { secret, statement: "its files are on the same volume", holds };
}

/** The containers that no changed secret belongs to are the same, one by one. */
function untouched(
  stack: string,
  { names, containers: before }: SecretsBefore,
  now: ReadonlyMap<string, StackContainer>,
): Claim {
  const changed = new Set(names.map((name) => containerOfSecret(stack, name)));
  const others = [...new Set([...before.keys(), ...now.keys()])].filter(
    (name) => !changed.has(name),
  );
  const holds = others.every((name) => before.get(name)?.id === now.get(name)?.id);
  return { statement: "all other containers were left alone", holds };
}

function certificateClaims(
  presents: X509Certificate,
  before: SecretValues,
  now: SecretValues,
): Claim[] {
  const isNew = presents.fingerprint256 === certificateOf(now)?.fingerprint256;
  const key = (certificate: X509Certificate | undefined) =>
    certificate?.publicKey.export({ format: "der", type: "spki" }).toString("hex");
  return [
    {
      secret: CERTIFICATE,
      statement: "the gateway presents the new one and holds its key",
      holds: isNew,
    },
    {
      secret: CERTIFICATE,
      statement: "the old key is gone",
      holds: key(presents) !== key(certificateOf(before)),
    },
  ];
}

function certificateOf({ certificate }: SecretValues): X509Certificate | undefined {
  return certificate === undefined ? undefined : new X509Certificate(certificate);
}

const HANDSHAKE_TIMEOUT_MS = 15_000;

/** The certificate of a handshake, which succeeds only with its key. */
function presented(url: string): Promise<X509Certificate> {
  const { hostname: host, port } = new URL(url);
  return new Promise((resolve, reject) => {
    const failed = (what: string) =>
      reject(new Failure("unhealthy", `The gateway at ${url} cannot be asked: ${what}.`));
    // Whichever certificate it is: that is the question.
    const socket = tls.connect({ host, port: Number(port), rejectUnauthorized: false });
    socket.setTimeout(HANDSHAKE_TIMEOUT_MS, () => {
      failed("no answer in time");
      socket.destroy();
    });
    socket.on("error", (error) => failed(error.message));
    socket.on("secureConnect", () => {
      const certificate = socket.getPeerX509Certificate();
      if (certificate) resolve(certificate);
      else failed("it presents no certificate");
      socket.destroy();
    });
  });
}
