import type { Context, Finding, VolumeInputs } from "./facts";

/**
 * A volume is protected, so that the engine itself refuses to delete or to replace it.
 *
 * That covers every way that starts from a run: the volume is left out of the program, changes its
 * name or driver, or is destroyed with the stack. Taking the protection away is what this refuses.
 * It does not see `pulumi destroy --ignore-protect` or `docker volume rm`, where no policy runs.
 */
export function volumeProtected(_volume: VolumeInputs, { options }: Context): readonly Finding[] {
  return options?.protect === true
    ? []
    : [
        {
          at: "protect",
          problem: "is not set: a run may delete or replace the volume, and the data with it",
          fix: "set the resource option protect: true",
        },
      ];
}
