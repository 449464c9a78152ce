import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";

/** A policy pack without a policy, as `pulumi policy new` lays it out, with the same SDK as ours. */
export class EmptyPack {
  readonly folder: string;

  constructor(checkout: string) {
    this.folder = mkdtempSync(path.join(tmpdir(), "doom-bench-pack-"));
    const pack = '"use strict";\nconst { PolicyPack } = require("@pulumi/policy");\n';
    this.write("PulumiPolicy.yaml", "runtime: nodejs\n");
    this.write("package.json", JSON.stringify({ name: "empty", version: "0.1.0" }));
    this.write("index.js", `${pack}new PolicyPack("empty", { policies: [] });\n`);
    mkdirSync(path.join(this.folder, "node_modules", "@pulumi"), { recursive: true });
    for (const name of ["pulumi", "policy"]) {
      const sdk = path.join("node_modules", "@pulumi", name);
      symlinkSync(path.join(checkout, sdk), path.join(this.folder, sdk));
    }
  }

  private write(name: string, text: string): void {
    writeFileSync(path.join(this.folder, name), text);
  }

  dispose(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }
}
