import { dockerName, type Role } from "../../config/names";

/** Roles by the kind of thing that has them; together they are all roles that the host knows. */
export const CONTAINER_ROLES = ["code-server", "gateway", "claude", "tailscale"] as const;
export const NETWORK_ROLES = ["internal", "edge", "egress"] as const;
export const VOLUME_ROLES = ["data", "claude", "tailscale"] as const;

/**
 * The role of a thing that belongs to `stack`, by its exact name; undefined when it belongs elsewhere.
 *
 * Built and compared, never matched by prefix: `doom-dev-2-gateway` belongs to the stack `dev-2`.
 */
export function roleOfOwn<R extends Role>(
  name: string,
  stack: string,
  roles: readonly R[],
): R | undefined {
  const index = /-([1-9]\d{0,3})$/.exec(name)?.[1];
  return roles.find(
    (role) =>
      name === dockerName(stack, role) ||
      (index !== undefined && name === dockerName(stack, role, Number(index))),
  );
}

/** The names that things of these roles may have, for a message. */
export function allowedNames(stack: string, roles: readonly Role[]): string {
  return roles.map((role) => dockerName(stack, role)).join(", ");
}
