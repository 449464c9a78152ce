import { type ContainerInputs, type Context, type Finding, known } from "./facts";
import { allowedNames, CONTAINER_ROLES, roleOfOwn } from "./names";
import { show } from "./secretShapes";

const JOINABLE = ["networkMode", "pidMode", "ipcMode"] as const;
const JOIN = /^container:(.*)$/s;

/** `container:NAME` shares a namespace with another container: only with one of the same environment. */
export function noForeignJoin(container: ContainerInputs, { stack }: Context): readonly Finding[] {
  return JOINABLE.flatMap((at) =>
    known(container[at], at, (mode) => {
      const other = JOIN.exec(mode ?? "")?.[1];
      if (other === undefined || roleOfOwn(other, stack, CONTAINER_ROLES) !== undefined) return [];
      return [
        {
          at,
          problem: `joins ${show(other)}, which is not a container of the environment ${stack} by its exact name`,
          fix: `remove it, or name one of ${allowedNames(stack, CONTAINER_ROLES)}`,
        },
      ];
    }),
  );
}
