import type { SecretEntry } from "../../../checks/secretInventory";
import { findProject } from "../../../operations/project";
import { secretEntries } from "../../../operations/secretEntries";
import type { Outcome } from "../../output";
import { table } from "../../text";

/** `doom secrets list <stack>`: what secrets there are; never what they are. */
export async function listSecrets(stack: string): Promise<Outcome> {
  const secrets = secretEntries(findProject(), stack);
  const heads = ["NAME", "KIND", "SOURCE", "SINCE", "ROTATIONS", "USED BY", ""];
  return { text: table([heads, ...secrets.map(toRow)]), data: { secrets } };
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
    since?.replace(/\.\d+Z$/, "Z") ?? "not yet",
    String(rotation),
    containers.join(", ") || "nothing",
    pending ? "(the next up makes it)" : "",
  ];
}
