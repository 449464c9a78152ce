import { SESSION_PATHS, START_PATHS } from "../../checks/volatilePaths";
import { extensionsIn } from "../extensions";
import { GATE_TIMES } from "../gateInput";
import { codeServerImage } from "../imageSources";
import type { UpgradeService } from "./service";

/** Where an environment mounts the hash of an editor's password. */
export const LOGIN_HASH = "/run/secrets/hashed-password";

/** The editors; their data is what a user works on. */
export const codeServer: UpgradeService = {
  name: "code-server",
  part: "code-server",
  versionKey: "image.version",
  referenceKey: "image.reference",
  image: (origin, { image }) => codeServerImage(origin, image),
  numbers: ({ instances }) => Array.from({ length: instances }, (_, position) => position + 1),
  numbered: true,
  title: (instance) => `editor ${instance}`,
  volumeRole: "data",
  mountedAt: "/config",
  limits: ({ resources }) => resources,
  startPaths: START_PATHS,
  sessionPaths: SESSION_PATHS,
  inventory: (root, run) => extensionsIn(`${root}/extensions`, run),
  async standIns() {
    const { generatePassword } = await import("../secretGenerate.js");
    return { [LOGIN_HASH]: (await generatePassword()).hash };
  },
  async gate({ container, inventory, secret }) {
    // Most updates ask no gate: only here is all of it loaded.
    const { deepGate } = await import("../deepGate.js");
    return deepGate({
      container,
      loginHash: secret(LOGIN_HASH),
      extensions: inventory,
      ...GATE_TIMES,
    });
  },
};
