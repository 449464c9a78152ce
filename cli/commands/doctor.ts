import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { findProject } from "../../operations/project";

/** `doom doctor`: the set-up's own examination of this machine; gives its exit code. */
export async function doctor(json: boolean): Promise<number> {
  const script = join(findProject().root, "toolchain", "doctor.mjs");
  const child = spawn(process.execPath, [script, ...(json ? ["--json"] : [])], {
    stdio: "inherit",
  });
  const [code] = (await once(child, "exit")) as [number | null];
  return code ?? 1;
}
