import type { KeyEntry, SecretEntry } from "../../../checks/secretInventory";
import { findProject } from "../../../operations/project";
import { keyEntries, secretEntries } from "../../../operations/secretEntries";
import type { Outcome } from "../../output";
import { table } from "../../text";

/** `doom secrets list <stack>`: what secrets there are; never what they are. */
export async function listSecrets(stack: string): Promise<Outcome> {
  const project = findProject();
  const [secrets, keys] = [secretEntries(project, stack), keyEntries(project, stack)];
  const heads = ["NAME", "KIND", "SOURCE", "SINCE", "ROTATIONS", "USED BY", ""];
  const rows = [...secrets.map(toRow), ...keys.map((key) => keyRow(stack, key))];
  return { text: table([heads, ...rows]), data: { secrets: [...secrets, ...keys] } };
}

function toRow({
  name,
  kind,
  source,
  since,
  rotation,
  containers,
  pending,
}: SecretEntry): string[] {
  return [
    name,
    kind,
    source === "set" ? "set by you" : "generated",
    sinceText(since),
    String(rotation),
    usersText(containers),
    pending ? "(the next up makes it)" : "",
  ];
}

function keyRow(stack: string, key: KeyEntry): string[] {
  const { name, kind, source, since, containers } = key;
  const origin = source === "set" ? "set by you" : "not set";
  return [name, kind, origin, sinceText(since), "-", usersText(containers), remarkOn(stack, key)];
}

function remarkOn(stack: string, { name, service, source, enabled, pending }: KeyEntry): string {
  if (pending) return "(the next up applies that)";
  if (!enabled) return `(${service}.enabled is false)`;
  return source === "set" ? "" : `(npx doom secrets set ${stack} ${name})`;
}

function sinceText(since: string | undefined): string {
  return since?.replace(/\.\d+Z$/, "Z") ?? "not yet";
}

function usersText(containers: readonly string[]): string {
  return containers.join(", ") || "nothing";
}
