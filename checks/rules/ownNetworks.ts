import { type ContainerInputs, type Context, each, type Finding, known, UNKNOWN } from "./facts";
import { allowedNames, NETWORK_ROLES, roleOfOwn } from "./names";
import { show } from "./secretShapes";

/**
 * A container is on at least one network, and only on those of its own environment, by exact name.
 *
 * With that nothing joins two environments' networks: no container is on another's. The engine's
 * default bridge (docker0) is common to all: a container is on it when it names no network.
 * `networkMode` may stay `bridge`, the provider's default, since the provider takes a container off
 * that bridge when it has networks of its own; any other mode has to be an own network.
 */
export function ownNetworks(container: ContainerInputs, { stack }: Context): readonly Finding[] {
  const allowed = allowedNames(stack, NETWORK_ROLES);
  const foreign = (at: string, name: string): Finding => ({
    at,
    problem: `is ${show(name)}, which is no network of the environment ${stack}`,
    fix: `name one of ${allowed}`,
  });
  const isOwn = (name: string) => roleOfOwn(name, stack, NETWORK_ROLES) !== undefined;
  const networks = container.networksAdvanced;
  const none: readonly Finding[] =
    networks === undefined || (networks !== UNKNOWN && networks.length === 0)
      ? [
          {
            at: "networksAdvanced",
            problem: "names no network, which means the bridge that all environments share",
            fix: `name one of ${allowed}`,
          },
        ]
      : [];
  const named = each(networks, "networksAdvanced", ({ name }, at) =>
    known(name, `${at}.name`, (text) => (isOwn(text) ? [] : [foreign(`${at}.name`, text)])),
  );
  const mode = known(container.networkMode, "networkMode", (text) =>
    // `host` and `container:` have rules of their own, which say more.
    text === undefined || /^(|bridge|host|container:.*)$/s.test(text) || isOwn(text)
      ? []
      : [foreign("networkMode", text)],
  );
  return [...none, ...named, ...mode];
}
