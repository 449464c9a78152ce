import { posix } from "node:path";
import { isAtOrAbove, plainPath } from "./rules/hostPaths";

/** Where data is moved from or to, as it is written on a command line. */
export type Endpoint =
  | { readonly kind: "environment"; readonly stack: string; readonly instance: number }
  | { readonly kind: "volume"; readonly name: string }
  | { readonly kind: "directory"; readonly path: string }
  | { readonly kind: "archive"; readonly path: string };

export const ENDPOINT_FORMS = [
  "STACK:N for the data of an environment's editor N",
  "volume:NAME for a Docker volume",
  "directory:/PATH for a folder of the Docker host",
  "archive:PATH for a folder with an archive that this makes or has made",
] as const;

/** What Docker takes for the name of a volume (daemon/names). */
export const VOLUME_NAME = /^[a-zA-Z0-9][a-zA-Z0-9_.-]{0,254}$/;

/** Parses an endpoint; a text says what is wrong with it. */
export function parseEndpoint(text: string): Endpoint | string {
  const [, scheme = "", rest = ""] = /^([^:]*):(.*)$/s.exec(text) ?? [];
  switch (scheme) {
    case "volume":
      return VOLUME_NAME.test(rest) ? { kind: "volume", name: rest } : badVolumeName(rest);
    case "directory":
      return directory(rest);
    case "archive":
      return rest === "" || rest.includes("\0")
        ? `got ${show(text)}; allowed after archive: is the path of a folder`
        : { kind: "archive", path: rest };
    default:
      return /^[1-9]\d{0,3}$/.test(rest)
        ? { kind: "environment", stack: scheme, instance: Number(rest) }
        : `got ${show(text)}; allowed: ${ENDPOINT_FORMS.join(", ")}`;
  }
}

function badVolumeName(name: string): string {
  const hint = name.includes("/") ? "; for a folder write directory:/PATH" : "";
  return `got the volume name ${show(name)}; allowed: letters, digits, _ . and -, a letter or digit first${hint}`;
}

function directory(path: string): Endpoint | string {
  if (!path.startsWith("/") || path.includes("\0")) {
    return `got the folder ${show(path)}; allowed: an absolute path on the Docker host`;
  }
  const plain = plainPath(path);
  const problem = folderProblem(plain);
  return problem === undefined ? { kind: "directory", path: plain } : problem;
}

/** What the host needs to run, or what gives power over it: nobody's data. */
const SYSTEM_FOLDERS = [
  "/bin",
  "/boot",
  "/dev",
  "/etc",
  "/lib",
  "/lib32",
  "/lib64",
  "/proc",
  "/run",
  "/sbin",
  "/sys",
  "/usr",
  "/var/lib",
  "/var/run",
];

/** Why a folder of the host may not be read or written by a migration; undefined when it may. */
export function folderProblem(path: string): string | undefined {
  const at = SYSTEM_FOLDERS.find((folder) => isAtOrAbove(folder, path));
  if (at !== undefined) return `${show(path)} lies in ${at}, which belongs to the system`;
  const below = SYSTEM_FOLDERS.find((folder) => isAtOrAbove(path, folder));
  if (below !== undefined) return `${show(path)} holds ${below}, which belongs to the system`;
  if (posix.basename(path) === "docker.sock") return `${show(path)} is the socket of Docker`;
  return undefined;
}

/** A text from outside, safe to print and not too long. */
function show(text: string): string {
  return JSON.stringify(text.length > 80 ? `${text.slice(0, 80)}…` : text);
}
