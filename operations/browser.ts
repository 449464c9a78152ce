import { once } from "node:events";
import { setTimeout as wait } from "node:timers/promises";
import { errorText } from "./failure";

/** A launcher hands over to a browser and ends, or becomes the browser and stays. */
const LAUNCH_MS = 3000;

/**
 * Opens an address in the user's browser.
 *
 * Gives why it could not be; undefined when it was, as far as the system's launcher says.
 */
export async function openInBrowser(url: string): Promise<string | undefined> {
  const { default: open } = await import("open");
  const timer = new AbortController();
  try {
    const launcher = await open(url);
    const ended = once(launcher, "exit") as Promise<[number | null]>;
    const stays = wait<[number | null]>(LAUNCH_MS, [0], { signal: timer.signal });
    const [code] = await Promise.race([ended, stays]);
    return code === 0 ? undefined : `no browser could be started (code ${code})`;
  } catch (error) {
    return `no browser could be started: ${errorText(error)}`;
  } finally {
    timer.abort();
  }
}
