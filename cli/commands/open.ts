import {
  displayProblem,
  editorsOf,
  editorUrl,
  isLoopback,
  phoneAddress,
  refusalToOpen,
} from "../../checks/access";
import { openInBrowser } from "../../operations/browser";
import { environmentStatus } from "../../operations/environmentStatus";
import { Failure } from "../../operations/failure";
import { findProject } from "../../operations/project";
import { tailnetAddress } from "../../operations/tailnetAddress";
import type { CommandContext } from "../engineRun";
import type { Outcome } from "../output";
import { qrCode } from "../qrCode";

export interface OpenOptions {
  /** Only print the address. */
  readonly print?: boolean;
  /** Print it as a QR code, in the form that a phone reaches. */
  readonly qr?: boolean;
}

/**
 * `doom open <stack> [n]`: opens the environment, or editor n of it, in the browser.
 *
 * Where there is no browser, the address is printed. A password is never part of it.
 */
export async function open(
  stack: string,
  instance: string | undefined,
  { print = false, qr = false }: OpenOptions,
  { display }: CommandContext,
): Promise<Outcome> {
  if (print && qr) {
    throw new Failure("usage", "--print and --qr are two ways to show the address.", {
      fix: "give one of them",
    });
  }
  const status = await environmentStatus(findProject(), stack);
  const refusal = refusalToOpen(status, instance);
  if (refusal) throw new Failure(refusal.kind, refusal.summary, { fix: refusal.fix });
  if (status.url === undefined) {
    throw new Failure("unhealthy", `${stack} has no address yet: its last update did not end.`, {
      fix: `npx doom up ${stack}`,
    });
  }
  const editors = editorsOf(stack, status.containers).length;
  const address = (base: string) => editorUrl(base, instance, editors);
  const password = `npx doom password ${stack}${instance === undefined ? "" : ` ${instance}`}`;
  if (qr) return showCode(stack, status.url, address, password);
  const url = address(status.url);
  if (print) return { text: url, data: { url, opened: false } };
  const problem = displayProblem(process.env, process.platform) ?? (await openInBrowser(url));
  if (problem === undefined)
    return {
      text: `opened ${url}\n  password: ${password}`,
      data: { url, opened: true },
    };
  display.line(`not opened: ${problem}`);
  if (isLoopback(url)) display.line(tunnelAdvice(url));
  return { text: url, data: { url, opened: false, because: problem } };
}

/** How a browser on another machine gets to an address that is this host's own. */
function tunnelAdvice(url: string): string {
  const { port } = new URL(url);
  return `it is this host's own address; from your machine: ssh -L ${port}:127.0.0.1:${port} THIS-HOST, then open the same there`;
}

async function showCode(
  stack: string,
  own: string,
  address: (base: string) => string,
  password: string,
): Promise<Outcome> {
  const phone = phoneAddress(own, isLoopback(own) ? await tailnetAddress(stack) : { because: "" });
  if ("because" in phone) {
    throw new Failure("configuration", `No phone reaches ${stack}: ${phone.because}.`, {
      fix: `docs/access.md says what to set in Pulumi.${stack}.yaml; npx doom open ${stack} opens it on this host`,
    });
  }
  const url = address(phone.url);
  const code = await qrCode(url, process.stdout.isTTY === true);
  return {
    text: `${code}\n${url}\n  for ${phone.from}; password: ${password}`,
    data: { url, opened: false, code: await qrCode(url, false) },
  };
}
