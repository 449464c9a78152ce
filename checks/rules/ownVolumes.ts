import { type ContainerInputs, type Context, each, type Finding, known } from "./facts";
import { allowedNames, roleOfOwn, VOLUME_ROLES } from "./names";
import { show } from "./secretShapes";

/**
 * Data comes from volumes of the own environment, by exact name.
 *
 * `docker volume create` of an existing name silently adopts it (moby#16068): the name is all that
 * keeps one environment off another's data. A volume without a name is found by nobody again.
 */
export function ownVolumes(container: ContainerInputs, { stack }: Context): readonly Finding[] {
  const check = (at: string, name: string | undefined): readonly Finding[] => {
    if (name !== undefined && roleOfOwn(name, stack, VOLUME_ROLES) !== undefined) return [];
    const problem =
      name === undefined || name === ""
        ? "names no volume: Docker makes a nameless one that nothing finds again"
        : `is ${show(name)}, which is no volume of the environment ${stack}`;
    return [
      {
        at,
        problem,
        fix: `name one of ${allowedNames(stack, VOLUME_ROLES)}, with -N for one of several`,
      },
    ];
  };
  const volumes = each(container.volumes, "volumes", (volume, at) => [
    ...known(volume.fromContainer, `${at}.fromContainer`, (other) =>
      other === undefined || other === ""
        ? []
        : [
            {
              at: `${at}.fromContainer`,
              problem: "takes over every volume of another container, whatever they are",
              fix: "name the volume itself",
            },
          ],
    ),
    ...(volume.hostPath === undefined || volume.hostPath === ""
      ? known(volume.volumeName, `${at}.volumeName`, (name) =>
          name === undefined && volume.fromContainer ? [] : check(`${at}.volumeName`, name),
        )
      : []),
  ]);
  const mounts = each(container.mounts, "mounts", (mount, at) =>
    known(mount.type, `${at}.type`, (type) => {
      if (type === "bind" || type === "tmpfs") return [];
      if (type === "volume")
        return known(mount.source, `${at}.source`, (name) => check(`${at}.source`, name));
      return [
        {
          at: `${at}.type`,
          problem: `is ${show(type)}, which no rule knows how to judge`,
          fix: "use volume, bind or tmpfs",
        },
      ];
    }),
  );
  return [...volumes, ...mounts];
}
