import { dockerName } from "../config/names";

/** Whether and by which address somebody gets to an editor. */

/** A container, as far as it decides that. */
export interface SeenContainer {
  readonly name: string;
  readonly state: string;
  readonly health?: "healthy" | "unhealthy" | "starting";
}

export interface SeenEnvironment {
  readonly stack: string;
  readonly condition: "new" | "down" | "healthy" | "starting" | "unhealthy";
  readonly containers: readonly SeenContainer[];
}

export interface SeenEditor {
  readonly index: number;
  readonly healthy: boolean;
}

/** The editors among the containers, by their numbers. */
export function editorsOf(stack: string, containers: readonly SeenContainer[]): SeenEditor[] {
  return containers
    .flatMap((container): SeenEditor[] => {
      const index = Number(/-(\d+)$/.exec(container.name)?.[1]);
      if (container.name !== dockerName(stack, "code-server", index)) return [];
      return [{ index, healthy: isHealthy(container) }];
    })
    .sort((a, b) => a.index - b.index);
}

function isHealthy(container: SeenContainer | undefined): boolean {
  return container?.state === "running" && container.health === "healthy";
}

/** Why an environment cannot be opened, and what to do. */
export interface Refusal {
  readonly kind: "usage" | "unhealthy";
  readonly summary: string;
  readonly fix: string;
}

/**
 * Why editor `instance` (without one: any) cannot be opened; undefined when it can.
 *
 * What the way to it does not need, such as another editor, may be ill.
 */
export function refusalToOpen(seen: SeenEnvironment, instance?: string): Refusal | undefined {
  const { stack, condition, containers } = seen;
  const unhealthy = (summary: string, fix: string): Refusal => ({
    kind: "unhealthy",
    summary,
    fix,
  });
  if (condition === "new")
    return unhealthy(`${stack} was never up.`, `npx doom init ${stack} && npx doom up ${stack}`);
  if (condition === "down") return unhealthy(`${stack} is down.`, `npx doom up ${stack}`);
  const editors = editorsOf(stack, containers);
  const wanted = editors.filter(({ index }) => [undefined, String(index)].includes(instance));
  if (instance !== undefined && wanted.length === 0)
    return {
      kind: "usage",
      summary: `${stack} has no editor ${JSON.stringify(instance)}.`,
      fix: `its editors are ${editors.map(({ index }) => index).join(", ")}`,
    };
  const gateway = containers.find(({ name }) => name === dockerName(stack, "gateway"));
  const ill = !isHealthy(gateway)
    ? `The gateway of ${stack} is not healthy.`
    : wanted.some(({ healthy }) => healthy)
      ? undefined
      : instance === undefined
        ? `No editor of ${stack} is healthy.`
        : `Editor ${instance} of ${stack} is not healthy.`;
  if (ill === undefined) return undefined;
  return unhealthy(
    ill,
    condition === "starting"
      ? `wait a moment; npx doom status ${stack} shows how far it is`
      : `npx doom status ${stack} says what is wrong, npx doom up ${stack} brings it back`,
  );
}

/** The address of one editor of several; without a number, or where there is one only, the environment's. */
export function editorUrl(url: string, instance: string | undefined, editors: number): string {
  return instance === undefined || editors < 2 ? url : new URL(`/i/${instance}/`, url).href;
}

/** Whether an address is the host's own, which no other machine reaches. */
export function isLoopback(url: string): boolean {
  return /^(127(\.\d+){3}|localhost)$/.test(new URL(url).hostname);
}

/** The node of an environment in a tailnet: the name or address by which it is reached there. */
export type TailnetAddress = { readonly host: string } | { readonly because: string };

/** An address that a phone reaches, or why there is none. */
export type PhoneAddress =
  | { readonly url: string; readonly from: string }
  | { readonly because: string };

/**
 * What to give to a phone, from the environment's own address and that of its node.
 *
 * The node serves only what speaks TLS; see docs/tailscale.md.
 */
export function phoneAddress(url: string, tailnet: TailnetAddress): PhoneAddress {
  if (!isLoopback(url)) return { url, from: "whoever reaches this address of the host" };
  const own = `${new URL(url).origin} is this host's own address`;
  if (new URL(url).protocol === "http:")
    return {
      because: `${own} (access.tier is local), and a node in a tailnet would serve nothing`,
    };
  if ("because" in tailnet) return { because: `${own}, and ${tailnet.because}` };
  return { url: `https://${tailnet.host}/`, from: "devices in your tailnet" };
}

/** Why no browser can be expected to show up on this machine; undefined when one can. */
export function displayProblem(
  environment: Readonly<Record<string, string | undefined>>,
  platform: string,
): string | undefined {
  const has = (name: string) => Boolean(environment[name]);
  if (has("CI")) return "this is a CI job";
  // Terminals of editors give a program here that opens the browser on the user's machine.
  if (has("BROWSER") || platform !== "linux") return undefined;
  if (["DISPLAY", "WAYLAND_DISPLAY", "WSL_DISTRO_NAME"].some(has)) return undefined;
  return has("SSH_CONNECTION") ? "you are here over SSH, without a display" : "there is no display";
}
