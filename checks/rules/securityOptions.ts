import { type ContainerInputs, each, type Finding, known, UNKNOWN } from "./facts";
import { show } from "./secretShapes";

/** Docker splits an option at its first `=`, or `:` where there is none (the old form). */
function parse(option: string): { key: string; value: string | undefined } {
  const separator = option.includes("=") ? "=" : ":";
  const at = option.indexOf(separator);
  return at < 0
    ? { key: option, value: undefined }
    : { key: option.slice(0, at), value: option.slice(at + 1) };
}

const NO_NEW_PRIVILEGES = "no-new-privileges";

/** No program gains rights that its parent lacks: set-user-ID files and file capabilities do nothing. */
export function noNewPrivileges(container: ContainerInputs): readonly Finding[] {
  const fix = 'add "no-new-privileges:true"';
  return known(container.securityOpts, "securityOpts", (options) => {
    const given = (options ?? []).flatMap((option) => (option === UNKNOWN ? [] : [parse(option)]));
    const settings = given.filter(({ key }) => key === NO_NEW_PRIVILEGES);
    if (settings.some(({ value }) => value !== undefined && value !== "true"))
      return [{ at: "securityOpts", problem: `turns ${NO_NEW_PRIVILEGES} off`, fix }];
    const unknown = (options ?? []).indexOf(UNKNOWN);
    if (unknown >= 0) return [{ undecided: `securityOpts[${unknown}]` }];
    if (settings.length > 0) return [];
    return [
      {
        at: "securityOpts",
        problem: `lacks ${NO_NEW_PRIVILEGES}: a set-user-ID program makes a user root`,
        fix,
      },
    ];
  });
}

/** What an option may say, by its key; any other key or value is refused, since newer engines add ways out. */
const HARMLESS: Readonly<Record<string, (value: string | undefined) => boolean>> = {
  [NO_NEW_PRIVILEGES]: () => true,
  seccomp: (value) => value === "builtin",
  apparmor: (value) => value !== undefined && !/^(unconfined)?$/.test(value),
  label: (value) => value !== undefined && /^(user|role|type|level):[\w.:,-]+$/.test(value),
};

/** The engine's confinement (seccomp, AppArmor, SELinux, masked system paths) stays on. */
export function confinement(container: ContainerInputs): readonly Finding[] {
  return each(container.securityOpts, "securityOpts", (option, at) => {
    const { key, value } = parse(option);
    // Own keys only: an option may be called `constructor`.
    if (Object.hasOwn(HARMLESS, key) && HARMLESS[key]?.(value)) return [];
    return [
      {
        at,
        problem: `sets ${show(key)} to something else than the engine's own confinement`,
        fix: "remove it",
      },
    ];
  });
}
