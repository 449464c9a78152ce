import type { Step } from "./step";

/** `"1000"` as the number; anything else as it is, for the schema to refuse with what was given. */
function toInteger(value: unknown): unknown {
  return typeof value === "string" && /^(0|[1-9]\d{0,9})$/.test(value) ? Number(value) : value;
}

/** `"true"` as the flag; anything else as it is. */
function toFlag(value: unknown): unknown {
  if (value === "true") return true;
  return value === "false" ? false : value;
}

const NEEDED = "a stack needs it";
const AS_INSTALLED = "the limit that the installer's compose files set";

/** Schema 1: in sections, with the types and names of this project. */
export const schema0ToSchema1: Step<"schema 0", "schema 1"> = {
  from: "schema 0",
  to: "schema 1",
  title: "sections instead of the installer's names",
  forward: (draft) => {
    draft.setSchemaVersion(1);
    draft.add("resources.cpus", 2, AS_INSTALLED);
    draft.add("resources.memory", "2GiB", AS_INSTALLED);
    draft.add("resources.storage", "10GiB", "the installer set none; as prod");
    draft.add("access.tier", "local", "the safest one; see docs/security.md before you widen it");
    draft.rename("CODE_SERVER_PORT", "access.port", toInteger);
    draft.add("access.port", 8443, "the installer's port");
    draft.add("network.cidr", "10.87.0.0/24", NEEDED);
    draft.add("logLevel", "info", NEEDED);
    draft.rename("TZ", "timeZone");
    draft.rename("PUID", "user.puid", toInteger);
    draft.rename("PGID", "user.pgid", toInteger);
    draft.add("image.version", "4.139.1", "pinned; the installer took whatever was the latest");
    draft.rename("TS_ACCEPT_DNS", "tailscale.acceptDns", toFlag);
  },
  cannotCarryBack: [
    { key: "resources", reason: "the compose files of the installer fix the limits" },
    { key: "access", reason: "all but the port" },
    { key: "network", reason: "the installer has one network of a fixed name" },
    { key: "logLevel", reason: "the installer has no such setting" },
    { key: "image", reason: "the installer takes the latest image" },
    { key: "variables", reason: "the compose files of the installer fix them" },
    { key: "tailscale", reason: "all but acceptDns" },
    { key: "claude", reason: "the installer always runs it" },
  ],
};
