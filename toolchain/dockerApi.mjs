// @ts-check
import { readFileSync } from "node:fs";
import http from "node:http";
import https from "node:https";
import { homedir, userInfo } from "node:os";
import { join } from "node:path";
import { capture } from "./command.mjs";

/**
 * Just enough of the Docker Engine API to look at the daemon that the program will use, before any
 * dependency exists and without starting the client.
 *
 * @typedef {object} DaemonState
 * @property {"answers" | "absent" | "denied" | "silent" | "broken"} state
 *   absent: nobody listens; denied: no permission; silent: accepts but does not answer in time
 * @property {string} endpoint
 * @property {string} [version] of the engine
 * @property {string} [apiVersion]
 * @property {string} [message] What went wrong, for people.
 */

/** The provider's own default. */
export const DEFAULT_ENDPOINT = "unix:///var/run/docker.sock";
/** A daemon under load answers in milliseconds; a stopped one never does. In milliseconds. */
const ANSWER_LIMIT = 5000;

/**
 * @param {NodeJS.ProcessEnv} env
 * @returns {string} DOCKER_HOST, else the default socket: what the Docker provider uses as well
 */
export function dockerEndpoint(env) {
  return env.DOCKER_HOST || DEFAULT_ENDPOINT;
}

/**
 * @param {NodeJS.ProcessEnv} env
 * @param {number} [limit] milliseconds
 * @returns {Promise<DaemonState>}
 */
export async function lookAtDaemon(env, limit = ANSWER_LIMIT) {
  const endpoint = dockerEndpoint(env);
  try {
    const { status, body } = endpoint.startsWith("ssh://")
      ? await askThroughClient(env, limit)
      : await get(env, "/version", limit);
    const answer = JSON.parse(body);
    if (status !== 200 || typeof answer.ApiVersion !== "string") {
      return {
        state: "broken",
        endpoint,
        message: `answers with status ${status}: ${body.trim()}`,
      };
    }
    return { state: "answers", endpoint, version: answer.Version, apiVersion: answer.ApiVersion };
  } catch (error) {
    return { endpoint, ...classify(/** @type {NodeJS.ErrnoException} */ (error)) };
  }
}

/**
 * @param {NodeJS.ProcessEnv} env
 * @param {string} reference
 * @returns {Promise<{id: string, labels: Record<string, string>} | undefined>} undefined: no such image
 * @throws {Error} when the daemon does not answer as expected
 */
export async function inspectImage(env, reference) {
  const path = `/images/${encodeURIComponent(reference)}/json`;
  const { status, body } = dockerEndpoint(env).startsWith("ssh://")
    ? await askThroughClient(env, ANSWER_LIMIT, [
        "image",
        "inspect",
        "--format",
        "{{json .}}",
        reference,
      ])
    : await get(env, path, ANSWER_LIMIT);
  if (status === 404) return undefined;
  if (status !== 200)
    throw new Error(`Docker answers ${status} for image ${reference}: ${body.trim()}`);
  const image = JSON.parse(body);
  return { id: image.Id, labels: image.Config?.Labels ?? {} };
}

/**
 * @param {NodeJS.ErrnoException} error
 * @returns {{state: DaemonState["state"], message: string}}
 */
function classify(error) {
  switch (error.code) {
    case "ENOENT":
    case "ECONNREFUSED":
      return { state: "absent", message: "nobody listens there" };
    case "EACCES":
    case "EPERM":
      return {
        state: "denied",
        message: `user ${userInfo().username} has no permission to use it`,
      };
    case "ETIMEDOUT":
      return { state: "silent", message: error.message };
    default:
      return { state: "broken", message: error.message };
  }
}

/**
 * @param {NodeJS.ProcessEnv} env
 * @param {string} path
 * @param {number} limit milliseconds
 * @returns {Promise<{status: number, body: string}>}
 */
function get(env, path, limit) {
  return new Promise((resolve, reject) => {
    const options = connection(env);
    const request = (options.protocol === "https:" ? https : http).get(
      { ...options, path, timeout: limit, signal: AbortSignal.timeout(limit) },
      (response) => {
        let body = "";
        response.setEncoding("utf8").on("data", (text) => {
          body += text;
        });
        response.on("end", () => resolve({ status: response.statusCode ?? 0, body }));
        response.on("error", reject);
      },
    );
    request.on("error", (error) => {
      const code = /** @type {NodeJS.ErrnoException} */ (error).code;
      if (code !== "ABORT_ERR") return reject(error);
      reject(Object.assign(new Error(`no answer within ${limit / 1000} s`), { code: "ETIMEDOUT" }));
    });
  });
}

/**
 * @param {NodeJS.ProcessEnv} env
 * @returns {https.RequestOptions}
 * @throws {Error} for a DOCKER_HOST that cannot be read
 */
function connection(env) {
  const endpoint = dockerEndpoint(env);
  if (endpoint.startsWith("unix://")) {
    // The daemon does not look at the host header, but Node needs one to send.
    return { protocol: "http:", socketPath: endpoint.slice("unix://".length), host: "docker" };
  }
  const match = /^(tcp|http|https):\/\/(.+)$/.exec(endpoint);
  if (!match) throw new Error(`DOCKER_HOST=${endpoint} is not an address of a Docker daemon`);
  const url = new URL(`http://${match[2]}`);
  const secure = match[1] === "https" || Boolean(env.DOCKER_TLS_VERIFY);
  const base = { host: url.hostname, port: url.port || (secure ? 2376 : 2375) };
  return secure
    ? { protocol: "https:", ...base, ...clientCertificates(env) }
    : { protocol: "http:", ...base };
}

/** @param {NodeJS.ProcessEnv} env */
function clientCertificates(env) {
  const folder = env.DOCKER_CERT_PATH || join(homedir(), ".docker");
  return {
    ca: readFileSync(join(folder, "ca.pem")),
    cert: readFileSync(join(folder, "cert.pem")),
    key: readFileSync(join(folder, "key.pem")),
  };
}

/**
 * Only the client speaks ssh.
 * @param {NodeJS.ProcessEnv} env
 * @param {number} limit milliseconds
 * @param {string[]} [args]
 * @returns {Promise<{status: number, body: string}>}
 */
async function askThroughClient(env, limit, args = ["version", "--format", "{{json .Server}}"]) {
  const answer = await capture("docker", args, { env, timeoutSeconds: (limit * 4) / 1000 });
  if (answer.ok) return { status: 200, body: answer.stdout };
  if (/no such image/i.test(answer.message)) return { status: 404, body: answer.message };
  throw new Error(answer.message);
}
