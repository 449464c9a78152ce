import { mkdirSync, writeFileSync } from "node:fs";
import path from "node:path";
import type Docker from "dockerode";
import { WRITING, withToolsContainer } from "../../operations/toolsContainer";
import { ImageContainers } from "../stack/fixtures/image/imageContainer";
import { engine, runIn } from "./dockerHost";
import { freePort } from "./projectCopy";
import { AT, TestVolumes } from "./testVolumes";

export const OLD_PASSWORD = "pa55#word!of the old one";
/** Of the user's own, and for no stack. */
export const OLD_SUDO = "old-sudo-canary";
export const EXTENSION = "acme.hello@1.2.3";
export const SETTINGS = '{ "editor.fontSize": 17, "workbench.colorTheme": "Abyss" }\n';

/** As an extension is installed: its folder, and an entry in the list, which the editor starts empty. */
const WORK_IN_THE_EDITOR = `cd /config
  until [[ -e extensions/extensions.json && $(<extensions/extensions.json) == "[]" ]]; do sleep 0.1; done
  mkdir extensions/acme.hello-1.2.3
  echo '{"publisher":"acme","name":"hello","version":"1.2.3","engines":{"vscode":"*"}}' \\
    >extensions/acme.hello-1.2.3/package.json
  echo '[{"identifier":{"id":"acme.hello"},"version":"1.2.3","relativeLocation":"acme.hello-1.2.3",
    "location":{"$mid":1,"path":"/config/extensions/acme.hello-1.2.3","scheme":"file"}}]' \\
    >extensions/extensions.json
  mkdir -p data/User .ssh workspace
  cp /dev/stdin data/User/settings.json <<<'${SETTINGS.trimEnd()}'
  echo key >.ssh/known_hosts; chmod 0600 .ssh/known_hosts`;

/**
 * A setup as the single-host installer leaves it: a folder with an `.env`, an editor and a container for
 * Claude Code with the labels of its compose files, their volumes, and a folder with projects.
 *
 * Volumes and containers have random names, so that nothing of a real setup can be meant; what says which
 * setup they belong to are the labels of Docker Compose, as in a real one.
 */
export class OldInstallation {
  private readonly volumes = new TestVolumes();
  private readonly containers = new ImageContainers();
  /** The folder of the compose files. */
  readonly folder = path.join(this.volumes.hostFolder(), "doom coding");
  readonly workspace = path.join(this.folder, "my projects");
  readonly env = path.join(this.folder, ".env");
  /** Set by {@link start}. */
  config = "";
  editor!: Docker.Container;
  editorName = "";
  claude!: Docker.Container;
  claudeName = "";
  /** Where the old editor is published. */
  port = 0;

  /** Starts it, with work in it. `projects` is a bash script that fills the workspace as root. */
  async start(image: string, projects: string): Promise<void> {
    mkdirSync(this.workspace, { recursive: true });
    this.config = await this.volumes.create();
    this.port = await freePort();
    this.editor = await this.containers.startHealthy({
      image,
      environment: {
        PASSWORD: OLD_PASSWORD,
        PUID: "1000",
        PGID: "1000",
        TZ: "Europe/Berlin",
        DEFAULT_WORKSPACE: "/workspace",
      },
      options: { Labels: this.labels("code-server") },
      host: {
        PortBindings: { "8443/tcp": [{ HostIp: "127.0.0.1", HostPort: String(this.port) }] },
        Mounts: [
          { Type: "volume", Source: this.config, Target: "/config" },
          { Type: "bind", Source: this.workspace, Target: "/workspace" },
        ],
      },
    });
    this.editorName = (await this.editor.inspect()).Name.slice(1);
    await runIn(this.editor.id, ["bash", "-euc", WORK_IN_THE_EDITOR], "1000:1000");
    await this.inWorkspace(projects);
    this.claude = await this.beside("claude", this.folder);
    this.claudeName = (await this.claude.inspect()).Name.slice(1);
    writeFileSync(this.env, this.envText(), { mode: 0o600 });
  }

  /** The form that `doom-tui` writes. */
  envText(password = OLD_PASSWORD): string {
    return [
      "# Doom Coding Environment Configuration",
      `CODE_SERVER_PASSWORD="${password}"`,
      `SUDO_PASSWORD=${OLD_SUDO}`,
      `CODE_SERVER_PORT=${this.port}`,
      "PUID=1000",
      "PGID=1000",
      "TZ=Europe/Berlin",
      `WORKSPACE_PATH='${this.workspace}'`,
      "TARGETARCH=amd64",
      "TS_ACCEPT_DNS=false",
      "CLAUDE_AUTOMATION=",
      "",
    ].join("\n");
  }

  /** A container of some setup that may write to the projects, and does not. */
  async beside(service: string, folder: string): Promise<Docker.Container> {
    const Labels = this.labels(service, folder);
    const container = await engine.createContainer({
      Image: (await this.editor.inspect()).Image,
      Entrypoint: ["bash", "-c", "trap exit TERM; while :; do sleep 0.1; done"],
      Cmd: [],
      Healthcheck: { Test: ["NONE"] },
      Labels,
      HostConfig: {
        NetworkMode: "none",
        Mounts: [{ Type: "bind", Source: this.workspace, Target: "/workspace" }],
      },
    });
    await container.start();
    return container;
  }

  /** Runs a bash script as root in the folder with the projects. */
  async inWorkspace(script: string): Promise<void> {
    const mount = { kind: "directory", from: this.workspace, at: AT, readOnly: false } as const;
    await withToolsContainer({ mounts: [mount], capabilities: WRITING }, (tools) =>
      tools.run(["bash", "-euo", "pipefail", "-c", `cd ${AT}\n${script}`]),
    );
  }

  /** Runs a bash script as root in the editor's volume. */
  inConfig(script: string): Promise<string> {
    return this.volumes.script(this.config, script);
  }

  private labels(service: string, folder = this.folder): Record<string, string> {
    return {
      "doom.test.process": String(process.pid),
      "com.docker.compose.project.working_dir": folder,
      "com.docker.compose.service": service,
      "com.doom-coding.service": service,
    };
  }

  /** Removes all of it, whatever state it is in. */
  async dispose(): Promise<void> {
    await this.containers.dispose();
    await this.volumes.dispose();
  }
}
