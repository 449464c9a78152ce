import { randomBytes } from "node:crypto";
import { argon2id } from "hash-wasm";
import { GIVEN_PASSWORD_VARIABLE, passwordProblem } from "../config/secrets";

/** What the program keeps of a password, in encrypted state only. */
export interface GeneratedPassword {
  readonly password: string;
  /** In the encoded form that code-server reads; as powerful as the password (it is the session cookie). */
  readonly hash: string;
}

/** 24 bytes: 192 bits, 32 characters that survive every shell, URL and YAML unquoted. */
const PASSWORD_BYTES = 24;

/**
 * A password and its Argon2id hash; the password is `given` or a random one.
 *
 * Parameters: OWASP Password Storage Cheat Sheet (19 MiB, 2 passes, 1 lane). Throws when `given` could
 * not be used at the login page; the message never repeats it.
 */
export async function generatePassword(given?: string): Promise<GeneratedPassword> {
  if (given !== undefined) {
    const problem = passwordProblem(given);
    if (problem) throw new Error(`the given password ${problem}`);
  }
  const password = given ?? randomBytes(PASSWORD_BYTES).toString("base64url");
  const hash = await argon2id({
    password,
    salt: randomBytes(16),
    memorySize: 19 * 1024,
    iterations: 2,
    parallelism: 1,
    hashLength: 32,
    outputType: "encoded",
  });
  return { password, hash };
}

/** Runs as a command of the stack: `DOOM_GIVEN_PASSWORD` in, one JSON document out. */
async function main(): Promise<void> {
  const generated = await generatePassword(process.env[GIVEN_PASSWORD_VARIABLE]);
  process.stdout.write(JSON.stringify(generated));
}

if (require.main === module) {
  main().catch((error: Error) => {
    process.stderr.write(`cannot make a password: ${error.message}\n`);
    process.exitCode = 1;
  });
}
