import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";

/** Programs that create nothing, by how little they hold. */
export const EMPTY_PROGRAMS = {
  /** What `pulumi new javascript` starts with: the SDK is there to be used. */
  withSdk: '"use strict";\nconst pulumi = require("@pulumi/pulumi");\n',
  /** Not even that: the time of the engine and its language host alone. */
  bare: '"use strict";\n',
} as const;

/** A Pulumi project that creates nothing, in a folder of its own, with the same SDK as ours. */
export class EmptyProgram {
  readonly folder: string;
  readonly passphraseFile: string;

  constructor(kind: keyof typeof EMPTY_PROGRAMS, checkout: string) {
    this.folder = mkdtempSync(path.join(tmpdir(), "doom-bench-empty-"));
    this.passphraseFile = path.join(this.folder, ".passphrase");
    const project = {
      name: "empty",
      runtime: { name: "nodejs", options: { typescript: false } },
      backend: { url: "file://./.state" },
    };
    // JSON is YAML too.
    this.write("Pulumi.yaml", JSON.stringify(project));
    this.write("package.json", JSON.stringify({ name: "empty", main: "index.js" }));
    this.write("index.js", EMPTY_PROGRAMS[kind]);
    this.write(".passphrase", "a stack without secrets");
    mkdirSync(path.join(this.folder, ".state"));
    // Only the SDK: the engine asks every package of a project which plugins it needs.
    mkdirSync(path.join(this.folder, "node_modules", "@pulumi"), { recursive: true });
    const sdk = path.join("node_modules", "@pulumi", "pulumi");
    symlinkSync(path.join(checkout, sdk), path.join(this.folder, sdk));
  }

  private write(name: string, text: string): void {
    writeFileSync(path.join(this.folder, name), text);
  }

  dispose(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }
}
