/** What tailscaled says of itself, and what follows from it. */

/** The part of `tailscale status --json` that decides. */
export interface TailnetStatus {
  /** `Running`, `NeedsLogin`, `NeedsMachineAuth`, `Starting`, `Stopped`, `NoState`. */
  readonly state: string;
  /** What is wrong, in Tailscale's words; among it the control server's last answer to a login. */
  readonly complaints: readonly string[];
  /** The node's lasting identity; undefined before its first login. */
  readonly id?: string;
  /** Its name, when the tailnet gives names. */
  readonly name?: string;
  readonly addresses: readonly string[];
  /** Whether it has logged in before, whatever the control server says now. */
  readonly hasIdentity: boolean;
}

/** Reads what `tailscale status --json` prints. Throws an Error for anything else. */
export function parseTailnetStatus(text: string): TailnetStatus {
  const { BackendState, Health, Self, HaveNodeKey } = JSON.parse(text) as {
    BackendState?: unknown;
    HaveNodeKey?: boolean;
    Health?: string[] | null;
    Self?: { ID?: string; DNSName?: string; TailscaleIPs?: string[] | null } | null;
  };
  if (typeof BackendState !== "string") throw new Error("no BackendState in Tailscale's status");
  const name = Self?.DNSName?.replace(/\.$/, "");
  return {
    state: BackendState,
    complaints: Health ?? [],
    ...(Self?.ID ? { id: Self.ID } : {}),
    ...(name ? { name } : {}),
    addresses: Self?.TailscaleIPs ?? [],
    hasIdentity: HaveNodeKey === true,
  };
}

/** How far a node is on its way into a tailnet. */
export type Joining =
  | { readonly kind: "joined" | "waiting" }
  /** The control server has answered, and will not answer otherwise to the same key. */
  | { readonly kind: "refused"; readonly reason: string }
  | { readonly kind: "underway"; readonly reason: string };

/** The answers to a login that no second try changes: Tailscale's own, and HTTP's of other servers. */
const REFUSAL =
  /invalid key|not valid|not found|expired|already (been )?used|unauthorized|\bhttp (400|401|403|404)\b|status (400|401|403)\b/i;
const LOGIN_ERROR = /last login error was: *(.*)/is;

/** Judges a node; `hasKey` says whether it has been given one. */
export function judgeJoining({ state, complaints }: TailnetStatus, hasKey: boolean): Joining {
  if (state === "Running") return { kind: "joined" };
  if (state === "NeedsLogin" && !hasKey) return { kind: "waiting" };
  if (state === "NeedsMachineAuth")
    return { kind: "refused", reason: "an administrator of the tailnet has to approve the node" };
  const answers = complaints.flatMap((complaint) => LOGIN_ERROR.exec(complaint)?.[1] ?? []);
  const refusal = answers.find((answer) => REFUSAL.test(answer));
  if (refusal !== undefined) return { kind: "refused", reason: refusal };
  return { kind: "underway", reason: [`it says ${state}`, ...complaints].join("; ") };
}
